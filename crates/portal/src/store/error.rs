//! What goes wrong in the store.

use inrou_api::idempotency::KeyReused;
use inrou_api::problem::{Code, Problem};
use inrou_store::Unmet;

/// Why the store did not do what it was asked.
pub type StoreError = inrou_store::StoreError<Reused>;

/// A different request was made under the same idempotency key. Of the portal's own kind, since
/// [`Unmet`] is not this crate's.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Reused(#[from] KeyReused);

impl Unmet for Reused {}

/// What a failure of the store means to a caller.
pub(crate) fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Precondition(Reused(reused)) => reused.into(),
        StoreError::Busy | StoreError::Closed | StoreError::Full | StoreError::Failed(_) => {
            Problem::new(Code::STORE_UNAVAILABLE).caused_by(error)
        }
        error => Problem::internal(error),
    }
}
