//! EFs 0003 to 0007: the records that let a reader check the others, and the keys.
//!
//! Forms are the observed ones. The keys are a sandbox's: key references of a genuine card begin
//! with `5`, those of a test card with `6`, ours with `9`.

use std::sync::Arc;

use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_pki::{PublicKey, SignError, SignatureAlgorithm, Signer};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;

use super::attributes;
use crate::tlv;

const INTEGRITY: u16 = 0xFF30;
const MY_NUMBER_DIGEST: u16 = 0xDF31;
const ATTRIBUTES_DIGEST: u16 = 0xDF32;
const INTEGRITY_SIGNATURE: u16 = 0xDF33;

const CERTIFICATE: u16 = 0x7F21;
const CERTIFICATE_BODY: u16 = 0x5F4E;
const CERTIFICATE_SIGNATURE: u16 = 0x5F37;

const BASIC_INFORMATION: u16 = 0xFF40;
const IDENTIFICATION: u16 = 0xDF41;
const KEY_REFERENCE: u16 = 0xDF42;
const UNKNOWN: u16 = 0xDF43;

const SESSION_PUBLIC_KEY: u16 = 0xA1;

const SIGNED_PUBLIC_KEY: u16 = 0xFF50;
const SIGNED_KEY: u16 = 0xDF51;
const KEY_SIGNATURE: u16 = 0xDF52;

const EXPONENT: u16 = 0x90;
const MODULUS: u16 = 0x91;

/// Names the key of a card-verifiable certificate: seven digits, `08 05`, three digits, filler.
struct KeyReference([u8; 16]);

impl KeyReference {
    /// The sandbox's root for the face-input application.
    const ROOT: Self = Self::new(*b"9000033", *b"001");
    /// The sandbox's key that signs records.
    const RECORDS: Self = Self::new(*b"9000034", *b"001");

    const fn new(number: [u8; 7], group: [u8; 3]) -> Self {
        let [a, b, c, d, e, f, g] = number;
        let [x, y, z] = group;
        Self([a, b, c, d, e, f, g, 0x08, 0x05, x, y, z, 0, 0, 0, 0])
    }
}

/// Why a record cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Only RSA keys sign and are certified here.
    #[error("the key is not an RSA key")]
    NotRsa,
    /// The signing key failed.
    #[error(transparent)]
    Signer(#[from] SignError),
}

/// Who signs the records of cards, with the certificate that cards carry in EF 0004.
#[derive(Clone)]
pub struct RecordIssuer {
    key: Arc<dyn Signer>,
    certificate: Vec<u8>,
}

impl RecordIssuer {
    /// Certifies `key` with `root`: `7F21 { 5F4E issuer, subject, key; 5F37 signature of the body }`.
    ///
    /// # Errors
    /// A key is not an RSA key, or the root does not sign.
    pub fn certify(root: &dyn Signer, key: Arc<dyn Signer>) -> Result<Self, RecordError> {
        let key_objects = public_key_objects(key.public_key())?;
        let body = [&KeyReference::ROOT.0, &KeyReference::RECORDS.0, &*key_objects].concat();
        let mut content = tlv::object(CERTIFICATE_BODY, &body);
        tlv::push(&mut content, CERTIFICATE_SIGNATURE, &sign(root, &body)?);
        Ok(Self { key, certificate: tlv::object(CERTIFICATE, &content) })
    }

    /// EF 0003: `FF30 { DF31 digest of EF 0001, DF32 digest of EF 0002, DF33 signature }`, with
    /// SHA-256. EF 0001 counts whole, filler included, EF 0002 from after its offset table.
    ///
    /// # Errors
    /// The key does not sign.
    pub(crate) fn integrity_file(
        &self,
        my_number_file: &[u8],
        attributes_file: &[u8],
    ) -> Result<Vec<u8>, RecordError> {
        let covered = attributes::covered(attributes_file).unwrap_or_default();
        let mut content = tlv::object(MY_NUMBER_DIGEST, sha256(my_number_file).as_bytes());
        tlv::push(&mut content, ATTRIBUTES_DIGEST, sha256(covered).as_bytes());
        self.signed(INTEGRITY, content, INTEGRITY_SIGNATURE)
    }

    /// EF 0004.
    pub(crate) fn certificate_file(&self) -> &[u8] {
        &self.certificate
    }

    /// EF 0007: `FF50 { DF51 key, DF52 signature }`.
    ///
    /// # Errors
    /// `card_key` is not an RSA key, or the issuer's key does not sign.
    pub(crate) fn signed_public_key_file(
        &self,
        card_key: &PublicKey,
    ) -> Result<Vec<u8>, RecordError> {
        let content = tlv::object(SIGNED_KEY, &public_key_objects(card_key)?);
        self.signed(SIGNED_PUBLIC_KEY, content, KEY_SIGNATURE)
    }

    /// Wraps `content` and the signature over it.
    fn signed(
        &self,
        tag: u16,
        mut content: Vec<u8>,
        signature_tag: u16,
    ) -> Result<Vec<u8>, RecordError> {
        let signature = sign(&*self.key, &content)?;
        tlv::push(&mut content, signature_tag, &signature);
        Ok(tlv::object(tag, &content))
    }
}

/// EF 0005: `FF40 { DF41 version and vendor, DF42 key reference, DF43 128 bytes }`. What the last are
/// is not known: filler here.
pub(crate) fn basic_information_file() -> Vec<u8> {
    let mut content = tlv::object(IDENTIFICATION, &[0x01, 0x03, 0x0E, 0x01]);
    tlv::push(&mut content, KEY_REFERENCE, &KeyReference::RECORDS.0);
    tlv::push(&mut content, UNKNOWN, &[0xFF; 128]);
    tlv::object(BASIC_INFORMATION, &content)
}

/// EF 0006: `A1 { key }`.
///
/// # Errors
/// `key` is not an RSA key.
pub(crate) fn session_public_key_file(key: &PublicKey) -> Result<Vec<u8>, RecordError> {
    Ok(tlv::object(SESSION_PUBLIC_KEY, &public_key_objects(key)?))
}

/// `90 exponent, 91 modulus`.
fn public_key_objects(key: &PublicKey) -> Result<Vec<u8>, RecordError> {
    let key =
        RsaPublicKey::from_pkcs1_der(key.subject_public_key()).map_err(|_| RecordError::NotRsa)?;
    // The exponent is three bytes, 01 00 01.
    let mut objects = tlv::object(EXPONENT, &key.e().to_bytes_be());
    tlv::push(&mut objects, MODULUS, &key.n().to_bytes_be());
    Ok(objects)
}

/// SHA-256 with RSA, PKCS#1 v1.5.
fn sign(signer: &dyn Signer, content: &[u8]) -> Result<Vec<u8>, RecordError> {
    match signer.algorithm() {
        SignatureAlgorithm::Sha256WithRsa => Ok(signer.sign(content)?),
        _ => Err(RecordError::NotRsa),
    }
}

fn sha256(content: &[u8]) -> Digest {
    HashAlgorithm::Sha256.digest(content)
}
