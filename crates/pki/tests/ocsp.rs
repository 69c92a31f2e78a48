//! OCSP: our responder before our client and OpenSSL's; our client before OpenSSL's responder.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Files, Issuer, openssl, pem, replace, run_openssl, sandbox, time};
use inrou_pki::Signer;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::{KeyAlgorithm, SoftwareKey};
use inrou_pki::ocsp::{
    AnswerTimes, MAX_REQUEST, OcspError, OcspRequest, OcspResponse, Refusal, RequestMalformed,
    Responder, ResponderInvalid, write_request,
};
use inrou_pki::status::{Moment, Status, Untimely};
use inrou_rules::{Medium, RevocationReason, Serial, Use};
use proptest::prelude::*;

fn responder(issuer: &Issuer) -> Responder {
    let (certificate, key) = issuer.responder();
    Responder::new(&issuer.certificate, certificate, Arc::new(key)).unwrap()
}

fn times() -> AnswerTimes {
    AnswerTimes {
        produced_at: time("2026-11-21T10:00:01Z"),
        this_update: time("2026-11-21T10:00:00Z"),
        next_update: time("2026-11-21T10:15:00Z"),
    }
}

fn moment() -> Moment {
    Moment::new(time("2026-11-21T10:05:00Z"))
}

fn ask(issuer: &Issuer, certificate: &Certificate, nonce: Option<&[u8]>) -> Vec<u8> {
    write_request(&issuer.certificate, certificate, HashAlgorithm::Sha256, nonce).unwrap()
}

fn answer(issuer: &Issuer, request: &[u8], status: Status) -> Vec<u8> {
    let request = OcspRequest::from_der(request).unwrap();
    responder(issuer).answer(&request, times(), |_| status).unwrap()
}

const REASONS: [RevocationReason; 6] = [
    RevocationReason::Unspecified,
    RevocationReason::KeyCompromise,
    RevocationReason::CaCompromise,
    RevocationReason::AffiliationChanged,
    RevocationReason::Superseded,
    RevocationReason::CessationOfOperation,
];

fn every_status() -> Vec<Status> {
    let at = time("2026-11-20T12:34:56Z");
    let revoked = REASONS.map(|reason| Status::Revoked { at, reason });
    [Status::Good, Status::Unknown, Status::OnHold { since: at }]
        .into_iter()
        .chain(revoked)
        .collect()
}

#[test]
fn valid_5_every_status_is_answered_and_understood() {
    for algorithm in KeyAlgorithm::ALL {
        let issuer = Issuer::new(sandbox(algorithm), Use::Signature);
        let certificate = issuer.holder(Medium::Phone, 0x80_0001);
        for status in every_status() {
            let der = answer(&issuer, &ask(&issuer, &certificate, Some(b"n")), status);
            let response = OcspResponse::from_der(&der).unwrap();
            let response = response.verify(&issuer.certificate, moment()).unwrap();
            assert_eq!(response.produced_at(), times().produced_at);
            assert_eq!(response.check_nonce(b"n"), Ok(()));
            assert_eq!(response.check_nonce(b"m"), Err(OcspError::Nonce));
            assert_eq!(response.status(&certificate, moment()), Ok(status));
        }
    }
}

#[test]
fn requests_name_certificates_by_sha_1_and_by_sha_256() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 4711);
    let responder = responder(&issuer);
    for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
        let der = write_request(&issuer.certificate, &certificate, hash, None).unwrap();
        let request = OcspRequest::from_der(&der).unwrap();
        let [id] = request.certificates() else { panic!("one certificate") };
        assert_eq!((id.hash(), id.serial()), (Some(hash), Some(Serial(4711))));
        assert!(responder.speaks_for(id));
        assert_eq!(request.nonce(), None);
    }
    // SHA-384 can be read, but nobody names certificates by it.
    let der =
        write_request(&issuer.certificate, &certificate, HashAlgorithm::Sha384, None).unwrap();
    let request = OcspRequest::from_der(&der).unwrap();
    assert!(!responder.speaks_for(&request.certificates()[0]));
}

