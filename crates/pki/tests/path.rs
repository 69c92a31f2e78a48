//! Path validation, one cause of failure after another; and the same by OpenSSL and CRLs.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Cursor;

use common::{
    Files, Issuer, kiyose, openssl, replace, run_openssl, sandbox, test_card_settings, time,
};
use const_oid::ObjectIdentifier;
use inrou_pki::certificate::Certificate;
use inrou_pki::crl::{CrlEntry, CrlError, NewCrl, Partition};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::KeyAlgorithm;
use inrou_pki::ocsp::{AnswerTimes, OcspError, OcspRequest, Responder, write_request};
use inrou_pki::path::{
    AnchorInvalid, Evidence, Expected, PathError, StatusError, TrustAnchors, status, validate,
};
use inrou_pki::status::{Moment, Status, Withdrawal};
use inrou_rules::{Medium, RevocationReason, Serial, Use};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

fn now() -> Timestamp {
    time("2026-11-21T10:00:00Z")
}

fn expected(usage: Use) -> Expected<'static> {
    Expected { usage, policies: &[] }
}

fn anchors(issuers: &[&Issuer]) -> TrustAnchors {
    TrustAnchors::new(issuers.iter().map(|issuer| issuer.certificate.clone()).collect()).unwrap()
}

/// Validates for signing documents, under one anchor.
fn check(issuer: &Issuer, certificate: &Certificate) -> Result<(), PathError> {
    validate(certificate, &anchors(&[issuer]), now(), expected(Use::Signature)).map(|_| ())
}

#[test]
fn a_holders_certificate_is_valid_under_its_issuer() {
    for algorithm in KeyAlgorithm::ALL {
        for usage in Use::ALL {
            let issuer = Issuer::new(sandbox(algorithm), usage);
            let anchors = anchors(&[&issuer]);
            for medium in [Medium::Card, Medium::Phone] {
                let certificate = issuer.holder(medium, 7);
                let found = validate(&certificate, &anchors, now(), expected(usage));
                assert_eq!(found, Ok(&issuer.certificate));
            }
        }
    }
}

#[test]
fn generations_of_one_name_are_told_apart_by_key_identifier() {
    let first = Issuer::generation(test_card_settings(), Use::Signature, 0);
    let second = Issuer::generation(test_card_settings(), Use::Signature, 1);
    let certificate = second.holder(Medium::Card, 7);
    let check = |anchors: &TrustAnchors| {
        validate(&certificate, anchors, now(), expected(Use::Signature)).cloned()
    };
    assert_eq!(check(&anchors(&[&first, &second])), Ok(second.certificate.clone()));
    assert_eq!(check(&anchors(&[&second, &first])), Ok(second.certificate.clone()));
    assert_eq!(check(&anchors(&[&first])), Err(PathError::UnknownGeneration));
    let other = Issuer::new(test_card_settings(), Use::UserAuthentication);
    assert_eq!(check(&anchors(&[&other])), Err(PathError::UnknownIssuer));
    assert_eq!(check(&TrustAnchors::default()), Err(PathError::UnknownIssuer));
}

#[test]
fn validity_runs_from_its_first_second_to_the_end_of_its_last() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    let anchors = anchors(&[&issuer]);
    let at =
        |at: Timestamp| validate(&certificate, &anchors, at, expected(Use::Signature)).map(|_| ());
    let (from, to) = (certificate.not_before(), certificate.not_after());
    assert_eq!(at(from), Ok(()));
    assert_eq!(at(from - SignedDuration::from_secs(1)), Err(PathError::NotYetValid { from }));
    assert_eq!(at(to + SignedDuration::from_millis(999)), Ok(()));
    assert_eq!(at(to + SignedDuration::from_secs(1)), Err(PathError::Expired { at: to }));
    let (from, to) = (issuer.certificate.not_before(), issuer.certificate.not_after());
    assert_eq!(at(from - SignedDuration::from_secs(1)), Err(PathError::AnchorNotYetValid { from }));
    assert_eq!(at(to + SignedDuration::from_secs(1)), Err(PathError::AnchorExpired { at: to }));
}

