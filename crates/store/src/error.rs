//! What can go wrong in a store, by who has to act: the caller, the operator, nobody but a developer.

use std::sync::Arc;

use rusqlite::ErrorCode;
use rusqlite::ffi;
use thiserror::Error;

type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// What a store's work takes for granted, and finds not to hold.
pub trait Unmet: std::error::Error + Clone + Send + Sync + 'static {}

/// Why work was not committed or a read has no answer.
///
/// The texts are for operators and name no library; the cause, for logs, is the source (shared, since
/// one failure answers a whole group). Neither holds stored values.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError<P> {
    /// The store is overloaded, or its file is locked for the moment: try again later.
    #[error("the store is busy")]
    Busy,
    /// The store was closed, or its writer ended, before the work was taken up.
    #[error("the store is closed")]
    Closed,
    /// A row is not at the version that the work expected: load it again and decide anew.
    #[error("somebody else changed the same data meanwhile")]
    Conflict,
    /// What is stored is damaged or cannot be understood.
    #[error("the stored data is damaged")]
    Corrupt(#[source] Cause),
    /// The medium failed. Whether the work is durable is not known until the store is opened anew;
    /// until then it takes no further work.
    #[error("the storage failed")]
    Failed(#[source] Cause),
    /// There is no room left. Nothing was stored.
    #[error("the storage is full")]
    Full,
    /// Another process has the data open.
    #[error("another process is using this data folder")]
    InUse,
    /// The data was written by a newer version of this program.
    #[error("the data is of a newer form ({found}) than this version knows ({known})")]
    Newer {
        /// The form found.
        found: u32,
        /// The newest form that this version knows.
        known: u32,
    },
    /// A row refers to something that is not stored. Nothing was stored.
    #[error("it refers to something unknown")]
    RefersToUnknown,
    /// A precondition does not hold. Nothing was stored.
    #[error(transparent)]
    Precondition(P),
}

impl<P> StoreError<P> {
    /// What is stored is damaged, as `cause` found.
    pub fn corrupt(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Corrupt(Arc::new(cause))
    }

    /// The medium failed, as `cause` says.
    pub fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(cause))
    }
}

impl<P: Unmet> From<P> for StoreError<P> {
    fn from(unmet: P) -> Self {
        Self::Precondition(unmet)
    }
}

impl<P> From<rusqlite::Error> for StoreError<P> {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match &error {
            E::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::corrupt(error),
                ErrorCode::ConstraintViolation
                    if failure.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY =>
                {
                    Self::RefersToUnknown
                }
                _ => Self::failed(error),
            },
            E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnType(..)
            | E::Utf8Error(..) => Self::corrupt(error),
            _ => Self::failed(error),
        }
    }
}

/// Whether a unique index refused a row.
pub fn is_unique_violation(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE
    )
}
