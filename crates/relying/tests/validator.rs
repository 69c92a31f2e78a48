//! Judging certificates and signatures, against status services that are right and wrong.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use inrou_api::clock::{Clock, TestClock};
use inrou_api::problem::Problem;
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{
    Attribute, Flow, Purpose, Transaction, TransactionAnswer, TransactionId, TransactionState,
};
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::CmsError;
use inrou_pki::path::PathError;
use inrou_pki::{KeyAlgorithm, Status};
use inrou_relying::testing::{Fault, Holder, Issuer, TestAuthority, resident};
use inrou_relying::{Invalid, Kind, Settings, StatusSource, Validator};
use inrou_rules::{Attributes, Medium, RevocationReason, Serial, Use};
use jiff::SignedDuration;

struct World {
    clock: Arc<TestClock>,
    authority: TestAuthority,
}

impl World {
    async fn new() -> Self {
        Self::of(KeyAlgorithm::EcP256).await
    }

    async fn of(algorithm: KeyAlgorithm) -> Self {
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), algorithm).await;
        Self { clock, authority }
    }

    fn holder(&self, usage: Use, medium: Medium) -> Holder {
        self.authority.issue(usage, medium, &hanako())
    }

    fn settings(&self) -> Settings {
        self.authority.relying_settings()
    }

    fn validator(&self) -> Validator {
        self.authority.validator(self.settings())
    }

    fn by(&self, sources: &[StatusSource]) -> Validator {
        let sources = sources.to_vec();
        self.authority.validator(Settings { sources, ..self.settings() })
    }

    async fn check(&self, validator: &Validator, holder: &Holder) -> Result<Kind, Invalid> {
        let now = self.clock.now();
        let judged = validator.validate(&holder.certificate, now, Purpose::LogIn).await;
        judged.map(|validated| validated.kind)
    }
}

fn hanako() -> Attributes {
    resident("印籠　花子", "東京都清瀬市中里１－２－３")
}

fn transaction(text: &str) -> Transaction {
    Transaction {
        id: TransactionId::from_random([7; 16]),
        asker: "http://localhost:8080".to_owned(),
        asker_name: "Portal".to_owned(),
        site: None,
        purpose: Purpose::LogIn,
        text: text.to_owned(),
        digest: None,
        reason: None,
        flow: Some(Flow::Qr),
        begun: "2026-11-21T01:00:00Z".parse().unwrap(),
        origin: None,
        afterwards: None,
        shares: Vec::new(),
        proof: false,
        challenge: Base64(vec![9; 32]),
        expires: "2026-11-21T01:03:00Z".parse().unwrap(),
        state: TransactionState::Open,
        result: None,
    }
}

const LOG_IN: Use = Use::UserAuthentication;

#[tokio::test]
async fn use_1_each_of_the_four_kinds_serves_its_purpose_and_no_other() {
    for algorithm in KeyAlgorithm::ALL {
        let world = World::of(algorithm).await;
        let validator = world.validator();
        let now = world.clock.now();
        for medium in [Medium::Card, Medium::Phone] {
            for (usage, fits, other) in [
                (Use::UserAuthentication, Purpose::LogIn, Purpose::Sign),
                (Use::Signature, Purpose::Sign, Purpose::LogIn),
            ] {
                let holder = world.holder(usage, medium);
                let judged = validator.validate(&holder.certificate, now, fits).await.unwrap();
                assert_eq!(judged.kind, Kind { usage, medium });
                assert_eq!(judged.evidence.source, StatusSource::Ocsp);
                let judged = validator.validate(&holder.certificate, now, other).await;
                assert_eq!(judged, Err(Invalid::WrongKind));
            }
        }
    }
}

