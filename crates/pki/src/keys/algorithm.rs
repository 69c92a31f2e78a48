//! Which keys and signatures there are.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, SHA_256_WITH_RSA_ENCRYPTION};
use serde::{Deserialize, Serialize};

use crate::digest::HashAlgorithm;

/// Kind and size of a key. RSA of 2048 bits is the observed one and the default; the curves are
/// for phones by setting, and P-384 for what is announced for the next card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// RSA with a modulus of 2048 bits and the exponent 65537.
    #[default]
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// NIST P-256 (secp256r1).
    #[serde(rename = "ec-p256")]
    EcP256,
    /// NIST P-384 (secp384r1).
    #[serde(rename = "ec-p384")]
    EcP384,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rsa2048, Self::EcP256, Self::EcP384];

    /// The one signature algorithm that keys of this kind make.
    pub const fn signature(self) -> SignatureAlgorithm {
        match self {
            Self::Rsa2048 => SignatureAlgorithm::Sha256WithRsa,
            Self::EcP256 => SignatureAlgorithm::EcdsaWithSha256,
            Self::EcP384 => SignatureAlgorithm::EcdsaWithSha384,
        }
    }
}

/// A signature algorithm, as an `AlgorithmIdentifier` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// `sha256WithRSAEncryption`: PKCS #1 v1.5; its parameters are NULL (RFC 4055 §5).
    Sha256WithRsa,
    /// `ecdsa-with-SHA256`, on P-256; no parameters (RFC 5758 §3.2).
    EcdsaWithSha256,
    /// `ecdsa-with-SHA384`, on P-384; no parameters (RFC 5758 §3.2).
    EcdsaWithSha384,
}

impl SignatureAlgorithm {
    /// The hash that is signed.
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Sha256WithRsa | Self::EcdsaWithSha256 => HashAlgorithm::Sha256,
            Self::EcdsaWithSha384 => HashAlgorithm::Sha384,
        }
    }

    /// The object identifier in an `AlgorithmIdentifier`.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256WithRsa => SHA_256_WITH_RSA_ENCRYPTION,
            Self::EcdsaWithSha256 => ECDSA_WITH_SHA_256,
            Self::EcdsaWithSha384 => ECDSA_WITH_SHA_384,
        }
    }
}
