//! What is to be issued now: the first step of issuance, for card and phone alike.

use jiff::Timestamp;

use crate::eligibility::{card_at_hand, check_age, check_application, work_began};
use crate::{
    Application, Attributes, CardId, CertificateId, ChipId, EnrolmentId, Medium, RecordVersion,
    Refusal, Resident, Use, japan, validity,
};

/// A certificate that is to be issued now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueCertificate {
    /// By what it was asked for.
    pub order: Order,
    /// What it is for.
    pub usage: Use,
    /// Card or phone.
    pub medium: Medium,
    /// The chip that holds the private key.
    pub chip: ChipId,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity: by CARD-8 on the card, by VALID-1 on a phone.
    pub not_after: Timestamp,
    /// For a phone's certificate, its source (VALID-1).
    pub source: Option<CertificateId>,
    /// The version of the attributes to make it from.
    pub record: RecordVersion,
}

/// By what a certificate was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// The order for a card's certificates.
    Card(CardId),
    /// An application for a phone's.
    Enrolment(EnrolmentId),
}

/// The certificates that are to be issued now: those on order for the card, and those of a completed
/// application on which work has begun (HOURS-1).
///
/// An application that is due but can no longer be granted gives none;
/// [`Command::RecordPhoneIssuance`](crate::Command::RecordPhoneIssuance) with an empty list then
/// rejects it. `attributes` are those of the resident's present record.
pub fn due_issuance(
    resident: &Resident,
    attributes: &Attributes,
    now: Timestamp,
) -> Vec<DueCertificate> {
    let not_before = whole_second(now);
    let mut due = due_on_card(resident, attributes, now, not_before);
    if let Some(application) = &resident.application
        && work_began(application, now).is_ok()
        && let Ok(on_phone) = due_on_phone(resident, attributes, application, now, not_before)
    {
        due.extend(on_phone);
    }
    due
}

/// The card's part, for certificates valid from `not_before` on.
pub(crate) fn due_on_card(
    resident: &Resident,
    attributes: &Attributes,
    now: Timestamp,
    not_before: Timestamp,
) -> Vec<DueCertificate> {
    let Ok(card) = card_at_hand(resident, now) else {
        return Vec::new();
    };
    let issued = japan::day(not_before);
    let not_after =
        validity::card_certificate_not_after(issued, attributes.birth_date, card.expires);
    let due = |usage| DueCertificate {
        order: Order::Card(card.id),
        usage,
        medium: Medium::Card,
        chip: card.chip,
        not_before,
        not_after,
        source: None,
        record: resident.record,
    };
    card.ordered
        .iter()
        .filter(|&usage| check_age(attributes, usage, not_before).is_ok())
        .map(due)
        .collect()
}

/// The phone's part, for certificates valid from `not_before` on; or why the application can no
/// longer be granted.
pub(crate) fn due_on_phone(
    resident: &Resident,
    attributes: &Attributes,
    application: &Application,
    now: Timestamp,
    not_before: Timestamp,
) -> Result<Vec<DueCertificate>, Refusal> {
    let signed_with = check_application(resident, attributes, application, now)?;
    let due = |usage| {
        let source = resident
            .live_for(Medium::Card, usage, now)
            .filter(|certificate| certificate.is_usable(now))
            .unwrap_or(signed_with);
        DueCertificate {
            order: Order::Enrolment(application.enrolment),
            usage,
            medium: Medium::Phone,
            chip: application.chip,
            not_before,
            not_after: source.not_after.min(signed_with.not_after),
            source: Some(source.id),
            record: resident.record,
        }
    };
    Ok(application.uses.iter().map(due).collect())
}

/// The second in which `moment` lies: validity counts in seconds (RFC 5280 §4.1.2.5).
pub fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}