#[tokio::test]
async fn loss_4_every_status_but_good_is_refused_by_ocsp_and_crl_alike() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let at = world.clock.now();
    let reason = RevocationReason::CessationOfOperation;
    for (status, by_ocsp, by_crl) in [
        (
            Status::OnHold { since: at },
            Err(Invalid::OnHold { since: at }),
            Err(Invalid::OnHold { since: at }),
        ),
        (
            Status::Revoked { at, reason },
            Err(Invalid::Revoked { at, reason }),
            Err(Invalid::Revoked { at, reason }),
        ),
        // A CRL does not know what was not issued.
        (
            Status::Unknown,
            Err(Invalid::StatusUnknown),
            Ok(Kind { usage: LOG_IN, medium: Medium::Phone }),
        ),
    ] {
        world.authority.set_status(&holder.certificate, status);
        for (source, expected) in [(StatusSource::Ocsp, by_ocsp), (StatusSource::Crl, by_crl)] {
            let judged = world.check(&world.by(&[source]), &holder).await;
            assert_eq!(judged, expected, "{source}");
        }
    }
}

#[tokio::test]
async fn every_refusal_has_its_code_and_becomes_a_problem() {
    let at = "2026-11-21T01:00:00Z".parse().unwrap();
    let reason = RevocationReason::KeyCompromise;
    for (invalid, code) in [
        (Invalid::Untrusted(PathError::UnknownIssuer), "certificate-untrusted"),
        (Invalid::Expired { at }, "certificate-expired"),
        (Invalid::NotYetValid { from: at }, "certificate-not-yet-valid"),
        (Invalid::WrongKind, "certificate-wrong-kind"),
        (Invalid::Revoked { at, reason }, "certificate-revoked"),
        (Invalid::OnHold { since: at }, "certificate-on-hold"),
        (Invalid::StatusUnknown, "status-unavailable"),
        (Invalid::StatusUnavailable(Vec::new()), "status-unavailable"),
        (Invalid::LoginSignature, "login-signature-invalid"),
        (Invalid::Message(CmsError::Signature), "application-signature-invalid"),
        (Invalid::OtherContent, "application-content-mismatch"),
    ] {
        assert_eq!(invalid.may_pass(), code == "status-unavailable");
        let problem = Problem::from(invalid);
        assert_eq!(problem.code(), code);
        assert!(problem.status().is_client_error() || code == "status-unavailable");
    }
}

#[tokio::test]
async fn a_certificate_counts_within_its_validity_only() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Card);
    let validator = world.validator();
    let (from, to) = (holder.certificate.not_before(), holder.certificate.not_after());
    let second = SignedDuration::from_secs(1);
    let check = |at| validator.check_path(&holder.certificate, at, Purpose::LogIn);
    assert!(check(from).is_ok() && check(to).is_ok());
    assert_eq!(check(from - second), Err(Invalid::NotYetValid { from }));
    assert_eq!(check(to + second), Err(Invalid::Expired { at: to }));
}

#[tokio::test]
async fn a_strangers_certificate_is_not_trusted_whatever_it_says() {
    let world = World::new().await;
    let settings = world.authority.issuer_settings().clone();
    let forger = Issuer::new(settings, LOG_IN, world.clock.now());
    let forged = forger.issue(Medium::Phone, Serial(9), &hanako(), world.clock.now());
    let judged = world.check(&world.validator(), &forged).await;
    assert_eq!(judged, Err(Invalid::Untrusted(PathError::UnknownGeneration)));
    assert_eq!(world.authority.requests("/"), 0, "nobody is asked about a stranger");
}

#[tokio::test]
async fn another_policy_than_the_settings_name_is_of_no_kind() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let mut settings = world.settings();
    settings.issuer.user_authentication.phone.policy = "1.2.3.4".to_owned().try_into().unwrap();
    let judged = world.check(&world.authority.validator(settings), &holder).await;
    assert_eq!(judged, Err(Invalid::WrongKind));
}

