//! The validation service: signatures and certificates judged over HTTP.
//!
//! - [`Validation`]: the service, with what judges and what bounds its work
//! - [`Settings`]: how much is judged at a time, what may wait, and how long
//! - [`router`]: where it is served, `/validation/v1`

mod http;
mod request;
mod service;
mod settings;
mod work;

pub use http::router;
pub use service::Validation;
pub use settings::Settings;
