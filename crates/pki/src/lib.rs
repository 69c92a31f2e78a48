//! X.509 as the service speaks it: profiles, certificates, CRLs, OCSP, CMS, and the keys behind them.
//!
//! Time, randomness and key pairs are arguments; there is no I/O here.

pub mod digest;
pub mod entropy;
pub mod keys;

pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use keys::{
    FreshKeys, KeyAlgorithm, KeySource, PublicKey, SignError, SignatureAlgorithm, Signer,
    SoftwareKey,
};
