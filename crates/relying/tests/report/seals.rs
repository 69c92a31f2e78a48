//! Seals of organisations, told apart from residents' signatures.

use std::io::Cursor;

use inrou_api::wire::transaction::Purpose;
use inrou_pki::cms::NewMessage;
use inrou_pki::crl::{CrlEntry, NewCrl};
use inrou_pki::path::TrustAnchors;
use inrou_pki::profile::{HttpUri, Place};
use inrou_pki::status::Withdrawal;
use inrou_pki::{
    Certificate, FreshKeys, IssuerSettings, KeyAlgorithm, KeySource, Signer, SoftwareKey,
};
use inrou_relying::inspect::{Beside, FactName, FactValue, Report};
use inrou_relying::report::{CmsFile, Given, SignatureReport};
use inrou_relying::{StatusEvidence, StatusSource, Validator};
use inrou_rules::{RevocationReason, Serial, Use};
use jiff::{SignedDuration, Timestamp};

use crate::world::{CONTENT, World};

/// An issuer of seals, and one seal.
struct Seal {
    issuer: (Certificate, SoftwareKey),
    seal: (Certificate, SoftwareKey),
}

impl Seal {
    fn new(now: Timestamp) -> Self {
        let settings = IssuerSettings::default();
        let key = || FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let (of_issuer, own) = (key(), key());
        let issuer = settings.seal_issuer(of_issuer.public_key(), Serial(1), now).unwrap();
        let issuer = issuer.sign(&of_issuer).unwrap();
        let place = Place {
            code: "13221".parse().unwrap(),
            prefecture: "Tokyo-to".to_owned(),
            municipality: "Kiyose-shi".to_owned(),
        };
        let crl = HttpUri::try_from("http://127.0.0.1:1/seals/1.crl".to_owned()).unwrap();
        let public = own.public_key();
        let seal = settings.municipal_seal(&issuer, &place, public, Serial(2), now, &crl).unwrap();
        let seal = seal.sign(&of_issuer).unwrap();
        Self { issuer: (issuer, of_issuer), seal: (seal, own) }
    }

    fn anchors(&self) -> TrustAnchors {
        TrustAnchors::new(vec![self.issuer.0.clone()]).unwrap()
    }

    fn sign(&self, now: Timestamp) -> Vec<u8> {
        let message = NewMessage {
            content: CONTENT,
            attached: true,
            signer: &self.seal.0,
            chain: &[],
            signing_time: now,
        };
        message.sign(&self.seal.1).unwrap()
    }

    /// The issuer's CRL, which lists these.
    fn crl(&self, now: Timestamp, entries: &[CrlEntry]) -> StatusEvidence {
        let new = NewCrl {
            issuer: &self.issuer.0,
            scope: None,
            number: 1,
            this_update: now,
            next_update: now + SignedDuration::from_hours(24),
        };
        let mut der = Cursor::new(Vec::new());
        new.write(entries.iter().copied(), &self.issuer.1, &mut der).unwrap();
        StatusEvidence::new(StatusSource::Crl, der.into_inner(), now)
    }
}

