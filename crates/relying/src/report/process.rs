//! The process of ETSI EN 319 102-1 for a signature with time-stamps and long-term material (5.5.4): from
//! what was found to what it means. Nothing here reads or asks.

use inrou_pki::keys::SignatureAlgorithm;
use jiff::{SignedDuration, Timestamp};

use super::found::{
    CertificateFound, ChainFound, ContentFound, Found, SignatureFound, StatusFound,
};
use super::words::{Conclusion, Failed, Indeterminate};

/// A building block of the basic validation (5.2, 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Block {
    /// Format checking (5.2.2).
    Format,
    /// Identification of the signing certificate (5.2.3).
    SigningCertificate,
    /// X.509 certificate validation (5.2.6), revocation freshness (5.2.5) within.
    Certificate,
    /// Cryptographic verification (5.2.7).
    Cryptography,
    /// Signature acceptance validation (5.2.8).
    Acceptance,
}

impl Block {
    /// In the order in which they are looked at.
    pub const ALL: [Self; 5] = [
        Self::Format,
        Self::SigningCertificate,
        Self::Certificate,
        Self::Cryptography,
        Self::Acceptance,
    ];

    /// Its name, such as `XCV`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Format => "FC",
            Self::SigningCertificate => "ISC",
            Self::Certificate => "XCV",
            Self::Cryptography => "CV",
            Self::Acceptance => "SAV",
        }
    }
}

/// How strictly signatures are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Algorithms that count as weak, each since when; none unless it is set.
    pub sunsets: Vec<(SignatureAlgorithm, Timestamp)>,
    /// How much later than the claimed signing time the first time-stamp may be; any if not set.
    pub stamp_delay: Option<SignedDuration>,
}

/// What a signature came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Each block, by itself.
    pub blocks: Vec<(Block, Conclusion)>,
    /// What the basic validation came to.
    pub basic: Conclusion,
    /// The earliest time at which the signature is known to have existed.
    pub best_signature_time: Timestamp,
    /// What it came to in the end.
    pub conclusion: Conclusion,
}

/// Judges a signature at a time.
pub fn judge(found: &Found, rules: &Rules, now: Timestamp) -> Verdict {
    let blocks = Block::ALL.map(|block| (block, conclude(block, found, now)));
    let basic = basic(found, now);
    let holding = found.time_stamps.iter().filter(|stamp| stamp.holds);
    let best_signature_time = holding.map(|stamp| stamp.time).chain([now]).min().unwrap_or(now);
    Verdict {
        blocks: blocks.into(),
        basic,
        best_signature_time,
        conclusion: with_time(found, rules, basic, best_signature_time),
    }
}

/// Basic validation, 5.3: a content or signature that is wrong outranks what is wrong with the certificate.
fn basic(found: &Found, now: Timestamp) -> Conclusion {
    const ORDER: [Block; 5] = [
        Block::Format,
        Block::SigningCertificate,
        Block::Cryptography,
        Block::Certificate,
        Block::Acceptance,
    ];
    let conclusions = ORDER.map(|block| conclude(block, found, now));
    conclusions.into_iter().find(|conclusion| !conclusion.is_passed()).unwrap_or(Conclusion::Passed)
}

fn conclude(block: Block, found: &Found, now: Timestamp) -> Conclusion {
    match block {
        Block::Format if found.has_format => Conclusion::Passed,
        Block::Format => Failed::FormatFailure.into(),
        Block::SigningCertificate if found.certificate == CertificateFound::Identified => {
            Conclusion::Passed
        }
        Block::SigningCertificate => Indeterminate::NoSigningCertificateFound.into(),
        Block::Certificate => certificate(found, now),
        Block::Cryptography => cryptography(found),
        Block::Acceptance => acceptance(found),
    }
}

fn certificate(found: &Found, now: Timestamp) -> Conclusion {
    match found.chain {
        ChainFound::Valid => {}
        ChainFound::NoAnchor | ChainFound::AnchorsUnavailable => {
            return Indeterminate::NoCertificateChainFound.into();
        }
        ChainFound::Broken => return Indeterminate::CertificateChainGeneralFailure.into(),
        ChainFound::WrongKind => return Indeterminate::ChainConstraintsFailure.into(),
    }
    let (from, to) = found.validity;
    let is_over = is_after(now, to);
    match found.status {
        StatusFound::Revoked { .. } => Indeterminate::RevokedNoPoe.into(),
        StatusFound::OnHold { .. } => Indeterminate::TryLater.into(),
        _ if now < from => Indeterminate::OutOfBoundsNotRevoked.into(),
        StatusFound::Good { .. } if is_over => Indeterminate::OutOfBoundsNotRevoked.into(),
        _ if is_over => Indeterminate::OutOfBoundsNoPoe.into(),
        StatusFound::Good { is_fresh: true, .. } => Conclusion::Passed,
        StatusFound::Good { .. } => Indeterminate::TryLater.into(),
        StatusFound::Unknown | StatusFound::NotTold => {
            Indeterminate::CertificateChainGeneralFailure.into()
        }
    }
}

