//! Certificates, names, and certificates before they are signed.

#![no_main]

use std::sync::LazyLock;

use inrou_fuzz::pki::{HOLDER, ISSUER, RESPONDER, certificate, settings};
use inrou_pki::{Certificate, IssuerSettings, Name, UnsignedCertificate};
use libfuzzer_sys::fuzz_target;

static SETTINGS: LazyLock<IssuerSettings> = LazyLock::new(settings);
/// All that the issuer ever signed, its own certificate first.
static ISSUED: LazyLock<[Certificate; 3]> =
    LazyLock::new(|| [ISSUER, HOLDER, RESPONDER].map(certificate));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        check(&certificate, bytes);
    }
    if let Ok(name) = Name::from_der(bytes) {
        assert_eq!(name.as_der(), bytes, "a name is kept as it was read");
    }
    if let Ok(unsigned) = UnsignedCertificate::from_bytes(bytes.to_vec()) {
        assert_eq!(unsigned.as_bytes(), bytes, "an intent is kept as it was read");
    }
});

fn check(certificate: &Certificate, bytes: &[u8]) {
    assert_eq!(certificate.as_der(), bytes, "a certificate is kept as it was read");
    let again = Certificate::from_pem(&certificate.to_pem()).expect("its own PEM is read");
    assert_eq!(&again, certificate);
    for name in [certificate.issuer(), certificate.subject()] {
        assert_eq!(Name::from_der(name.as_der()).as_ref(), Ok(name), "a name is a name");
    }
    assert!((1..=21).contains(&certificate.serial_bytes().len()), "RFC 5280 §4.1.2.2");
    if certificate.recognise(&SETTINGS).is_some() {
        assert!(!certificate.policies().is_empty(), "recognised by its policy");
    }
    let issuer_key = ISSUED[0].public_key().expect("the issuer's key is supported");
    if certificate.verify_signature(issuer_key).is_ok() {
        assert!(ISSUED.contains(certificate), "no other bytes verify");
    }
}
