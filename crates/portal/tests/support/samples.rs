//! Acts for a store, by number.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;

use inrou_api::idempotency::{Fingerprint, Keyed};
use inrou_api::wire::portal::{Decision, EvidenceKind, Procedure};
use inrou_api::wire::transaction::LoginOrigin;
use inrou_api::wire::transaction::{Purpose, TransactionId};
use inrou_portal::store::{
    Digest, Due, Entry, NewApplication, Outcome, Receipt, Request, Session, Settlement, Verdict,
};
use inrou_relying::{Checks, Handover, TransactionRecord};
use jiff::{SignedDuration, Timestamp};

pub const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

pub fn later(seconds: i64) -> Timestamp {
    START + SignedDuration::from_secs(seconds)
}

pub fn digest(what: &str, number: u64) -> Digest {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    digest[8..8 + what.len()].copy_from_slice(what.as_bytes());
    digest
}

pub fn subject(number: u64) -> String {
    format!("{number:032x}")
}

pub fn transaction(purpose: Purpose, number: u64) -> TransactionRecord {
    let mut id = [purpose as u8; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    TransactionRecord {
        id: TransactionId::from_random(id),
        purpose,
        asker: "http://localhost:8080".to_owned(),
        asker_name: "Portal".to_owned(),
        site: None,
        text: format!("Text {number}\n"),
        digest: None,
        reason: None,
        shares: Vec::new(),
        challenge: vec![1; 32],
        expires: later(180),
        origin: None,
        handover: Handover::new(START, digest("page", number), Checks::default()),
        answered: None,
    }
}

pub fn session(number: u64) -> Session {
    Session {
        token: digest("token", number),
        id: format!("session-{number}"),
        subject: subject(number),
        certificate: vec![0x30; 1_000],
        origin: Some(LoginOrigin::Page { browser: "Firefox, Linux".to_owned() }),
        since: START,
        expires: later(1_800),
        used: false,
        ended: None,
    }
}

pub fn due(number: u64) -> Due {
    Due {
        about: format!("vaccination-{number}"),
        at: START,
        code: "vaccination-due",
        params: BTreeMap::new(),
    }
}

pub fn entry(act: &str, code: &'static str, number: u64) -> Entry {
    Entry {
        subject: subject(number),
        act: format!("{act}:{number}"),
        at: START,
        code,
        params: BTreeMap::new(),
        actor: "holder",
    }
}

pub fn logged_in(number: u64) -> Settlement {
    Settlement {
        transaction: transaction(Purpose::LogIn, number).id,
        answer: digest("answer", number),
        at: START,
        outcome: Outcome::LoggedIn(Box::new(session(number))),
        entry: Some(entry("log-in", "logged-in", number)),
    }
}

pub fn request(key: &str, body: &[u8], expires: Timestamp) -> Request {
    let method = axum::http::Method::POST;
    Request {
        keyed: Keyed {
            caller: "caller".to_owned(),
            key: key.parse().unwrap(),
            fingerprint: Fingerprint::of(&method, "/", body),
        },
        expires,
    }
}

pub fn application(number: u64) -> NewApplication {
    NewApplication {
        request: request(&format!("draw-up-{number}"), b"", later(86_400)),
        id: format!("application-{number}"),
        subject: subject(number),
        procedure: Procedure::MovingOut,
        fields: BTreeMap::from([("reason".to_owned(), "\"quoted\" {}".to_owned())]),
        municipality: "13221".parse().unwrap(),
        at: START,
        transaction: transaction(Purpose::Sign, number),
        entry: entry("draw-up", "application-drawn-up", number),
    }
}

pub fn received(number: u64) -> Settlement {
    Settlement {
        transaction: transaction(Purpose::Sign, number).id,
        answer: digest("answer", number),
        at: START,
        outcome: Outcome::Received(Box::new(Receipt {
            application: format!("application-{number}"),
            cms: vec![0x30; 2_000],
            certificate: vec![0x30; 1_000],
            evidence_kind: EvidenceKind::Ocsp,
            evidence: vec![0x30; 1_500],
            checked_at: START,
        })),
        entry: Some(entry("sign", "application-sent", number)),
    }
}

pub fn accepted(number: u64) -> Verdict {
    Verdict {
        request: request(&format!("decide-{number}"), b"", later(86_400)),
        application: format!("application-{number}"),
        decision: Decision::Accept,
        at: later(1),
        entry: entry("decide", "application-accepted", number),
        params: BTreeMap::new(),
    }
}
