//! Problems on their way up through the authority.

use inrou_api::problem::{Code, Problem};
use inrou_rules::Refusal;

use crate::key_folder::KeyFolderError;
use crate::store::{Precondition, StoreError};

/// What a store's failure means to a caller.
impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Precondition(Precondition::ResidentHasPhone) => {
                return Refusal::PhoneElsewhere.into();
            }
            StoreError::Conflict => Code::CONFLICT,
            StoreError::Precondition(Precondition::NonceSpent) => Code::NONCE_REPLAYED,
            StoreError::Busy | StoreError::Closed | StoreError::Full | StoreError::Failed(_) => {
                Code::STORE_UNAVAILABLE
            }
            _ => Code::INTERNAL_ERROR,
        };
        Failed(Problem::new(code).caused_by(error))
    }
}

impl From<KeyFolderError> for Failed {
    fn from(error: KeyFolderError) -> Self {
        Failed(Problem::internal(error))
    }
}

/// A problem on its way up: a newtype, since neither `Problem` nor its `From` is this crate's.
#[derive(Clone, Debug)]
pub struct Failed(pub Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Code> for Failed {
    fn from(code: Code) -> Self {
        Self(Problem::new(code))
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.into())
    }
}

impl axum::response::IntoResponse for Failed {
    fn into_response(self) -> axum::response::Response {
        self.0.into_response()
    }
}
