//! What any relying party needs: is this certificate good, and did its holder sign this?
//!
//! - [`anchors`]: the issuers that are trusted, read from files or fetched once; [`Issuers`]: a list
//!   that stays, or the one that an authority publishes
//! - [`Validator`]: path, kind, purpose, status; [`Invalid`] says what does not hold
//! - [`inspect`]: what a file is and whether it holds, check by check
//! - [`StatusClient`]: OCSP and CRLs over HTTP; [`StatusEvidence`]: what they said, to be kept

pub mod anchors;
pub mod inspect;
mod invalid;
mod issuers;
mod kind;
mod settings;
mod signature;
mod status;
#[cfg(feature = "testing")]
#[allow(clippy::unwrap_used)]
pub mod testing;
mod validator;

pub use inrou_pki::path::TrustAnchors;
pub use invalid::Invalid;
pub use issuers::Issuers;
pub use kind::Kind;
pub use settings::Settings;
pub use signature::SignedContent;
pub use status::{
    FailureReason, FetchError, SourceFailure, StatusClient, StatusEvidence, StatusSource,
};
pub use validator::{Validated, Validator};
