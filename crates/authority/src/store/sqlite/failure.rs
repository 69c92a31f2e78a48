//! What the library's errors mean to the store's callers.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::{Precondition, StoreError};

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match &error {
            Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::corrupt(error),
                ErrorCode::ConstraintViolation
                    if failure.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY =>
                {
                    Precondition::RefersToUnknown.into()
                }
                _ => Self::failed(error),
            },
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..) => Self::corrupt(error),
            _ => Self::failed(error),
        }
    }
}

/// Whether a unique index refused a row.
pub(super) fn is_unique_violation(error: &Error) -> bool {
    matches!(
        error,
        Error::SqliteFailure(failure, _)
            if failure.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE
    )
}