fn cryptography(found: &Found) -> Conclusion {
    match (found.content, found.signature) {
        // It was never accepted, so that no proof of an earlier time would mend it.
        (_, SignatureFound::NotSupported) => Indeterminate::CryptoConstraintsFailure.into(),
        (ContentFound::Missing, _) => Indeterminate::SignedDataNotFound.into(),
        (ContentFound::Another, _) => Failed::HashFailure.into(),
        (_, SignatureFound::Broken) => Failed::SigCryptoFailure.into(),
        (_, SignatureFound::NotChecked) => Indeterminate::NoSigningCertificateFound.into(),
        (ContentFound::Same, SignatureFound::Holds) => Conclusion::Passed,
    }
}

fn acceptance(found: &Found) -> Conclusion {
    if !found.claims_within_validity() {
        Indeterminate::SigConstraintsFailure.into()
    } else if found.weak_since.is_some() {
        Indeterminate::CryptoConstraintsFailureNoPoe.into()
    } else {
        Conclusion::Passed
    }
}

/// Validation with time, 5.5.4: what a proof of existence at `proven` makes of the basic result.
fn with_time(found: &Found, rules: &Rules, basic: Conclusion, proven: Timestamp) -> Conclusion {
    let (from, to) = found.validity;
    let in_time = match basic {
        Conclusion::Passed => Conclusion::Passed,
        Conclusion::Indeterminate(why) => match why {
            Indeterminate::RevokedNoPoe => match found.status {
                StatusFound::Revoked { at, .. } if proven < at => within(proven, from, to),
                _ => basic,
            },
            Indeterminate::OutOfBoundsNotRevoked => match within(proven, from, to) {
                Conclusion::Passed => as_of(found, proven).unwrap_or(basic),
                outside => outside,
            },
            Indeterminate::TryLater => match found.status {
                StatusFound::OnHold { since } if proven < since => within(proven, from, to),
                StatusFound::Good { .. } => as_of(found, proven).unwrap_or(basic),
                _ => basic,
            },
            Indeterminate::CryptoConstraintsFailureNoPoe => in_strong_time(found, proven),
            _ => basic,
        },
        Conclusion::Failed(_) => basic,
    };
    // The blocks after the one that stopped the basic validation have not been heard yet.
    if !in_time.is_passed() {
        return in_time;
    }
    match acceptance(found) {
        Conclusion::Passed => timely(found, rules, proven),
        Conclusion::Indeterminate(Indeterminate::CryptoConstraintsFailureNoPoe) => {
            match in_strong_time(found, proven) {
                Conclusion::Passed => timely(found, rules, proven),
                weak => weak,
            }
        }
        refused => refused,
    }
}

fn within(proven: Timestamp, from: Timestamp, to: Timestamp) -> Conclusion {
    if proven < from {
        Failed::NotYetValid.into()
    } else if is_after(proven, to) {
        Indeterminate::OutOfBoundsNotRevoked.into()
    } else {
        Conclusion::Passed
    }
}

/// Passed, if the certificate is known to have been good when the signature is known to have existed.
fn as_of(found: &Found, proven: Timestamp) -> Option<Conclusion> {
    let known = matches!(found.status, StatusFound::Good { as_of, .. } if as_of >= proven);
    known.then_some(Conclusion::Passed)
}

fn in_strong_time(found: &Found, proven: Timestamp) -> Conclusion {
    let is_stamped = found.time_stamps.iter().any(|stamp| stamp.holds);
    match found.weak_since {
        Some(since) if proven >= since && is_stamped => {
            Indeterminate::CryptoConstraintsFailure.into()
        }
        Some(since) if proven >= since => Indeterminate::CryptoConstraintsFailureNoPoe.into(),
        _ => Conclusion::Passed,
    }
}

fn timely(found: &Found, rules: &Rules, proven: Timestamp) -> Conclusion {
    let is_late = match (rules.stamp_delay, found.claimed_time) {
        (Some(delay), Some(claimed)) => proven.duration_since(claimed) > delay,
        _ => false,
    };
    let is_stamped = found.time_stamps.iter().any(|stamp| stamp.holds);
    if is_late && is_stamped {
        Indeterminate::SigConstraintsFailure.into()
    } else {
        Conclusion::Passed
    }
}

/// A last second belongs to its validity, to its end.
fn is_after(at: Timestamp, last: Timestamp) -> bool {
    at.as_second() > last.as_second()
}

#[cfg(test)]
mod tests;
