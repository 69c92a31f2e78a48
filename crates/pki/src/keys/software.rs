//! Keys in memory, and where new ones come from.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1};
use der::Decode;
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::{KeyAlgorithm, KeyError, PublicKey, SignError, Signer};
use crate::digest::Digest;

/// Where new key pairs come from: a test may hand in keys that are ready.
pub trait KeySource: Send + Sync {
    /// A key pair that nobody else has.
    ///
    /// # Errors
    /// [`KeyError::Generation`]; [`KeyError::Unsupported`] for what is not in [`KeyAlgorithm::ALL`].
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError>;
}

/// Makes each key when it is asked for. RSA takes some tens of milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreshKeys;

impl KeySource for FreshKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        let pair = match algorithm {
            KeyAlgorithm::Rsa2048 => Pair::Rsa(
                rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?,
            ),
            KeyAlgorithm::EcP256 => Pair::generate_ec(&ECDSA_P256_SHA256_ASN1_SIGNING)?,
            KeyAlgorithm::EcP384 => Pair::generate_ec(&ECDSA_P384_SHA384_ASN1_SIGNING)?,
            KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => return Err(KeyError::Unsupported),
        };
        SoftwareKey::from_pair(pair)
    }
}

/// A key pair in this process's memory. aws-lc wipes it when it is dropped.
pub struct SoftwareKey {
    pair: Pair,
    public_key: PublicKey,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

impl SoftwareKey {
    /// Reads a DER PKCS #8 `PrivateKeyInfo`.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] or [`KeyError::Unsupported`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = match curve(pkcs8)? {
            None => Pair::Rsa(rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Malformed)?),
            Some(SECP_256_R_1) => Pair::read_ec(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8)?,
            Some(SECP_384_R_1) => Pair::read_ec(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)?,
            Some(_) => return Err(KeyError::Unsupported),
        };
        Self::from_pair(pair)
    }

    /// Writes the DER PKCS #8 `PrivateKeyInfo`: the private key in the clear, wiped when dropped.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let der = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ec(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
        };
        Zeroizing::new(der.expect("a key pair that was made or read can be written"))
    }

    fn from_pair(pair: Pair) -> Result<Self, KeyError> {
        let spki: PublicKeyX509Der<'_> = match &pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ec(pair) => pair.public_key().as_der(),
        }
        .map_err(|_| KeyError::Malformed)?;
        let public_key = PublicKey::from_spki(spki.as_ref())?;
        if !KeyAlgorithm::ALL.contains(&public_key.algorithm()) {
            return Err(KeyError::Unsupported);
        }
        Ok(Self { pair, public_key })
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign_digest(&self, digest: &Digest) -> Result<Vec<u8>, SignError> {
        if digest.algorithm() != self.algorithm().hash() {
            return Err(SignError::WrongHash);
        }
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, digest.as_aws(), &mut signature)
                    .map(|()| signature)
            }
            Pair::Ec(pair) => pair.sign_digest(digest.as_aws()).map(|made| made.as_ref().to_vec()),
        }
        .map_err(|_| SignError::Failed("aws-lc refused".to_owned()))
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({:?})", self.public_key)
    }
}

impl Pair {
    fn generate_ec(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Self, KeyError> {
        EcdsaKeyPair::generate(algorithm).map(Self::Ec).map_err(|_| KeyError::Generation)
    }

    fn read_ec(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).map(Self::Ec).map_err(|_| KeyError::Malformed)
    }
}

/// The curve of a private key; `None` if it is RSA.
fn curve(pkcs8: &[u8]) -> Result<Option<ObjectIdentifier>, KeyError> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).map_err(|_| KeyError::Malformed)?;
    match info.algorithm.oid {
        RSA_ENCRYPTION => Ok(None),
        ID_EC_PUBLIC_KEY => {
            let parameters = info.algorithm.parameters;
            let curve = parameters.and_then(|parameters| parameters.decode_as().ok());
            curve.map(Some).ok_or(KeyError::Malformed)
        }
        _ => Err(KeyError::Unsupported),
    }
}
