//! What goes wrong in a store.

use inrou_api::idempotency::KeyReused;
use inrou_api::problem::{Code, Problem};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or has no room. Nothing was changed.
    #[error("the store does not answer: {0}")]
    Unavailable(#[source] rusqlite::Error),
    /// Something stored cannot be understood.
    #[error("the store holds something that cannot be understood: {0}")]
    Corrupt(#[source] rusqlite::Error),
    /// A later version of the portal wrote it.
    #[error("the store is of form {found}, this version knows up to {known}")]
    Newer {
        /// Its form.
        found: u32,
        /// The last form that is known.
        known: u32,
    },
    /// A different request was made under the same idempotency key.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match error {
            E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnType(..)
            | E::Utf8Error(..) => Self::Corrupt(error),
            error => Self::Unavailable(error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused(reused) => reused.into(),
            StoreError::Unavailable(_) => Problem::new(Code::STORE_UNAVAILABLE).caused_by(error),
            error => Problem::internal(error),
        }
    }
}
