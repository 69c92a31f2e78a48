//! What was stored once stays readable: fixtures of the resident and of each event, in the first form
//! and with what was added since.

use std::collections::BTreeMap;

use inrou_rules::{
    Application, ApplicationStage, Attributes, Card, Certificate, CertificateId, CertificateStatus,
    Change, Departure, Event, FormerPhone, HoldCause, Medium, Phone, PhoneStage, Platform,
    RecordVersion, Resident, ResidentId, RevocationReason, Serial, Standing, Use, Uses,
};
use jiff::civil::date;

use crate::world::*;

const RESIDENT: &str = include_str!("fixtures/resident.json");
const EVENTS: &str = include_str!("fixtures/events.json");
const RESIDENT_SINCE: &str = include_str!("fixtures/resident-whole-life.json");
const EVENTS_SINCE: &str = include_str!("fixtures/events-whole-life.json");
const ATTRIBUTES: &str = include_str!("fixtures/attributes.json");

#[test]
fn a_stored_resident_stays_readable() {
    let stored: Resident = serde_json::from_str(RESIDENT).unwrap();
    assert_eq!(stored, resident());
    let written = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(written, RESIDENT.trim_end());
}

#[test]
fn stored_events_stay_readable() {
    let stored: Vec<Event> = serde_json::from_str(EVENTS).unwrap();
    assert_eq!(stored, first_events());
    let written = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(written, EVENTS.trim_end());
}

#[test]
fn what_was_added_to_a_stored_resident_stays_readable() {
    let stored: Resident = serde_json::from_str(RESIDENT_SINCE).unwrap();
    assert_eq!(stored, resident_since());
    let written = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(written, RESIDENT_SINCE.trim_end());
}

#[test]
fn what_was_added_to_stored_events_stays_readable() {
    let stored: Vec<Event> = serde_json::from_str(EVENTS_SINCE).unwrap();
    assert_eq!(stored, events_since());
    let written = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(written, EVENTS_SINCE.trim_end());
}

#[test]
fn stored_attributes_stay_readable() {
    let stored: Attributes = serde_json::from_str(ATTRIBUTES).unwrap();
    assert_eq!(stored, attributes(ADULT));
    let written = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(written, ATTRIBUTES.trim_end());
}

#[test]
fn events_carry_no_attribute_values() {
    let values = attributes(ADULT);
    for value in [&values.name, &values.name_reading, &values.address, &values.address_reading] {
        assert!(!EVENTS.contains(value.as_str()) && !EVENTS_SINCE.contains(value.as_str()));
    }
    assert!(!EVENTS.contains("1980-02-17") && !EVENTS_SINCE.contains("1980-02-17"));
}

#[test]
fn an_identifier_has_one_written_form() {
    for bad in ["", "0707", "ZZ070707070707070707070707070707", "0707070707070707070707070707070G"]
    {
        assert!(bad.parse::<ResidentId>().is_err(), "{bad}");
    }
    assert!("0A".repeat(16).parse::<ResidentId>().is_err());
    let id: ResidentId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    assert_eq!(id.to_string(), "0123456789abcdef0123456789abcdef");
    assert_eq!(id.as_bytes()[..3], [0x01, 0x23, 0x45]);
    assert_eq!(format!("{id:?}"), "ResidentId(0123456789abcdef0123456789abcdef)");
    for bad in ["1322", "132210", "1322A", "１３２２１"] {
        assert!(bad.parse::<inrou_rules::Municipality>().is_err(), "{bad}");
    }
    assert_eq!(home().as_str(), "13221");
    assert_eq!(format!("{:?}", home()), "Municipality(13221)");
    assert_eq!(inrou_rules::InvalidId.to_string(), "not an identifier of this kind");
}

fn id(usage: Use, serial: u64) -> CertificateId {
    CertificateId { usage, serial: Serial(serial) }
}

fn certificate(id: CertificateId, medium: Medium, status: CertificateStatus) -> Certificate {
    let on_phone = medium == Medium::Phone;
    Certificate {
        id,
        medium,
        chip: if on_phone { PHONE } else { CARD_CHIP },
        not_before: at(TEN),
        not_after: at("2031-02-17T14:59:59Z"),
        record: RecordVersion(1),
        source: on_phone.then_some(CertificateId { usage: id.usage, serial: Serial(1) }),
        status,
        reapplication: None,
    }
}