#[test]
fn a_hash_with_parameters_names_no_issuer() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    let hash = HashAlgorithm::Sha1;
    let plain = write_request(&issuer.certificate, &certificate, hash, None).unwrap();
    // An empty OCTET STRING in the place of NULL.
    let (null, octets) = (b"\x2b\x0e\x03\x02\x1a\x05\x00", b"\x2b\x0e\x03\x02\x1a\x04\x00");
    let der = replace(&plain, null, octets);
    let request = OcspRequest::from_der(&der).unwrap();
    let [id] = request.certificates() else { panic!("one certificate") };
    assert_eq!(id.hash(), None);
    assert!(!responder(&issuer).speaks_for(id));
}

#[test]
fn what_the_responder_does_not_speak_for_is_unknown() {
    let first = Issuer::generation(sandbox(KeyAlgorithm::EcP256), Use::Signature, 0);
    let second = Issuer::generation(sandbox(KeyAlgorithm::EcP256), Use::Signature, 1);
    let certificate = second.holder(Medium::Card, 7);
    let der = ask(&second, &certificate, None);
    let request = OcspRequest::from_der(&der).unwrap();
    assert!(!responder(&first).speaks_for(&request.certificates()[0]), "same name, another key");
    let answered = responder(&first)
        .answer(&request, times(), |_| panic!("not to be asked about another issuer's"))
        .unwrap();
    let verified = OcspResponse::from_der(&answered).unwrap().verify(&second.certificate, moment());
    assert_eq!(verified.err(), Some(OcspError::NotDelegated));
    let response =
        OcspResponse::from_der(&answered).unwrap().verify(&first.certificate, moment()).unwrap();
    assert_eq!(response.status(&certificate, moment()), Err(OcspError::OtherCertificate));
}

#[test]
fn rfc_9654_nonces_have_1_to_128_bytes() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    for length in [1, 32, 128] {
        let nonce = vec![9; length];
        let request = ask(&issuer, &certificate, Some(&nonce));
        assert_eq!(OcspRequest::from_der(&request).unwrap().nonce(), Some(&nonce[..]));
    }
    for length in [0, 129] {
        let request = ask(&issuer, &certificate, Some(&vec![9; length]));
        assert_eq!(OcspRequest::from_der(&request), Err(RequestMalformed::Nonce(length)));
    }
}

#[test]
fn requests_that_are_too_long_or_empty_are_malformed() {
    let too_long = vec![0x30; MAX_REQUEST + 1];
    assert_eq!(OcspRequest::from_der(&too_long), Err(RequestMalformed::TooLong));
    assert_eq!(
        OcspRequest::from_der(b"\x30\x04\x30\x02\x30\x00"),
        Err(RequestMalformed::Certificates(0))
    );
    for broken in [&b""[..], b"\x30", b"\x30\x00", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff"]
    {
        assert!(matches!(OcspRequest::from_der(broken), Err(RequestMalformed::Der(_))));
    }
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let single = ask(&issuer, &issuer.holder(Medium::Card, 7), None);
    let list = |count: usize| {
        let singles = single[6..].repeat(count);
        let mut tbs = vec![0x30, 0x82];
        tbs.extend_from_slice(&(singles.len() as u16).to_be_bytes());
        tbs.extend_from_slice(&singles);
        let mut der = vec![0x30, 0x82];
        der.extend_from_slice(&(tbs.len() as u16 + 4).to_be_bytes());
        der.extend_from_slice(&[0x30, 0x82]);
        der.extend_from_slice(&(tbs.len() as u16).to_be_bytes());
        der.extend_from_slice(&tbs);
        der
    };
    assert_eq!(single[..6], [0x30, single[1], 0x30, single[3], 0x30, single[5]]);
    assert_eq!(OcspRequest::from_der(&list(32)).unwrap().certificates().len(), 32);
    assert_eq!(OcspRequest::from_der(&list(33)), Err(RequestMalformed::Certificates(33)));
}

#[test]
fn refusals_are_the_status_alone() {
    let ders = [
        (Refusal::MalformedRequest, 1),
        (Refusal::InternalError, 2),
        (Refusal::TryLater, 3),
        (Refusal::Unauthorized, 6),
    ];
    for (refusal, code) in ders {
        let der = refusal.to_der();
        assert_eq!(der, [0x30, 3, 0x0A, 1, code]);
        assert_eq!(OcspResponse::from_der(&der).err(), Some(OcspError::Refused(code)));
    }
}

#[test]
fn old_and_future_answers_tell_nothing() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    let der = answer(&issuer, &ask(&issuer, &certificate, None), Status::Good);
    let response =
        OcspResponse::from_der(&der).unwrap().verify(&issuer.certificate, moment()).unwrap();
    let status = |at| response.status(&certificate, Moment::new(time(at)));
    let AnswerTimes { this_update, next_update, .. } = times();
    assert_eq!(status("2026-11-21T10:20:00Z"), Ok(Status::Good), "within the tolerance");
    let stale = OcspError::Untimely(Untimely::Stale { next_update });
    assert_eq!(status("2026-11-21T10:20:01Z"), Err(stale));
    let early = OcspError::Untimely(Untimely::NotYet { this_update });
    assert_eq!(status("2026-11-21T09:54:59Z"), Err(early));
}

