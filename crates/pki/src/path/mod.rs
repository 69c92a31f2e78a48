//! Whether to trust a certificate: its path to an anchor, and its status.
//!
//! A resident's certificate stands directly below its issuer ([`validate`]). The generations of an issuer
//! share one name, so an anchor is chosen by name and key identifier, never by name alone. Foreign
//! certificates stand below any number of issuers ([`find_path`], [`validate_chain`]).

mod anchors;
mod chain;
mod error;
mod find;
mod holder;
mod policy;
mod status;

pub use anchors::{AnchorInvalid, TrustAnchors};
pub use chain::{PathInputs, ValidPath, validate_chain};
pub use error::{ChainError, PathError, StatusError};
pub use find::find_path;
pub use holder::{Expected, validate};
pub use status::{Evidence, status};
