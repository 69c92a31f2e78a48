//! What any relying party needs: is this certificate good, and did its holder sign this?
//!
//! - [`anchors`]: the issuers that are trusted, read from files or fetched once; [`Issuers`]: a list
//!   that stays, or the one that an authority publishes
//! - [`Validator`]: path, kind, purpose, status; [`Invalid`] says what does not hold
//! - [`TransactionRecord`]: what a phone was asked, as the asker keeps it; [`Links`]: how it gets there
//! - [`inspect`]: what a file is and whether it holds, check by check
//! - [`report`]: what a signature comes to, in the words of ETSI EN 319 102-1
//! - [`Validator::raise_to_t`], [`Validator::raise_to_lt`]: a signature that can be judged years later
//! - [`StatusClient`]: OCSP and CRLs over HTTP; [`StatusEvidence`]: what they said, to be kept

pub mod anchors;
mod handover;
pub mod inspect;
mod invalid;
mod issuers;
pub mod jwe;
mod kind;
mod links;
mod raise;
pub mod report;
mod settings;
mod signature;
mod signer;
mod status;
#[cfg(feature = "testing")]
#[allow(clippy::unwrap_used)]
pub mod testing;
mod validator;

pub use handover::{
    AnswerDigest, Answered, CONFIRMATION_LIFE, Checks, Handover, NUMBER_TRIES, Standing, Taken,
    TransactionRecord, answer_digest,
};
pub use inrou_pki::path::TrustAnchors;
pub use invalid::Invalid;
pub use issuers::Issuers;
pub use kind::Kind;
pub use links::{Links, check_phone};
pub use raise::{RaiseError, TimeStampClient, TimeStampSource};
pub use settings::Settings;
pub use signature::SignedContent;
pub use status::{
    FailureReason, FetchError, SourceFailure, StatusClient, StatusEvidence, StatusSource,
};
pub use validator::{Validated, Validator};