#[tokio::test]
async fn silence_and_wrong_answers_are_never_taken_for_good() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let mut settings = world.settings();
    settings.longest_crl = 100_000;
    let validator = world.authority.validator(settings);
    for fault in [Fault::Down, Fault::Garbage, Fault::Endless, Fault::Stale, Fault::Redirect] {
        world.authority.set_fault(Some(fault));
        let judged = world.check(&validator, &holder).await;
        let Err(Invalid::StatusUnavailable(failures)) = judged else {
            panic!("{fault:?}: {judged:?}")
        };
        let sources: Vec<_> = failures.iter().map(|failure| failure.asked).collect();
        assert_eq!(sources, [StatusSource::Ocsp, StatusSource::Crl], "{fault:?}");
    }
    let by_ocsp = world.by(&[StatusSource::Ocsp]);
    for fault in [Fault::Forged, Fault::NoNonce] {
        world.authority.set_fault(Some(fault));
        let judged = world.check(&by_ocsp, &holder).await;
        assert!(matches!(judged, Err(Invalid::StatusUnavailable(_))), "{fault:?}");
    }
    world.authority.set_fault(None);
    assert!(world.check(&validator, &holder).await.is_ok());
    let nobody = world.by(&[]);
    let judged = world.check(&nobody, &holder).await;
    assert_eq!(judged, Err(Invalid::StatusUnavailable(Vec::new())));
}

#[tokio::test]
async fn the_crl_is_asked_when_ocsp_does_not_answer() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    world.authority.set_fault(Some(Fault::OcspDown));
    let now = world.clock.now();
    let validator = world.validator();
    let judged = validator.validate(&holder.certificate, now, Purpose::LogIn).await.unwrap();
    assert_eq!(judged.evidence.source, StatusSource::Crl);
    let status = Status::OnHold { since: now };
    world.authority.set_status(&holder.certificate, status);
    // The CRL that was kept is as good as its service says: for a minute.
    assert!(world.check(&validator, &holder).await.is_ok());
    world.clock.advance_by(SignedDuration::from_secs(60));
    let judged = world.check(&validator, &holder).await;
    assert_eq!(judged, Err(Invalid::OnHold { since: now }));
}

#[tokio::test]
async fn a_crl_is_found_by_partition_where_certificates_name_a_directory_alone() {
    let world = World::new().await;
    let (now, base) = (world.clock.now(), world.authority.base().to_owned());
    // As observed: certificates without any address.
    let mut bare = world.authority.issuer(LOG_IN).clone();
    bare.settings.crl_base_uri = None;
    bare.settings.user_authentication.ocsp_uri = None;
    let holder = bare.issue(Medium::Card, Serial(77), &hanako(), now);
    world.authority.set_status(&holder.certificate, Status::Good);
    assert_eq!(holder.certificate.distribution_points()[0].uri(), None);
    let judged = world.check(&world.validator(), &holder).await;
    let Err(Invalid::StatusUnavailable(failures)) = judged else { panic!("{judged:?}") };
    assert_eq!(failures.len(), 2, "no address is known: {failures:?}");

    let mut settings = world.settings();
    settings.issuer.crl_base_uri = Some(format!("{base}/crl").try_into().unwrap());
    let validator = world.authority.validator(settings);
    let judged = validator.validate(&holder.certificate, now, Purpose::LogIn).await.unwrap();
    assert_eq!(judged.evidence.source, StatusSource::Crl);
    assert_eq!(world.authority.requests("/crl/user-authentication/"), 1);
}

#[tokio::test]
async fn with_a_nonce_a_revocation_counts_at_once() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let validator = world.validator();
    assert!(world.check(&validator, &holder).await.is_ok());
    let since = world.clock.now();
    world.authority.set_status(&holder.certificate, Status::OnHold { since });
    let judged = world.check(&validator, &holder).await;
    assert_eq!(judged, Err(Invalid::OnHold { since }));
}

