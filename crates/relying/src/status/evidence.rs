//! What told a status, to be kept with what was decided by it.

use std::fmt;

use inrou_pki::ocsp::OcspResponse;
use inrou_pki::path::{Evidence, StatusError};
use jiff::Timestamp;

use super::{SourceFailure, StatusSource};

/// An OCSP answer or a CRL, and the moment at which it was taken for true.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusEvidence {
    /// Which of the two.
    pub source: StatusSource,
    /// The OCSP response or CRL, DER.
    pub der: Vec<u8>,
    /// That moment.
    pub checked_at: Timestamp,
    /// When it was signed, of an OCSP response.
    pub produced_at: Option<Timestamp>,
}

impl StatusEvidence {
    /// What told a status, and was taken for true at `checked_at`.
    pub fn new(source: StatusSource, der: Vec<u8>, checked_at: Timestamp) -> Self {
        let produced_at = match source {
            StatusSource::Ocsp => OcspResponse::from_der(&der).ok(),
            StatusSource::Crl => None,
        };
        let produced_at = produced_at.map(|response| response.produced_at());
        Self { source, der, checked_at, produced_at }
    }

    /// As the pki crate reads it. The nonce was checked when it came.
    pub(crate) fn as_pki(&self) -> Evidence<'_> {
        match self.source {
            StatusSource::Ocsp => Evidence::Ocsp { response: &self.der, nonce: None },
            StatusSource::Crl => Evidence::Crl(&self.der),
        }
    }

    pub(crate) fn failure(&self, error: StatusError) -> SourceFailure {
        SourceFailure { asked: self.source, reason: error.into() }
    }
}

impl fmt::Debug for StatusEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusEvidence({}, {})", self.source, self.checked_at)
    }
}
