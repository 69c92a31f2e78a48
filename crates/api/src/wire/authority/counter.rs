//! What counters, the hotline and the operator ask of the authority.

use std::collections::BTreeSet;
use std::fmt;

use inrou_rules::{
    Attributes, CardId, ChipId, Departure, Medium, Municipality, OperationId, Platform, ResidentId,
    RevocationReason, Standing, Use, Uses,
};
use jiff::Timestamp;
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

/// A resident has the card's certificates renewed (CARD-9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "uses": {"signature": true, "user_authentication": true},
    "attendance": "in-person", "counter": "13221"
}))]
pub struct RenewCertificates {
    /// Which.
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    pub counter: Municipality,
}

/// The card that was reported lost is found (CARD-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reissue": true, "attendance": "in-person", "counter": "13221"}))]
pub struct ReportFound {
    /// Whether a new signature certificate is asked for.
    pub reissue: bool,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    pub counter: Municipality,
}

/// What became of a card that is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardFound {
    /// Which card.
    pub card: CardId,
    /// What is on order for it, to be written in sessions.
    pub ordered: Uses,
}

/// A resident died or moves abroad (CARD-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"departure": "moved-abroad", "counter": "13221"}))]
pub struct ReportDeparture {
    /// How.
    pub departure: Departure,
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

/// A resident asks the hotline to end the use of a phone's certificates (LOSS-3, END-5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"chip": "0123456789abcdef0123456789abcdef"}))]
pub struct RevokePhone {
    /// The phone's chip, as the resident's view names it.
    pub chip: ChipId,
}

/// The operator acts on certificates of a resident, among others'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "operation": "0123456789abcdef0123456789abcdef",
    "act": {"act": "revoke", "reason": "keyCompromise"},
    "certificates": [{"usage": "signature", "serial": "00000A"}]
}))]
pub struct Operate {
    /// In which operation; the caller draws the number.
    pub operation: OperationId,
    /// What is done.
    pub act: OperatorAct,
    /// To which certificates.
    pub certificates: Vec<CertificateName>,
}

/// What the operator does to certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({"act": "hold"}))]
pub enum OperatorAct {
    /// Puts them on hold.
    Hold,
    /// Lifts that hold, of user-authentication certificates.
    Lift,
    /// Revokes them; a card's with the phone's that stand on it (VALID-4).
    Revoke {
        /// Why (VALID-5).
        reason: RevocationReason,
    },
    /// Asks their holder to apply for others.
    AskToReapply,
}

/// Names a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"usage": "signature", "serial": "00000A"}))]
pub struct CertificateName {
    /// What it is for.
    pub usage: Use,
    /// Its serial number, hexadecimal.
    pub serial: String,
}

/// Who is looked for. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "みずの はな", "birth_date": "1988-06-12"}))]
pub struct FindResidents {
    /// The whole name or the family name, as it is written or in kana, in whichever way.
    pub name: String,
    /// Date of birth.
    #[schema(value_type = String, format = Date)]
    pub birth_date: Date,
    /// Where; absent: everywhere that the caller sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Municipality>,
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
    /// Whether the person is on a residents' register (CARD-13).
    pub standing: Standing,
    /// Where.
    pub municipality: Municipality,
    /// Name, address, birth date, sex.
    pub attributes: Attributes,
    /// The card, if there is one.
    pub card: Option<CardView>,
    /// The chip of the live phone, if there is one.
    pub phone: Option<ChipId>,
    /// The maker's name of its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_model: Option<String>,
    /// Phones that have not proved that they deleted what they carried (MOVE-3).
    pub former_phones: Vec<FormerPhoneView>,
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
    /// What is on order for it.
    pub ordered: Uses,
    /// The PINs that the counter unlocked, and that the card does not know of yet (CARD-6).
    #[serde(default)]
    pub unlocked: BTreeSet<CardPin>,
    /// When it was reported lost, while it is not found.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lost_since: Option<Timestamp>,
}

/// A phone that has to delete what it carried (MOVE-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormerPhoneView {
    /// Its chip.
    pub chip: ChipId,
    /// Its system.
    pub platform: Platform,
    /// Since when the deletion is due.
    #[schema(value_type = String, format = DateTime)]
    pub deletion_due: Timestamp,
    /// Since when it is overdue, once it is: it is still due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub overdue_since: Option<Timestamp>,
}

impl fmt::Debug for FindResidents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FindResidents(..)")
    }
}

impl fmt::Debug for ResidentSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentSummary({})", self.resident)
    }
}