#[test]
fn the_responder_must_be_delegated_and_valid() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let other = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::UserAuthentication);
    let certificate = issuer.holder(Medium::Card, 7);
    let der = answer(&issuer, &ask(&issuer, &certificate, None), Status::Good);
    let verify = |issuer: &Issuer, at| {
        let response = OcspResponse::from_der(&der).unwrap();
        response.verify(&issuer.certificate, Moment::new(time(at))).err()
    };
    assert_eq!(verify(&issuer, "2026-11-21T10:05:00Z"), None);
    assert_eq!(verify(&other, "2026-11-21T10:05:00Z"), Some(OcspError::NotDelegated));
    assert_eq!(verify(&issuer, "2027-01-21T10:05:00Z"), Some(OcspError::ResponderExpired));
    assert_eq!(verify(&issuer, "2026-11-20T23:00:00Z"), Some(OcspError::ResponderExpired));

    let (responder, key) = issuer.responder();
    let made = |issuer: &Issuer, certificate: &Certificate, key: &'static SoftwareKey| {
        Responder::new(&issuer.certificate, certificate.clone(), Arc::new(key)).err()
    };
    assert_eq!(made(&issuer, &responder, key), None);
    assert_eq!(made(&other, &responder, key), Some(ResponderInvalid::Issuer));
    assert_eq!(made(&issuer, &certificate, key), Some(ResponderInvalid::Purpose));
    let holder_key = issuer.holder_key(Medium::Card);
    assert_eq!(made(&issuer, &responder, holder_key), Some(ResponderInvalid::Key));
}

#[test]
fn a_holder_cannot_answer_in_the_responders_place() {
    // A holder signs an answer with the holder's own key and brings the holder's own certificate along.
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    let files = Files::new();
    let ca = files.put("ca.pem", issuer.certificate.to_pem());
    let request = files.put("request.der", ask(&issuer, &certificate, None));
    let response = files.path("response.der");
    let signer = files.put("holder.pem", certificate.to_pem());
    let key = files.put("holder.key", pem(issuer.holder_key(Medium::Card)));
    let index = files.put("index", "V\t300101000000Z\t\t07\tunknown\t/CN=x\n");
    openssl(
        &[
            "ocsp", "-index", &index, "-CA", &ca, "-rsigner", &signer, "-rkey", &key, "-reqin",
            &request, "-respout", &response, "-ndays", "1",
        ],
        b"",
    );
    let der = std::fs::read(response).unwrap();
    let response = OcspResponse::from_der(&der).unwrap();
    let at = Moment::new(response.produced_at());
    assert_eq!(response.verify(&issuer.certificate, at).err(), Some(OcspError::NotDelegated));
}

