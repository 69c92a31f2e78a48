//! All that a store of the history holds, as it can be read, and what must hold of it at any time.

use inrou_authority::store::{
    AttributeVersion, CertificateRecord, CrlRecord, Document, IdempotencyRecord, Intent, IntentKey,
    IntentSubject, Job, LoggedEntry, Message, PhoneRecord, StatusRecord, StatusVersion, Store,
    Versioned,
};
use inrou_rules::{Event, Medium, RecordVersion, Resident, Serial, Use};
use inrou_tlog::Hash;

use super::samples::*;

/// The numbers from which the history makes its ids.
const NUMBERS: std::ops::Range<u8> = 1..4;

#[derive(Debug, PartialEq)]
pub struct Image {
    pub residents: Vec<Versioned<Resident>>,
    pub attributes: Vec<AttributeVersion>,
    pub log: Vec<LoggedEntry>,
    pub phones: Vec<Versioned<PhoneRecord>>,
    pub documents: Vec<Versioned<Document>>,
    pub last_serials: Vec<Serial>,
    pub intents: Vec<Intent>,
    pub certificates: Vec<CertificateRecord>,
    pub statuses: Vec<StatusRecord>,
    pub status_version: StatusVersion,
    pub crls: Vec<CrlRecord>,
    /// Without leases, which end with the process.
    pub jobs: Vec<Job>,
    pub messages: Vec<Message>,
    pub answers: Vec<IdempotencyRecord>,
}

impl Image {
    pub fn of(store: &dyn Store) -> Self {
        // More than the history leaves of anything.
        const ALL: u32 = 10_000;
        let subjects = NUMBERS
            .flat_map(|n| [IntentSubject::Card(card(n)), IntentSubject::Enrolment(enrolment(n))]);
        let keys = subjects.flat_map(|subject| Use::ALL.map(|usage| IntentKey { subject, usage }));
        let media = [Medium::Card, Medium::Phone];
        let partitions = Use::ALL.iter().flat_map(|&usage| media.map(|m| partition(usage, m)));
        let serials = Use::ALL.iter().flat_map(|&usage| {
            let last = store.last_serial(usage).unwrap();
            (1..=last.0).map(move |serial| id(usage, serial))
        });
        let attributes = NUMBERS
            .flat_map(|n| store.attributes(resident_id(n), RecordVersion(0)).unwrap())
            .collect();
        Self {
            residents: store.residents(None, ALL).unwrap(),
            attributes,
            log: store.log(0, ALL).unwrap(),
            phones: NUMBERS.flat_map(|n| store.phone(chip(n)).unwrap()).collect(),
            documents: [ENROLMENT, SETTING]
                .iter()
                .flat_map(|kind| store.documents(*kind, None, None, ALL).unwrap())
                .collect(),
            last_serials: Use::ALL.iter().map(|u| store.last_serial(*u).unwrap()).collect(),
            intents: keys.flat_map(|key| store.intent(key).unwrap()).collect(),
            certificates: serials.flat_map(|id| store.certificate(id).unwrap()).collect(),
            statuses: Use::ALL
                .iter()
                .flat_map(|usage| store.statuses(*usage, None, ALL).unwrap())
                .collect(),
            status_version: store.status_version().unwrap(),
            crls: partitions.flat_map(|partition| store.crl(partition).unwrap()).collect(),
            jobs: store
                .jobs(None, ALL)
                .unwrap()
                .into_iter()
                .map(|job| Job { leased_until: None, ..job })
                .collect(),
            messages: NUMBERS.flat_map(|n| store.messages(chip(n), 0, ALL).unwrap()).collect(),
            answers: ANSWERS
                .iter()
                .flat_map(|key| store.idempotency("phone", key).unwrap())
                .collect(),
        }
    }

    /// Checks what holds whatever the history did last.
    pub fn check(&self) {
        self.check_log();
        self.check_serials();
        self.check_work();
    }

    /// The leaf sequence is whole, and every leaf is its entry's.
    fn check_log(&self) {
        for (index, logged) in self.log.iter().enumerate() {
            assert_eq!(logged.sequence, index as u64);
            let bytes = serde_json::to_vec(&logged.entry).unwrap();
            assert_eq!(logged.leaf, Hash::of_leaf(&bytes));
        }
    }

    /// No certificate, intent or status is beyond its issuer's counter; each certificate was logged.
    fn check_serials(&self) {
        let ids = (self.certificates.iter().map(|certificate| certificate.id))
            .chain(self.intents.iter().map(|intent| intent.id))
            .chain(self.statuses.iter().map(|status| status.id));
        for id in ids {
            assert!(id.serial <= self.last_serials[id.usage as usize], "{id:?}");
        }
        let mut logged: Vec<_> = self
            .events()
            .filter_map(|event| match event {
                Event::CertificateIssued { certificate } => Some(certificate.id),
                _ => None,
            })
            .collect();
        logged.sort();
        let stored: Vec<_> = self.certificates.iter().map(|certificate| certificate.id).collect();
        assert_eq!(logged, stored);
        assert!(self.intents.iter().all(|intent| !stored.contains(&intent.id)));
        assert!(self.statuses.iter().all(|status| status.version <= self.status_version));
    }

    /// A completed application has its job until it has its result, and then its one notice.
    fn check_work(&self) {
        let completed = self.count(|event| matches!(event, Event::ApplicationCompleted { .. }));
        let ready = self.count(|event| matches!(event, Event::RegistrationReady { .. }));
        let jobs = self.jobs.iter().filter(|job| job.job.kind == "issue").count();
        assert_eq!(completed, ready + jobs);
        let notices = self.messages.iter().filter(|m| m.message.code == "registration-ready");
        assert_eq!(notices.count(), ready);
        // A phone that was left is watched.
        let left = self.count(|event| matches!(event, Event::PhoneRetired { .. }));
        let watches = self.jobs.iter().filter(|job| job.job.kind == "watch-deletion").count();
        assert_eq!(left, watches);
    }

    fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events().filter(|event| wanted(event)).count()
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.log.iter().map(|logged| &logged.entry.event)
    }
}
