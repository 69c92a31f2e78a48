//! Signed messages: ours before OpenSSL, OpenSSL's before us, and broken ones.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{Files, Issuer, openssl, pem, replace, run_openssl, sandbox, time};
use inrou_pki::Signer;
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{
    Additions, CmsError, NewMessage, PEM_LABEL, Revocation, SignatureRefused, SignedMessage,
};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::KeyAlgorithm;
use inrou_pki::ocsp::{AnswerTimes, OcspRequest, Responder, write_request};
use inrou_pki::status::Status;
use inrou_rules::{Medium, Use};
use proptest::prelude::*;

const CONTENT: &[u8] = "申請書\n".as_bytes();

struct Scene {
    issuer: Issuer,
    signer: Certificate,
}

impl Scene {
    fn new(algorithm: KeyAlgorithm) -> Self {
        let issuer = Issuer::new(sandbox(algorithm), Use::Signature);
        let signer = issuer.holder(Medium::Phone, 0x80_0001);
        Self { issuer, signer }
    }

    fn message<'a>(&'a self, attached: bool) -> NewMessage<'a> {
        NewMessage {
            content: CONTENT,
            attached,
            signer: &self.signer,
            chain: std::slice::from_ref(&self.issuer.certificate),
            signing_time: time("2026-11-21T10:00:00Z"),
        }
    }

    fn sign(&self, attached: bool) -> Vec<u8> {
        self.message(attached).sign(self.issuer.holder_key(Medium::Phone)).unwrap()
    }
}

#[test]
fn what_is_signed_is_verified_attached_and_detached() {
    for algorithm in KeyAlgorithm::ALL {
        let scene = Scene::new(algorithm);
        let attached = SignedMessage::from_der(&scene.sign(true)).unwrap();
        let signed = attached.verify().unwrap();
        assert_eq!(signed.signer, &scene.signer);
        assert_eq!(signed.signing_time, Some(time("2026-11-21T10:00:00Z")));
        assert_eq!(signed.content, CONTENT);
        assert_eq!(attached.verify_detached(CONTENT), Err(CmsError::Attached));
        assert!(attached.certificates().contains(&scene.issuer.certificate));

        let detached = SignedMessage::from_der(&scene.sign(false)).unwrap();
        assert_eq!(detached.content(), None);
        assert_eq!(detached.verify_detached(CONTENT).unwrap().signer, &scene.signer);
        assert_eq!(detached.verify(), Err(CmsError::Detached));
        assert_eq!(detached.verify_detached(b"another"), Err(CmsError::Content));
    }
}

#[test]
fn a_chip_signs_the_digest_of_the_prepared_message() {
    let scene = Scene::new(KeyAlgorithm::Rsa2048);
    let prepared = scene.message(true).prepare().unwrap();
    let chip = scene.issuer.holder_key(Medium::Phone);
    let signature = chip.sign_digest(&prepared.digest()).unwrap();
    assert_eq!(signature, chip.sign(prepared.to_be_signed()).unwrap());
    let der = prepared.finish(&signature).unwrap();
    assert_eq!(der, scene.sign(true), "the same message each time");
    let others = common::key(KeyAlgorithm::Rsa2048, 1).sign(prepared.to_be_signed()).unwrap();
    assert_eq!(prepared.finish(&others), Err(SignatureRefused));
    assert_eq!(prepared.finish(b""), Err(SignatureRefused));
}

