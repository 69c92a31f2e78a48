//! Rows to store, told apart by a number. Each test takes what it needs of them.
#![allow(dead_code)]

use std::collections::BTreeMap;

use inrou_authority::store::{
    Actor, AttributeVersion, CertificateRecord, Document, DocumentKind, Holder, IdempotencyRecord,
    IntentSubject, JournalEntry, NewIntent, NewJob, NewMessage, Nonce, Opaque, Partition,
    PhoneRecord, Salt,
};
use inrou_rules::{
    Attributes, CardId, CertificateId, ChipId, EnrolmentId, Event, Medium, Municipality, Platform,
    RecordVersion, Resident, ResidentId, Serial, Sex, Standing, Use,
};
use jiff::Timestamp;
use jiff::civil::date;

pub const ENROLMENT: DocumentKind = DocumentKind("enrolment");
pub const SETTING: DocumentKind = DocumentKind("setting");

/// Idempotency keys of the history.
pub const ANSWERS: [&str; 2] = ["registration", "application"];

/// So many seconds into the tests' day.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + seconds).unwrap()
}

pub fn resident_id(n: u8) -> ResidentId {
    ResidentId::from_bytes([n; 16])
}

pub fn chip(n: u8) -> ChipId {
    ChipId::from_bytes([n; 16])
}

pub fn card(n: u8) -> CardId {
    CardId::from_bytes([n; 16])
}

pub fn enrolment(n: u8) -> EnrolmentId {
    EnrolmentId::from_bytes([n; 16])
}

pub fn municipality() -> Municipality {
    "13221".parse().unwrap()
}

pub fn resident(n: u8) -> Resident {
    Resident {
        id: resident_id(n),
        standing: Standing::Resident,
        municipality: municipality(),
        record: RecordVersion(0),
        card: None,
        application: None,
        phone: None,
        former_phones: Vec::new(),
        certificates: BTreeMap::new(),
    }
}

pub fn attributes(n: u8) -> AttributeVersion {
    AttributeVersion {
        resident: resident_id(n),
        record: RecordVersion(0),
        attributes: Attributes {
            name: format!("架空\u{3000}{n}郎"),
            name_reading: "かくう\u{3000}なんろう".to_owned(),
            name_substitutes: "00000".to_owned(),
            address: "東京都清瀬市中里五丁目８４２番地".to_owned(),
            address_reading: "とうきょうと きよせし なかざと".to_owned(),
            address_substitutes: "0".repeat(16),
            birth_date: date(1990, 2, 28),
            sex: Sex::Unknown,
        },
        salt: Salt([n; 32]),
    }
}

pub fn entry(n: u8, event: Event) -> JournalEntry {
    JournalEntry { resident: resident_id(n), at: at(0), actor: Actor::Service, event }
}

pub fn admitted(n: u8) -> JournalEntry {
    let event = Event::ResidentAdmitted {
        resident: resident_id(n),
        municipality: municipality(),
        record: RecordVersion(0),
        commitment: "00".repeat(32),
    };
    entry(n, event)
}

pub fn deletion(n: u8, seconds: i64) -> JournalEntry {
    entry(n, Event::DeletionConfirmed { chip: chip(n), at: at(seconds) })
}

pub fn phone(n: u8, serves: Option<u8>) -> PhoneRecord {
    PhoneRecord {
        chip: chip(n),
        device_key: vec![n; 91],
        model: "Pixel 9".to_owned(),
        platform: Platform::Android,
        resident: serves.map(resident_id),
    }
}

pub fn document(kind: DocumentKind, id: &str, body: &[u8]) -> Document {
    Document { kind, id: id.to_owned(), owner: None, expires: None, body: Opaque(body.to_vec()) }
}

pub fn partition(usage: Use, medium: Medium) -> Partition {
    Partition::Residents { usage, medium, municipality: municipality() }
}

pub fn id(usage: Use, serial: u64) -> CertificateId {
    CertificateId { usage, serial: Serial(serial) }
}

pub fn intent(subject: IntentSubject, partition: Partition, body: &str) -> NewIntent {
    NewIntent { subject, partition, not_after: at(1_000_000), body: body_of(body) }
}

pub fn certificate(id: CertificateId, partition: Partition, holder: u8) -> CertificateRecord {
    CertificateRecord {
        id,
        generation: 1,
        partition,
        holder: Some(Holder { resident: resident_id(holder), chip: chip(holder) }),
        not_after: at(1_000_000),
        der: id.serial.0.to_be_bytes().repeat(200),
    }
}

pub fn job(key: &str, due: i64) -> NewJob {
    NewJob {
        kind: "issue".to_owned(),
        key: key.to_owned(),
        due: at(due),
        payload: body_of("payload"),
    }
}

pub fn message(chip: ChipId, code: &str) -> NewMessage {
    NewMessage {
        chip,
        code: code.to_owned(),
        params: BTreeMap::from([("at".to_owned(), at(0).to_string())]),
        at: at(0),
    }
}

pub fn nonce(value: &str, expires: i64) -> Nonce {
    Nonce { caller: "phone".to_owned(), value: value.to_owned(), expires: at(expires) }
}

pub fn answer(key: &str, expires: i64) -> IdempotencyRecord {
    IdempotencyRecord {
        caller: "phone".to_owned(),
        key: key.to_owned(),
        fingerprint: [7; 32],
        status: 201,
        body: body_of("{}"),
        expires: at(expires),
    }
}

pub fn body_of(text: &str) -> Opaque {
    Opaque(text.as_bytes().to_vec())
}
