//! Certificate revocation lists (RFC 5280 §5), one for each partition of an issuer's certificates.

mod entry;
mod partition;
mod read;
mod write;

pub use partition::{CrlPath, InvalidCrlPath, Partition};
pub use read::{Crl, CrlError, TrustedCrl};
pub use write::{CrlWriteError, NewCrl, WrittenCrl};

use inrou_rules::Serial;
use jiff::Timestamp;

use crate::status::Withdrawal;

/// A certificate that a CRL lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlEntry {
    /// Its serial number.
    pub serial: Serial,
    /// Since when it is revoked or held.
    pub at: Timestamp,
    /// Which of both, and why.
    pub withdrawal: Withdrawal,
}
