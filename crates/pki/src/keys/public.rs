//! Public keys: parsed once, then used to verify.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1};

use super::{KeyAlgorithm, KeyError, SignatureAlgorithm};
use crate::decode::{self, Element, Malformed, digits, oid};
use crate::digest::{Digest, HashAlgorithm};
use crate::encode::{INTEGER, OID};

/// SHA-1 of a subject public key (RFC 5280 §4.2.1.2, method 1): names a key in SKI and AKI.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIdentifier(pub [u8; 20]);

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyIdentifier({self})")
    }
}

/// The signature was not made by this key over this message with this algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct SignatureInvalid;

/// A public key. Cloning shares it.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    algorithm: KeyAlgorithm,
    spki: Vec<u8>,
    key_length: usize,
    identifier: KeyIdentifier,
    /// For the signatures that our own keys of this kind make; the others are rare.
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`: RSA of 2048, 3072 or 4096 bits with an odd exponent of 65537 or more
    /// (FIPS 186-5 §5.4), or a point on P-256 or P-384 in uncompressed form.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] or [`KeyError::Unsupported`].
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let read = decode::decode_sequence(spki, |info| {
            Ok::<_, Malformed>((decode::algorithm(info)?, info.bit_string()?))
        });
        let ((kind, parameters), key) = read.map_err(|_| KeyError::Malformed)?;
        let algorithm = key_algorithm(kind, parameters.ok_or(KeyError::Unsupported)?, key)?;
        let verification =
            verification(algorithm, algorithm.signature()).ok_or(KeyError::Unsupported)?;
        let parsed = ParsedPublicKey::new(verification, spki).map_err(|_| KeyError::Malformed)?;
        Ok(Self(Arc::new(Inner {
            algorithm,
            spki: spki.to_vec(),
            key_length: key.len(),
            identifier: identify(key),
            parsed,
        })))
    }

    /// Kind and size.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm
    }

    /// The DER `SubjectPublicKeyInfo`, as it was read.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// What stands in the BIT STRING: DER `RSAPublicKey`, or the uncompressed point. The identifiers
    /// of a key are hashes of this.
    pub fn subject_public_key(&self) -> &[u8] {
        // The BIT STRING is the last element of the structure.
        &self.0.spki[self.0.spki.len() - self.0.key_length..]
    }

    /// The key identifier of its certificates.
    pub fn identifier(&self) -> KeyIdentifier {
        self.0.identifier
    }

    /// Verifies a signature over a message.
    ///
    /// # Errors
    /// [`SignatureInvalid`], also when `algorithm` does not fit this key.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureInvalid> {
        self.with(algorithm, |key| key.verify_sig(message, signature).is_ok())
    }

    /// Verifies a signature over the message of that digest.
    ///
    /// # Errors
    /// [`SignatureInvalid`], also when `algorithm` does not fit this key or the digest's hash.
    pub fn verify_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &Digest,
        signature: &[u8],
    ) -> Result<(), SignatureInvalid> {
        if digest.algorithm() != algorithm.hash() {
            return Err(SignatureInvalid);
        }
        self.with(algorithm, |key| key.verify_digest_sig(digest.as_aws(), signature).is_ok())
    }

    fn with(
        &self,
        algorithm: SignatureAlgorithm,
        verifies: impl Fn(&ParsedPublicKey) -> bool,
    ) -> Result<(), SignatureInvalid> {
        let key = &*self.0;
        let holds = if algorithm == key.algorithm.signature() {
            verifies(&key.parsed)
        } else {
            let verification = verification(key.algorithm, algorithm).ok_or(SignatureInvalid)?;
            let parsed = ParsedPublicKey::new(verification, &key.spki);
            parsed.is_ok_and(|parsed| verifies(&parsed))
        };
        if holds { Ok(()) } else { Err(SignatureInvalid) }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.0.algorithm, self.0.identifier)
    }
}

/// The kind of a key, whose form is checked.
fn key_algorithm(
    kind: ObjectIdentifier,
    parameters: Element<'_>,
    key: &[u8],
) -> Result<KeyAlgorithm, KeyError> {
    match kind {
        RSA_ENCRYPTION if parameters.is_null() => rsa_algorithm(key),
        ID_EC_PUBLIC_KEY => {
            let curve = parameters.expect(OID).and_then(oid).map_err(|_| KeyError::Unsupported)?;
            let (algorithm, coordinate) = match curve {
                SECP_256_R_1 => (KeyAlgorithm::EcP256, 32),
                SECP_384_R_1 => (KeyAlgorithm::EcP384, 48),
                _ => return Err(KeyError::Unsupported),
            };
            match key.split_first() {
                Some((0x04, point)) if point.len() == 2 * coordinate => Ok(algorithm),
                Some((0x02 | 0x03, x)) if x.len() == coordinate => Err(KeyError::Unsupported),
                _ => Err(KeyError::Malformed),
            }
        }
        _ => Err(KeyError::Unsupported),
    }
}

fn rsa_algorithm(key: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    let (modulus, exponent) = rsa_key(key).map_err(|_| KeyError::Malformed)?;
    match modulus.len() {
        _ if !is_sound(exponent) => Err(KeyError::Unsupported),
        256 => Ok(KeyAlgorithm::Rsa2048),
        384 => Ok(KeyAlgorithm::Rsa3072),
        512 => Ok(KeyAlgorithm::Rsa4096),
        _ => Err(KeyError::Unsupported),
    }
}

/// Modulus and public exponent, big-endian without leading zeros.
fn rsa_key(key: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    decode::decode_sequence(key, |fields| {
        Ok((digits(fields.take(INTEGER)?)?, digits(fields.take(INTEGER)?)?))
    })
}

/// Whether an exponent, big-endian without leading zeros, is odd and 65537 or more.
fn is_sound(exponent: &[u8]) -> bool {
    let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
    is_odd && (exponent.len() > 3 || (exponent.len() == 3 && exponent >= &[1, 0, 1]))
}

fn verification(
    key: KeyAlgorithm,
    signature: SignatureAlgorithm,
) -> Option<&'static dyn VerificationAlgorithm> {
    use SignatureAlgorithm as Made;
    Some(match (key, signature) {
        _ if !signature.fits(key) => return None,
        (KeyAlgorithm::EcP384, Made::EcdsaWithSha256) => &ECDSA_P384_SHA256_ASN1,
        (KeyAlgorithm::EcP384, Made::EcdsaWithSha384) => &ECDSA_P384_SHA384_ASN1,
        (_, Made::EcdsaWithSha256) => &ECDSA_P256_SHA256_ASN1,
        (_, Made::EcdsaWithSha384) => &ECDSA_P256_SHA384_ASN1,
        (_, Made::Sha256WithRsa) => &RSA_PKCS1_2048_8192_SHA256,
        (_, Made::Sha384WithRsa) => &RSA_PKCS1_2048_8192_SHA384,
        (_, Made::Sha512WithRsa) => &RSA_PKCS1_2048_8192_SHA512,
        (_, Made::PssWithSha256) => &RSA_PSS_2048_8192_SHA256,
        (_, Made::PssWithSha384) => &RSA_PSS_2048_8192_SHA384,
        (_, Made::PssWithSha512) => &RSA_PSS_2048_8192_SHA512,
    })
}

fn identify(key: &[u8]) -> KeyIdentifier {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(HashAlgorithm::Sha1.digest(key).as_bytes());
    KeyIdentifier(bytes)
}
