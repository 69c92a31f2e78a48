//! What an inspection says of files of every kind, good and bad.
#![allow(clippy::unwrap_used)]

mod status;

use std::sync::Arc;

use inrou_api::clock::{Clock, TestClock};
use inrou_api::problem::Code;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{request_to_path, write_request};
use inrou_pki::{Certificate, KeyAlgorithm, Status, SystemEntropy, pem};
use inrou_relying::inspect::{
    Beside, CheckName, FactName, FactValue, FileKind, Outcome, Report, Unchecked,
};
use inrou_relying::testing::{Fault, Holder, Issuer, TestAuthority, resident};
use inrou_relying::{Kind, Settings, StatusClient, StatusSource, TrustAnchors, Validator};
use inrou_rules::{Attributes, Medium, RevocationReason, Serial, Use};
use jiff::SignedDuration;

struct World {
    clock: Arc<TestClock>,
    authority: TestAuthority,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
        Self { clock, authority }
    }

    fn holder(&self, usage: Use) -> Holder {
        self.authority.issue(usage, Medium::Phone, &hanako())
    }

    async fn inspect(&self, file: &[u8], content: Option<&[u8]>) -> Report {
        self.inspect_with(file, &Beside { content, ..Beside::default() }).await
    }

    async fn inspect_with(&self, file: &[u8], beside: &Beside<'_>) -> Report {
        let validator = self.authority.validator(self.authority.relying_settings());
        validator.inspect(file, beside, self.clock.now()).await.unwrap()
    }

    /// What that source says of a certificate at present, as a file.
    async fn status_file(&self, of: &Certificate, usage: Use, source: StatusSource) -> Vec<u8> {
        let address = match source {
            StatusSource::Ocsp => {
                let issuer = &self.authority.issuer(usage).certificate;
                let request = write_request(issuer, of, HashAlgorithm::Sha256, None).unwrap();
                format!("{}/ocsp/{}", self.authority.base(), request_to_path(&request))
            }
            StatusSource::Crl => {
                let mut points = of.distribution_points().iter();
                points.find_map(|point| point.uri()).unwrap().to_owned()
            }
        };
        let client = StatusClient::new(&Settings::default(), Arc::new(SystemEntropy)).unwrap();
        client.download(&address, 1_000_000).await.unwrap()
    }
}

fn hanako() -> Attributes {
    resident("印籠　花子", "東京都清瀬市中里１－２－３")
}

fn fact(report: &Report, name: FactName) -> Option<&FactValue> {
    report.facts.iter().find(|fact| fact.name == name).map(|fact| &fact.value)
}

/// Passed, the failure's code, or why it was not checked; in the order of the checks.
fn outcomes(report: &Report) -> Vec<(CheckName, &str)> {
    let said = |outcome| match outcome {
        &Outcome::Passed => "passed",
        Outcome::Failed { code, .. } | Outcome::Unknown { code, .. } => code.as_str(),
        Outcome::NotGood(Status::Revoked { .. }) => "revoked",
        Outcome::NotGood(Status::OnHold { .. }) => "on-hold",
        Outcome::NotGood(_) => "unknown",
        Outcome::NotChecked(why) => why.code(),
    };
    report.checks.iter().map(|check| (check.name, said(&check.outcome))).collect()
}

const GOOD: [(CheckName, &str); 4] = [
    (CheckName::Trusted, "passed"),
    (CheckName::Timely, "passed"),
    (CheckName::Purpose, "passed"),
    (CheckName::Status, "passed"),
];

