//! Certificates from application to store, beside the limit that the parts give: verifying the
//! application's signature, signing the certificates, two durable group commits.
//!
//! The commits of the limit are measured in two ways: as commits of the store, with only the rows that
//! no issuance can do without, and as appends to a bare file.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use inrou_api::clock::TestClock;
use inrou_api::server::shutdown;
use inrou_authority::keys::CertifiedKey;
use inrou_authority::store::{
    CertificateRecord, Intent, IntentSubject, NewIntent, Opaque, SqliteSettings, SqliteStore,
    Store as _, Unit, Write,
};
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use inrou_rules::{EnrolmentId, Use};
use jiff::Timestamp;
use tokio::runtime::Builder;

use crate::applicants::{AT_ONCE, Applicant, Applicants, at_once, partition, random};
use crate::cpu::Cpu;
use crate::group_file::GroupFile;
use crate::office::Office;
use crate::report::Row;
use crate::rounds::Compared;

const ROUNDS: usize = 9;
/// Applications a round.
const BATCH: usize = 1024;
/// Both certificates are applied for.
const CERTIFICATES: usize = 2;
/// About as long as what is signed in a certificate, and as a certificate with its row.
const CERTIFICATE: [u8; 1400] = [7; 1400];
/// About as long as what is recorded before one is signed.
const INTENT: [u8; 900] = [7; 900];
/// Ten in the morning in Japan: applications are worked on at once (HOURS-1).
const OPEN: &str = "2026-11-21T01:00:00Z";

pub fn run() -> Vec<Row> {
    println!(
        "issuance: {ROUNDS} rounds of {BATCH} applications for {CERTIFICATES} certificates each, \
         {AT_ONCE} at once"
    );
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256].into_iter().flat_map(measure).collect()
}

fn measure(algorithm: KeyAlgorithm) -> [Row; 2] {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::at(OPEN.parse().unwrap()));
    let office = Office::open_by(clock, folder.path(), algorithm);
    let applicants = Applicants::of(&office);
    let parts = Parts::new(&office, folder.path());
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let (trigger, told) = shutdown();
    runtime.spawn(office.authority.clone().work(told));

    let all = applicants.prepare(BATCH * (ROUNDS + 1));
    let mut batches = all.chunks(BATCH);

    let (mut used, mut wall) = (Cpu::default(), Duration::ZERO);
    let mut bare = Vec::new();
    let compared = Compared::of(ROUNDS, || {
        let ready = batches.next().unwrap();
        let of =
            |work: &(dyn Fn() + Sync)| certificates_a_second(timed(|| at_once(ready, |_| work())));
        let (limit, append) = (of(&|| parts.with_store()), of(&|| parts.with_file()));
        let before = Cpu::now();
        let took = timed(|| issue(&office, ready));
        used.add_since(&before);
        wall += took;
        bare.push((append, certificates_a_second(took)));
        (limit, certificates_a_second(took))
    });
    runtime.block_on(trigger.finish());
    let row = compared.row("issuance", format!("{algorithm:?}"), "≥ 0.5");
    let mut bare = bare.into_iter();
    let bare = Compared::of(ROUNDS, || bare.next().unwrap());
    let bare = bare.row("issuance", format!("{algorithm:?}, limit with a bare file"), "");
    tell_where_it_goes(&parts, &used, wall);
    [row, bare]
}

/// Microseconds for each application.
fn tell_where_it_goes(parts: &Parts, used: &Cpu, wall: Duration) {
    let applications = (BATCH * (ROUNDS + 1)) as f64;
    let of = |time: Duration| time.as_secs_f64() * 1e6 / applications;
    let part = |work: &dyn Fn()| {
        (1..=200).map(|_| timed(work)).sum::<Duration>().as_secs_f64() / 200.0 * 1e6
    };
    let (verifying, signing) = (part(&|| parts.verify()), part(&|| parts.sign()));
    let crypto = verifying + signing * CERTIFICATES as f64;
    println!(
        "  an application takes {:.0} µs; processor time {:.0} µs: the store's writer {:.0}, \
         verifying {verifying:.0}, signing {CERTIFICATES} × {signing:.0}, everything else {:.0}",
        of(wall),
        of(used.all),
        of(used.writer),
        of(used.all) - of(used.writer) - crypto,
    );
    let alone = part(&|| parts.file.append(&INTENT));
    println!("  one durable append alone {alone:.0} µs");
}

/// Hands all applications in, and waits until every certificate is stored.
fn issue(office: &Office, applicants: &[Applicant]) {
    at_once(applicants, |applicant| {
        let Applicant { chip, enrolment, cms } = applicant;
        office.authority.take_application(*chip, *enrolment, cms).unwrap();
        office.authority.complete_application(*chip, *enrolment).unwrap();
    });
    // A job is gone when what it was for is durable.
    while office.store.next_job().unwrap().is_some() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn certificates_a_second(time: Duration) -> f64 {
    (BATCH * CERTIFICATES) as f64 / time.as_secs_f64()
}

/// What no issuance can do without.
struct Parts {
    card: SoftwareKey,
    signature: Vec<u8>,
    issuer: Arc<CertifiedKey>,
    store: SqliteStore,
    file: GroupFile,
}

impl Parts {
    fn new(office: &Office, folder: &Path) -> Self {
        let anchors = office.authority.trust_anchors().unwrap();
        let card = FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let store = folder.join("limit.db");
        Self {
            signature: card.sign(&CERTIFICATE).unwrap(),
            card,
            issuer: anchors.iter().find(|(usage, _)| *usage == Use::Signature).unwrap().1.clone(),
            store: SqliteStore::open(&store, SqliteSettings::default()).unwrap(),
            file: GroupFile::create(&folder.join("limit.log")),
        }
    }

    /// The intents are recorded, then the certificates.
    fn with_store(&self) {
        self.verify();
        let subject = IntentSubject::Enrolment(EnrolmentId::from_bytes(random()));
        let not_after = Timestamp::UNIX_EPOCH;
        let open = Use::ALL.map(|usage| {
            let body = Opaque(INTENT.to_vec());
            Write::OpenIntent(NewIntent { subject, partition: partition(usage), not_after, body })
        });
        let intents = self.store.commit(Unit::from_iter(open)).unwrap().intents;
        let mut unit = Unit::new();
        for Intent { id, intent } in intents {
            self.sign();
            unit.push(Write::PutCertificate(CertificateRecord {
                id,
                generation: 1,
                partition: intent.partition,
                holder: None,
                not_after,
                der: CERTIFICATE.to_vec(),
            }));
            unit.push(Write::CloseIntent(intent.key()));
        }
        self.store.commit(unit).unwrap();
    }

    /// As many bytes are appended to a file.
    fn with_file(&self) {
        self.verify();
        self.file.append(&INTENT.repeat(CERTIFICATES));
        for _ in 0..CERTIFICATES {
            self.sign();
        }
        self.file.append(&CERTIFICATE.repeat(CERTIFICATES));
    }

    fn verify(&self) {
        let key = self.card.public_key();
        black_box(key.verify(self.card.algorithm(), black_box(&CERTIFICATE), &self.signature))
            .unwrap();
    }

    fn sign(&self) {
        black_box(self.issuer.sign(black_box(&CERTIFICATE))).unwrap();
    }
}
