//! Signed messages, attached and detached.

#![no_main]

use std::sync::LazyLock;

use inrou_fuzz::pki::{CONTENT, HOLDER, SIGNED_AT, certificate};
use inrou_pki::Certificate;
use inrou_pki::cms::{CmsError, Signed, SignedMessage};
use libfuzzer_sys::fuzz_target;

static SIGNER: LazyLock<Certificate> = LazyLock::new(|| certificate(HOLDER));

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = SignedMessage::from_der(bytes) else {
        return;
    };
    for certificate in message.certificates() {
        let der = certificate.as_der();
        assert!(bytes.windows(der.len()).any(|window| window == der), "certificates are its own");
    }
    match message.verify() {
        Ok(signed) => {
            assert_eq!(message.content(), Some(signed.content));
            assert_eq!(message.verify_detached(CONTENT), Err(CmsError::Attached));
            check(&signed);
        }
        Err(CmsError::Detached) => {
            assert_eq!(message.content(), None);
            if let Ok(signed) = message.verify_detached(CONTENT) {
                check(&signed);
                assert_eq!(message.verify_detached(b"something else"), Err(CmsError::Content));
            }
        }
        Err(_) => {}
    }
});

/// Another key may sign anything; the holder's has signed one thing only.
fn check(signed: &Signed<'_>) {
    if signed.signer.public_key() == SIGNER.public_key() {
        assert_eq!(signed.content, CONTENT, "nothing is forged");
        assert_eq!(signed.signing_time, Some(SIGNED_AT), "nothing is forged");
    }
}
