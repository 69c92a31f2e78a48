//! Time-stamps: ours before OpenSSL and rfc3161ng, OpenSSL's before us, and broken ones.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;
use std::sync::Arc;

use common::{Files, key, mutate, openssl, pem, python, run_openssl, sandbox, time};
use const_oid::ObjectIdentifier;
use inrou_pki::Signer;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::KeyAlgorithm;
use inrou_pki::path::{PathInputs, TrustAnchors, find_path};
use inrou_pki::profile::PolicyOid;
use inrou_pki::tsp::{
    Rejection, ResponseError, TimeStampRequest, TimeStampToken, TimeStampUnit, TokenError,
    UnitInvalid, read_response,
};
use inrou_rules::Serial;
use proptest::prelude::*;

const DATA: &[u8] = "申請書\n".as_bytes();
const POLICY: &str = "1.3.6.1.4.1.99999.1";
/// Within the validity of the unit, in seconds since 1970.
const NOW: &str = "1795255500";

struct Authority {
    issuer: Certificate,
    unit: Certificate,
    algorithm: KeyAlgorithm,
}

impl Authority {
    fn new(algorithm: KeyAlgorithm) -> Self {
        let (settings, begin) = (sandbox(algorithm), time("2026-11-01T00:00:00Z"));
        let (own, units) = (key(algorithm, 0), key(algorithm, 1));
        let issuer = settings.time_stamp_issuer(own.public_key(), Serial(1), begin).unwrap();
        let issuer = issuer.sign(own).unwrap();
        let unit = settings.time_stamp_unit(&issuer, units.public_key(), Serial(2), begin);
        Self { unit: unit.unwrap().sign(own).unwrap(), issuer, algorithm }
    }

    fn unit(&self) -> TimeStampUnit {
        let policy = PolicyOid(ObjectIdentifier::new(POLICY).unwrap());
        let key: Arc<dyn Signer> = Arc::new(key(self.algorithm, 1));
        TimeStampUnit::new(self.unit.clone(), key, policy).unwrap()
    }

    fn answer(&self, request: &[u8]) -> Vec<u8> {
        self.unit().answer(request, time("2026-11-21T10:05:00.9Z"), 0x80_0000_0001)
    }

    fn token(&self, request: &TimeStampRequest) -> TimeStampToken {
        read_response(&self.answer(&request.to_der())).unwrap()
    }
}

fn request() -> TimeStampRequest {
    TimeStampRequest::new(HashAlgorithm::Sha256.digest(DATA), *b"\xFF1234567")
}

#[test]
fn a_token_is_verified_over_what_was_stamped_and_its_unit_by_its_path() {
    for algorithm in KeyAlgorithm::ALL {
        let authority = Authority::new(algorithm);
        let token = authority.token(&request());
        let unit = token.verify_answer(&request()).unwrap();
        assert_eq!(unit, &authority.unit);
        assert_eq!(token.info().time, time("2026-11-21T10:05:00Z"), "whole seconds");
        assert_eq!(token.info().serial, [0, 0x80, 0, 0, 0, 1]);
        let anchors = TrustAnchors::new(vec![authority.issuer.clone()]).unwrap();
        let inputs = PathInputs::at(token.info().time);
        assert!(find_path(unit, token.message().certificates(), &anchors, &inputs).is_ok());

        let other = HashAlgorithm::Sha256.digest(b"another");
        assert_eq!(token.verify(&other), Err(TokenError::Imprint));
        let same_by_another_hash = HashAlgorithm::Sha512.digest(DATA);
        assert_eq!(token.verify(&same_by_another_hash), Err(TokenError::Imprint));
        let next = TimeStampRequest { nonce: Some(vec![1]), ..request() };
        assert_eq!(token.verify_answer(&next), Err(TokenError::OtherRequest));
        let policy = PolicyOid(ObjectIdentifier::new("1.2.3").unwrap());
        let of_policy = TimeStampRequest { policy: Some(policy), ..request() };
        assert_eq!(token.verify_answer(&of_policy), Err(TokenError::OtherRequest));
    }
}