#[test]
fn openssl_verifies_our_messages() {
    for algorithm in KeyAlgorithm::ALL {
        let scene = Scene::new(algorithm);
        let files = Files::new();
        let ca = files.put("ca.pem", scene.issuer.certificate.to_pem());
        let content = files.put("content", CONTENT);
        for attached in [true, false] {
            let message = files.put("message.p7s", scene.sign(attached));
            let mut arguments = vec![
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-in",
                &message,
                "-CAfile",
                &ca,
                "-purpose",
                "any",
                "-attime",
                "1795255500",
            ];
            if !attached {
                arguments.extend(["-content", &content]);
            }
            let text = openssl(&arguments, b"");
            assert!(text.contains("申請書") && text.contains("Verification successful"), "{text}");
        }
        let other = files.put("other", "another");
        let message = files.put("message.p7s", scene.sign(false));
        let (verified, text) = run_openssl(
            &[
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-in",
                &message,
                "-CAfile",
                &ca,
                "-purpose",
                "any",
                "-attime",
                "1795255500",
                "-content",
                &other,
            ],
            b"",
        );
        assert!(!verified, "{text}");
    }
}

/// A message by OpenSSL, with further arguments.
fn by_openssl(scene: &Scene, arguments: &[&str]) -> Vec<u8> {
    let files = Files::new();
    let signer = files.put("signer.pem", scene.signer.to_pem());
    let key = files.put("signer.key", pem(scene.issuer.holder_key(Medium::Phone)));
    let content = files.put("content", CONTENT);
    let out = files.path("message.p7s");
    let common = [
        "cms", "-sign", "-binary", "-in", &content, "-signer", &signer, "-inkey", &key, "-outform",
        "DER", "-out", &out,
    ];
    openssl(&[&common[..], arguments].concat(), b"");
    std::fs::read(out).unwrap()
}

#[test]
fn we_verify_openssls_messages() {
    for algorithm in KeyAlgorithm::ALL {
        let scene = Scene::new(algorithm);
        let hash = if algorithm == KeyAlgorithm::EcP384 { "sha384" } else { "sha256" };
        for variant in [&["-nodetach"][..], &["-nodetach", "-cades"], &["-nodetach", "-keyid"]] {
            let der = by_openssl(&scene, &[&["-md", hash][..], variant].concat());
            let message = SignedMessage::from_der(&der).unwrap();
            let signed = message.verify().unwrap();
            assert_eq!((signed.content, signed.signer), (CONTENT, &scene.signer), "{variant:?}");
            assert!(signed.signing_time.is_some());
        }
        let der = by_openssl(&scene, &["-md", hash]);
        let message = SignedMessage::from_der(&der).unwrap();
        assert_eq!(message.verify_detached(CONTENT).unwrap().signer, &scene.signer);
    }
}