/// A resident in whom every field of the first form is filled.
fn resident() -> Resident {
    let (since, was_active) = (at(TEN), Some(at(TEN)));
    let reason = RevocationReason::AffiliationChanged;
    let certificates = [
        certificate(
            id(Use::Signature, 1),
            Medium::Card,
            CertificateStatus::Revoked { at: since, reason },
        ),
        certificate(id(Use::Signature, 2), Medium::Phone, CertificateStatus::Issued),
        certificate(
            id(Use::UserAuthentication, 1),
            Medium::Card,
            CertificateStatus::Active { since },
        ),
        certificate(
            id(Use::UserAuthentication, 2),
            Medium::Phone,
            CertificateStatus::Held { since, was_active, cause: HoldCause::Loss },
        ),
    ];
    Resident {
        id: ResidentId::from_bytes([7; 16]),
        standing: Standing::Resident,
        municipality: home(),
        record: RecordVersion(2),
        card: Some(Card {
            id: card_id(3),
            chip: CARD_CHIP,
            expires: date(2036, 2, 17),
            ordered: SIGNATURE,
            lost_since: Some(since),
        }),
        application: Some(Application {
            enrolment: enrolment(2),
            chip: PHONE,
            platform: Platform::Android,
            uses: SIGNATURE,
            signed_with: id(Use::Signature, 1),
            replaces: None,
            signed_at: since,
            stage: ApplicationStage::Completed { at: since, due: since },
        }),
        phone: Some(Phone {
            chip: PHONE,
            platform: Platform::Android,
            enrolment: enrolment(1),
            stage: PhoneStage::Registered { since },
        }),
        former_phones: vec![FormerPhone {
            chip: OTHER_PHONE,
            platform: Platform::Iphone,
            deletion_due: since,
            overdue_since: None,
        }],
        certificates: certificates.map(|c| (c.id, c)).into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// The same with every field that was added since.
fn resident_since() -> Resident {
    let (mut resident, since) = (resident(), at(TEN));
    resident.standing = Standing::MovedAbroad;
    resident.application.as_mut().unwrap().replaces = Some(OTHER_PHONE);
    resident.former_phones[0].overdue_since = Some(since);
    let causes = [HoldCause::Operator, HoldCause::LossAndOperator];
    for (cause, certificate) in causes.into_iter().zip(resident.certificates.values_mut()) {
        certificate.status = CertificateStatus::Held { since, was_active: None, cause };
        certificate.reapplication = Some(operation(5));
    }
    resident
}

/// One of each event.
pub fn events() -> Vec<Event> {
    first_events().into_iter().chain(events_since()).collect()
}

/// What was added to the events, in whole or in part.
fn events_since() -> Vec<Event> {
    let (at, chip, id) = (at(TEN), PHONE, id(Use::UserAuthentication, 1));
    let (loss, operator) = (HoldCause::Loss, HoldCause::Operator);
    vec![
        Event::ApplicationSigned {
            enrolment: enrolment(1),
            chip,
            platform: Platform::Android,
            uses: Uses::BOTH,
            signed_with: id,
            replaces: Some(OTHER_PHONE),
            at,
        },
        Event::CertificateHeld { id, at, cause: operator },
        Event::CertificateResumed { id, at, cause: loss },
        Event::CertificateResumed { id, at, cause: operator },
        Event::CardFound { at },
        Event::Departed { departure: Departure::Died, at },
        Event::DeletionOverdue { chip, at },
        Event::ReapplicationAsked { id, operation: operation(5), at },
    ]
}

/// One of each event of the first form.
fn first_events() -> Vec<Event> {
    let at = at(TEN);
    let (enrolment, chip, platform) = (enrolment(1), PHONE, Platform::Android);
    let signature = id(Use::Signature, 1);
    let commitment = "09".repeat(32);
    let (consent, asker) = ("0192-4d".to_owned(), "見本銀行".to_owned());
    vec![
        Event::ResidentAdmitted {
            resident: ResidentId::from_bytes([7; 16]),
            municipality: home(),
            record: RecordVersion(1),
            commitment: commitment.clone(),
        },
        Event::RecordChanged {
            record: RecordVersion(2),
            commitment,
            change: Change { address: true, ..Change::default() },
            municipality: elsewhere(),
        },
        Event::CardIssued { card: card_id(3), chip: CARD_CHIP, expires: date(2036, 2, 17) },
        Event::CardCertificatesOrdered { uses: Uses::BOTH },
        Event::CardUnlockAllowed { chip: CARD_CHIP, usage: None },
        Event::ApplicationSigned {
            enrolment,
            chip,
            platform,
            uses: Uses::BOTH,
            signed_with: signature,
            replaces: None,
            at,
        },
        Event::ApplicationWithdrawn { enrolment },
        Event::ApplicationCompleted { enrolment, at, due: at },
        Event::ApplicationRejected { enrolment, code: "card-signature-held".to_owned() },
        Event::CertificateIssued {
            certificate: certificate(
                id(Use::Signature, 2),
                Medium::Phone,
                CertificateStatus::Issued,
            ),
        },
        Event::RegistrationReady { enrolment, chip, platform, at },
        Event::CertificateActivated { id: signature, at },
        Event::PhoneRegistered { enrolment, chip, at },
        Event::LossReported { medium: Medium::Phone, at },
        Event::CertificateHeld { id: signature, at, cause: HoldCause::Loss },
        Event::CertificateRevoked {
            id: signature,
            at,
            reason: RevocationReason::CessationOfOperation,
        },
        Event::PhoneRetired { chip, platform, at },
        Event::DeletionConfirmed { chip, at },
        Event::PhonePinResetAllowed { chip, usage: Use::Signature },
        Event::ConsentGiven { consent: consent.clone(), asker: asker.clone() },
        Event::ConsentWithdrawn { consent, asker },
    ]
}