#[test]
fn requests_are_rejected_by_their_cause() {
    let authority = Authority::new(KeyAlgorithm::EcP256);
    let answer = |request: &[u8]| match read_response(&authority.answer(request)) {
        Err(ResponseError::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    };
    let sha1 = TimeStampRequest { imprint: HashAlgorithm::Sha1.digest(DATA), ..request() };
    assert_eq!(answer(&sha1.to_der()), Rejection::BadAlgorithm);
    let policy = PolicyOid(ObjectIdentifier::new("1.2.3").unwrap());
    let other = TimeStampRequest { policy: Some(policy), ..request() };
    assert_eq!(answer(&other.to_der()), Rejection::UnacceptedPolicy);
    assert_eq!(answer(b"no request"), Rejection::BadDataFormat);
    let whole = request().to_der();
    assert_eq!(answer(&common::replace(&whole, &[2, 1, 1], &[2, 1, 2])), Rejection::BadRequest);
    let late = time("2040-01-01T00:00:00Z");
    let rejected = authority.unit().stamp(&request(), late, 1);
    assert_eq!(rejected.err(), Some(Rejection::TimeNotAvailable));
}

#[test]
fn a_unit_has_a_certificate_for_time_stamps_and_its_key() {
    let authority = Authority::new(KeyAlgorithm::EcP256);
    let policy = PolicyOid(ObjectIdentifier::new(POLICY).unwrap());
    let unit = |certificate: &Certificate, which| {
        let key: Arc<dyn Signer> = Arc::new(key(KeyAlgorithm::EcP256, which));
        TimeStampUnit::new(certificate.clone(), key, policy).map(|_| ()).err()
    };
    assert_eq!(unit(&authority.unit, 1), None);
    assert_eq!(unit(&authority.unit, 0), Some(UnitInvalid::Key));
    assert_eq!(unit(&authority.issuer, 0), Some(UnitInvalid::Purpose));
}

#[test]
fn a_token_may_come_without_its_certificate() {
    let authority = Authority::new(KeyAlgorithm::Rsa2048);
    let bare = TimeStampRequest { wants_certificate: false, ..request() };
    let token = authority.token(&bare);
    assert!(token.message().certificates().is_empty());
    assert!(matches!(token.verify_answer(&bare), Err(TokenError::Message(_))));
}

#[test]
fn openssl_verifies_our_tokens_and_reads_our_rejections() {
    for algorithm in KeyAlgorithm::ALL {
        let authority = Authority::new(algorithm);
        let files = Files::new();
        let (ca, data) = (files.put("ca.pem", authority.issuer.to_pem()), files.put("data", DATA));
        for hash in ["-sha256", "-sha384", "-sha512", "-sha1"] {
            let query = files.path("query.tsq");
            openssl(&["ts", "-query", "-data", &data, hash, "-cert", "-out", &query], b"");
            let reply = authority.answer(&std::fs::read(&query).unwrap());
            let reply = files.put("reply.tsr", reply);
            let text = openssl(&["ts", "-reply", "-in", &reply, "-text"], b"");
            if hash == "-sha1" {
                assert!(text.contains("Status: Rejected."), "{text}");
                assert!(
                    text.contains("unrecognized or unsupported algorithm identifier"),
                    "{text}"
                );
                continue;
            }
            assert!(text.contains("Time stamp: Nov 21 10:05:00 2026 GMT"), "{text}");
            let verify = ["ts", "-verify", "-in", &reply, "-CAfile", &ca, "-attime", NOW];
            openssl(&[&verify[..], &["-queryfile", &query]].concat(), b"");
            openssl(&[&verify[..], &["-data", &data]].concat(), b"");
            let other = files.put("other", "another");
            let (verified, text) = run_openssl(&[&verify[..], &["-data", &other]].concat(), b"");
            assert!(!verified, "{text}");
        }
    }
}

#[test]
fn we_verify_openssls_tokens() {
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
        let authority = Authority::new(algorithm);
        let files = Files::new();
        let signer = files.put("unit.pem", authority.unit.to_pem());
        let chain = files.put("chain.pem", authority.issuer.to_pem());
        let own = files.put("unit.key", pem(key(algorithm, 1)));
        let serial = files.put("serial", "01\n");
        for (extra, id_hash) in [("", "sha256"), ("accuracy = secs:1, millisecs:5\n", "sha1")] {
            let config = format!(
                "[tsa]\ndefault_tsa = t\n[t]\nserial = {serial}\nsigner_digest = sha256\n\
                 default_policy = {POLICY}\ndigests = sha256, sha512\ncrypto_device = builtin\n\
                 ess_cert_id_alg = {id_hash}\nordering = yes\ntsa_name = yes\n\
                 clock_precision_digits = 3\n{extra}"
            );
            let config = files.put("tsa.cnf", config);
            let (query, reply) = (files.put("query", request().to_der()), files.path("reply"));
            let made = run_openssl(
                &[
                    "ts",
                    "-reply",
                    "-config",
                    &config,
                    "-queryfile",
                    &query,
                    "-signer",
                    &signer,
                    "-inkey",
                    &own,
                    "-chain",
                    &chain,
                    "-out",
                    &reply,
                ],
                b"",
            );
            assert!(made.0, "{}", made.1);
            let token = read_response(&std::fs::read(&reply).unwrap()).unwrap();
            assert_eq!(token.verify_answer(&request()), Ok(&authority.unit), "{id_hash}");
            assert_eq!(token.info().accuracy.is_some(), !extra.is_empty());
        }
    }
}