#[test]
fn what_is_not_supported_is_refused_by_its_cause() {
    let scene = Scene::new(KeyAlgorithm::Rsa2048);
    let read = |arguments: &[&str]| SignedMessage::from_der(&by_openssl(&scene, arguments));
    let verify = |arguments: &[&str]| read(arguments).unwrap().verify().map(|_| ()).err();
    assert_eq!(read(&["-nodetach", "-noattr"]).err(), Some(CmsError::NoSignedAttributes));
    assert_eq!(verify(&["-nodetach", "-nocerts"]), Some(CmsError::SignerMissing));
    assert_eq!(verify(&["-nodetach", "-md", "sha1"]), Some(CmsError::Algorithms));
    // Unless it is told, OpenSSL takes the longest salt that fits.
    let long_salt =
        ["-nodetach", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:99"];
    assert_eq!(verify(&long_salt), Some(CmsError::Algorithms));
    let streamed = read(&["-nodetach", "-stream"]).err();
    assert!(matches!(streamed, Some(CmsError::Malformed(_))), "{streamed:?}");
}

#[test]
fn foreign_algorithms_are_verified() {
    let scene = Scene::new(KeyAlgorithm::Rsa2048);
    for hash in ["sha256", "sha384", "sha512"] {
        for padding in ["pkcs1", "pss"] {
            let padding = format!("rsa_padding_mode:{padding}");
            let mut arguments = vec!["-nodetach", "-md", hash, "-keyopt", &padding];
            if padding.ends_with("pss") {
                arguments.extend(["-keyopt", "rsa_pss_saltlen:digest"]);
            }
            let message = SignedMessage::from_der(&by_openssl(&scene, &arguments)).unwrap();
            assert_eq!(message.verify().unwrap().content, CONTENT, "{hash} {padding}");
        }
    }
}

#[test]
fn a_digest_stands_for_the_content() {
    let scene = Scene::new(KeyAlgorithm::EcP384);
    let message = SignedMessage::from_der(&scene.sign(false)).unwrap();
    let digest = message.hash().unwrap().digest(CONTENT);
    assert_eq!(message.verify_digest(&digest), Ok(&scene.signer));
    let other = message.hash().unwrap().digest(b"another");
    assert_eq!(message.verify_digest(&other), Err(CmsError::Content));
    let other_hash = HashAlgorithm::Sha256.digest(CONTENT);
    assert_eq!(message.verify_digest(&other_hash), Err(CmsError::Content));
}

#[test]
fn a_message_is_extended_under_its_signature() {
    for attached in [true, false] {
        let scene = Scene::new(KeyAlgorithm::Rsa2048);
        let other = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::UserAuthentication);
        let before = SignedMessage::from_der(&scene.sign(attached)).unwrap();
        let (crl, response) = (b"\x30\x03\x02\x01\x07".to_vec(), b"\x30\x03\x0a\x01\x00".to_vec());
        let token = b"\x30\x03\x02\x01\x08".to_vec();
        let additions = Additions {
            certificates: &[other.certificate.clone(), scene.signer.clone()],
            crls: std::slice::from_ref(&crl),
            ocsp_responses: std::slice::from_ref(&response),
            signature_time_stamps: std::slice::from_ref(&token),
        };
        let der = before.extended(&additions);
        let after = SignedMessage::from_der(&der).unwrap();
        let verified = if attached { after.verify() } else { after.verify_detached(CONTENT) };
        assert_eq!(verified.unwrap().signer, &scene.signer);
        assert_eq!(after.signature(), before.signature());
        assert_eq!(after.certificates().len(), before.certificates().len() + 1);
        assert_eq!(after.signature_time_stamps().collect::<Vec<_>>(), [&token[..]]);
        let told: Vec<_> = after.revocations().collect();
        let expected = [Revocation::Crl(&crl), Revocation::Ocsp(response.as_slice().into())];
        assert_eq!(told, expected);
        assert_eq!(after.extended(&additions), der, "nothing is added twice");
        assert_eq!(before.extended(&Additions::default()), scene.sign(attached));
    }
}

#[test]
fn openssl_verifies_extended_messages() {
    let scene = Scene::new(KeyAlgorithm::Rsa2048);
    let (responder, key) = scene.issuer.responder();
    let certificate = responder.clone();
    let responder = Responder::new(&scene.issuer.certificate, responder, Arc::new(key)).unwrap();
    let request =
        write_request(&scene.issuer.certificate, &scene.signer, HashAlgorithm::Sha1, None);
    let request = request.unwrap();
    let at = time("2026-11-21T10:00:00Z");
    let times = AnswerTimes { produced_at: at, this_update: at, next_update: at };
    let request = OcspRequest::from_der(&request).unwrap();
    let response = responder.answer(&request, times, |_| Status::Good).unwrap();
    let der = SignedMessage::from_der(&scene.sign(true)).unwrap().extended(&Additions {
        certificates: &[certificate],
        ocsp_responses: &[response],
        ..Additions::default()
    });
    let files = Files::new();
    let ca = files.put("ca.pem", scene.issuer.certificate.to_pem());
    let message = files.put("message.p7s", der);
    let text = openssl(&["cms", "-cmsout", "-print", "-inform", "DER", "-in", &message], b"");
    assert!(text.contains("version: 5"), "{text}");
    openssl(
        &[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            &message,
            "-CAfile",
            &ca,
            "-purpose",
            "any",
            "-attime",
            "1795255500",
        ],
        b"",
    );
}

