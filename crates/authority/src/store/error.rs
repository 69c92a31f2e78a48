//! What can go wrong in a store, by who has to act: the caller, the operator, nobody but a developer.

use std::error::Error;
use std::sync::Arc;

use thiserror::Error;

/// Why a unit was not committed or a read has no answer.
///
/// The texts are for operators and name no library; the cause, for logs, is the source (shared, since
/// one failure answers a whole group of units). Neither holds stored values.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is overloaded, or its file is locked for the moment: try again later.
    #[error("the store is busy")]
    Busy,
    /// The store was closed, or its writer ended, before the unit was taken up.
    #[error("the store is closed")]
    Closed,
    /// A row is not at the version that the unit expected: load it again and decide anew.
    #[error("somebody else changed the same data meanwhile")]
    Conflict,
    /// What is stored is damaged or cannot be understood.
    #[error("the stored data is damaged")]
    Corrupt(#[source] Arc<dyn Error + Send + Sync>),
    /// The medium failed. Whether the unit is durable is not known until the store is opened anew;
    /// until then it takes no further units.
    #[error("the storage failed")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
    /// There is no room left. Nothing of the unit was stored.
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
    /// A precondition of the unit does not hold.
    #[error(transparent)]
    Precondition(#[from] Precondition),
}

impl StoreError {
    pub(crate) fn corrupt(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Corrupt(Arc::new(cause))
    }

    pub(crate) fn failed(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(cause))
    }
}

/// What a unit took for granted and does not hold. Nothing of the unit was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Precondition {
    /// There is a row already that is written once and for all.
    #[error("it is recorded already")]
    AlreadyRecorded,
    /// The CRL number was not reserved, or a CRL with this or a later number is published.
    #[error("the CRL number is not next")]
    CrlNumberNotNext,
    /// The position in the status feed is older than what the feed still holds: read all statuses.
    #[error("the status feed no longer reaches back that far")]
    FeedForgotten,
    /// The caller has used the idempotency key: answer with what is recorded under it.
    #[error("the idempotency key is used")]
    IdempotencyKeyUsed,
    /// There is no open issuance intent under this key.
    #[error("no issuance is intended")]
    IntentNotOpen,
    /// The lease ran out and somebody else has taken the job, or it is done.
    #[error("the job is no longer leased to this worker")]
    LeaseLost,
    /// The nonce was seen before.
    #[error("the nonce is spent")]
    NonceSpent,
    /// A write refers to something that is not stored.
    #[error("it refers to something unknown")]
    RefersToUnknown,
    /// The resident has another phone already (READY-3).
    #[error("the resident has another phone")]
    ResidentHasPhone,
    /// A revoked certificate stays revoked.
    #[error("the certificate is revoked for good")]
    Revoked,
    /// The serial number was not reserved, or for another partition.
    #[error("the serial number is not reserved")]
    SerialNotReserved,
}
