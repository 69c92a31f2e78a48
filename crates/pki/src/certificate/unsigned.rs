//! Certificates before they are signed: the intent, which is kept, gives the same bytes each time.

use std::fmt;

use super::{Certificate, CertificateError};
use crate::decode::{self, Malformed, Reader};
use crate::encode::encode;
use crate::keys::{SignError, SignatureAlgorithm, Signer};

/// Why a certificate could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The signer's key is not the one whose issuer is to sign.
    #[error("the signer is not the issuer that the certificate names")]
    Signer,
    /// The signer failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What was signed cannot be read: only where the intent was not made by this crate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// A `TBSCertificate`: all of a certificate but its signature.
///
/// One request under the same settings gives the same bytes, so an intent that is recorded before
/// it is signed can be taken up again after a crash.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsignedCertificate {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl UnsignedCertificate {
    pub(crate) fn new(tbs: Vec<u8>, algorithm: SignatureAlgorithm) -> Self {
        Self { tbs, algorithm }
    }

    /// Takes up a recorded intent: the bytes that [`as_bytes`](Self::as_bytes) gave.
    ///
    /// # Errors
    /// The bytes are not DER, or do not begin as a certificate does.
    pub fn from_bytes(tbs: Vec<u8>) -> Result<Self, Malformed> {
        let algorithm = decode::decode_sequence(&tbs, |fields| {
            fields.explicit(0, Reader::unsigned::<u8>)?;
            decode::serial(fields)?;
            let algorithm = decode::signature_algorithm(fields)?;
            fields.skip_all()?;
            algorithm.ok_or(Malformed::Value)
        })?;
        Ok(Self { tbs, algorithm })
    }

    /// The DER that is signed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.tbs
    }

    /// Signs it with its issuer's key.
    ///
    /// # Errors
    /// [`IssueError::Signer`] if the key is not the one that the authority key identifier names (for
    /// an issuer's own certificate: not its own key); the signer failed.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Certificate, IssueError> {
        let certificate = Certificate::from_der(&self.sign_der(signer)?)?;
        let named = match certificate.authority_key_identifier() {
            Some(authority) => authority.key.as_deref(),
            None => certificate.subject_key_identifier(),
        };
        if named != Some(&signer.public_key().identifier().0) {
            return Err(IssueError::Signer);
        }
        Ok(certificate)
    }

    /// As [`sign`](Self::sign), for who has made it of the signer's own certificate and has no use for
    /// what is in it: it is not read again, and the authority key identifier is not compared.
    ///
    /// # Errors
    /// [`IssueError::Signer`] if the key is of another algorithm; the signer failed.
    pub fn sign_der(&self, signer: &dyn Signer) -> Result<Vec<u8>, IssueError> {
        if signer.algorithm() != self.algorithm {
            return Err(IssueError::Signer);
        }
        let signature = signer.sign(&self.tbs)?;
        Ok(encode(|out| {
            out.sequence(|certificate| {
                certificate.raw(&self.tbs);
                certificate.signature(self.algorithm, &signature);
            });
        }))
    }
}

impl fmt::Debug for UnsignedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsignedCertificate({} bytes)", self.tbs.len())
    }
}
