//! What goes wrong in the store.

use inrou_api::problem::{Code, Problem};
use inrou_store::Unmet;

/// Why the store did not do what it was asked.
pub type StoreError = inrou_store::StoreError<Replayed>;

/// What serves once was used before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was used before")]
pub struct Replayed;

impl Unmet for Replayed {}

/// What a failure of the store means to a caller.
pub(crate) fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Precondition(Replayed) => {
            Problem::new(Code::CLIENT_ASSERTION_INVALID).with("reason", "it was used before")
        }
        StoreError::Busy | StoreError::Closed | StoreError::Full | StoreError::Failed(_) => {
            Problem::new(Code::STORE_UNAVAILABLE).caused_by(error)
        }
        error => Problem::internal(error),
    }
}
