//! X.509 as the service speaks it: profiles, certificates, CRLs, OCSP, CMS, and the keys behind them.
//!
//! Time, randomness and key pairs are arguments; there is no I/O here.

mod attributes;
pub mod certificate;
pub mod cms;
pub mod crl;
mod decode;
pub mod digest;
mod distribution;
mod encode;
pub mod entropy;
mod general_name;
pub mod keys;
mod name;
pub mod ocsp;
pub mod path;
pub mod pem;
pub mod profile;
pub mod status;
pub mod tsp;

pub use attributes::{AttributesInvalid, PersonalAttributes};
pub use certificate::{Certificate, UnsignedCertificate};
pub use decode::Malformed;
pub use distribution::DistributionPoint;
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use keys::{
    FreshKeys, KeyAlgorithm, KeySource, PublicKey, SignError, SignatureAlgorithm, Signer,
    SoftwareKey,
};
pub use name::Name;
pub use profile::IssuerSettings;
pub use status::Status;
