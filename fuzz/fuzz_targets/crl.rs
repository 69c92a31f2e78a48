//! CRLs, and certificates looked up in them.

#![no_main]

use std::sync::LazyLock;

use inrou_fuzz::pki::{HOLDER, ISSUER, REVOKED, SIGNED_AT, certificate};
use inrou_pki::Certificate;
use inrou_pki::Status;
use inrou_pki::crl::Crl;
use inrou_pki::status::Moment;
use libfuzzer_sys::fuzz_target;

static CERTIFICATES: LazyLock<[Certificate; 2]> =
    LazyLock::new(|| [ISSUER, HOLDER].map(certificate));

fuzz_target!(|bytes: &[u8]| {
    let Ok(crl) = Crl::from_der(bytes.to_vec()) else {
        return;
    };
    assert_eq!(crl.as_der(), bytes, "a CRL is kept as it was read");
    // Whatever list was read, looking something up in it ends.
    for serial in REVOKED {
        crl.find(&serial.0.to_be_bytes());
    }
    let [issuer, holder] = &*CERTIFICATES;
    let revoked = crl.find(holder.serial_bytes()).is_some();
    if let Ok(trusted) = crl.verify(issuer) {
        assert!(revoked, "nothing is forged");
        let status = trusted.status(holder, Moment::new(SIGNED_AT));
        assert!(matches!(status, Ok(Status::Revoked { .. })), "nothing is forged: {status:?}");
    }
});
