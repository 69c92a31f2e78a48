//! Everything that is left when the job is done, but for what is drawn at random.

use std::sync::Arc;

use inrou_api::clock::Clock;
use inrou_authority::store::testing::{Disk, DiskFiles};
use inrou_authority::store::{CertificateRecord, Store};
use inrou_chip::files::Folder;
use inrou_chip::image::Image;
use inrou_chip::memory::{FileMedium, Memory};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{request_to_path, write_request};
use inrou_pki::path::{self, Evidence};
use inrou_pki::status::Moment;
use inrou_pki::{Certificate, Status};
use inrou_rules::{CertificateId, CertificateStatus, Medium, ResidentId, Serial, Use};

use crate::founding::RESIDENT;
use crate::house::House;
use crate::resident::{Act, PHONE, Resident};

/// More than one job leaves of anything.
const ALL: u32 = 10_000;

/// What is compared with the job that nothing disturbed.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// Every event in the journal, by type.
    events: Vec<String>,
    /// The notices to the phone.
    notices: Vec<(u64, String)>,
    /// The resident's certificates.
    certificates: Vec<(Use, Medium, CertificateStatus)>,
    /// What OCSP says of each, after an act that may have changed it.
    published: Vec<Status>,
    /// Which of them are in a chip.
    carried: Vec<bool>,
    /// How many jobs are not done.
    jobs: usize,
    /// What the phone shows: the procedure with its next step, and the certificates.
    phone: String,
    /// What the portal has: her history, and what the office received.
    portal: [Vec<String>; 2],
}

impl Picture {
    /// Takes it.
    pub async fn of(house: &House, disk: &Disk, act: Act, person: &Resident) -> Self {
        let (card, phone) = chips(disk);
        let store = &*house.store;
        let resident = resident(store);
        let state = store.resident(resident).unwrap().unwrap().value;
        let journal = store.journal(resident, 0, ALL).unwrap();
        let events = journal.iter().map(|logged| kind(&logged.entry.event)).collect();
        let messages = store.messages(phone.chip, 0, ALL).unwrap();
        let notices =
            messages.into_iter().map(|found| (found.sequence, found.message.code)).collect();
        let records = certificates_of(store, resident);
        assert_eq!(records.len(), state.certificates.len(), "a certificate that the journal lacks");
        let (mut certificates, mut published, mut carried) = (Vec::new(), Vec::new(), Vec::new());
        for record in &records {
            let found = &state.certificates[&record.id];
            let (here, other) = match found.medium {
                Medium::Card => (&card, &phone),
                Medium::Phone => (&phone, &card),
            };
            certificates.push((record.id.usage, found.medium, found.status));
            if act.changes_certificates() {
                published.push(ask(house, &Certificate::from_der(&record.der).unwrap()).await);
            }
            assert!(!holds(other, &record.der), "a certificate is in two chips");
            carried.push(holds(here, &record.der));
        }
        let jobs = store.jobs(None, ALL).unwrap().len();
        let (phone, portal) = (person.screen(house).await, person.records(house).await);
        Self { events, notices, certificates, published, carried, jobs, phone, portal }
    }

    /// What must hold of it whatever happened: what is in a chip is good, and nothing else is; one
    /// certificate a kind.
    pub fn check(&self) {
        for (index, (usage, medium, status)) in self.certificates.iter().enumerate() {
            let is_active = matches!(status, CertificateStatus::Active { .. });
            assert_eq!(self.carried[index], is_active, "{usage:?} on {medium:?}");
            if let Some(published) = self.published.get(index) {
                assert_eq!(*published == Status::Good, is_active, "{usage:?} on {medium:?}");
            }
            let of_its_kind =
                self.certificates.iter().filter(|(u, m, _)| (u, m) == (usage, medium)).count();
            assert_eq!(of_its_kind, 1, "{usage:?} on {medium:?}");
        }
        let numbers = self.notices.iter().map(|(number, _)| *number);
        assert!(numbers.eq(1..=self.notices.len() as u64));
    }
}

/// Tries that were spent are spent.
pub fn check_tries(resident: &Resident, disk: &Disk) {
    let (card, phone) = chips(disk);
    resident.card.check(card.jpki.signature.pin.tries_left());
    let pins = [
        (&phone.jpki.signature.pin, &resident.phone_password),
        (&phone.jpki.user_authentication.pin, &resident.phone_pin),
    ];
    for (pin, tries) in pins {
        if pin.is_set() {
            tries.check(pin.tries_left());
        }
    }
}

/// The images of the card and the phone's chip.
fn chips(disk: &Disk) -> (Image, Image) {
    let files = Arc::new(DiskFiles::new(disk).unwrap());
    let image = |folder: String, name: &str| {
        let folder = Folder::on(files.clone(), folder);
        let medium = FileMedium::peek_in(&folder, &format!("{name}.chip")).unwrap();
        Memory::open(medium).unwrap().image().clone()
    };
    (image("cards".to_owned(), RESIDENT), image(format!("phones/{PHONE}"), PHONE))
}

fn resident(store: &dyn Store) -> ResidentId {
    store.residents(None, 2).unwrap()[0].value.id
}

/// All of a resident's certificates that are stored, by id.
fn certificates_of(store: &dyn Store, resident: ResidentId) -> Vec<CertificateRecord> {
    let serials = Use::ALL.into_iter().flat_map(|usage| {
        let last = store.last_serial(usage).unwrap();
        (1..=last.0).map(move |serial| CertificateId { usage, serial: Serial(serial) })
    });
    serials
        .flat_map(|id| store.certificate(id).unwrap())
        .filter(|record| record.holder.is_some_and(|holder| holder.resident == resident))
        .collect()
}

fn kind(event: &inrou_rules::Event) -> String {
    serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()
}

fn holds(chip: &Image, der: &[u8]) -> bool {
    chip.jpki.files.values().any(|file| file.0.starts_with(der))
}

/// What the status service says, to a stranger.
async fn ask(house: &House, certificate: &Certificate) -> Status {
    let issuer = house.anchors.issuer_of(certificate).unwrap();
    let request = write_request(issuer, certificate, HashAlgorithm::Sha1, None).unwrap();
    let path = format!("/ocsp/{}", request_to_path(&request));
    let response = house.published.get(&path).bytes().await.unwrap();
    let evidence = Evidence::Ocsp { response: &response, nonce: None };
    path::status(certificate, &house.anchors, evidence, Moment::new(house.clock.now())).unwrap()
}
