//! The resident's own information (自己情報, USE-2): medicine, check-ups, the mother-and-child handbook, and
//! the vaccinations that are told of. Who has it is asked at each look; the portal keeps none of it.

use std::sync::Arc;

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_rules::Attributes;
use jiff::civil::Date;
use serde::Deserialize;

use crate::Portal;
use crate::store::Session;

/// Who has the residents' own information.
pub trait OwnInformation: Send + Sync {
    /// What there is of the resident with these attributes: nothing, if nobody entered anything. Blocks.
    ///
    /// # Errors
    /// `internal-error` if it cannot be read.
    fn of(&self, holder: &Attributes) -> Result<OwnRecords, Problem>;
}

/// What there is of one resident, each list newest first.
#[derive(Clone, Default)]
pub struct OwnRecords {
    /// Medicine that was handed out (薬剤情報).
    pub medicines: Vec<Medicine>,
    /// Check-ups (健診情報).
    pub checkups: Vec<Checkup>,
    /// The mother-and-child handbook (母子健康手帳): one entry a child's check-up or vaccination.
    pub mother_and_child: Vec<MotherAndChild>,
    /// Vaccinations that the resident is told of when their time comes (予防接種のお知らせ).
    pub vaccinations: Vec<Vaccination>,
}

/// A vaccination with the time for it.
#[derive(Clone)]
pub struct Vaccination {
    /// Against what: a name in the family `vaccine`, or whatever the source calls it.
    pub vaccine: String,
    /// What it is called, where it is no name of that family or is to be called otherwise.
    pub name: Option<Words>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

/// Words in the three languages: Japanese with its reading, and English.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Japanese.
    pub ja: String,
    /// Its reading in kana.
    pub reading: String,
    /// English.
    pub en: String,
}

/// Medicine that a pharmacy handed out.
#[derive(Clone)]
pub struct Medicine {
    /// When.
    pub on: Date,
    /// Which pharmacy.
    pub pharmacy: Words,
    /// What.
    pub name: Words,
    /// How it is taken, and for how long.
    pub amount: Words,
}

/// A check-up.
#[derive(Clone)]
pub struct Checkup {
    /// When.
    pub on: Date,
    /// Where.
    pub place: Words,
    /// What was found.
    pub values: Vec<Value>,
}

/// One value of a check-up.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Of what.
    pub name: Words,
    /// The value with its unit.
    pub value: String,
}

/// An entry of the mother-and-child handbook.
#[derive(Clone)]
pub struct MotherAndChild {
    /// When.
    pub on: Date,
    /// What: a check-up of mother or child, a vaccination.
    pub what: Words,
    /// What was noted.
    pub note: Words,
}

impl Portal {
    /// Who has the residents' own information.
    ///
    /// # Errors
    /// `not-found` if nobody does.
    pub(crate) fn own_source(&self) -> Result<Arc<dyn OwnInformation>, Problem> {
        self.own.clone().ok_or_else(|| Problem::new(Code::NOT_FOUND))
    }

    /// What there is of the resident.
    ///
    /// # Errors
    /// `not-found` if nobody has any; `service-unavailable` if the authority cannot say whose it is;
    /// the source's.
    pub(crate) async fn own_records(&self, session: &Session) -> Result<OwnRecords, Problem> {
        let source = self.own_source()?;
        let holder = self.applicant(session).await?;
        tokio::task::spawn_blocking(move || source.of(&holder)).await.or_internal()?
    }
}
