//! What counters and the hotline ask of the authority.

use std::fmt;

use inrou_rules::{Attributes, CardId, ChipId, Medium, Municipality, ResidentId, Uses};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CardPin, CertificateView};

/// Who stands at the counter (CARD-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Attendance {
    /// The resident in person.
    InPerson,
    /// Somebody else.
    Proxy,
}

/// A municipality enters a resident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmitResident {
    /// The municipality of residence.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Name, address, birth date, sex, with readings.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

/// A resident was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentAdmitted {
    /// Who.
    #[schema(value_type = String)]
    pub resident: ResidentId,
}

/// A municipality issues a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueCard {
    /// The blank card's chip, which lies on the counter's reader.
    #[schema(value_type = String)]
    pub chip: ChipId,
    /// The certificates chosen (CARD-1).
    #[schema(value_type = Object)]
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    #[schema(value_type = String)]
    pub counter: Municipality,
}

/// A card was issued; its chip is to be written (`SessionWork::WriteCard`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardIssued {
    /// The card.
    #[schema(value_type = String)]
    pub card: CardId,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub expires: Date,
}

/// A resident changes which certificates the card carries (CARD-1, CARD-10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseCertificates {
    /// The certificates wanted from now on.
    #[schema(value_type = Object)]
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    #[schema(value_type = String)]
    pub counter: Municipality,
}

/// A resident notifies a change of name, address, birth date or sex (CARD-7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// The attributes from now on.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The municipality of residence from now on.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Whether a new signature certificate is asked for with the notification.
    pub reissue: bool,
    /// Who stands at the counter.
    pub attendance: Attendance,
}

/// The counter unlocks one of the card's PINs (CARD-6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockCard {
    /// Which PIN.
    pub pin: CardPin,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    #[schema(value_type = String)]
    pub counter: Municipality,
}

/// A loss is reported (LOSS-1, CARD-11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportLoss {
    /// What was lost.
    #[schema(value_type = String)]
    pub medium: Medium,
}

/// A resident in a list. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentSummary {
    /// Who.
    #[schema(value_type = String)]
    pub resident: ResidentId,
    /// Where.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Name, with its reading.
    pub name: String,
    /// The reading.
    pub name_reading: String,
}

/// A resident as a counter sees one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentView {
    /// Who.
    #[schema(value_type = String)]
    pub resident: ResidentId,
    /// Where.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Name, address, birth date, sex.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The card, if there is one.
    pub card: Option<CardView>,
    /// The chip of the live phone, if there is one.
    #[schema(value_type = Option<String>)]
    pub phone: Option<ChipId>,
    /// Certificates of card and phone.
    pub certificates: Vec<CertificateView>,
}

/// A card as a counter sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardView {
    /// Which card.
    #[schema(value_type = String)]
    pub card: CardId,
    /// Its chip.
    #[schema(value_type = String)]
    pub chip: ChipId,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub expires: Date,
}

impl fmt::Debug for ResidentSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentSummary({})", self.resident)
    }
}
