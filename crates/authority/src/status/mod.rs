//! What status services tell of certificates.
//!
//! - [`StatusIndex`]: what is not good, in memory
//! - `ocsp`, `answers`: the OCSP responder, [`Authority::answer_ocsp`](crate::Authority::answer_ocsp)
//! - `crl`: a CRL for each partition, [`Authority::crl`](crate::Authority::crl)

mod answers;
mod crl;
mod entries;
mod index;
mod ocsp;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

pub use answers::{AnswerLife, OcspAnswer};
pub(crate) use crl::CrlPublisher;
pub use crl::{CrlInfo, OpenCrl};
pub use index::StatusIndex;
pub(crate) use ocsp::Ocsp;

/// When half of a life is over: from then on there is something newer, though the old still holds.
fn half_way(from: Timestamp, to: Timestamp) -> Timestamp {
    let half = SignedDuration::from_secs(to.duration_since(from).as_secs() / 2);
    from.saturating_add(half).unwrap_or(from)
}
