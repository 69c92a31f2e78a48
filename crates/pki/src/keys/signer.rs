//! The one trait behind which private keys of the authority stand, in software or in a device.

use super::{PublicKey, SignatureAlgorithm};
use crate::digest::Digest;

/// Why a signer did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The digest was made by another hash than the signer's algorithm signs.
    #[error("the digest is not of the hash that the key signs")]
    WrongHash,
    /// The provider of the key failed.
    #[error("the key did not sign: {0}")]
    Failed(String),
}

/// A private key that signs. Shared between threads.
///
/// Its one primitive signs a digest: a message of any size is hashed on this side, so that a long CRL
/// can be hashed while it is written and only 32 or 48 bytes travel to a device.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs a digest that was made by the hash of [`algorithm`](Self::algorithm).
    ///
    /// Gives the signature as it stands in a BIT STRING: PKCS #1 v1.5, or DER `ECDSA-Sig-Value`.
    ///
    /// # Errors
    /// The hash is another one, or the provider failed.
    fn sign_digest(&self, digest: &Digest) -> Result<Vec<u8>, SignError>;

    /// The algorithm of the signatures it makes.
    fn algorithm(&self) -> SignatureAlgorithm {
        self.public_key().algorithm().signature()
    }

    /// Hashes and signs a message.
    ///
    /// # Errors
    /// The provider failed.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign_digest(&self.algorithm().hash().digest(message))
    }
}

impl<S: Signer + ?Sized> Signer for &S {
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn sign_digest(&self, digest: &Digest) -> Result<Vec<u8>, SignError> {
        (**self).sign_digest(digest)
    }
}
