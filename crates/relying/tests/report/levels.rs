//! Signatures raised to T and LT: what a time-stamp proves, and what is kept beside it.

use std::sync::Arc;

use inrou_pki::SeededEntropy;
use inrou_pki::Status;
use inrou_pki::cms::{Additions, SignedMessage};
use inrou_relying::testing::Fault;
use inrou_relying::{FetchError, RaiseError, Settings, StatusSource, TimeStampSource};
use inrou_rules::{RevocationReason, Use};

use super::world::{Stamps, World};

const PASSED: &str = "TOTAL-PASSED";

#[tokio::test]
async fn a_time_stamp_proves_that_a_signature_is_older_than_what_came_later() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let (bare, stamped) = (world.sign(&holder, true), world.stamped(&holder).await);
    let validator = world.validator();
    let report = world.judged(&validator, &stamped).await;
    assert_eq!(
        (report.indication.as_str(), report.signature_format.as_str()),
        (PASSED, "CAdES_BASELINE_T",)
    );
    assert_eq!(report.info.best_signature_time, Some(world.now()));
    assert_eq!(report.certificates.len(), 2, "signer and unit");

    world.pass(1);
    let at = world.now();
    let reason = RevocationReason::CessationOfOperation;
    world.authority.set_status(&holder.certificate, Status::Revoked { at, reason });
    let revoked = "INDETERMINATE REVOKED_NO_POE certificate-revoked";
    assert_eq!(world.words(&validator, &bare).await, revoked);
    assert_eq!(world.words(&validator, &stamped).await, PASSED);
    let late = world.stamped(&holder).await;
    assert_eq!(world.words(&validator, &late).await, revoked, "stamped after it");

    world.authority.set_status(&holder.certificate, Status::OnHold { since: at });
    let held = "INDETERMINATE TRY_LATER certificate-on-hold";
    assert_eq!(world.words(&validator, &bare).await, held);
    assert_eq!(world.words(&validator, &stamped).await, PASSED);
    assert_eq!(world.words(&validator, &late).await, held);
}

#[tokio::test]
async fn what_is_raised_to_lt_is_judged_years_later_by_nobody_but_itself() {
    for sources in [StatusSource::Ocsp, StatusSource::Crl] {
        let world = World::new().await;
        let holder = world.holder(Use::Signature);
        let by_source = Settings { sources: vec![sources], ..world.authority.relying_settings() };
        let stamped = world.stamped(&holder).await;
        let validator = world.validator_by(by_source);
        let raised = validator.raise_to_lt(&stamped, world.now()).await.unwrap();
        let report = world.judged(&world.offline(), &raised).await;
        assert_eq!(
            (report.indication.as_str(), report.signature_format.as_str()),
            (PASSED, "CAdES_BASELINE_LT",)
        );
        world.authority.set_fault(Some(Fault::Down));
        world.pass(2 * 366 * 24);
        assert!(world.now() > holder.certificate.not_after());
        assert_eq!(world.words(&world.offline(), &raised).await, PASSED, "{sources}");
        assert_eq!(world.words(&world.validator(), &raised).await, PASSED, "{sources}");
        let untold = "INDETERMINATE OUT_OF_BOUNDS_NO_POE certificate-expired";
        assert_eq!(world.words(&world.offline(), &stamped).await, untold, "{sources}");
    }
}

#[tokio::test]
async fn evidence_from_before_the_time_stamp_does_not_speak_for_it() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let early = world.validator().raise_to_lt(&world.stamped(&holder).await, world.now()).await;
    let early = SignedMessage::from_der(&early.unwrap()).unwrap();
    let told: Vec<_> = early
        .revocations()
        .filter_map(|each| match each {
            inrou_pki::cms::Revocation::Ocsp(der) => Some(der.into_owned()),
            inrou_pki::cms::Revocation::Crl(_) => None,
        })
        .collect();
    world.pass(24);
    let late = SignedMessage::from_der(&world.stamped(&holder).await).unwrap();
    let mixed = late.extended(&Additions { ocsp_responses: &told, ..Additions::default() });
    world.pass(2 * 366 * 24);
    let over = "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED certificate-expired";
    assert_eq!(world.words(&world.offline(), &mixed).await, over);
}