#[tokio::test]
async fn without_a_nonce_an_answer_serves_until_it_is_stale() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let mut settings = world.settings();
    settings.nonce = false;
    settings.sources = vec![StatusSource::Ocsp];
    let validator = world.authority.validator(settings);
    for _ in 0..3 {
        assert!(world.check(&validator, &holder).await.is_ok());
    }
    assert_eq!(world.authority.requests("/ocsp/"), 1, "by GET, and kept");
    world.clock.advance_by(SignedDuration::from_secs(59));
    assert!(world.check(&validator, &holder).await.is_ok());
    assert_eq!(world.authority.requests("/ocsp/"), 1);
    world.clock.advance_by(SignedDuration::from_secs(1));
    assert!(world.check(&validator, &holder).await.is_ok());
    assert_eq!(world.authority.requests("/ocsp/"), 2, "max-age is over");
    // What cannot be asked anew is not believed any longer.
    world.clock.advance_by(SignedDuration::from_secs(60));
    world.authority.set_fault(Some(Fault::Down));
    let judged = world.check(&validator, &holder).await;
    assert!(matches!(judged, Err(Invalid::StatusUnavailable(_))), "{judged:?}");
}

#[tokio::test]
async fn a_crl_that_did_not_change_is_not_sent_again() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let validator = world.by(&[StatusSource::Crl]);
    let validate = async || {
        let now = world.clock.now();
        let judged = validator.validate(&holder.certificate, now, Purpose::LogIn).await;
        judged.map(|validated| validated.evidence.der)
    };
    let first = validate().await.unwrap();
    assert_eq!(validate().await.as_ref(), Ok(&first));
    assert_eq!(world.authority.requests("/crl/"), 1);
    world.clock.advance_by(SignedDuration::from_secs(60));
    assert_eq!(validate().await.as_ref(), Ok(&first));
    assert_eq!((world.authority.requests("/crl/"), world.authority.requests("304")), (2, 1));
    // The answer that nothing has changed is good for another minute.
    assert_eq!(validate().await.as_ref(), Ok(&first));
    assert_eq!(world.authority.requests("/crl/"), 2);
    // Beyond its nextUpdate it is worth nothing, whatever the service says.
    world.clock.advance_by(SignedDuration::from_mins(20));
    assert!(matches!(validate().await, Err(Invalid::StatusUnavailable(_))));
}

#[tokio::test]
async fn use_1_a_log_in_is_signed_by_the_certificates_key_over_this_transaction() {
    let world = World::new().await;
    let (holder, other) =
        (world.holder(LOG_IN, Medium::Phone), world.holder(LOG_IN, Medium::Phone));
    let (validator, now) = (world.validator(), world.clock.now());
    let asked = transaction("Log in");
    let verify = async |asked: &Transaction, certificate: &Certificate, by: TransactionAnswer| {
        let TransactionAnswer::LogIn { signature, .. } = by else { panic!() };
        validator.verify_login(asked, certificate, &signature.0, now).await
    };
    assert!(verify(&asked, &holder.certificate, holder.log_in(&asked)).await.is_ok());
    let refused = Err(Invalid::LoginSignature);
    assert_eq!(verify(&asked, &other.certificate, holder.log_in(&asked)).await, refused);
    for changed in [
        Transaction { id: TransactionId::from_random([8; 16]), ..asked.clone() },
        Transaction { asker: "http://other".to_owned(), ..asked.clone() },
        Transaction { text: "Something else".to_owned(), ..asked.clone() },
        Transaction { challenge: Base64(vec![8; 32]), ..asked.clone() },
        Transaction { site: Some("bank.example".to_owned()), ..asked.clone() },
        Transaction { flow: Some(Flow::SameDevice), ..asked.clone() },
        Transaction { shares: vec![Attribute::Name], ..asked.clone() },
    ] {
        let judged = verify(&asked, &holder.certificate, holder.log_in(&changed)).await;
        assert_eq!(judged, refused);
    }
    assert_eq!(validator.verify_login(&asked, &holder.certificate, &[], now).await, refused);
    assert_eq!(world.authority.requests("/ocsp"), 1, "asked only about who signed");
}

