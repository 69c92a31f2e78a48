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
#[schema(example = json!({
    "municipality": "13221",
    "attributes": {
        "name": "水野\u{3000}花", "name_reading": "みずの\u{3000}はな", "name_substitutes": "0000",
        "address": "東京都清瀬市見本町１－２－３",
        "address_reading": "とうきょうときよせしみほんちょういちのにのさん",
        "address_substitutes": "00000000000000",
        "birth_date": "1988-06-12", "sex": "female"
    }
}))]
pub struct AdmitResident {
    /// The municipality of residence.
    pub municipality: Municipality,
    /// Name, address, birth date, sex, with readings.
    pub attributes: Attributes,
}

/// A resident was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentAdmitted {
    /// Who.
    pub resident: ResidentId,
}

/// A municipality issues a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "chip": "0123456789abcdef0123456789abcdef", "uses": {"signature": true, "user_authentication": true},
    "attendance": "in-person", "counter": "13221"
}))]
pub struct IssueCard {
    /// The blank card's chip, which lies on the counter's reader.
    pub chip: ChipId,
    /// The certificates chosen (CARD-1).
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    pub counter: Municipality,
}

/// A card was issued; its chip is to be written (`SessionWork::WriteCard`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardIssued {
    /// The card.
    pub card: CardId,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub expires: Date,
}

/// A resident changes which certificates the card carries (CARD-1, CARD-10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "uses": {"signature": true, "user_authentication": true},
    "attendance": "in-person", "counter": "13221"
}))]
pub struct ChooseCertificates {
    /// The certificates wanted from now on.
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    pub counter: Municipality,
}

/// A resident notifies a change of name, address, birth date or sex (CARD-7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "attributes": {
        "name": "水野\u{3000}花", "name_reading": "みずの\u{3000}はな", "name_substitutes": "0000",
        "address": "東京都清瀬市見本町１－２－３",
        "address_reading": "とうきょうときよせしみほんちょういちのにのさん",
        "address_substitutes": "00000000000000",
        "birth_date": "1988-06-12", "sex": "female"
    },
    "municipality": "13221", "reissue": true, "attendance": "in-person"
}))]
pub struct ChangeRecord {
    /// The attributes from now on.
    pub attributes: Attributes,
    /// The municipality of residence from now on.
    pub municipality: Municipality,
    /// Whether a new signature certificate is asked for with the notification.
    pub reissue: bool,
    /// Who stands at the counter.
    pub attendance: Attendance,
}

/// The counter unlocks one of the card's PINs (CARD-6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pin": "signature", "attendance": "in-person", "counter": "13221"}))]
pub struct UnlockCard {
    /// Which PIN.
    pub pin: CardPin,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    pub counter: Municipality,
}

/// A loss is reported (LOSS-1, CARD-11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"medium": "phone"}))]
pub struct ReportLoss {
    /// What was lost.
    pub medium: Medium,
}

/// A resident in a list. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentSummary {
    /// Who.
    pub resident: ResidentId,
    /// Where.
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
    pub resident: ResidentId,
    /// Where.
    pub municipality: Municipality,
    /// Name, address, birth date, sex.
    pub attributes: Attributes,
    /// The card, if there is one.
    pub card: Option<CardView>,
    /// The chip of the live phone, if there is one.
    pub phone: Option<ChipId>,
    /// Certificates of card and phone.
    pub certificates: Vec<CertificateView>,
}

/// A card as a counter sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardView {
    /// Which card.
    pub card: CardId,
    /// Its chip.
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
