//! Why a path, or what tells a status, does not hold.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

#[cfg(doc)]
use crate::certificate::Certificate;
use crate::crl::CrlError;
use crate::ocsp::OcspError;

/// Why a certificate has no valid path. One cause a variant, the first that is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No anchor bears the issuer's name.
    #[error("the issuer is not known")]
    UnknownIssuer,
    /// Anchors bear the issuer's name, but none has the key that the certificate names.
    #[error("the issuer is known, but not its key of that generation")]
    UnknownGeneration,
    /// The anchor's key did not sign the certificate.
    #[error("the certificate's signature is not valid")]
    Signature,
    /// The anchor is not valid yet.
    #[error("the issuer's certificate is valid from {from}")]
    AnchorNotYetValid {
        /// First second of the anchor's validity.
        from: Timestamp,
    },
    /// The anchor has expired.
    #[error("the issuer's certificate expired at {at}")]
    AnchorExpired {
        /// Last second of the anchor's validity.
        at: Timestamp,
    },
    /// The certificate is not valid yet.
    #[error("the certificate is valid from {from}")]
    NotYetValid {
        /// First second of validity.
        from: Timestamp,
    },
    /// The certificate has expired.
    #[error("the certificate expired at {at}")]
    Expired {
        /// Last second of validity.
        at: Timestamp,
    },
    /// The issuer is not the subject of the certificate above it.
    #[error("the certificate was issued by another than the one above it")]
    Chaining,
    /// An extension that must be followed is not: see [`Certificate::extensions_not_followed`].
    #[error("the certificate has an extension that must be followed and is not supported: {0}")]
    CriticalExtension(ObjectIdentifier),
    /// It stands above another, and basicConstraints or keyUsage does not make it an issuer's.
    #[error("the certificate is not an issuer's")]
    NotAnIssuer,
    /// More issuers follow than a certificate above them allows.
    #[error("the path is longer than an issuer in it allows")]
    PathLength,
    /// It is an issuer's certificate, not a holder's.
    #[error("the certificate is an issuer's")]
    NotAHolder,
    /// keyUsage or extKeyUsage does not allow what it is to be used for.
    #[error("the certificate is not for that use")]
    Usage,
    /// None of the policies that are accepted.
    #[error("the certificate was not issued under an accepted policy")]
    Policy,
}

/// Why a path of several certificates is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("certificate {} below the anchor: {cause}", position + 1)]
pub struct ChainError {
    /// Which certificate: 0 is the one that the anchor issued.
    pub position: usize,
    /// Why.
    pub cause: PathError,
}

/// Why the evidence tells nothing about a certificate's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// The evidence's signer is not known.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The OCSP answer does not hold.
    #[error(transparent)]
    Ocsp(#[from] OcspError),
    /// The CRL does not hold.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// There is none.
    #[error("nothing tells the certificate's status")]
    None,
}
