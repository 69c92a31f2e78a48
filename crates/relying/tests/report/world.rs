//! An authority, a time-stamp authority and a relying party, with a holder who signs.

use std::sync::Arc;

use inrou_api::clock::{Clock, TestClock};
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{request_to_path, write_request};
use inrou_pki::path::TrustAnchors;
use inrou_pki::profile::PolicyOid;
use inrou_pki::tsp::TimeStampUnit;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, Signer};
use inrou_relying::report::{CmsFile, Given, SignatureReport, ValidationReport};
use inrou_relying::testing::{Holder, TestAuthority, resident};
use inrou_relying::{FetchError, Settings, StatusClient, TimeStampSource, Validator};
use inrou_rules::{Medium, Serial, Use};
use jiff::{SignedDuration, Timestamp};

pub const CONTENT: &[u8] = "申請書\n".as_bytes();

pub struct World {
    pub clock: Arc<TestClock>,
    pub authority: TestAuthority,
    pub stamps: Stamps,
}

/// A time-stamping unit at hand.
pub struct Stamps {
    clock: Arc<TestClock>,
    unit: TimeStampUnit,
    pub issuer: Certificate,
}

impl World {
    pub async fn new() -> Self {
        Self::of(KeyAlgorithm::EcP256).await
    }

    pub async fn of(algorithm: KeyAlgorithm) -> Self {
        Self::at(algorithm, "2026-11-21T01:00:00Z".parse().unwrap()).await
    }

    /// One whose clock starts at that time.
    pub async fn at(algorithm: KeyAlgorithm, start: Timestamp) -> Self {
        let clock = Arc::new(TestClock::at(start));
        let authority = TestAuthority::open(clock.clone(), algorithm).await;
        let stamps = Stamps::new(clock.clone(), authority.issuer_settings());
        Self { clock, authority, stamps }
    }

    pub fn holder(&self, usage: Use) -> Holder {
        self.authority.issue(
            usage,
            Medium::Phone,
            &resident("印籠　花子", "東京都清瀬市中里１－２－３"),
        )
    }

    pub fn validator(&self) -> Validator {
        self.validator_by(self.authority.relying_settings())
    }

    /// One that asks nobody.
    pub fn offline(&self) -> Validator {
        self.validator_by(Settings { sources: Vec::new(), ..self.authority.relying_settings() })
    }

    pub fn validator_by(&self, settings: Settings) -> Validator {
        let issuers = TrustAnchors::new(vec![self.stamps.issuer.clone()]).unwrap();
        self.authority.validator(settings).with_time_stamp_issuers(issuers)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn pass(&self, hours: i64) {
        self.clock.advance_by(SignedDuration::from_hours(hours));
    }

    pub fn sign(&self, holder: &Holder, attached: bool) -> Vec<u8> {
        holder.sign_content(CONTENT, attached, self.now())
    }

    /// The signature, raised to T.
    pub async fn stamped(&self, holder: &Holder) -> Vec<u8> {
        let cms = self.sign(holder, true);
        let entropy = SeededEntropy::new(1);
        let validator = self.validator();
        validator.raise_to_t(&cms, &self.stamps, &entropy, self.now()).await.unwrap()
    }

    pub async fn report(&self, validator: &Validator, file: CmsFile<'_>) -> ValidationReport {
        validator.report_cms(&file, self.now()).await
    }

    /// What one signature comes to now.
    pub async fn judged(&self, validator: &Validator, cms: &[u8]) -> SignatureReport {
        let report = self.report(validator, file(cms, Given::Nothing)).await;
        let conclusion = report.validation_conclusion;
        let passed = conclusion.signatures[0].indication == "TOTAL-PASSED";
        assert_eq!(conclusion.valid_signatures_count, u32::from(passed));
        conclusion.signatures.into_iter().next().unwrap()
    }

    /// What the OCSP responder says now of a certificate.
    pub async fn ocsp(&self, holder: &Holder) -> Vec<u8> {
        let issuer = &self.authority.issuer(Use::Signature).certificate;
        let hash = HashAlgorithm::Sha256;
        let request = write_request(issuer, &holder.certificate, hash, None).unwrap();
        let address = format!("{}/ocsp/{}", self.authority.base(), request_to_path(&request));
        let client = StatusClient::new(&Settings::default(), Arc::new(SeededEntropy::new(5)));
        client.unwrap().download(&address, 100_000).await.unwrap()
    }

    /// It in words, with the code.
    pub async fn words(&self, validator: &Validator, cms: &[u8]) -> String {
        words(&self.judged(validator, cms).await)
    }
}

impl Stamps {
    pub fn new(clock: Arc<TestClock>, settings: &inrou_pki::IssuerSettings) -> Self {
        let key = || Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap());
        let (own, units) = (key(), key());
        let begin = clock.now();
        let issuer = settings.time_stamp_issuer(own.public_key(), Serial(1), begin).unwrap();
        let issuer = issuer.sign(&*own).unwrap();
        let unit = settings.time_stamp_unit(&issuer, units.public_key(), Serial(2), begin);
        let unit = unit.unwrap().sign(&*own).unwrap();
        let policy = PolicyOid::try_from("1.3.6.1.4.1.99999.1".to_owned()).unwrap();
        Self { clock, unit: TimeStampUnit::new(unit, units, policy).unwrap(), issuer }
    }
}

impl TimeStampSource for Stamps {
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        Ok(self.unit.answer(&request, self.clock.now(), 1))
    }
}

pub fn file<'a>(message: &'a [u8], given: Given<'a>) -> CmsFile<'a> {
    CmsFile { message, given, status: &[], filename: None, detailed: false }
}

pub fn words(report: &SignatureReport) -> String {
    let words = [Some(&report.indication), report.sub_indication.as_ref(), report.code.as_ref()];
    words.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
}
