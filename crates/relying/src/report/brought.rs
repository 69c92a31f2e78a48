//! What a signature brings along by which it is judged: certificates, statuses, time-stamps.

use std::sync::Arc;

use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{Revocation, SignedMessage};
use inrou_pki::crl::Crl;
use inrou_pki::ocsp::OcspResponse;
use jiff::Timestamp;

use crate::{StatusEvidence, StatusSource};

/// Most time-stamps of a signature that are looked at.
const MAX_TIME_STAMPS: usize = 8;

/// Longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 256 * 1024;

/// Most CRLs and OCSP responses, together, that are looked at for a signature.
const MAX_REVOCATIONS: usize = 64;

/// What a signature brings along.
#[derive(Default)]
pub(crate) struct Brought {
    pub(crate) certificates: Vec<Certificate>,
    /// What tells statuses, each as of when it was made.
    pub(crate) revocations: Vec<StatusEvidence>,
    pub(crate) time_stamps: Vec<BroughtStamp>,
    /// What was left out when it was read.
    pub(crate) left_out: Vec<&'static str>,
}

/// A time-stamp over a signature.
pub(crate) struct BroughtStamp {
    /// The token, DER; empty if it cannot be read.
    pub(crate) token: Vec<u8>,
    /// What it must be over, or why that cannot be told.
    pub(crate) over: Result<Arc<[u8]>, &'static str>,
}

impl Brought {
    /// What a CMS signature brings along.
    pub(crate) fn by(message: &SignedMessage) -> Self {
        let mut brought = Self {
            certificates: message.certificates().to_vec(),
            revocations: message.revocations().filter_map(dated).collect(),
            ..Self::default()
        };
        let mut tokens = message.signature_time_stamps().peekable();
        if tokens.peek().is_some() {
            let over: Arc<[u8]> = message.signature().into();
            let stamp =
                |token: &[u8]| BroughtStamp { token: token.to_vec(), over: Ok(over.clone()) };
            brought.time_stamps = tokens.take(MAX_TIME_STAMPS + 1).map(stamp).collect();
        }
        brought
    }

    /// Whether there are more time-stamps than are looked at.
    pub(crate) fn is_full(&self) -> bool {
        self.time_stamps.len() > MAX_TIME_STAMPS
    }

    /// Leaves no more than is looked at, and says what was left out. All of it can be put to a signature by
    /// anybody.
    pub(super) fn bound(&mut self) -> impl Iterator<Item = &'static str> + use<> {
        let told = [
            (self.is_full(), "there are more time-stamps than are looked at"),
            (
                self.time_stamps.iter().any(|stamp| stamp.token.len() > MAX_TOKEN),
                "a time-stamp is longer than any that is looked at",
            ),
            (
                self.revocations.len() > MAX_REVOCATIONS,
                "there are more CRLs and OCSP responses than are looked at",
            ),
        ];
        self.time_stamps.truncate(MAX_TIME_STAMPS);
        self.time_stamps.retain(|stamp| stamp.token.len() <= MAX_TOKEN);
        self.revocations.truncate(MAX_REVOCATIONS);
        let told = told.into_iter().filter(|(is_so, _)| *is_so).map(|(_, told)| told);
        std::mem::take(&mut self.left_out).into_iter().chain(told)
    }
}

/// What tells a status, as of when that was known; `None` if it cannot be read.
pub(crate) fn dated(revocation: Revocation<'_>) -> Option<StatusEvidence> {
    let (source, der) = match revocation {
        Revocation::Crl(der) => (StatusSource::Crl, der.to_vec()),
        Revocation::Ocsp(der) => (StatusSource::Ocsp, der.into_owned()),
    };
    let checked_at = known_at(source, &der)?;
    Some(StatusEvidence::new(source, der, checked_at))
}

/// As of when that which tells a status is known to be right: not when it was written.
pub(crate) fn known_at(source: StatusSource, der: &[u8]) -> Option<Timestamp> {
    match source {
        StatusSource::Crl => Some(Crl::from_der(der.to_vec()).ok()?.this_update()),
        StatusSource::Ocsp => {
            let response = OcspResponse::from_der(der).ok()?;
            response.answers().map(|answer| answer.this_update).min()
        }
    }
}
