//! Certificate revocation lists.

mod partition;

pub use partition::Partition;
