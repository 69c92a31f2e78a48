//! Reports on CMS signatures: everything that can be wrong with one is told apart.
#![allow(clippy::unwrap_used)]

mod forge;
mod judges;
mod jws;
mod levels;
mod mutations;
mod pdf;
mod seals;
mod table;
mod world;
mod xml;
mod xml_attacks;

use inrou_pki::Status;
use inrou_pki::cms::{Additions, SignedMessage};
use inrou_pki::digest::HashAlgorithm;
use inrou_relying::report::{ConstraintStatus, Given, Rules, ValidationReport, When};
use inrou_relying::testing::Fault;
use inrou_relying::{Settings, StatusSource};
use inrou_rules::{Medium, RevocationReason, Use};
use jiff::SignedDuration;
use world::{CONTENT, World, file, words};

const HASH: &str = "TOTAL-FAILED HASH_FAILURE application-content-mismatch";
const BROKEN: &str = "TOTAL-FAILED SIG_CRYPTO_FAILURE application-signature-invalid";

#[tokio::test]
async fn a_good_signature_passes_and_its_report_says_whose_it_is() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let report = world.judged(&world.validator(), &world.sign(&holder, true)).await;
    assert_eq!(words(&report), "TOTAL-PASSED");
    assert_eq!(report.signature_format, "CAdES_BASELINE_B");
    let kind = report.kind.unwrap();
    assert_eq!((kind.usage, kind.medium), (Use::Signature, Medium::Phone));
    assert_eq!(report.claimed_signing_time, Some(world.now()));
    assert_eq!(report.info.best_signature_time, None, "what is claimed is no proof");
    assert_eq!(report.info.ocsp_response_creation_time, Some(world.now()));
    assert_eq!(report.certificates[0].content.0, holder.certificate.as_der());
    assert!(report.errors.is_empty() && report.warnings.is_empty() && !report.may_pass);
}

#[tokio::test]
async fn content_is_given_inside_beside_or_as_a_hash() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let (attached, detached) = (world.sign(&holder, true), world.sign(&holder, false));
    let sha = |content| Given::Digest(HashAlgorithm::Sha256.digest(content));
    let missing = "INDETERMINATE SIGNED_DATA_NOT_FOUND application-content-mismatch";
    let validator = world.validator();
    for (message, given, expected) in [
        (&attached, Given::Nothing, "TOTAL-PASSED"),
        (&attached, Given::Content(CONTENT), "TOTAL-PASSED"),
        (&attached, sha(CONTENT), "TOTAL-PASSED"),
        (&attached, Given::Content(b"another"), HASH),
        (&attached, sha(b"another"), HASH),
        (&detached, Given::Content(CONTENT), "TOTAL-PASSED"),
        (&detached, sha(CONTENT), "TOTAL-PASSED"),
        (&detached, Given::Content(b"another"), HASH),
        (&detached, sha(b"another"), HASH),
        (&detached, Given::Digest(HashAlgorithm::Sha384.digest(CONTENT)), missing),
        (&detached, Given::Nothing, missing),
    ] {
        let report = world.report(&validator, file(message, given)).await;
        let conclusion = &report.validation_conclusion;
        assert_eq!(words(&conclusion.signatures[0]), expected, "{given:?}");
        if expected == "TOTAL-PASSED" {
            let document = conclusion.validated_document.as_ref().unwrap();
            let hash = HashAlgorithm::Sha256.digest(CONTENT);
            assert_eq!(document.file_hash.0, hash.as_bytes());
            assert_eq!(document.hash_algo, "SHA256");
        }
    }
}

#[tokio::test]
async fn every_flipped_byte_is_told_by_what_it_breaks() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let cms = world.sign(&holder, true);
    let message = SignedMessage::from_der(&cms).unwrap();
    let validator = world.validator();
    let flipped = |part: &[u8], at: usize| {
        let start = cms.windows(part.len()).rposition(|window| window == part).unwrap();
        let mut flipped = cms.clone();
        flipped[start + at] ^= 1;
        flipped
    };
    let digest = HashAlgorithm::Sha256.digest(CONTENT);
    let fingerprint = holder.certificate.fingerprint();
    let named = "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND application-signature-invalid";
    for (what, flipped, expected) in [
        ("content", flipped(CONTENT, 0), HASH),
        ("digest", flipped(digest.as_bytes(), 0), HASH),
        ("signature", flipped(message.signature(), message.signature().len() - 1), BROKEN),
        ("named certificate", flipped(fingerprint.as_bytes(), 0), named),
        (
            "signature of the certificate",
            {
                let der = holder.certificate.as_der();
                flipped(der, der.len() - 1)
            },
            named,
        ),
        // The digits of the claimed time: the year 2026 becomes 2027.
        ("signing time", flipped(b"261121010000Z", 1), BROKEN),
    ] {
        assert_eq!(world.words(&validator, &flipped).await, expected, "{what}");
    }
    let format = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
    assert_eq!(world.words(&validator, &cms[..cms.len() - 1]).await, format);
    assert_eq!(world.words(&validator, b"no signature").await, format);
}

