//! `DigestInfo`: a digest with the name of its hash, as it goes into a signature.

use inrou_pki::digest::Digest;

/// DER `DigestInfo` (RFC 8017 §9.2).
pub(crate) fn digest_info(digest: &Digest) -> Vec<u8> {
    let oid = digest.algorithm().oid();
    let (oid, digest) = (oid.as_bytes(), digest.as_bytes());
    // All lengths are below 128, so each takes one byte.
    let algorithm = [&[0x06, oid.len() as u8], oid, &[0x05, 0x00]].concat();
    let body =
        [&[0x30, algorithm.len() as u8], algorithm.as_slice(), &[0x04, digest.len() as u8], digest]
            .concat();
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}
