//! Why a certificate or signature is not accepted.

use inrou_api::problem::{Code, Problem};
use inrou_pki::certificate::CertificateError;
use inrou_pki::cms::CmsError;
use inrou_pki::path::PathError;
use inrou_rules::RevocationReason;
use jiff::Timestamp;

use crate::status::SourceFailure;

/// Why a certificate or signature is not accepted: the first thing that does not hold. Each has a
/// stable [`code`](Self::code).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Unreadable(#[from] CertificateError),
    /// No path leads to a trust anchor.
    #[error("the certificate is not trusted: {0}")]
    Untrusted(PathError),
    /// Its issuer may be a new one, and the list of trusted issuers is not to be had.
    #[error("the issuers that are trusted cannot be found out")]
    IssuersUnavailable,
    /// It has expired.
    #[error("the certificate expired at {at}")]
    Expired {
        /// Last second of validity.
        at: Timestamp,
    },
    /// Its validity has not begun.
    #[error("the certificate is valid from {from}")]
    NotYetValid {
        /// First second of validity.
        from: Timestamp,
    },
    /// It is not of the kind that the purpose needs.
    #[error("the certificate is of another kind than the one needed")]
    WrongKind,
    /// It is revoked.
    #[error("the certificate was revoked at {at}: {reason:?}")]
    Revoked {
        /// When.
        at: Timestamp,
        /// Why (VALID-5).
        reason: RevocationReason,
    },
    /// It is on hold (LOSS-4).
    #[error("the certificate is on hold since {since}")]
    OnHold {
        /// Since when.
        since: Timestamp,
    },
    /// The issuer does not vouch for it: never issued, or not on its chip yet.
    #[error("the issuer does not know the certificate, or not yet")]
    StatusUnknown,
    /// No source told its status.
    #[error("the certificate's status cannot be found out: {}", list(.0))]
    StatusUnavailable(Vec<SourceFailure>),
    /// The signature of a log-in is not by the certificate's key over what was asked.
    #[error("the log-in's signature is not valid")]
    LoginSignature,
    /// The signature over a digest is not by the certificate's key.
    #[error("the signature over the digest is not valid")]
    DigestSignature,
    /// The signed message does not hold.
    #[error("the signed message does not hold: {0}")]
    Message(CmsError),
    /// What was signed is not the content given.
    #[error("something else was signed")]
    OtherContent,
}

impl Invalid {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable(_) | Self::Untrusted(_) => Code::CERTIFICATE_UNTRUSTED,
            Self::Expired { .. } => Code::CERTIFICATE_EXPIRED,
            Self::NotYetValid { .. } => Code::CERTIFICATE_NOT_YET_VALID,
            Self::WrongKind => Code::CERTIFICATE_WRONG_KIND,
            Self::Revoked { .. } => Code::CERTIFICATE_REVOKED,
            Self::OnHold { .. } => Code::CERTIFICATE_ON_HOLD,
            Self::IssuersUnavailable | Self::StatusUnknown | Self::StatusUnavailable(_) => {
                Code::STATUS_UNAVAILABLE
            }
            Self::LoginSignature => Code::LOGIN_SIGNATURE_INVALID,
            Self::DigestSignature => Code::DIGEST_SIGNATURE_INVALID,
            Self::Message(_) => Code::APPLICATION_SIGNATURE_INVALID,
            Self::OtherContent => Code::APPLICATION_CONTENT_MISMATCH,
        }
    }

    /// Whether the same may hold a little later, since only the status, or the list of issuers, was
    /// not to be had.
    pub fn may_pass(&self) -> bool {
        self.code() == Code::STATUS_UNAVAILABLE
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Problem::new(invalid.code()).caused_by(invalid)
    }
}

impl From<CmsError> for Invalid {
    fn from(error: CmsError) -> Self {
        match error {
            CmsError::Content => Self::OtherContent,
            error => Self::Message(error),
        }
    }
}

impl From<PathError> for Invalid {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Expired { at } => Self::Expired { at },
            PathError::NotYetValid { from } => Self::NotYetValid { from },
            PathError::NotAHolder | PathError::Usage | PathError::Policy => Self::WrongKind,
            error => Self::Untrusted(error),
        }
    }
}

fn list(failures: &[SourceFailure]) -> String {
    if failures.is_empty() {
        return "there is nobody to ask".to_owned();
    }
    let failures = failures.iter().map(ToString::to_string);
    failures.collect::<Vec<_>>().join("; ")
}
