//! The status of a certificate, as CRLs and OCSP answers tell it.

use inrou_rules::RevocationReason;
use jiff::{SignedDuration, Timestamp};

/// What an issuer says about one of its certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Issued, on its chip, neither held nor revoked.
    Good,
    /// Revoked for good.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// Why (VALID-5).
        reason: RevocationReason,
    },
    /// Held: fails every check while it lasts (LOSS-4).
    OnHold {
        /// Since when.
        since: Timestamp,
    },
    /// The issuer does not vouch for such a certificate: not issued, or not yet on its chip.
    Unknown,
}

/// Why a certificate stands in a CRL, or is answered as revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Withdrawal {
    /// Revoked, and why (VALID-5).
    Revoked(RevocationReason),
    /// `certificateHold`.
    Hold,
}

impl Withdrawal {
    /// The status it means, since `at`.
    pub fn status(self, at: Timestamp) -> Status {
        match self {
            Self::Revoked(reason) => Status::Revoked { at, reason },
            Self::Hold => Status::OnHold { since: at },
        }
    }

    /// The `CRLReason` of RFC 5280 §5.3.1; `None` for unspecified, which is written as no reason.
    pub(crate) fn code(self) -> Option<u8> {
        match self {
            Self::Revoked(RevocationReason::Unspecified) => None,
            Self::Revoked(RevocationReason::KeyCompromise) => Some(1),
            Self::Revoked(RevocationReason::CaCompromise) => Some(2),
            Self::Revoked(RevocationReason::AffiliationChanged) => Some(3),
            Self::Revoked(RevocationReason::Superseded) => Some(4),
            Self::Revoked(RevocationReason::CessationOfOperation) => Some(5),
            Self::Hold => Some(6),
        }
    }

    /// Reads a `CRLReason`. A reason that the CPS does not use revokes all the same. `None` for
    /// removeFromCRL, which is for delta CRLs alone, and for codes that are not assigned.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 | 9 | 10 => Self::Revoked(RevocationReason::Unspecified),
            1 => Self::Revoked(RevocationReason::KeyCompromise),
            2 => Self::Revoked(RevocationReason::CaCompromise),
            3 => Self::Revoked(RevocationReason::AffiliationChanged),
            4 => Self::Revoked(RevocationReason::Superseded),
            5 => Self::Revoked(RevocationReason::CessationOfOperation),
            6 => Self::Hold,
            _ => return None,
        })
    }
}

/// The moment for which a CRL or an answer is to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Now, or the time when evidence that was kept was taken.
    pub at: Timestamp,
    /// By how much the clocks of issuer and relying party may differ.
    pub tolerance: SignedDuration,
}

impl Moment {
    /// `at`, with a tolerance of five minutes.
    pub fn new(at: Timestamp) -> Self {
        Self { at, tolerance: SignedDuration::from_mins(5) }
    }

    /// Whether what was made at `this_update` and is renewed by `next_update` speaks for it.
    ///
    /// # Errors
    /// It is too old or lies in the future.
    pub fn check(self, this_update: Timestamp, next_update: Timestamp) -> Result<(), Untimely> {
        if this_update.duration_since(self.at) > self.tolerance {
            return Err(Untimely::NotYet { this_update });
        }
        if self.at.duration_since(next_update) > self.tolerance {
            return Err(Untimely::Stale { next_update });
        }
        Ok(())
    }
}

/// A CRL or an answer does not speak for the moment asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    /// It is of a later time.
    #[error("the status information is from {this_update}, which is in the future")]
    NotYet {
        /// When it was made.
        this_update: Timestamp,
    },
    /// It should have been renewed.
    #[error("the status information ended at {next_update}")]
    Stale {
        /// By when there should be newer information.
        next_update: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_5_reasons_have_their_codes() {
        for code in 1..=6 {
            assert_eq!(Withdrawal::from_code(code).and_then(Withdrawal::code), Some(code));
        }
        let unspecified = Withdrawal::Revoked(RevocationReason::Unspecified);
        assert_eq!(unspecified.code(), None);
        for code in [0, 9, 10] {
            assert_eq!(Withdrawal::from_code(code), Some(unspecified));
        }
        for code in [7, 8, 11, 255] {
            assert_eq!(Withdrawal::from_code(code), None);
        }
    }

    #[test]
    fn information_speaks_from_its_making_to_its_renewal() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (this_update, next_update) =
            (time("2026-01-01T00:00:00Z"), time("2026-01-02T00:00:00Z"));
        let check = |at| Moment::new(time(at)).check(this_update, next_update);
        assert_eq!(check("2025-12-31T23:55:00Z"), Ok(()));
        assert_eq!(check("2025-12-31T23:54:59Z"), Err(Untimely::NotYet { this_update }));
        assert_eq!(check("2026-01-02T00:05:00Z"), Ok(()));
        assert_eq!(check("2026-01-02T00:05:01Z"), Err(Untimely::Stale { next_update }));
    }
}
