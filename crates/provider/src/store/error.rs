//! What goes wrong in the store.

use inrou_api::problem::{Code, Problem};

use crate::clients::Reached;

/// Why the store did not do what it was asked.
pub type StoreError = inrou_store::StoreError<Unmet>;

/// What an act takes for granted, and does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// What serves once was used before.
    #[error("it was used before")]
    Replayed,
    /// The client has had residents asked as often as it may.
    #[error("the client has reached a limit")]
    LimitReached(Reached),
}

impl inrou_store::Unmet for Unmet {}

/// What a failure of the store means to a caller.
pub(crate) fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Precondition(Unmet::Replayed) => {
            Problem::new(Code::CLIENT_ASSERTION_INVALID).with("reason", "it was used before")
        }
        StoreError::Precondition(Unmet::LimitReached(reached)) => {
            let told = Problem::new(Code::CLIENT_LIMIT_REACHED);
            told.with("member", reached.member()).with("wait", reached.wait)
        }
        StoreError::Busy | StoreError::Closed | StoreError::Full | StoreError::Failed(_) => {
            Problem::new(Code::STORE_UNAVAILABLE).caused_by(error)
        }
        error => Problem::internal(error),
    }
}