#[tokio::test]
async fn a_time_stamp_that_does_not_hold_is_warned_of_and_proves_nothing() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let (one, other) = (world.stamped(&holder).await, world.stamped(&holder).await);
    // The time-stamp of another signature, one by a stranger, and none at all.
    let another = SignedMessage::from_der(&other).unwrap();
    let another: Vec<_> = another.signature_time_stamps().map(<[u8]>::to_vec).collect();
    let bare = SignedMessage::from_der(&world.sign(&holder, true)).unwrap();
    let swapped =
        bare.extended(&Additions { signature_time_stamps: &another, ..Additions::default() });
    let garbage = bare.extended(&Additions {
        signature_time_stamps: &[b"\x30\x00".to_vec()],
        ..Additions::default()
    });
    let stranger = World::new().await;
    world.pass(1);
    let at = world.now();
    let reason = RevocationReason::CessationOfOperation;
    world.authority.set_status(&holder.certificate, Status::Revoked { at, reason });
    let revoked = "INDETERMINATE REVOKED_NO_POE certificate-revoked";
    let validator = world.validator();
    assert_eq!(world.words(&validator, &one).await, PASSED);
    let only_strangers = world.authority.validator(world.authority.relying_settings());
    let theirs = inrou_relying::TrustAnchors::new(vec![stranger.stamps.issuer.clone()]).unwrap();
    let only_strangers = only_strangers.with_time_stamp_issuers(theirs);
    for (what, validator, cms) in [
        ("of another signature", &validator, &swapped),
        ("garbage", &validator, &garbage),
        ("by a stranger", &only_strangers, &one),
    ] {
        let report = world.judged(validator, cms).await;
        assert_eq!(super::words(&report), revoked, "{what}");
        let warned = |text: &str| text.starts_with("a time-stamp does not count");
        assert!(report.warnings.iter().any(|each| warned(&each.content)), "{what}");
        assert_eq!(report.info.best_signature_time, None, "{what}");
    }
}

/// Answers with what it answered first.
struct Replay(Vec<u8>);

impl TimeStampSource for Replay {
    async fn ask(&self, _: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone())
    }
}

#[tokio::test]
async fn what_cannot_be_raised_is_refused_by_its_cause() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let cms = world.sign(&holder, true);
    let (validator, entropy) = (world.validator(), SeededEntropy::new(7));
    let now = world.now();
    let strangers = Stamps::new(Arc::clone(&world.clock), world.authority.issuer_settings());
    let raised = validator.raise_to_t(&cms, &strangers, &entropy, now).await;
    assert!(matches!(raised, Err(RaiseError::Untrusted(_))), "{raised:?}");
    let request = inrou_pki::tsp::TimeStampRequest::new(
        inrou_pki::digest::HashAlgorithm::Sha256.digest(b"another"),
        [1; 8],
    );
    let replay = Replay(world.stamps.ask(request.to_der()).await.unwrap());
    let raised = validator.raise_to_t(&cms, &replay, &entropy, now).await;
    assert!(matches!(raised, Err(RaiseError::Token(_))), "{raised:?}");
    let rejected = Replay(inrou_pki::tsp::Rejection::SystemFailure.to_der());
    let raised = validator.raise_to_t(&cms, &rejected, &entropy, now).await;
    assert!(matches!(raised, Err(RaiseError::Response(_))), "{raised:?}");
    let raised = validator.raise_to_lt(&cms, now).await;
    assert!(matches!(raised, Err(RaiseError::NoTimeStamp)), "{raised:?}");
    let stamped = world.stamped(&holder).await;
    // A list that was fetched before the time-stamp, and is kept.
    let sources = vec![StatusSource::Crl];
    let by_list = Settings { sources, ..world.authority.relying_settings() };
    let by_list = world.validator_by(by_list);
    assert!(by_list.raise_to_lt(&stamped, now).await.is_ok());
    world.clock.advance_by(jiff::SignedDuration::from_secs(30));
    let later = world.stamped(&holder).await;
    let raised = by_list.raise_to_lt(&later, world.now()).await;
    assert!(matches!(raised, Err(RaiseError::StatusTooEarly)), "{raised:?}");
    let now = world.now();
    world.authority.set_status(&holder.certificate, Status::OnHold { since: now });
    let raised = validator.raise_to_lt(&stamped, now).await;
    assert!(matches!(raised, Err(RaiseError::Invalid(_))), "{raised:?}");
}
