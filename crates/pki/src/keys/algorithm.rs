//! Which keys and signatures there are.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_RSASSA_PSS, SHA_256_WITH_RSA_ENCRYPTION,
    SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
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
    /// RSA with a modulus of 3072 bits: read in foreign certificates, never set for ours.
    #[serde(skip)]
    Rsa3072,
    /// RSA with a modulus of 4096 bits: read in foreign certificates, never set for ours.
    #[serde(skip)]
    Rsa4096,
}

impl KeyAlgorithm {
    /// Those of our own keys.
    pub const ALL: [Self; 3] = [Self::Rsa2048, Self::EcP256, Self::EcP384];

    /// The one signature algorithm that keys of this kind make here. Foreign keys may make others:
    /// [`SignatureAlgorithm::fits`].
    pub const fn signature(self) -> SignatureAlgorithm {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => SignatureAlgorithm::Sha256WithRsa,
            Self::EcP256 => SignatureAlgorithm::EcdsaWithSha256,
            Self::EcP384 => SignatureAlgorithm::EcdsaWithSha384,
        }
    }
}

/// A signature algorithm, as an `AlgorithmIdentifier` names it. SHA-1 is under none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// `sha256WithRSAEncryption`: PKCS #1 v1.5; its parameters are NULL (RFC 4055 §5).
    Sha256WithRsa,
    /// `sha384WithRSAEncryption`.
    Sha384WithRsa,
    /// `sha512WithRSAEncryption`.
    Sha512WithRsa,
    /// `id-RSASSA-PSS` with SHA-256, MGF1 with the same, and a salt of 32 bytes (RFC 4055 §3.1).
    PssWithSha256,
    /// The same with SHA-384 and 48 bytes.
    PssWithSha384,
    /// The same with SHA-512 and 64 bytes.
    PssWithSha512,
    /// `ecdsa-with-SHA256`; no parameters (RFC 5758 §3.2).
    EcdsaWithSha256,
    /// `ecdsa-with-SHA384`; no parameters (RFC 5758 §3.2).
    EcdsaWithSha384,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Sha256WithRsa,
        Self::Sha384WithRsa,
        Self::Sha512WithRsa,
        Self::PssWithSha256,
        Self::PssWithSha384,
        Self::PssWithSha512,
        Self::EcdsaWithSha256,
        Self::EcdsaWithSha384,
    ];

    /// The hash that is signed.
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Sha256WithRsa | Self::PssWithSha256 | Self::EcdsaWithSha256 => {
                HashAlgorithm::Sha256
            }
            Self::Sha384WithRsa | Self::PssWithSha384 | Self::EcdsaWithSha384 => {
                HashAlgorithm::Sha384
            }
            Self::Sha512WithRsa | Self::PssWithSha512 => HashAlgorithm::Sha512,
        }
    }

    /// The object identifier in an `AlgorithmIdentifier`.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256WithRsa => SHA_256_WITH_RSA_ENCRYPTION,
            Self::Sha384WithRsa => SHA_384_WITH_RSA_ENCRYPTION,
            Self::Sha512WithRsa => SHA_512_WITH_RSA_ENCRYPTION,
            Self::PssWithSha256 | Self::PssWithSha384 | Self::PssWithSha512 => ID_RSASSA_PSS,
            Self::EcdsaWithSha256 => ECDSA_WITH_SHA_256,
            Self::EcdsaWithSha384 => ECDSA_WITH_SHA_384,
        }
    }

    /// Whether a key of that kind can make such signatures. ECDSA takes either curve with either hash.
    pub const fn fits(self, key: KeyAlgorithm) -> bool {
        let is_ecdsa = matches!(self, Self::EcdsaWithSha256 | Self::EcdsaWithSha384);
        is_ecdsa == matches!(key, KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384)
    }

    /// PKCS #1 v1.5 with that hash; SHA-1 is not for signatures.
    pub(crate) fn rsa_with(hash: HashAlgorithm) -> Option<Self> {
        let pkcs1 = [Self::Sha256WithRsa, Self::Sha384WithRsa, Self::Sha512WithRsa];
        pkcs1.into_iter().find(|algorithm| algorithm.hash() == hash)
    }

    /// PSS with that hash for everything.
    pub(crate) fn pss_with(hash: HashAlgorithm) -> Option<Self> {
        let pss = [Self::PssWithSha256, Self::PssWithSha384, Self::PssWithSha512];
        pss.into_iter().find(|algorithm| algorithm.hash() == hash)
    }
}