#[tokio::test]
async fn use_2_a_document_is_signed_whole_with_a_signature_certificate() {
    let world = World::new().await;
    let signer = world.holder(Use::Signature, Medium::Phone);
    let (validator, now) = (world.validator(), world.clock.now());
    let (text, other) = ("転出届\n".as_bytes(), "転入届\n".as_bytes());
    let detached = signer.sign_content(text, false, now);
    let signed = validator.verify_cms(&detached, Some(text), now).await.unwrap();
    assert_eq!(signed.signer.certificate, signer.certificate);
    assert_eq!(signed.signing_time, Some(now));
    let attached = signer.sign_content(text, true, now);
    assert!(validator.verify_cms(&attached, None, now).await.is_ok());

    let judged = validator.verify_cms(&detached, Some(other), now).await;
    assert_eq!(judged, Err(Invalid::OtherContent));
    let judged = validator.verify_cms(&detached, None, now).await;
    assert_eq!(judged, Err(Invalid::Message(CmsError::Detached)));
    let judged = validator.verify_cms(&attached, Some(text), now).await;
    assert_eq!(judged, Err(Invalid::Message(CmsError::Attached)));
    let judged = validator.verify_cms(b"no message", Some(text), now).await;
    assert!(matches!(judged, Err(Invalid::Message(CmsError::Malformed(_)))));
    let mut broken = detached.clone();
    *broken.last_mut().unwrap() ^= 1;
    let judged = validator.verify_cms(&broken, Some(text), now).await;
    assert_eq!(judged, Err(Invalid::Message(CmsError::Signature)));
    let logger = world.holder(LOG_IN, Medium::Phone);
    let by_logger = logger.sign_content(text, false, now);
    let judged = validator.verify_cms(&by_logger, Some(text), now).await;
    assert_eq!(judged, Err(Invalid::WrongKind));
}

#[tokio::test]
async fn evidence_that_was_kept_proves_the_moment_and_no_other() {
    let world = World::new().await;
    let holder = world.holder(LOG_IN, Medium::Phone);
    let now = world.clock.now();
    for source in [StatusSource::Ocsp, StatusSource::Crl] {
        let validator = world.by(&[source]);
        let judged = validator.validate(&holder.certificate, now, Purpose::LogIn).await;
        let kept = judged.unwrap().evidence;
        let again = validator.validate_with(&holder.certificate, Purpose::LogIn, &kept).unwrap();
        assert_eq!(again.evidence, kept);
        let mut later = kept.clone();
        later.checked_at = now + SignedDuration::from_mins(21);
        let judged = validator.validate_with(&holder.certificate, Purpose::LogIn, &later);
        assert!(matches!(judged, Err(Invalid::StatusUnavailable(_))), "{source}");
        let mut forged = kept.clone();
        let middle = forged.der.len() / 2;
        forged.der[middle] ^= 1;
        let judged = validator.validate_with(&holder.certificate, Purpose::LogIn, &forged);
        assert!(matches!(judged, Err(Invalid::StatusUnavailable(_))), "{source}");
        if source == StatusSource::Ocsp {
            let other = world.holder(LOG_IN, Medium::Phone);
            let judged = validator.validate_with(&other.certificate, Purpose::LogIn, &kept);
            assert!(matches!(judged, Err(Invalid::StatusUnavailable(_))));
        }
    }
}

#[tokio::test]
async fn generations_of_an_issuer_stand_beside_each_other() {
    let world = World::new().await;
    let settings = world.authority.issuer_settings().clone();
    let second = Issuer::new(settings, LOG_IN, world.clock.now());
    let certificates = world.authority.anchors().certificates().to_vec();
    let both = [certificates, vec![second.certificate.clone()]].concat();
    let pem: String = both.iter().map(Certificate::to_pem).collect();
    let anchors = inrou_relying::anchors::from_bytes(pem.as_bytes()).unwrap();
    let settings = world.settings();
    let client = inrou_relying::StatusClient::new(&settings, Arc::new(inrou_pki::SystemEntropy));
    let validator = Validator::new(anchors, settings, client.unwrap());
    let new = second.issue(Medium::Phone, Serial(9), &hanako(), world.clock.now());
    let old = world.holder(LOG_IN, Medium::Phone);
    for holder in [old, new] {
        let checked = validator.check_path(&holder.certificate, world.clock.now(), Purpose::LogIn);
        assert!(checked.is_ok(), "{checked:?}");
    }
}
