//! Tests of the status services, on an authority whose certificates are issued straight into its
//! store.

mod crl;
mod index;
mod ocsp;
mod renewal;

use std::sync::Arc;

use inrou_api::clock::{Clock, TestClock};
use inrou_chip::issuer::{MakerCa, MakerCertificate};
use inrou_chip::scp03::MasterKey;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::Passphrase;
use inrou_pki::ocsp::{OcspResponse, write_request};
use inrou_pki::profile::{CommonName, HolderRequest, IssuerSettings};
use inrou_pki::status::Moment;
use inrou_pki::{
    Certificate, Entropy, FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, Signer, SystemEntropy,
};
use inrou_rules::{CertificateId, Medium, Municipality, RevocationReason, Use};
use jiff::{SignedDuration, Timestamp};

use crate::certify::place;
use crate::key_folder::KeyFolder;
use crate::keys::CertifiedKey;
use crate::settings::Settings;
use crate::store::{
    CertificateRecord, Partition, SqliteSettings, SqliteStore, Status, Store, Unit, Write,
};
use crate::{Authority, Parts};

const START: &str = "2026-11-21T01:00:00Z";
const KIYOSE: &str = "13221";

/// An authority with its clock and folder.
struct Office {
    clock: Arc<TestClock>,
    authority: Arc<Authority>,
    folder: tempfile::TempDir,
}

/// A certificate that was issued, and the issuer's that signed it.
struct Issued {
    id: CertificateId,
    certificate: Certificate,
    issuer: Certificate,
}

impl Office {
    fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap(), START.parse().unwrap())
    }

    fn on(folder: tempfile::TempDir, start: Timestamp) -> Self {
        let store =
            SqliteStore::open(&folder.path().join("store.db"), SqliteSettings::default()).unwrap();
        Self::with(Arc::new(store), folder, start)
    }

    fn with(store: Arc<dyn Store>, folder: tempfile::TempDir, start: Timestamp) -> Self {
        let clock = Arc::new(TestClock::at(start));
        let authority = authority(store, folder.path(), clock.clone());
        Self { clock, authority, folder }
    }

    /// Stopped and started again.
    fn restarted(self) -> Self {
        let Self { clock, authority, folder } = self;
        drop(authority);
        Self::on(folder, clock.now())
    }

    fn advance(&self, span: SignedDuration) {
        self.clock.advance_by(span);
    }

    fn issuer(&self, usage: Use) -> Arc<CertifiedKey> {
        self.authority.issuer_at(usage, self.clock.now()).unwrap()
    }

    /// A certificate on its way to its chip, in Kiyose, on a phone.
    fn issue(&self, usage: Use) -> Issued {
        self.issue_in(usage, Medium::Phone, KIYOSE)
    }

    fn issue_in(&self, usage: Use, medium: Medium, municipality: &str) -> Issued {
        let municipality: Municipality = municipality.parse().unwrap();
        let partition = Partition::Residents { usage, medium, municipality };
        let (now, issuer) = (self.clock.now(), self.issuer(usage));
        let not_after = now + SignedDuration::from_hours(4 * 365 * 24);
        let reserve = Write::ReserveSerials { partition, count: 1, not_after };
        let serial = self.authority.store.commit(reserve.into()).unwrap().serials[0].first;
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let common_name = match usage {
            Use::Signature => CommonName::for_signature(now, serial.0 as u32, municipality),
            Use::UserAuthentication => {
                CommonName::for_user_authentication(&SeededEntropy::new(serial.0), municipality)
            }
        };
        let attributes = attributes();
        let request = HolderRequest {
            usage,
            medium,
            serial,
            not_before: now,
            not_after,
            public_key: key.public_key(),
            place: &place(municipality).unwrap(),
            common_name: &common_name,
            attributes: (usage == Use::Signature).then_some(&attributes),
        };
        let settings = &self.authority.settings.issuer;
        let unsigned = settings.holder_certificate(&issuer.certificate, &request).unwrap();
        let certificate = unsigned.sign(&*issuer).unwrap();
        let id = CertificateId { usage, serial };
        let record = CertificateRecord {
            id,
            generation: issuer.generation,
            partition,
            holder: None,
            not_after,
            der: certificate.as_der().to_vec(),
        };
        self.authority.commit(Write::PutCertificate(record).into()).unwrap();
        Issued { id, certificate, issuer: issuer.certificate.clone() }
    }

    /// A certificate on its chip.
    fn active(&self, usage: Use) -> Issued {
        let issued = self.issue(usage);
        self.put(&issued, Status::Good);
        issued
    }

    fn put(&self, issued: &Issued, status: Status) {
        let unit: Unit = Write::PutStatus { id: issued.id, status }.into();
        self.authority.commit(unit).unwrap();
    }

    fn hold(&self, issued: &Issued) {
        self.put(issued, Status::Held { since: self.clock.now() });
    }

    fn revoke(&self, issued: &Issued, reason: RevocationReason) {
        self.put(issued, Status::Revoked { at: self.clock.now(), reason });
    }

    /// What the responder tells a relying party about a certificate.
    fn ask(&self, issued: &Issued) -> inrou_pki::Status {
        let request = request(issued, None);
        self.judge(issued, &self.authority.answer_ocsp(&request).der)
    }

    /// What an answer tells a relying party about a certificate, at this time.
    fn judge(&self, issued: &Issued, answer: &[u8]) -> inrou_pki::Status {
        let moment = Moment::new(self.clock.now());
        let response = OcspResponse::from_der(answer).unwrap();
        let trusted = response.verify(&issued.issuer, moment).unwrap();
        trusted.status(&issued.certificate, moment).unwrap()
    }
}

fn authority(
    store: Arc<dyn Store>,
    folder: &std::path::Path,
    clock: Arc<TestClock>,
) -> Arc<Authority> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let maker = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let maker = MakerCa::found(Box::new(maker), Timestamp::UNIX_EPOCH).unwrap();
    let passphrase = Passphrase::new("test".to_owned());
    let authority = Authority::open(Parts {
        store,
        clock,
        entropy,
        key_source: Arc::new(FreshKeys),
        key_folder: KeyFolder::open(folder.join("keys"), passphrase).unwrap(),
        crl_folder: folder.join("crl"),
        log_folder: folder.join("log").into(),
        maker: MakerCertificate::from_der(maker.certificate()).unwrap(),
        channel_master: MasterKey::from_bytes([9; 16]),
        settings: Settings { issuer: issuer_settings(), ..Settings::default() },
    });
    Arc::new(authority.unwrap())
}

/// P-256 throughout, which is quick, and addresses in the certificates.
fn issuer_settings() -> IssuerSettings {
    let settings = IssuerSettings::default().published_at("http://127.0.0.1:8080").unwrap();
    settings.with_keys(KeyAlgorithm::EcP256)
}

fn attributes() -> inrou_pki::PersonalAttributes {
    inrou_pki::PersonalAttributes {
        name: "試験　花子".to_owned(),
        name_substitutes: "00000".to_owned(),
        birth_date: Some(jiff::civil::date(1980, 2, 17)),
        sex: inrou_rules::Sex::Female,
        address: "東京都清瀬市架空町１－２－３".to_owned(),
        address_substitutes: "0".repeat(14),
    }
}

fn request(issued: &Issued, nonce: Option<&[u8]>) -> Vec<u8> {
    write_request(&issued.issuer, &issued.certificate, HashAlgorithm::Sha1, nonce).unwrap()
}
