//! What was stored once stays readable: one fixture of the resident, one of each event.

use std::collections::BTreeMap;

use inrou_rules::{
    Application, ApplicationStage, Attributes, Card, Certificate, CertificateId, CertificateStatus,
    Change, Event, FormerPhone, Medium, Phone, PhoneStage, Platform, RecordVersion, Resident,
    ResidentId, RevocationReason, Serial, Standing, Use, Uses,
};
use jiff::civil::date;

use crate::world::*;

const RESIDENT: &str = include_str!("fixtures/resident.json");
const EVENTS: &str = include_str!("fixtures/events.json");
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
    assert_eq!(stored, events());
    let written = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(written, EVENTS.trim_end());
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
        assert!(!EVENTS.contains(value.as_str()));
    }
    assert!(!EVENTS.contains("1980-02-17"));
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
    }
}

/// A resident in whom every field is filled and every status occurs.
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
            CertificateStatus::Held { since, was_active },
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
        }],
        certificates: certificates.map(|c| (c.id, c)).into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// One of each event.
pub fn events() -> Vec<Event> {
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
        Event::CertificateHeld { id: signature, at },
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
