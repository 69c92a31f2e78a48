//! CMS messages and certificates that no honest signer or issuer makes, written element by element and signed with
//! the real keys.

use inrou_pki::Signer;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_relying::testing::{Holder, Issuer};

use super::world::CONTENT;

pub const SHA1: &[u8] = b"\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a";
pub const MD5: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05";
pub const SHA256: &[u8] = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const ECDSA_SHA1: &[u8] = b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01";
const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const TST_INFO: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
const CONTENT_TYPE: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
const MESSAGE_DIGEST: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
const SIGNING_TIME: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
const COUNTER_SIGNATURE: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06";
const SIGNING_CERTIFICATE_V2: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
const UNKNOWN: &[u8] = b"\x06\x03\x2a\x03\x04";

/// A DER element.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let header = match length {
        0..=0x7F => vec![tag, length as u8],
        0x80..=0xFF => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, content].concat()
}

/// The first element of several, and the rest.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = match bytes[1] {
        short @ 0..=0x7F => (2, usize::from(short)),
        0x81 => (3, usize::from(bytes[2])),
        _ => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
    };
    bytes.split_at(header + length)
}

/// An attribute with one value.
fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    element(0x30, &[kind, &element(0x31, &[value])])
}

/// A message by a holder with a key on P-256 over [`CONTENT`], every part of which can be another.
pub struct Forged<'a> {
    pub holder: &'a Holder,
    pub attributes: Vec<Vec<u8>>,
    pub has_attributes: bool,
    pub digest: &'static [u8],
    pub algorithm: &'static [u8],
    pub attached: bool,
    pub signers: usize,
    pub unsigned: Vec<Vec<u8>>,
    pub certificate: Certificate,
}

impl<'a> Forged<'a> {
    /// One in which nothing is wrong.
    pub fn by(holder: &'a Holder) -> Self {
        let attributes = vec![content_type(DATA), message_digest(), signing_time(), names(holder)];
        Self {
            holder,
            attributes,
            has_attributes: true,
            digest: SHA256,
            algorithm: ECDSA_SHA256,
            attached: true,
            signers: 1,
            unsigned: Vec::new(),
            certificate: holder.certificate.clone(),
        }
    }

    pub fn with(mut self, attributes: &[Vec<u8>]) -> Self {
        self.attributes = attributes.to_vec();
        self
    }

    pub fn made(self, change: impl FnOnce(&mut Self)) -> Self {
        let mut forged = self;
        change(&mut forged);
        forged
    }

    pub fn to_der(&self) -> Vec<u8> {
        let mut attributes = self.attributes.clone();
        attributes.sort();
        let attributes = attributes.concat();
        let signed = match self.has_attributes {
            true => element(0x31, &[&attributes]),
            false => CONTENT.to_vec(),
        };
        let value = self.holder.key.sign(&signed).unwrap();
        let serial = element(0x02, &[self.certificate.serial_bytes()]);
        let id = element(0x30, &[self.certificate.issuer().as_der(), &serial]);
        let attributes = element(0xA0, &[&attributes]);
        let attributes = if self.has_attributes { attributes } else { Vec::new() };
        let unsigned = self.unsigned.concat();
        let unsigned = if unsigned.is_empty() { unsigned } else { element(0xA1, &[&unsigned]) };
        let signer = element(
            0x30,
            &[
                b"\x02\x01\x01",
                &id,
                self.digest,
                &attributes,
                self.algorithm,
                &element(0x04, &[&value]),
                &unsigned,
            ],
        );
        let content = element(0xA0, &[&element(0x04, &[CONTENT])]);
        let content = if self.attached { content } else { Vec::new() };
        let signed_data = element(
            0x30,
            &[
                b"\x02\x01\x01",
                &element(0x31, &[self.digest]),
                &element(0x30, &[DATA, &content]),
                &element(0xA0, &[self.certificate.as_der()]),
                &element(0x31, &[&signer.repeat(self.signers)]),
            ],
        );
        element(0x30, &[SIGNED_DATA, &element(0xA0, &[&signed_data])])
    }
}

pub fn content_type(kind: &[u8]) -> Vec<u8> {
    attribute(CONTENT_TYPE, kind)
}

pub fn another_content_type() -> Vec<u8> {
    content_type(TST_INFO)
}

pub fn message_digest() -> Vec<u8> {
    let digest = HashAlgorithm::Sha256.digest(CONTENT);
    attribute(MESSAGE_DIGEST, &element(0x04, &[digest.as_bytes()]))
}

pub fn signing_time() -> Vec<u8> {
    attribute(SIGNING_TIME, b"\x17\x0d261121010000Z")
}

/// `SigningCertificateV2` that names a holder's certificate by SHA-256.
pub fn names(holder: &Holder) -> Vec<u8> {
    names_by(b"", holder.certificate.fingerprint().as_bytes())
}

/// The same by another hash.
pub fn names_by(algorithm: &[u8], digest: &[u8]) -> Vec<u8> {
    let id = element(0x30, &[algorithm, &element(0x04, &[digest])]);
    let value = element(0x30, &[&element(0x30, &[&id])]);
    attribute(SIGNING_CERTIFICATE_V2, &value)
}

/// An attribute that nobody knows.
pub fn unknown() -> Vec<u8> {
    attribute(UNKNOWN, b"\x05\x00")
}

/// A counter-signature, of which nothing is looked at.
pub fn counter_signature() -> Vec<u8> {
    attribute(COUNTER_SIGNATURE, b"\x30\x00")
}

impl Forged<'_> {
    /// With algorithms that are weak.
    pub fn weak(mut self, digest: &'static [u8]) -> Self {
        self.digest = digest;
        self.algorithm = ECDSA_SHA1;
        self
    }
}

/// A holder's certificate with other bytes in it, by its issuer's key on P-256.
pub fn reissued(issuer: &Issuer, holder: &Holder, from: &[u8], to: &[u8]) -> Holder {
    let whole = holder.certificate.as_der();
    let (tbs, rest) = split(&whole[4..]);
    let (algorithm, _) = split(rest);
    let at = tbs.windows(from.len()).position(|window| window == from).unwrap();
    let mut tbs = tbs.to_vec();
    tbs[at..at + to.len()].copy_from_slice(to);
    let value = issuer.key.sign(&tbs).unwrap();
    let der = element(0x30, &[&tbs, algorithm, &element(0x03, &[b"\x00", &value])]);
    Holder { certificate: Certificate::from_der(&der).unwrap(), key: holder.key.clone() }
}