#[test]
fn rfc3161ng_asks_for_a_token_and_verifies_it() {
    const ASK: &str = "
import sys, hashlib, rfc3161ng
digest = hashlib.sha256(open(sys.argv[1], 'rb').read()).digest()
request = rfc3161ng.make_timestamp_request(digest=digest, hashname='sha256', nonce=77, include_tsa_certificate=True)
open(sys.argv[2], 'wb').write(rfc3161ng.encode_timestamp_request(request))
";
    const JUDGE: &str = "
import sys, rfc3161ng
answer = rfc3161ng.decode_timestamp_response(open(sys.argv[2], 'rb').read())
token = answer.time_stamp_token
assert rfc3161ng.check_timestamp(token, certificate=b'', data=open(sys.argv[1], 'rb').read(), hashname='sha256', nonce=77)
print(rfc3161ng.get_timestamp(token))
";
    let authority = Authority::new(KeyAlgorithm::Rsa2048);
    let files = Files::new();
    let (data, query) = (files.put("data", DATA), files.path("query"));
    let run = |program: &str, file: &str| {
        let output = Command::new(python()).args(["-c", program, &data, file]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(ASK, &query);
    let reply = files.put("reply", authority.answer(&std::fs::read(&query).unwrap()));
    assert_eq!(run(JUDGE, &reply).trim(), "2026-11-21 10:05:00");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn requests_are_read_back(wants_certificate: bool, nonce: [u8; 8]) {
        let request = TimeStampRequest { wants_certificate, ..TimeStampRequest::new(
            HashAlgorithm::Sha384.digest(DATA), nonce,
        ) };
        prop_assert_eq!(TimeStampRequest::from_der(&request.to_der()), Ok(request));
    }

    #[test]
    fn mutated_tokens_are_read_or_refused(flips in common::flips(), cut in 0..8000usize) {
        let authority = Authority::new(KeyAlgorithm::EcP256);
        let whole = authority.token(&request());
        let read = TimeStampToken::from_der(&mutate(whole.as_der(), &flips, cut));
        if let Ok(token) = read && token.verify_answer(&request()).is_ok() {
            // What the signature does not cover may differ; what it covers may not.
            prop_assert_eq!(token.info(), whole.info());
        }
    }

    #[test]
    fn mutated_requests_are_answered(flips in common::flips(), cut in 0..200usize) {
        let authority = Authority::new(KeyAlgorithm::EcP256);
        let answer = authority.answer(&mutate(&request().to_der(), &flips, cut));
        let read = read_response(&answer);
        prop_assert!(matches!(read, Ok(_) | Err(ResponseError::Rejected(_))), "{:?}", read);
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(TimeStampToken::from_der(&bytes).is_err());
        prop_assert!(read_response(&bytes).is_err());
    }
}
