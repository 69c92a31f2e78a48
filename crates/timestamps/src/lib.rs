//! The time-stamp authority: RFC 3161 over HTTP.
//!
//! - [`TimeStamps`]: the authority, with its generations of issuer and unit
//! - [`Store`]: its file; [`Keys`]: where its units' keys lie
//! - [`router`]: `/timestamps`, and the certificates of its issuers

mod authority;
mod http;
mod settings;
mod store;

pub use authority::{Keys, OpenError, Parts, TimeStamps};
pub use http::router;
pub use settings::Settings;
pub use store::{Store, StoreError};