#[test]
fn use_and_policy_must_be_the_expected_ones() {
    let settings = test_card_settings();
    let (signature, authentication) =
        (&settings.signature.card.policy, &settings.user_authentication.card.policy);
    for usage in Use::ALL {
        let issuer = Issuer::new(settings.clone(), usage);
        let anchors = anchors(&[&issuer]);
        let certificate = issuer.holder(Medium::Card, 7);
        let check =
            |expected: Expected<'_>| validate(&certificate, &anchors, now(), expected).map(|_| ());
        for asked in Use::ALL {
            let outcome = if asked == usage { Ok(()) } else { Err(PathError::Usage) };
            assert_eq!(check(expected(asked)), outcome);
        }
        let policies = [*signature, *authentication];
        assert_eq!(check(Expected { usage, policies: &policies }), Ok(()));
        let wrong = if usage == Use::Signature { [*authentication] } else { [*signature] };
        assert_eq!(check(Expected { usage, policies: &wrong }), Err(PathError::Policy));
    }
}

#[test]
fn an_issuers_certificate_is_no_holders_and_a_holders_no_anchor() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    assert_eq!(check(&issuer, &issuer.certificate), Err(PathError::NotAHolder));
    let holder = issuer.holder(Medium::Card, 7);
    assert_eq!(TrustAnchors::new(vec![holder]).err(), Some(AnchorInvalid::NotAnIssuer));
    let (responder, _) = issuer.responder();
    assert_eq!(check(&issuer, &responder), Err(PathError::Usage));
}

#[test]
fn a_changed_certificate_is_found_out() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    let changed = replace(certificate.as_der(), "幹也".as_bytes(), "幹夫".as_bytes());
    let changed = Certificate::from_der(&changed).unwrap();
    assert_eq!(check(&issuer, &changed), Err(PathError::Signature));
    let forged =
        replace(issuer.certificate.as_der(), "公的個人認証".as_bytes(), "私的個人認証".as_bytes());
    let forged = Certificate::from_der(&forged).unwrap();
    assert_eq!(TrustAnchors::new(vec![forged]).err(), Some(AnchorInvalid::NotSelfSigned));
}

#[test]
fn critical_extensions_that_are_unknown_are_refused() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    // certificatePolicies, 2.5.29.32, becomes 2.5.29.127.
    let certificate =
        issuer.changed_holder(Medium::Card, 7, b"\x06\x03\x55\x1d\x20", b"\x06\x03\x55\x1d\x7f");
    let unknown = ObjectIdentifier::new_unwrap("2.5.29.127");
    assert_eq!(check(&issuer, &certificate), Err(PathError::CriticalExtension(unknown)));
}

#[test]
fn a_signature_certificate_without_non_repudiation_signs_nothing() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let (both, one) = (b"\x03\x02\x06\xc0", b"\x03\x02\x07\x80");
    let certificate = issuer.changed_holder(Medium::Card, 7, both, one);
    assert_eq!(check(&issuer, &certificate), Err(PathError::Usage));
}

fn crl(issuer: &Issuer, medium: Medium, entries: &[CrlEntry]) -> Vec<u8> {
    let partition = Partition::Holders { usage: issuer.usage, medium, place: kiyose() };
    partition_crl(issuer, &partition, entries)
}

fn partition_crl(issuer: &Issuer, partition: &Partition, entries: &[CrlEntry]) -> Vec<u8> {
    let new = NewCrl {
        issuer: &issuer.certificate,
        scope: Some((&issuer.settings, partition)),
        number: 1,
        this_update: now(),
        next_update: now() + SignedDuration::from_hours(24),
    };
    let mut der = Cursor::new(Vec::new());
    new.write(entries.iter().copied(), issuer.key, &mut der).unwrap();
    der.into_inner()
}

fn held(serial: u64) -> CrlEntry {
    CrlEntry { serial: Serial(serial), at: now(), withdrawal: Withdrawal::Hold }
}

