//! What each thing that can be wrong with a CMS signature is told as, in the words of EN 319 102-1.

use inrou_pki::digest::HashAlgorithm;
use inrou_relying::report::Given;
use inrou_rules::{Medium, Use};
use jiff::SignedDuration;

use super::forge::{
    DATA, Forged, MD5, SHA1, another_content_type, content_type, counter_signature, message_digest,
    names, names_by, reissued, signing_time, unknown,
};
use super::words;
use super::world::{CONTENT, World, file};

const PASSED: &str = "TOTAL-PASSED";
const FORMAT: &str = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
const HASH: &str = "TOTAL-FAILED HASH_FAILURE application-content-mismatch";
const MISSING: &str = "INDETERMINATE SIGNED_DATA_NOT_FOUND application-content-mismatch";
const WEAK: &str = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE application-signature-invalid";
const NO_SIGNER: &str = "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND application-signature-invalid";
const CONSTRAINTS: &str = "INDETERMINATE SIG_CONSTRAINTS_FAILURE application-signature-invalid";
const BROKEN_PATH: &str = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE certificate-untrusted";
const WRONG_KIND: &str = "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE certificate-wrong-kind";

#[tokio::test]
async fn each_fault_of_a_message_has_its_words() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let other = world.holder(Use::Signature);
    let validator = world.validator();
    let (kind, digest, time, own) =
        (content_type(DATA), message_digest(), signing_time(), names(&holder));
    let forged = || Forged::by(&holder);
    let with = |attributes: &[&Vec<u8>]| {
        let attributes: Vec<_> = attributes.iter().map(|each| (*each).clone()).collect();
        forged().with(&attributes)
    };
    let detached = || forged().made(|forged| forged.attached = false);
    let fingerprint = holder.certificate.fingerprint();
    let sha1 = HashAlgorithm::Sha1.digest(holder.certificate.as_der());
    let sha = |hash: HashAlgorithm, content: &[u8]| Given::Digest(hash.digest(content));
    let nothing = Given::Nothing;
    for (what, message, given, expected) in [
        ("nothing", forged(), nothing, PASSED),
        ("content beside", detached(), Given::Content(CONTENT), PASSED),
        ("content inside and beside", forged(), Given::Content(CONTENT), PASSED),
        ("other content beside", detached(), Given::Content(b"x"), HASH),
        ("no content", detached(), nothing, MISSING),
        ("its hash", detached(), sha(HashAlgorithm::Sha256, CONTENT), PASSED),
        ("another's hash", detached(), sha(HashAlgorithm::Sha256, b"x"), HASH),
        ("its hash by another algorithm", detached(), sha(HashAlgorithm::Sha512, CONTENT), MISSING),
        ("its hash by a weak algorithm", detached(), sha(HashAlgorithm::Sha1, CONTENT), MISSING),
        (
            "by another algorithm, with content",
            forged(),
            sha(HashAlgorithm::Sha512, CONTENT),
            PASSED,
        ),
        ("another's by it, with content", forged(), sha(HashAlgorithm::Sha512, b"x"), HASH),
        ("no message-digest", with(&[&kind, &time, &own]), nothing, FORMAT),
        ("no content-type", with(&[&digest, &time, &own]), nothing, FORMAT),
        (
            "another content-type",
            with(&[&another_content_type(), &digest, &time, &own]),
            nothing,
            FORMAT,
        ),
        ("a message-digest twice", with(&[&kind, &digest, &digest, &time, &own]), nothing, FORMAT),
        ("a signing-time twice", with(&[&kind, &digest, &time, &time, &own]), nothing, FORMAT),
        ("no signing-time", with(&[&kind, &digest, &own]), nothing, CONSTRAINTS),
        ("no signing-certificate", with(&[&kind, &digest, &time]), nothing, PASSED),
        (
            "another signing-certificate",
            with(&[&kind, &digest, &time, &names(&other)]),
            nothing,
            NO_SIGNER,
        ),
        (
            "its hash cut",
            with(&[&kind, &digest, &time, &names_by(b"", &fingerprint.as_bytes()[..31])]),
            nothing,
            NO_SIGNER,
        ),
        (
            "named by SHA-1",
            with(&[&kind, &digest, &time, &names_by(SHA1, sha1.as_bytes())]),
            nothing,
            PASSED,
        ),
        ("named by MD5", with(&[&kind, &digest, &time, &names_by(MD5, &[7; 16])]), nothing, FORMAT),
        (
            "an attribute that nobody knows",
            with(&[&kind, &digest, &time, &own, &unknown()]),
            nothing,
            PASSED,
        ),
        ("no signed attributes", forged().made(|it| it.has_attributes = false), nothing, FORMAT),
        ("no signer", forged().made(|it| it.signers = 0), nothing, FORMAT),
        ("two signers", forged().made(|it| it.signers = 2), nothing, FORMAT),
        (
            "a counter-signature",
            forged().made(|it| it.unsigned = vec![counter_signature()]),
            nothing,
            PASSED,
        ),
        (
            "as many unsigned attributes as may be",
            forged().made(|it| it.unsigned = vec![unknown(); 64]),
            nothing,
            PASSED,
        ),
        (
            "more unsigned attributes",
            forged().made(|it| it.unsigned = vec![unknown(); 65]),
            nothing,
            FORMAT,
        ),
        ("SHA-1", forged().weak(SHA1), nothing, WEAK),
        ("SHA-1, content beside", detached().weak(SHA1), sha(HashAlgorithm::Sha256, CONTENT), WEAK),
        ("MD5", forged().weak(MD5), nothing, WEAK),
        (
            "another's certificate",
            forged().made(|it| it.certificate = other.certificate.clone()),
            nothing,
            NO_SIGNER,
        ),
    ] {
        let der = message.to_der();
        let report = world.report(&validator, file(&der, given)).await;
        let signature = &report.validation_conclusion.signatures[0];
        assert_eq!(words(signature), expected, "{what}: {:?}", signature.warnings);
    }
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_words() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let validator = world.validator();
    let issuer = world.authority.issuer(Use::Signature);
    let critical =
        reissued(issuer, &holder, b"\x06\x03\x55\x1d\x0f\x01\x01\xff", b"\x06\x03\x55\x1d\x7f");
    let usage = b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x06\xc0";
    let no_consent =
        reissued(issuer, &holder, usage, b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80");
    let mut unsigned = holder.clone();
    unsigned.certificate = {
        let mut der = holder.certificate.as_der().to_vec();
        *der.last_mut().unwrap() ^= 1;
        inrou_pki::certificate::Certificate::from_der(&der).unwrap()
    };
    for (what, holder, expected) in [
        ("nothing", &holder, PASSED),
        ("a critical extension that nobody knows", &critical, BROKEN_PATH),
        ("not for signing documents", &no_consent, WRONG_KIND),
        ("not signed by its issuer", &unsigned, BROKEN_PATH),
    ] {
        let der = Forged::by(holder).to_der();
        assert_eq!(world.words(&validator, &der).await, expected, "{what}");
    }
    let before = world.now() - SignedDuration::from_secs(1);
    let der = Forged::by(&holder).to_der();
    let report = validator.report_cms(&file(&der, Given::Nothing), before).await;
    let not_yet = "TOTAL-FAILED NOT_YET_VALID certificate-not-yet-valid";
    assert_eq!(words(&report.validation_conclusion.signatures[0]), not_yet);
}

#[tokio::test]
async fn the_four_kinds_are_told_apart() {
    let world = World::new().await;
    let validator = world.validator();
    let her = inrou_relying::testing::resident("印籠　花子", "東京都清瀬市中里１－２－３");
    for (usage, medium, expected) in [
        (Use::Signature, Medium::Card, PASSED),
        (Use::Signature, Medium::Phone, PASSED),
        (Use::UserAuthentication, Medium::Card, WRONG_KIND),
        (Use::UserAuthentication, Medium::Phone, WRONG_KIND),
    ] {
        let holder = world.authority.issue(usage, medium, &her);
        let report = world.judged(&validator, &Forged::by(&holder).to_der()).await;
        let kind = report.kind.unwrap();
        assert_eq!((words(&report).as_str(), kind.usage, kind.medium), (expected, usage, medium));
    }
}