/// All good, but for these.
fn but(exceptions: &[(CheckName, &'static str)]) -> Vec<(CheckName, &'static str)> {
    let exception = |name| exceptions.iter().find(|(other, _)| *other == name).copied();
    GOOD.iter().map(|&(name, said)| exception(name).unwrap_or((name, said))).collect()
}

#[tokio::test]
async fn a_holders_certificate_is_told_whole_in_der_and_pem() {
    let world = World::new().await;
    for usage in Use::ALL {
        let holder = world.holder(usage);
        let der = holder.certificate.as_der();
        let chain =
            holder.certificate.to_pem() + &world.authority.issuer(usage).certificate.to_pem();
        let pem = holder.certificate.to_pem();
        for (file, judged) in
            [(der, None), (pem.as_bytes(), None), (chain.as_bytes(), Some("1 / 2"))]
        {
            let report = world.inspect(file, None).await;
            let expected = judged.map(|judged| FactValue::Text(judged.to_owned()));
            assert_eq!(fact(&report, FactName::Judged), expected.as_ref());
            assert_eq!(report.file, FileKind::Certificate);
            assert_eq!(outcomes(&report), GOOD);
            assert!(report.holds());
            let kind = Kind { usage, medium: Medium::Phone };
            assert_eq!(fact(&report, FactName::Kind), Some(&FactValue::Kind(kind)));
            let name = fact(&report, FactName::Name);
            let expected = FactValue::Text("印籠　花子".to_owned());
            assert_eq!(name, (usage == Use::Signature).then_some(&expected));
            assert!(!format!("{report:?}").contains("花子"), "no attribute value in Debug");
        }
    }
}

#[tokio::test]
async fn each_fault_of_a_certificate_fails_its_own_check() {
    let world = World::new().await;
    let holder = world.holder(Use::UserAuthentication);
    let der = holder.certificate.as_der();
    let (at, reason) = (world.clock.now(), RevocationReason::Superseded);
    for (status, said) in [
        (Status::Revoked { at, reason }, "revoked"),
        (Status::OnHold { since: at }, "on-hold"),
        (Status::Unknown, "unknown"),
    ] {
        world.authority.set_status(&holder.certificate, status);
        let report = world.inspect(der, None).await;
        assert_eq!(outcomes(&report), but(&[(CheckName::Status, said)]));
        assert!(!report.holds());
        assert_eq!(report.not_good(), Some(status));
    }
    let forger = Issuer::new(
        world.authority.issuer_settings().clone(),
        Use::UserAuthentication,
        world.clock.now(),
    );
    let forged = forger.issue(Medium::Phone, Serial(9), &hanako(), world.clock.now());
    let report = world.inspect(forged.certificate.as_der(), None).await;
    let earlier = "earlier-check";
    let exceptions = [
        (CheckName::Trusted, "certificate-untrusted"),
        (CheckName::Purpose, earlier),
        (CheckName::Status, earlier),
    ];
    assert_eq!(outcomes(&report), but(&exceptions));
    let responder = &world.authority.issuer(Use::Signature).responder;
    let report = world.inspect(responder.as_der(), None).await;
    let exceptions = [(CheckName::Purpose, "certificate-wrong-kind"), (CheckName::Status, earlier)];
    assert_eq!(outcomes(&report), but(&exceptions));

    world.clock.advance_to(holder.certificate.not_after() + SignedDuration::from_secs(1));
    let report = world.inspect(der, None).await;
    let exceptions = [(CheckName::Timely, "certificate-expired"), (CheckName::Status, earlier)];
    assert_eq!(outcomes(&report), but(&exceptions));
}

#[tokio::test]
async fn what_cannot_be_checked_is_not_said_to_hold() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let now = world.clock.now();
    let settings = || world.authority.relying_settings();
    let nobody = StatusClient::new(&Settings::default(), Arc::new(SystemEntropy)).unwrap();
    let trusting_nobody = Validator::new(TrustAnchors::default(), settings(), nobody);
    let report = trusting_nobody
        .inspect(holder.certificate.as_der(), &Beside::default(), now)
        .await
        .unwrap();
    let none = "no-anchors";
    let exceptions = [
        (CheckName::Trusted, none),
        (CheckName::Purpose, none),
        (CheckName::Status, "earlier-check"),
    ];
    assert_eq!(outcomes(&report), but(&exceptions));
    assert!(!report.holds());
    let anchor = world.authority.issuer(Use::Signature).certificate.clone();
    let report = trusting_nobody.inspect(anchor.as_der(), &Beside::default(), now).await.unwrap();
    assert_eq!(outcomes(&report), [(CheckName::Trusted, none), (CheckName::Timely, "passed")]);

    let asking_nobody = world.authority.validator(Settings { sources: Vec::new(), ..settings() });
    let report =
        asking_nobody.inspect(holder.certificate.as_der(), &Beside::default(), now).await.unwrap();
    assert_eq!(outcomes(&report), but(&[(CheckName::Status, "no-status-service")]));
    world.authority.set_fault(Some(Fault::Down));
    let report = world.inspect(holder.certificate.as_der(), None).await;
    assert_eq!(outcomes(&report), but(&[(CheckName::Status, "status-unavailable")]));
}

#[tokio::test]
async fn an_issuers_certificate_is_trusted_or_not() {
    let world = World::new().await;
    let own = &world.authority.issuer(Use::Signature).certificate;
    let report = world.inspect(own.as_der(), None).await;
    assert_eq!(report.file, FileKind::IssuerCertificate);
    assert!(report.holds());
    let settings = world.authority.issuer_settings().clone();
    let other = Issuer::new(settings, Use::Signature, world.clock.now()).certificate;
    let report = world.inspect(other.as_der(), None).await;
    let trusted = (CheckName::Trusted, "certificate-untrusted");
    assert_eq!(outcomes(&report), [trusted, (CheckName::Timely, "passed")]);
}

#[tokio::test]
async fn a_signed_message_is_judged_with_and_without_its_content() {
    let world = World::new().await;
    let signer = world.holder(Use::Signature);
    let (now, text) = (world.clock.now(), "転出届\n".as_bytes());
    let (detached, attached) =
        (signer.sign_content(text, false, now), signer.sign_content(text, true, now));
    let pem = pem::encode("CMS", &detached);
    let signature = |said| [vec![(CheckName::Signature, said)], GOOD.to_vec()].concat();
    for (file, content, said) in [
        (&detached[..], Some(text), "passed"),
        (pem.as_bytes(), Some(text), "passed"),
        (&attached, None, "passed"),
        (&attached, Some(text), "passed"),
        (&detached, None, "content-missing"),
        (&detached, Some(&b"another text"[..]), "application-content-mismatch"),
        (&attached, Some(&b"another text"[..]), "application-content-mismatch"),
    ] {
        let report = world.inspect(file, content).await;
        assert_eq!(report.file, FileKind::SignedMessage);
        assert_eq!(outcomes(&report), signature(said));
        let time = fact(&report, FactName::SigningTime);
        assert_eq!(time.is_some(), said == "passed");
        assert_eq!(fact(&report, FactName::Name), Some(&FactValue::Text("印籠　花子".to_owned())));
    }
    let by_logger = world.holder(Use::UserAuthentication).sign_content(text, true, now);
    let report = world.inspect(&by_logger, None).await;
    let purpose = report.outcome(CheckName::Purpose);
    assert!(
        matches!(purpose, Some(Outcome::Failed { code, .. }) if *code == Code::CERTIFICATE_WRONG_KIND)
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[tokio::test]
async fn what_is_nothing_of_this_is_said_to_be_so_with_every_reason() {
    let world = World::new().await;
    let validator = world.authority.validator(world.authority.relying_settings());
    let now = world.clock.now();
    let tried = async |file: &[u8]| {
        let refused = validator.inspect(file, &Beside::default(), now).await.unwrap_err();
        assert!(!refused.to_string().is_empty());
        refused.0.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    let all =
        [FileKind::Certificate, FileKind::SignedMessage, FileKind::OcspResponse, FileKind::Crl];
    for file in [&b""[..], b"hello", &[0x30; 100], &[0xFF; 100_000]] {
        assert_eq!(tried(file).await, all);
    }
    let holder = world.holder(Use::Signature);
    let cut = &holder.certificate.as_der()[..500];
    assert_eq!(tried(cut).await, all);
    // What says what it is is not taken for anything else.
    assert_eq!(tried(pem::encode("CERTIFICATE", cut).as_bytes()).await, [FileKind::Certificate]);
    let mislabelled = pem::encode("X509 CRL", holder.certificate.as_der());
    assert_eq!(tried(mislabelled.as_bytes()).await, [FileKind::Crl]);
    assert_eq!(tried(b"-----BEGIN CMS-----\nAAAA").await, [FileKind::SignedMessage]);
    assert!(Certificate::from_der(holder.certificate.as_der()).is_ok());
}

#[test]
fn every_code_has_its_words() {
    let codes = [
        ("file", FileKind::ALL.iter().map(|code| code.code()).collect::<Vec<_>>()),
        ("fact", FactName::ALL.iter().map(|code| code.code()).collect()),
        ("check", CheckName::ALL.iter().map(|code| code.code()).collect()),
        ("unchecked", Unchecked::ALL.iter().map(|code| code.code()).collect()),
    ];
    for (family, codes) in codes {
        for code in codes {
            let code = format!("{family}.{code}");
            assert!(inrou_words::text(&code).exists(), "{code}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_ends_before_it_begins_is_inspected_like_any_other() {
    let world = World::new().await;
    let mut der = world.holder(Use::Signature).certificate.as_der().to_vec();
    // Validity: a SEQUENCE of two UTCTimes, which change places.
    let at = der.windows(4).position(|bytes| bytes == [0x30, 0x1E, 0x17, 0x0D]).unwrap() + 2;
    der[at..at + 30].rotate_left(15);
    let report = world.inspect(&der, None).await;
    assert_eq!(report.outcome(CheckName::Timely).map(|o| *o == Outcome::Passed), Some(false));
    assert!(!report.holds());
}
