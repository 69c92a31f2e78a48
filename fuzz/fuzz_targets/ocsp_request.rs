//! OCSP requests as they come by POST and by GET, and their answers.

#![no_main]

use std::sync::{Arc, LazyLock};

use inrou_fuzz::pki::{HOLDER_SERIAL, ISSUER, RESPONDER, SIGNED_AT, certificate};
use inrou_pki::digest::Digest;
use inrou_pki::ocsp::{
    AnswerTimes, MAX_REQUEST, NONCE_LENGTHS, OcspRequest, OcspResponse, Responder,
    request_from_path, request_to_path,
};
use inrou_pki::{PublicKey, SignError, Signer, Status};
use libfuzzer_sys::fuzz_target;

const TIMES: AnswerTimes =
    AnswerTimes { produced_at: SIGNED_AT, this_update: SIGNED_AT, next_update: SIGNED_AT };

static ANSWERER: LazyLock<Responder> = LazyLock::new(|| {
    let own = certificate(RESPONDER);
    let key = own.public_key().expect("the responder's key is supported").clone();
    Responder::new(&certificate(ISSUER), own, Arc::new(FormOnly(key)))
        .expect("the issuer delegated the responder")
});

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    if bytes.len() <= MAX_REQUEST {
        let path = request_to_path(bytes);
        assert_eq!(request_from_path(&path).as_deref(), Ok(bytes), "a request comes back by GET");
    }
    let Ok(path) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(request) = request_from_path(path) {
        assert!(request.len() <= path.len(), "a request is no longer than its path");
        check(&request);
    }
});

fn check(der: &[u8]) {
    let Ok(request) = OcspRequest::from_der(der) else {
        return;
    };
    assert!(der.len() <= MAX_REQUEST);
    assert!((1..=32).contains(&request.certificates().len()), "it asks about something");
    assert!(request.nonce().is_none_or(|nonce| NONCE_LENGTHS.contains(&nonce.len())));
    let mut asked = 0;
    let answer = ANSWERER
        .answer(&request, TIMES, |id| {
            asked += 1;
            assert!(ANSWERER.speaks_for(id), "only its own issuer's certificates are looked up");
            if id.serial() == Some(HOLDER_SERIAL) { Status::Good } else { Status::Unknown }
        })
        .expect("this signer does not fail");
    let spoken_for = request.certificates().iter().filter(|id| ANSWERER.speaks_for(id)).count();
    assert_eq!(asked, spoken_for, "each is looked up once");
    for id in request.certificates() {
        let id = id.as_der();
        assert!(answer.windows(id.len()).any(|window| window == id), "each is answered as named");
    }
    let answer = OcspResponse::from_der(&answer).expect("the responder's own answer is read");
    assert_eq!(answer.produced_at(), SIGNED_AT);
}

/// Stands for the responder's private key, which was thrown away: nobody verifies these answers.
struct FormOnly(PublicKey);

impl Signer for FormOnly {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign_digest(&self, _digest: &Digest) -> Result<Vec<u8>, SignError> {
        Ok(vec![0x5A; 64])
    }
}
