//! The resident: one aggregate with card, phone and certificates. *The types here are stored.*

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    CardId, Certificate, CertificateId, ChipId, EnrolmentId, Medium, Municipality, RecordVersion,
    ResidentId, Use, Uses,
};

/// Everything that the service decides about one person by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    /// Who.
    pub id: ResidentId,
    /// Whether the person is on a residents' register.
    pub standing: Standing,
    /// The municipality of residence: only its counter serves this person (CARD-6).
    pub municipality: Municipality,
    /// The present version of the attributes.
    pub record: RecordVersion,
    /// The plastic card in force.
    pub card: Option<Card>,
    /// An application on its way, from the signed application to issuance.
    pub application: Option<Application>,
    /// The one phone that carries, or is about to carry, this person's certificates (READY-3).
    pub phone: Option<Phone>,
    /// Phones that carried certificates and have not yet proved that they deleted them.
    pub former_phones: Vec<FormerPhone>,
    /// Every certificate that was ever issued and has not been pruned after expiry.
    #[serde(with = "certificate_list")]
    pub certificates: BTreeMap<CertificateId, Certificate>,
}

impl Resident {
    /// The certificates on `medium` that are neither revoked nor expired.
    pub fn live(&self, medium: Medium, now: Timestamp) -> impl Iterator<Item = &Certificate> {
        self.certificates.values().filter(move |c| c.medium == medium && c.is_live(now))
    }

    /// The certificate for `usage` on `medium` that is neither revoked nor expired: at most one.
    pub fn live_for(&self, medium: Medium, usage: Use, now: Timestamp) -> Option<&Certificate> {
        self.live(medium, now).find(|c| c.id.usage == usage)
    }
}

/// Whether the person is on a residents' register (CARD-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Standing {
    /// Lives in the municipality.
    Resident,
    /// Has died.
    Died,
    /// Has moved abroad.
    MovedAbroad,
}

/// How somebody leaves the residents' registers (CARD-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Departure {
    /// By death.
    Died,
    /// By moving abroad.
    MovedAbroad,
}

impl Departure {
    /// Its name in kebab case, as it is written wherever it is stored or sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Departure::Died => "died",
            Departure::MovedAbroad => "moved-abroad",
        }
    }
}

impl From<Departure> for Standing {
    fn from(departure: Departure) -> Self {
        match departure {
            Departure::Died => Standing::Died,
            Departure::MovedAbroad => Standing::MovedAbroad,
        }
    }
}

/// A plastic card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Which card.
    pub id: CardId,
    /// Its chip.
    pub chip: ChipId,
    /// Last day on which the card is in force.
    pub expires: Date,
    /// Certificates that are on order: chosen and not yet issued.
    pub ordered: Uses,
    /// When the card was reported lost, while it is not found.
    pub lost_since: Option<Timestamp>,
}

/// A phone's operating system, which decides the steps and the chip's personality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Platform {
    /// An Android phone with a GP-SE.
    Android,
    /// An iPhone.
    Iphone,
}

/// An application for certificates on a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Which one.
    pub enrolment: EnrolmentId,
    /// The phone's chip, in which the keys were made.
    pub chip: ChipId,
    /// The phone's system.
    pub platform: Platform,
    /// What was applied for.
    pub uses: Uses,
    /// The card's signature certificate that signed it (APPLY-4).
    pub signed_with: CertificateId,
    /// The phone whose certificates end when these are issued, with the resident's consent (MOVE-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ChipId>,
    /// When the signed application was accepted.
    pub signed_at: Timestamp,
    /// How far it is.
    pub stage: ApplicationStage,
}

/// How far an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum ApplicationStage {
    /// Signed by the card; the new PINs are not set yet.
    Signed,
    /// The last screen was passed: it is worked on from `due` on (HOURS-1).
    Completed {
        /// When the last screen was passed.
        at: Timestamp,
        /// When work on it begins.
        due: Timestamp,
    },
}

/// The phone that carries, or is about to carry, the certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Its chip.
    pub chip: ChipId,
    /// Its system.
    pub platform: Platform,
    /// The enrolment that brought the certificates here last.
    pub enrolment: EnrolmentId,
    /// How far it is.
    pub stage: PhoneStage,
}

/// How far a phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum PhoneStage {
    /// Certificates are issued and wait for "register" (REG-1).
    Ready {
        /// Since when.
        since: Timestamp,
    },
    /// Certificates are in the chip.
    Registered {
        /// Since when.
        since: Timestamp,
    },
}

/// A phone that carried certificates and still has to delete them (MOVE-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerPhone {
    /// Its chip.
    pub chip: ChipId,
    /// Its system.
    pub platform: Platform,
    /// Since when the deletion is due.
    pub deletion_due: Timestamp,
    /// Since when it is known that the time for it has passed without a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_since: Option<Timestamp>,
}

/// JSON objects cannot be keyed by a structure: the map is stored as a list.
mod certificate_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::{Certificate, CertificateId};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<CertificateId, Certificate>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<CertificateId, Certificate>, D::Error> {
        let list = Vec::<Certificate>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|certificate| (certificate.id, certificate)).collect())
    }
}
