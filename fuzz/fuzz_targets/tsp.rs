//! Time-stamps: requests, answers and tokens.

#![no_main]

use std::sync::LazyLock;

use inrou_fuzz::pki::{SIGNED_AT, STAMP_UNIT, certificate};
use inrou_pki::Certificate;
use inrou_pki::cms::{Additions, SignedMessage};
use inrou_pki::tsp::{TimeStampRequest, TimeStampToken, read_response};
use libfuzzer_sys::fuzz_target;

static UNIT: LazyLock<Certificate> = LazyLock::new(|| certificate(STAMP_UNIT));
static MESSAGE: LazyLock<SignedMessage> = LazyLock::new(|| {
    SignedMessage::from_der(include_bytes!("../seeds/cms/attached")).expect("the seed is read")
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = TimeStampRequest::from_der(bytes) {
        let again = TimeStampRequest::from_der(&request.to_der()).expect("what is written is read");
        assert_eq!(again.imprint, request.imprint);
        assert_eq!(again.nonce, request.nonce);
    }
    let token = match read_response(bytes) {
        Ok(token) => token,
        Err(_) => match TimeStampToken::from_der(bytes) {
            Ok(token) => token,
            Err(_) => return,
        },
    };
    // Another key may stamp anything; the unit's has stamped one signature, at one time.
    if let Ok(unit) = token.verify(&token.info().imprint)
        && unit.public_key() == UNIT.public_key()
    {
        let digest = token.info().imprint.algorithm().digest(MESSAGE.signature());
        assert_eq!(token.info().imprint, digest, "nothing is forged");
        assert_eq!(token.info().time, SIGNED_AT, "nothing is forged");
    }
    // A message can be given it, and keeps what was signed.
    let stamps = [token.as_der().to_vec()];
    let additions = Additions { signature_time_stamps: &stamps, ..Additions::default() };
    let stamped = SignedMessage::from_der(&MESSAGE.extended(&additions)).expect("it is read");
    assert!(stamped.signature_time_stamps().eq([token.as_der()]));
    assert!(stamped.verify().is_ok());
});