/// Whether a file holds, and what its checks came to.
async fn inspected(
    validator: &Validator,
    file: &[u8],
    status: &[StatusEvidence],
    now: Timestamp,
) -> (bool, Report) {
    let beside = Beside { status: status.to_vec(), ..Beside::default() };
    let report = validator.inspect(file, &beside, now).await.unwrap();
    (report.holds(), report)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seals_certificate_by_itself_holds_where_its_issuer_is_trusted_for_seals() {
    let world = World::new().await;
    let now = world.now();
    let seal = Seal::new(now);
    let (der, good) = (seal.seal.0.as_der(), [seal.crl(now, &[])]);
    let trusting = world.offline().with_seal_issuers(seal.anchors());
    let (holds, report) = inspected(&trusting, der, &good, now).await;
    assert!(holds, "{report:?}");
    let kind = report.facts.iter().find(|fact| fact.name == FactName::Kind);
    assert_eq!(kind.map(|fact| &fact.value), Some(&FactValue::Seal));
    // Without what tells its status it is not known to hold; once it is revoked, it does not.
    let (holds, report) = inspected(&trusting, der, &[], now).await;
    assert!(!holds && report.is_open(), "{report:?}");
    let reason = RevocationReason::KeyCompromise;
    let entry = CrlEntry { serial: Serial(2), at: now, withdrawal: Withdrawal::Revoked(reason) };
    let (_, report) = inspected(&trusting, der, &[seal.crl(now, &[entry])], now).await;
    assert!(report.not_good().is_some(), "{report:?}");
    // Its issuer and the issuer's CRL are trusted by whoever trusts its seals, and by nobody else.
    let (issuer, crl) = (seal.issuer.0.as_der(), &good[0].der);
    for file in [issuer, crl] {
        assert!(inspected(&trusting, file, &[], now).await.0);
    }
    for file in [der, issuer, crl] {
        let (holds, report) = inspected(&world.offline(), file, &good, now).await;
        assert!(!holds && !report.is_open(), "{report:?}");
    }
    // As the report on a certificate has it.
    let told = trusting.report_certificate(&seal.seal.0, None, now, false).await;
    assert_eq!((told.seal, told.kind.is_none()), (true, true));
    let told = trusting.report_certificate(&seal.seal.0, Some(Purpose::LogIn), now, false).await;
    assert!(!told.seal && told.indication != "PASSED");
}

async fn report(
    validator: &Validator,
    message: &[u8],
    status: &[StatusEvidence],
    now: Timestamp,
) -> SignatureReport {
    let file = CmsFile { message, given: Given::Nothing, status, filename: None, detailed: false };
    let report = validator.report_cms(&file, now).await;
    report.validation_conclusion.signatures[0].clone()
}

fn said(report: &SignatureReport) -> (&str, Option<&str>, bool) {
    (&report.indication, report.sub_indication.as_deref(), report.seal)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_is_good_where_its_issuer_is_trusted_for_seals_and_is_no_residents() {
    let world = World::new().await;
    let now = world.now();
    let seal = Seal::new(now);
    let (message, good) = (seal.sign(now), seal.crl(now, &[]));
    let trusting = || world.offline().with_seal_issuers(seal.anchors());
    let told = report(&trusting(), &message, std::slice::from_ref(&good), now).await;
    assert_eq!(said(&told), ("TOTAL-PASSED", None, true));
    assert_eq!((told.kind, told.signed_by.as_deref()), (None, Some("Kiyose-shi seal")));
    // Where nobody trusts the issuer, or nothing tells the status, it is not.
    let told = report(&world.offline(), &message, std::slice::from_ref(&good), now).await;
    assert_eq!(said(&told), ("INDETERMINATE", Some("NO_CERTIFICATE_CHAIN_FOUND"), false));
    let told = report(&trusting(), &message, &[], now).await;
    assert_eq!(said(&told), ("INDETERMINATE", Some("CERTIFICATE_CHAIN_GENERAL_FAILURE"), true));
    // Once its issuer has revoked it, it is not.
    let reason = RevocationReason::KeyCompromise;
    let entry = CrlEntry { serial: Serial(2), at: now, withdrawal: Withdrawal::Revoked(reason) };
    let told = report(&trusting(), &message, &[seal.crl(now, &[entry])], now).await;
    assert_eq!(said(&told), ("INDETERMINATE", Some("REVOKED_NO_POE"), true));
    // Nobody logs in by it, and a resident's certificate is none, even under an issuer of seals.
    assert!(trusting().validate(&seal.seal.0, now, Purpose::LogIn).await.is_err());
    let resident = world.holder(Use::Signature);
    let message = resident.sign_content(CONTENT, true, now);
    let residents = world.offline().with_seal_issuers(world.authority.anchors());
    let told = report(&residents, &message, &[], now).await;
    assert_eq!(said(&told), ("INDETERMINATE", Some("CHAIN_CONSTRAINTS_FAILURE"), false));
}
