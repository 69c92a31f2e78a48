//! What the issuers' keys have signed, seen from outside: in the log.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use inrou_authority::store::{Partition, Status, Store};
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{CertificateId, Serial, Use};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, dispatcher};

/// The fingerprints of all that was signed under each serial number, in all lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures(BTreeMap<CertificateId, Vec<String>>);

impl Signatures {
    /// Listens to this thread until it ends.
    pub fn record_on_this_thread(told: &Arc<Mutex<Self>>) {
        let dispatch = tracing::Dispatch::new(Listener(told.clone()));
        std::mem::forget(dispatcher::set_default(&dispatch));
    }

    /// Whatever was signed has a durable record, and one content under one serial number.
    pub fn check(&self, store: &dyn Store) {
        for (id, contents) in &self.0 {
            let [content] = contents.as_slice() else {
                panic!("{id:?} was signed with different content");
            };
            let reserved = matches!(
                store.status(*id).unwrap().map(|record| record.status),
                Some(Status::Pending)
            );
            let stored = store.certificate(*id).unwrap().map(|record| fingerprint(&record.der));
            assert!(
                reserved || stored.as_ref() == Some(content),
                "{id:?} has no record: {stored:?}"
            );
        }
    }

    /// What was signed for a resident is a certificate in the end, whoever had to do it again.
    pub fn check_none_is_left(&self, store: &dyn Store) {
        for id in self.0.keys() {
            let status = store.status(*id).unwrap();
            let is_own =
                status.is_some_and(|status| matches!(status.partition, Partition::Own { .. }));
            let is_stored = store.certificate(*id).unwrap().is_some();
            assert!(is_own || is_stored, "{id:?} was signed, and is no certificate");
        }
    }

    /// How many serial numbers something was signed under.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn add(&mut self, signed: Signed) {
        let (Some(usage), Some(serial), Some(fingerprint)) =
            (signed.usage, signed.serial, signed.fingerprint)
        else {
            panic!("the log says less than it did");
        };
        let contents = self.0.entry(CertificateId { usage, serial }).or_default();
        if !contents.contains(&fingerprint) {
            contents.push(fingerprint);
        }
    }
}

pub fn fingerprint(der: &[u8]) -> String {
    format!("{:?}", HashAlgorithm::Sha256.digest(der))
}

struct Listener(Arc<Mutex<Signatures>>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "inrou_authority::certify"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut signed = Signed::default();
        event.record(&mut signed);
        self.0.lock().unwrap().add(signed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The members of one entry of the log.
#[derive(Default)]
struct Signed {
    usage: Option<Use>,
    serial: Option<Serial>,
    fingerprint: Option<String>,
}

impl Visit for Signed {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "serial" {
            self.serial = Some(Serial(value));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "usage" => self.usage = Use::ALL.into_iter().find(|usage| format!("{usage:?}") == text),
            "fingerprint" => self.fingerprint = Some(text),
            _ => {}
        }
    }
}