#[test]
fn status_follows_the_evidence() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let anchors = anchors(&[&issuer]);
    let certificate = issuer.holder(Medium::Phone, 7);
    let moment = Moment::new(now());
    let by_crl = |der: &[u8]| status(&certificate, &anchors, Evidence::Crl(der), moment);
    let held_crl = crl(&issuer, Medium::Phone, &[held(7)]);
    assert_eq!(by_crl(&held_crl), Ok(Status::OnHold { since: now() }));
    assert_eq!(by_crl(&crl(&issuer, Medium::Phone, &[held(8)])), Ok(Status::Good));
    let other = crl(&issuer, Medium::Card, &[held(7)]);
    assert_eq!(by_crl(&other), Err(StatusError::Crl(CrlError::Scope)));
    let stranger = Issuer::new(test_card_settings(), Use::Signature);
    let theirs = crl(&stranger, Medium::Phone, &[]);
    assert_eq!(by_crl(&theirs), Err(StatusError::Path(PathError::UnknownIssuer)));

    let revoked = Status::Revoked { at: now(), reason: RevocationReason::CessationOfOperation };
    let request =
        write_request(&issuer.certificate, &certificate, HashAlgorithm::Sha1, Some(b"x")).unwrap();
    let request = OcspRequest::from_der(&request).unwrap();
    let (responder, key) = issuer.responder();
    let responder = Responder::new(&issuer.certificate, responder, Arc::new(key)).unwrap();
    let times = AnswerTimes { produced_at: now(), this_update: now(), next_update: now() };
    let response = &responder.answer(&request, times, |_| revoked).unwrap();
    let by_ocsp = |certificate: &Certificate, nonce| {
        status(certificate, &anchors, Evidence::Ocsp { response, nonce }, moment)
    };
    assert_eq!(by_ocsp(&certificate, None), Ok(revoked));
    assert_eq!(by_ocsp(&certificate, Some(b"x")), Ok(revoked));
    assert_eq!(by_ocsp(&certificate, Some(b"y")), Err(StatusError::Ocsp(OcspError::Nonce)));
    let other = issuer.holder(Medium::Phone, 8);
    assert_eq!(by_ocsp(&other, None), Err(StatusError::Ocsp(OcspError::OtherCertificate)));
}

#[test]
fn openssl_finds_the_same_path_and_the_same_status() {
    for algorithm in KeyAlgorithm::ALL {
        for usage in Use::ALL {
            let issuer = Issuer::new(sandbox(algorithm), usage);
            let certificate = issuer.holder(Medium::Phone, 7);
            let files = Files::new();
            let ca = files.put("ca.pem", issuer.certificate.to_pem());
            let holder = files.put("holder.pem", certificate.to_pem());
            let at = now().as_second().to_string();
            let verify = |entries: &[CrlEntry], medium| {
                let der = crl(&issuer, medium, entries);
                let crl = files.put("crl.pem", inrou_pki::pem::encode("X509 CRL", &der));
                run_openssl(
                    &[
                        "verify",
                        "-attime",
                        &at,
                        "-x509_strict",
                        "-crl_check",
                        "-CRLfile",
                        &crl,
                        "-CAfile",
                        &ca,
                        &holder,
                    ],
                    b"",
                )
            };
            let (good, text) = verify(&[held(8)], Medium::Phone);
            assert!(good, "{text}");
            let (good, text) = verify(&[held(7)], Medium::Phone);
            assert!(!good && text.contains("certificate revoked"), "{text}");
            let (good, text) = verify(&[], Medium::Card);
            assert!(!good && text.contains("different CRL scope"), "{text}");
        }
    }
}

#[test]
fn openssl_checks_the_issuer_by_the_crl_under_its_own_name() {
    let issuer = Issuer::new(test_card_settings(), Use::UserAuthentication);
    let files = Files::new();
    let ca = files.put("ca.pem", issuer.certificate.to_pem());
    let partition = Partition::Issuer { usage: Use::UserAuthentication };
    let own = partition_crl(&issuer, &partition, &[]);
    let crls = [own, crl(&issuer, Medium::Card, &[])]
        .map(|der| inrou_pki::pem::encode("X509 CRL", &der))
        .concat();
    let crls = files.put("crls.pem", crls);
    let holder = files.put("holder.pem", issuer.holder(Medium::Card, 7).to_pem());
    openssl(
        &[
            "verify",
            "-attime",
            &now().as_second().to_string(),
            "-crl_check_all",
            "-CRLfile",
            &crls,
            "-CAfile",
            &ca,
            &holder,
        ],
        b"",
    );
}
