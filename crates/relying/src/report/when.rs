//! As of when something is judged.

use jiff::Timestamp;

/// As of when a signature or a certificate is judged. What tells statuses is had at present, and says of an
/// earlier time what was so then: a revocation of later does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The time of validation.
    pub at: Timestamp,
    /// The present.
    pub present: Timestamp,
}

impl From<Timestamp> for When {
    fn from(now: Timestamp) -> Self {
        Self { at: now, present: now }
    }
}
