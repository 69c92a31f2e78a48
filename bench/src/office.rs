//! An authority in a folder, with certificates that were issued for it to tell about.

use std::path::Path;
use std::sync::Arc;

use inrou_api::clock::{Clock, SystemClock};
use inrou_authority::key_folder::KeyFolder;
use inrou_authority::settings::Settings;
use inrou_authority::store::{Partition, SqliteSettings, SqliteStore, Status, Store, Unit, Write};
use inrou_authority::{Authority, Parts};
use inrou_chip::issuer::{MakerCa, MakerCertificate};
use inrou_chip::scp03::MasterKey;
use inrou_pki::keys::Passphrase;
use inrou_pki::profile::IssuerSettings;
use inrou_pki::{Certificate, FreshKeys, KeyAlgorithm, KeySource, SystemEntropy};
use inrou_rules::{CertificateId, Medium, Serial, Use};
use jiff::{SignedDuration, Timestamp};

/// An authority, and the store that it stands on.
pub struct Office {
    pub authority: Arc<Authority>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

/// The issuer that the benchmarks ask about.
pub const USAGE: Use = Use::UserAuthentication;

/// The partition of its certificates.
pub fn partition() -> Partition {
    let municipality = "13221".parse().unwrap();
    Partition::Residents { usage: USAGE, medium: Medium::Phone, municipality }
}

impl Office {
    /// Opens an authority whose issuers have keys of that algorithm.
    pub fn open(folder: &Path, algorithm: KeyAlgorithm) -> Self {
        Self::open_by(Arc::new(SystemClock::new()), folder, algorithm)
    }

    /// As [`open`](Self::open), with a clock of its own.
    pub fn open_by(clock: Arc<dyn Clock>, folder: &Path, algorithm: KeyAlgorithm) -> Self {
        let store = SqliteStore::open(&folder.join("store.db"), SqliteSettings::default()).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let maker = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let maker = MakerCa::found(Box::new(maker), Timestamp::UNIX_EPOCH).unwrap();
        let mut issuer = IssuerSettings::default().published_at("http://127.0.0.1:8080").unwrap();
        issuer.issuer_key = algorithm;
        let authority = Authority::open(Parts {
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            key_source: Arc::new(FreshKeys),
            key_folder: keys(folder),
            crl_folder: folder.join("crl"),
            log_folder: folder.join("log").into(),
            maker: MakerCertificate::from_der(maker.certificate()).unwrap(),
            channel_master: MasterKey::from_bytes([0; 16]),
            settings: Settings { issuer, ..Settings::default() },
        });
        Self { authority: Arc::new(authority.unwrap()), store, clock }
    }

    /// The issuer's certificate.
    pub fn issuer(&self) -> Certificate {
        let anchors = self.authority.trust_anchors().unwrap();
        anchors.iter().find(|(usage, _)| *usage == USAGE).unwrap().1.certificate.clone()
    }

    /// Reserves serial numbers and gives each a status. An authority that is opened later tells it.
    pub fn issue(&self, count: u32, status: Status) -> Vec<Serial> {
        const AT_ONCE: usize = 10_000;
        let not_after = self.clock.now() + SignedDuration::from_hours(4 * 365 * 24);
        let reserve = Write::ReserveSerials { partition: partition(), count, not_after };
        let reserved = self.store.commit(reserve.into()).unwrap().serials[0];
        let first = reserved.first.0;
        let serials: Vec<Serial> = (first..first + u64::from(count)).map(Serial).collect();
        for some in serials.chunks(AT_ONCE) {
            let put =
                |&serial| Write::PutStatus { id: CertificateId { usage: USAGE, serial }, status };
            self.store.commit(some.iter().map(put).collect::<Unit>()).unwrap();
        }
        serials
    }
}

/// The folder with the authority's keys.
pub fn keys(folder: &Path) -> KeyFolder {
    KeyFolder::open(folder.join("keys"), Passphrase::new("benchmark".to_owned())).unwrap()
}

/// An OCSP request about one certificate of an issuer, by SHA-1, as OpenSSL writes it.
pub fn ocsp_request(issuer: &Certificate, serial: Serial, nonce: Option<[u8; 32]>) -> Vec<u8> {
    use inrou_pki::digest::HashAlgorithm::Sha1;
    let key = issuer.public_key().unwrap().subject_public_key();
    let mut number = serial.0.to_be_bytes().to_vec();
    number.insert(0, 0);
    while number[0] == 0 && number[1] < 0x80 && number.len() > 1 {
        number.remove(0);
    }
    let id = sequence(&[
        &[0x30, 9, 6, 5, 0x2B, 0x0E, 3, 2, 0x1A, 5, 0],
        &element(4, &[Sha1.digest(issuer.subject().as_der()).as_bytes()]),
        &element(4, &[Sha1.digest(key).as_bytes()]),
        &element(2, &[&number]),
    ]);
    let list = sequence(&[&sequence(&[&id])]);
    let nonce = nonce.map_or_else(Vec::new, |nonce| {
        let extension = sequence(&[
            &[6, 9, 0x2B, 6, 1, 5, 5, 7, 0x30, 1, 2],
            &element(4, &[&element(4, &[&nonce])]),
        ]);
        element(0xA2, &[&sequence(&[&extension])])
    });
    sequence(&[&sequence(&[&list, &nonce])])
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, parts)
}

/// DER of up to 255 bytes.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap();
    let header = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [header, content].concat()
}
