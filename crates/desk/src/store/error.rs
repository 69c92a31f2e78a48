//! What goes wrong in the store.

use inrou_api::problem::{Code, Problem};
use inrou_store::Unmet;

/// Why the store did not do what it was asked.
pub type StoreError = inrou_store::StoreError<Taken>;

/// The credential is another passkey's already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential is known")]
pub struct Taken;

impl Unmet for Taken {}

/// What a failure of the store means to a caller.
pub(crate) fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Precondition(Taken) => Problem::new(Code::SIGN_IN_REFUSED),
        StoreError::Busy | StoreError::Closed | StoreError::Full | StoreError::Failed(_) => {
            Problem::new(Code::STORE_UNAVAILABLE).caused_by(error)
        }
        error => Problem::internal(error),
    }
}
