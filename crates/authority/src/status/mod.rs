//! What status services tell of certificates.
//!
//! - [`StatusIndex`]: what is not good, in memory
//! - `ocsp`, `answers`: the OCSP responder, [`Authority::answer_ocsp`](crate::Authority::answer_ocsp)
//! - `crl`: a CRL for each partition, [`Authority::crl`](crate::Authority::crl)

mod answers;
mod crl;
mod entries;
mod index;
mod life;
mod ocsp;
#[cfg(test)]
mod tests;

pub use answers::OcspAnswer;
pub(crate) use crl::CrlPublisher;
pub use crl::{CrlInfo, OpenCrl};
pub use index::StatusIndex;
pub use life::Life;
pub(crate) use ocsp::Ocsp;