#[test]
fn a_message_has_one_signer() {
    let scene = Scene::new(KeyAlgorithm::EcP256);
    let other = Scene::new(KeyAlgorithm::Rsa2048);
    let files = Files::new();
    let signer = files.put("other.pem", other.signer.to_pem());
    let key = files.put("other.key", pem(other.issuer.holder_key(Medium::Phone)));
    let first = files.put("first.p7s", by_openssl(&scene, &["-nodetach"]));
    let both = files.path("both.p7s");
    openssl(
        &[
            "cms", "-resign", "-inform", "DER", "-in", &first, "-signer", &signer, "-inkey", &key,
            "-outform", "DER", "-out", &both,
        ],
        b"",
    );
    let read = SignedMessage::from_der(&std::fs::read(both).unwrap());
    assert_eq!(read.err(), Some(CmsError::Signers(2)));
    let none = files.path("none.p7s");
    let certificate = files.put("signer.pem", scene.signer.to_pem());
    openssl(
        &["crl2pkcs7", "-nocrl", "-certfile", &certificate, "-outform", "DER", "-out", &none],
        b"",
    );
    let read = SignedMessage::from_der(&std::fs::read(none).unwrap());
    assert_eq!(read.err(), Some(CmsError::Signers(0)));
    let digest = files.path("digest.p7s");
    openssl(
        &["cms", "-digest_create", "-in", &certificate, "-outform", "DER", "-out", &digest],
        b"",
    );
    let read = SignedMessage::from_der(&std::fs::read(digest).unwrap());
    assert!(matches!(read.err(), Some(CmsError::Type(_))));
}

#[test]
fn the_signature_names_its_certificate() {
    // Another certificate of the same key, name and number is put in the place of the one that signed.
    let scene = Scene::new(KeyAlgorithm::Rsa2048);
    let (medium, serial) = (Medium::Phone, 0x80_0001);
    let sibling = scene.issuer.changed_holder(medium, serial, b"300217145959Z", b"310217145959Z");
    let swapped = replace(&scene.sign(true), scene.signer.as_der(), sibling.as_der());
    let message = SignedMessage::from_der(&swapped).unwrap();
    assert_eq!(message.signer(), Ok(&sibling));
    assert_eq!(message.verify(), Err(CmsError::SigningCertificate));
}

#[test]
fn messages_are_read_from_pem() {
    let scene = Scene::new(KeyAlgorithm::EcP256);
    let text = inrou_pki::pem::encode(PEM_LABEL, &scene.sign(true));
    assert!(SignedMessage::from_pem(&text).unwrap().verify().is_ok());
    let files = Files::new();
    let message = files.put("message.pem", &text);
    openssl(&["cms", "-cmsout", "-inform", "PEM", "-in", &message, "-noout"], b"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_content_is_signed_and_read_back(
        content in proptest::collection::vec(any::<u8>(), 0..3000),
        attached: bool,
    ) {
        let scene = Scene::new(KeyAlgorithm::EcP256);
        let message = NewMessage { content: &content, ..scene.message(attached) };
        let der = message.sign(scene.issuer.holder_key(Medium::Phone)).unwrap();
        let read = SignedMessage::from_der(&der).unwrap();
        let signed = if attached { read.verify() } else { read.verify_detached(&content) };
        prop_assert_eq!(signed.unwrap().content, &content[..]);
    }

    #[test]
    fn mutated_messages_are_read_or_refused(flips in common::flips(), cut in 0..8000usize) {
        let scene = Scene::new(KeyAlgorithm::EcP256);
        let der = scene.sign(true);
        let read = SignedMessage::from_der(&common::mutate(&der, &flips, cut));
        if let Ok(signed) = read.as_ref().map_err(Clone::clone).and_then(SignedMessage::verify) {
            // What the signature does not cover may differ; what it covers may not.
            prop_assert_eq!(signed.signer, &scene.signer);
            prop_assert_eq!(signed.content, CONTENT);
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(SignedMessage::from_der(&bytes).is_err());
    }
}