#[test]
fn openssl_believes_our_answers() {
    for algorithm in KeyAlgorithm::ALL {
        let issuer = Issuer::new(sandbox(algorithm), Use::UserAuthentication);
        let certificate = issuer.holder(Medium::Phone, 0x80_0001);
        let files = Files::new();
        let ca = files.put("ca.pem", issuer.certificate.to_pem());
        let holder = files.put("holder.pem", certificate.to_pem());
        let request = files.path("request.der");
        openssl(&["ocsp", "-issuer", &ca, "-sha256", "-cert", &holder, "-reqout", &request], b"");
        let request = std::fs::read(request).unwrap();
        assert_eq!(OcspRequest::from_der(&request).unwrap().nonce().map(<[u8]>::len), Some(16));
        for (status, expected) in [
            (Status::Good, "good"),
            (Status::Unknown, "unknown"),
            (Status::OnHold { since: time("2026-11-20T12:34:56Z") }, "Reason: certificateHold"),
            (
                Status::Revoked {
                    at: time("2026-11-20T12:34:56Z"),
                    reason: RevocationReason::Superseded,
                },
                "Revocation Time: Nov 20 12:34:56 2026 GMT",
            ),
        ] {
            let response = files.put("response.der", answer(&issuer, &request, status));
            let at = moment().at.as_second().to_string();
            let request = files.put("request.der", &request);
            let text = openssl(
                &[
                    "ocsp",
                    "-issuer",
                    &ca,
                    "-sha256",
                    "-cert",
                    &holder,
                    "-reqin",
                    &request,
                    "-respin",
                    &response,
                    "-CAfile",
                    &ca,
                    "-attime",
                    &at,
                    "-no_nonce",
                    "-validity_period",
                    "1000000000",
                ],
                b"",
            );
            assert!(text.contains("Response verify OK"), "{text}");
            assert!(text.contains(expected), "{expected} in {text}");
            assert!(!text.contains("WARNING"), "{text}");
        }
    }
}

#[test]
fn openssl_doubts_an_answer_that_was_changed() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::Rsa2048), Use::UserAuthentication);
    let certificate = issuer.holder(Medium::Phone, 7);
    let mut der = answer(&issuer, &ask(&issuer, &certificate, None), Status::Unknown);
    let at = der.windows(2).position(|window| window == [0x82, 0x00]).unwrap();
    der[at] = 0x80;
    let response = OcspResponse::from_der(&der).unwrap();
    let verified = response.verify(&issuer.certificate, moment());
    assert_eq!(verified.err(), Some(OcspError::Signature));
    let files = Files::new();
    let ca = files.put("ca.pem", issuer.certificate.to_pem());
    let response = files.put("response.der", der);
    let (_, text) = run_openssl(
        &["ocsp", "-respin", &response, "-CAfile", &ca, "-issuer", &ca, "-serial", "7"],
        b"",
    );
    assert!(text.contains("Response Verify Failure"), "{text}");
}

#[test]
fn we_believe_openssls_answers() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let files = Files::new();
    let (responder, key) = issuer.responder_from(files.machine_time());
    let ca = files.put("ca.pem", issuer.certificate.to_pem());
    let signer = files.put("responder.pem", responder.to_pem());
    let key = files.put("responder.key", pem(key));
    let index = files.put(
        "index",
        "V\t300101000000Z\t\t07\tunknown\t/CN=x\n\
         R\t300101000000Z\t261120123456Z,certificateHold\t08\tunknown\t/CN=x\n\
         R\t300101000000Z\t261120123456Z,superseded\t09\tunknown\t/CN=x\n",
    );
    let since = time("2026-11-20T12:34:56Z");
    for (serial, expected) in [
        (7, Status::Good),
        (8, Status::OnHold { since }),
        (9, Status::Revoked { at: since, reason: RevocationReason::Superseded }),
        (10, Status::Unknown),
    ] {
        let certificate = issuer.holder(Medium::Card, serial);
        let nonce = [serial as u8; 32];
        let request = files.put("request.der", ask(&issuer, &certificate, Some(&nonce)));
        let response = files.path("response.der");
        openssl(
            &[
                "ocsp", "-index", &index, "-CA", &ca, "-rsigner", &signer, "-rkey", &key, "-reqin",
                &request, "-respout", &response, "-ndays", "1",
            ],
            b"",
        );
        let response = OcspResponse::from_der(&std::fs::read(response).unwrap()).unwrap();
        let [said] = response.answers().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!((said.serial, said.status), (certificate.serial_bytes(), expected));
        assert!(said.next_update.is_some_and(|next| next > said.this_update));
        let at = Moment::new(response.produced_at());
        let response = response.verify(&issuer.certificate, at).unwrap();
        assert_eq!(response.check_nonce(&nonce), Ok(()));
        assert_eq!(response.status(&certificate, at), Ok(expected));
    }
}

