//! What was found out about a signature, before anything is concluded from it.

use inrou_rules::RevocationReason;
use jiff::Timestamp;

/// What was found out about one signature. Each field for itself, whatever the others say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether it could be read as what it claims to be.
    pub has_format: bool,
    /// Whether the signer's certificate is there, and is the one that the signature names by its hash.
    pub certificate: CertificateFound,
    /// Whether what was signed is what is given.
    pub content: ContentFound,
    /// Whether the signature is by the certificate's key.
    pub signature: SignatureFound,
    /// Since when its algorithm counts as weak, if it does.
    pub weak_since: Option<Timestamp>,
    /// Whether a path leads from the certificate to an anchor.
    pub chain: ChainFound,
    /// First and last second of the certificate's validity.
    pub validity: (Timestamp, Timestamp),
    /// What is said of the certificate.
    pub status: StatusFound,
    /// When the signer claims to have signed.
    pub claimed_time: Option<Timestamp>,
    /// Whether the format asks for that.
    pub needs_claimed_time: bool,
    /// The time-stamps over the signature.
    pub time_stamps: Vec<StampFound>,
}

impl Found {
    /// What is found out about what cannot be read: nothing.
    pub fn unreadable() -> Self {
        Self {
            has_format: false,
            certificate: CertificateFound::Missing,
            content: ContentFound::Missing,
            signature: SignatureFound::NotChecked,
            weak_since: None,
            chain: ChainFound::NoAnchor,
            validity: (Timestamp::MIN, Timestamp::MAX),
            status: StatusFound::NotTold,
            claimed_time: None,
            needs_claimed_time: true,
            time_stamps: Vec::new(),
        }
    }

    /// Whether the signer claims to have signed within the certificate's validity, or need not claim a
    /// time.
    pub fn claims_within_validity(&self) -> bool {
        let (from, to) = self.validity;
        match self.claimed_time {
            Some(at) => at >= from && at.as_second() <= to.as_second(),
            None => !self.needs_claimed_time,
        }
    }
}

/// The signer's certificate, as the signature names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFound {
    /// It is there.
    Identified,
    /// It is not.
    Missing,
    /// The one that is there has another hash.
    Another,
}

/// What was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentFound {
    /// It is what is given.
    Same,
    /// Something else is given.
    Another,
    /// Nothing is given.
    Missing,
}

/// The signature value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFound {
    /// It was made by the certificate's key.
    Holds,
    /// It was not.
    Broken,
    /// Its algorithm, or the key's, is not supported.
    NotSupported,
    /// Without the right certificate and the right content it cannot be told.
    NotChecked,
}

/// The certificate's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFound {
    /// It is valid.
    Valid,
    /// No anchor is its issuer.
    NoAnchor,
    /// Which issuers are trusted could not be found out.
    AnchorsUnavailable,
    /// It is broken: a signature in it, or what a certificate on it says.
    Broken,
    /// The certificate is not for signing documents, or of no kind that is accepted.
    WrongKind,
}

/// What is said of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFound {
    /// It was good.
    Good {
        /// As of when.
        as_of: Timestamp,
        /// Whether that still speaks for the time of validation.
        is_fresh: bool,
    },
    /// It was revoked.
    Revoked {
        /// When.
        at: Timestamp,
        /// Why (VALID-5).
        reason: RevocationReason,
    },
    /// It is on hold (LOSS-4).
    OnHold {
        /// Since when.
        since: Timestamp,
    },
    /// The issuer does not know it.
    Unknown,
    /// Nobody told.
    NotTold,
}

impl StatusFound {
    /// What two say together: a revocation outranks a hold, and both outrank the rest; what is not good is so
    /// since the first of them. Of what is good the later said is taken.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::Revoked { at, reason },
                Self::Revoked { at: since, .. } | Self::OnHold { since },
            )
            | (Self::OnHold { since }, Self::Revoked { at, reason }) => {
                Self::Revoked { at: at.min(since), reason }
            }
            (Self::OnHold { since }, Self::OnHold { since: other }) => {
                Self::OnHold { since: since.min(other) }
            }
            (bad @ (Self::Revoked { .. } | Self::OnHold { .. }), _) => bad,
            (_, other) => other,
        }
    }
}

/// A time-stamp over the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StampFound {
    /// The time in it.
    pub time: Timestamp,
    /// Whether it is over this signature and by a unit that is trusted.
    pub holds: bool,
}