#[tokio::test]
async fn held_revoked_expired_and_not_yet_valid_are_told_apart() {
    let world = World::new().await;
    let validator = world.validator();
    let holder = world.holder(Use::Signature);
    let cms = world.sign(&holder, true);
    world.pass(1);
    let since = world.now();
    world.authority.set_status(&holder.certificate, Status::OnHold { since });
    let held = "INDETERMINATE TRY_LATER certificate-on-hold";
    assert_eq!(world.words(&validator, &cms).await, held);

    let reason = RevocationReason::AffiliationChanged;
    world.authority.set_status(&holder.certificate, Status::Revoked { at: since, reason });
    let report = world.judged(&validator, &cms).await;
    assert_eq!(words(&report), "INDETERMINATE REVOKED_NO_POE certificate-revoked");
    let told = serde_json::to_value(&report).unwrap();
    assert_eq!(told["certificateStatus"]["reason"], "affiliationChanged");
    assert_eq!(told["certificateStatus"]["at"], since.to_string());

    world.authority.set_status(&holder.certificate, Status::Unknown);
    let report = world.judged(&validator, &cms).await;
    let unknown = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE status-unavailable";
    assert_eq!(words(&report), unknown);
    assert!(report.may_pass);

    world.authority.set_status(&holder.certificate, Status::Good);
    assert_eq!(world.words(&validator, &cms).await, "TOTAL-PASSED");
    let early = holder.certificate.not_before() - SignedDuration::from_secs(1);
    let report = validator.report_cms(&file(&cms, Given::Nothing), early).await;
    let not_yet = "TOTAL-FAILED NOT_YET_VALID certificate-not-yet-valid";
    assert_eq!(words(&report.validation_conclusion.signatures[0]), not_yet);
    world.pass(366 * 24);
    let expired = "INDETERMINATE OUT_OF_BOUNDS_NO_POE certificate-expired";
    assert_eq!(world.words(&validator, &cms).await, expired);
}

#[tokio::test]
async fn a_certificate_that_was_held_and_then_revoked_is_not_good_since_the_hold() {
    let world = World::new().await;
    let validator = world.validator();
    let holder = world.holder(Use::Signature);
    let (early, begin) = (world.stamped(&holder).await, world.now());
    world.pass(1);
    let since = world.now();
    world.authority.set_status(&holder.certificate, Status::OnHold { since });
    let of_hold = world.ocsp(&holder).await;
    world.pass(1);
    let in_hold = world.stamped(&holder).await;
    world.pass(1);
    let at = world.now();
    let reason = RevocationReason::CessationOfOperation;
    let revoked = "INDETERMINATE REVOKED_NO_POE certificate-revoked";
    let told_at = |cms: &[u8], at| {
        let (cms, when, validator) = (cms.to_vec(), When { at, present: world.now() }, &validator);
        async move {
            let report = validator.report_cms(&file(&cms, Given::Nothing), when).await;
            words(&report.validation_conclusion.signatures[0])
        }
    };
    let hour = SignedDuration::from_hours(1);
    // An issuer that tells of the revocation alone: nobody can know of the hold, unless its word was kept.
    world.authority.set_status(&holder.certificate, Status::Revoked { at, reason });
    assert_eq!(world.words(&validator, &in_hold).await, "TOTAL-PASSED");
    let kept = SignedMessage::from_der(&in_hold).unwrap();
    let kept = kept.extended(&Additions { ocsp_responses: &[of_hold], ..Additions::default() });
    assert_eq!(world.words(&validator, &kept).await, revoked);
    assert_eq!(world.words(&validator, &early).await, "TOTAL-PASSED");
    // Ours tells that it is revoked since the hold.
    world.authority.set_status(&holder.certificate, Status::Revoked { at: since, reason });
    assert_eq!(world.words(&validator, &in_hold).await, revoked);
    assert_eq!(world.words(&validator, &early).await, "TOTAL-PASSED");
    let bare = world.sign(&holder, true);
    assert_eq!(told_at(&bare, begin).await, "TOTAL-PASSED", "as of before the hold");
    assert_eq!(told_at(&bare, since).await, revoked, "as of the hold");
    assert_eq!(told_at(&bare, since + hour).await, revoked, "in it");
    assert_eq!(told_at(&bare, at).await, revoked, "after it");
    // While it lasts, the hold alone is told.
    world.authority.set_status(&holder.certificate, Status::OnHold { since });
    let held = "INDETERMINATE TRY_LATER certificate-on-hold";
    assert_eq!(told_at(&bare, since).await, held);
    assert_eq!(told_at(&bare, since - SignedDuration::from_secs(1)).await, "TOTAL-PASSED");
}

