//! The resident's own information (自己情報, USE-2): medicine, check-ups, the mother-and-child handbook. Who
//! has it is asked at each look; the portal keeps none of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_rules::Attributes;
use inrou_web::{Said, Visit, page};
use inrou_words::{Language, Term};
use jiff::civil::Date;
use serde::Deserialize;

use super::Screens;
use super::visitor::Resident;
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
    /// Against what: a name in the family `vaccine`.
    pub vaccine: String,
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

#[derive(Template)]
#[template(path = "own.html")]
struct Menu<'a> {
    v: &'a Visit,
    title: &'static str,
}

/// What there is to look at.
pub(super) async fn menu(
    State(screens): State<Screens>,
    _: Resident,
    v: Visit,
) -> Result<Response, Problem> {
    screens.source()?;
    page(&v, &Menu { v: &v, title: "own.title" })
}

macro_rules! list {
    ($(#[$doc:meta])* $handler:ident, $shown:ident, $item:ty, $path:literal, $title:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $shown<'a> {
            v: &'a Visit,
            title: &'static str,
            items: &'a [$item],
        }

        impl $shown<'_> {
            fn say<'b>(&self, words: &'b Words) -> Said<'b> {
                say(self.v, words)
            }

            fn on(&self, day: &Date) -> Said<'static> {
                Said::of("value.date", self.v.language).with("value", *day)
            }
        }

        $(#[$doc])*
        pub(super) async fn $handler(
            State(screens): State<Screens>,
            Resident(session): Resident,
            v: Visit,
        ) -> Result<Response, Problem> {
            let records = screens.own_records(&session).await?;
            page(&v, &$shown { v: &v, title: $title, items: &records.$handler })
        }
    };
}

list!(
    /// Medicine.
    medicines, Medicines, Medicine, "medicines.html", "own.medicines"
);
list!(
    /// Check-ups.
    checkups, Checkups, Checkup, "checkups.html", "own.checkups"
);
list!(
    /// The mother-and-child handbook.
    mother_and_child, Handbook, MotherAndChild, "handbook.html", "own.mother-and-child"
);

fn say<'b>(v: &Visit, words: &'b Words) -> Said<'b> {
    let Words { ja, reading, en } = words;
    let term = match v.language {
        Language::En => Term { text: en, reading: "" },
        Language::Ja | Language::JaEasy => Term { text: ja, reading },
    };
    Said::of("value.term", v.language).with("value", term)
}

impl Screens {
    fn source(&self) -> Result<Arc<dyn OwnInformation>, Problem> {
        self.own.clone().ok_or_else(|| Problem::new(Code::NOT_FOUND))
    }

    pub(super) async fn own_records(&self, session: &Session) -> Result<OwnRecords, Problem> {
        let source = self.source()?;
        let holder = self.portal.applicant(session).await?;
        tokio::task::spawn_blocking(move || source.of(&holder)).await.or_internal()?
    }
}