#[test]
fn rfc_6960_of_several_responders_of_one_name_the_one_whose_key_verifies_has_answered() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let files = Files::new();
    let (responder, key) = issuer.responder_from(files.machine_time());
    // The responder's next certificate bears the same name, and another key.
    let next = issuer.settings.responder_certificate(
        Use::Signature,
        &issuer.certificate,
        issuer.holder_key(Medium::Card).public_key(),
        Serial(78),
        files.machine_time(),
    );
    let next = next.unwrap().sign(issuer.key).unwrap();
    assert_eq!(next.subject(), responder.subject());
    let certificate = issuer.holder(Medium::Card, 7);
    let request = files.put("request.der", ask(&issuer, &certificate, None));
    let response = files.path("response.der");
    let (ca, signer) = (
        files.put("ca.pem", issuer.certificate.to_pem()),
        files.put("responder.pem", responder.to_pem()),
    );
    let (key, other) = (files.put("responder.key", pem(key)), files.put("next.pem", next.to_pem()));
    let index = files.put("index", "V\t300101000000Z\t\t07\tunknown\t/CN=x\n");
    openssl(
        &[
            "ocsp", "-index", &index, "-CA", &ca, "-rsigner", &signer, "-rkey", &key, "-rother",
            &other, "-reqin", &request, "-respout", &response, "-ndays", "1",
        ],
        b"",
    );
    let der = std::fs::read(response).unwrap();
    let both =
        |first: &Certificate, second: &Certificate| [first.as_der(), second.as_der()].concat();
    let swapped = replace(&der, &both(&responder, &next), &both(&next, &responder));
    for der in [der, swapped] {
        let response = OcspResponse::from_der(&der).unwrap();
        let at = Moment::new(response.produced_at());
        let trusted = response.verify(&issuer.certificate, at).unwrap();
        assert_eq!(trusted.status(&certificate, at), Ok(Status::Good));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn mutated_requests_are_read_or_refused(flips in common::flips(), cut in 0..200usize) {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
        let der = ask(&issuer, &issuer.holder(Medium::Card, 7), Some(b"nonce"));
        let mutated = common::mutate(&der, &flips, cut);
        if let Ok(request) = OcspRequest::from_der(&mutated) {
            let answered = responder(&issuer).answer(&request, times(), |_| Status::Good).unwrap();
            let response = OcspResponse::from_der(&answered).unwrap();
            prop_assert!(response.verify(&issuer.certificate, moment()).is_ok());
        }
    }

    #[test]
    fn mutated_answers_are_verified_or_refused(flips in common::flips(), cut in 0..4000usize) {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
        let certificate = issuer.holder(Medium::Card, 7);
        let der = answer(&issuer, &ask(&issuer, &certificate, None), Status::Good);
        let mutated = common::mutate(&der, &flips, cut);
        let verified = OcspResponse::from_der(&mutated)
            .and_then(|response| response.verify(&issuer.certificate, moment()))
            .and_then(|response| response.status(&certificate, moment()));
        prop_assert_eq!(verified.is_ok(), mutated == der);
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(OcspRequest::from_der(&bytes).is_err());
        prop_assert!(OcspResponse::from_der(&bytes).is_err());
    }
}