#[tokio::test]
async fn a_wrong_issuer_and_a_wrong_kind_are_told_apart() {
    let (world, stranger) = (World::new().await, World::new().await);
    let validator = world.validator();
    let theirs = stranger.sign(&stranger.holder(Use::Signature), true);
    let unknown = "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND certificate-untrusted";
    assert_eq!(world.words(&validator, &theirs).await, unknown);
    let login = world.holder(Use::UserAuthentication);
    let wrong = "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE certificate-wrong-kind";
    assert_eq!(world.words(&validator, &world.sign(&login, true)).await, wrong);
}

#[tokio::test]
async fn silence_of_the_status_services_is_no_word_for_or_against() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let cms = world.sign(&holder, true);
    let sources = vec![StatusSource::Ocsp];
    let settings = Settings { sources, ..world.authority.relying_settings() };
    for fault in [Fault::Down, Fault::Garbage, Fault::Stale, Fault::Forged, Fault::NoNonce] {
        world.authority.set_fault(Some(fault));
        let report = world.judged(&world.validator_by(settings.clone()), &cms).await;
        let untold = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE status-unavailable";
        assert_eq!(words(&report), untold, "{fault:?}");
        assert!(report.may_pass && report.certificate_status.is_none());
        assert!(!report.warnings.is_empty(), "the report says who did not tell");
    }
}

#[tokio::test]
async fn an_algorithm_can_be_set_to_be_weak() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let cms = world.stamped(&holder).await;
    let algorithm = SignedMessage::from_der(&cms).unwrap().signature_algorithm().unwrap();
    let weak_since = |since| {
        let rules = Rules { sunsets: vec![(algorithm, since)], ..Rules::default() };
        world.validator().with_rules(rules)
    };
    let before = weak_since(world.now() - SignedDuration::from_hours(1));
    let weak = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE application-signature-invalid";
    assert_eq!(world.words(&before, &cms).await, weak);
    let later = weak_since(world.now() + SignedDuration::from_hours(1));
    assert_eq!(world.words(&later, &cms).await, "TOTAL-PASSED", "it was stamped in time");
}

#[tokio::test]
async fn the_detailed_report_says_how_it_was_judged() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let cms = world.sign(&holder, true);
    let since = world.now();
    world.authority.set_status(&holder.certificate, Status::OnHold { since });
    let mut asked = file(&cms, Given::Nothing);
    asked.detailed = true;
    asked.filename = Some("application.txt");
    let report = world.report(&world.validator(), asked).await;
    let process = &report.validation_process[0];
    assert_eq!(process.id, report.validation_conclusion.signatures[0].id);
    let names: Vec<_> = process.blocks.iter().map(|block| block.name.as_str()).collect();
    assert_eq!(names, ["FC", "ISC", "XCV", "CV", "SAV"]);
    let certificate = &process.blocks[2];
    assert_eq!(certificate.conclusion.indication, "INDETERMINATE");
    assert_eq!(certificate.conclusion.sub_indication.as_deref(), Some("TRY_LATER"));
    let status =
        |key: &str| certificate.constraints.iter().find(|each| each.key == key).unwrap().status;
    assert_eq!(status("BBB_XCV_ISCR"), ConstraintStatus::Ok);
    assert_eq!(status("BBB_XCV_ISCOH"), ConstraintStatus::NotOk);
    assert_eq!(status("BBB_RFC_IRIF"), ConstraintStatus::Ignored);
    let json = serde_json::to_value(&report).unwrap();
    let told = &json["validationConclusion"]["signatures"][0];
    assert_eq!(told["subIndication"], "TRY_LATER");
    assert_eq!(told["errors"][0]["content"], "The certificate is on hold.");
    assert_eq!(told["kind"]["medium"], "phone");
    assert_eq!(json["validationConclusion"]["validatedDocument"]["filename"], "application.txt");
    assert_eq!(json["validationProcess"][0]["blocks"][2]["constraints"][4]["status"], "NOT OK");
    assert_eq!(serde_json::from_value::<ValidationReport>(json).unwrap(), report);
    let shown = format!("{report:?}");
    assert!(!shown.contains("Kiyose"), "a report for logs names nobody: {shown}");
}
