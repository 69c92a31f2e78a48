//! What can go wrong in the store.

use inrou_store::Unmet;
use thiserror::Error;

/// Why a unit was not committed or a read has no answer.
pub type StoreError = inrou_store::StoreError<Precondition>;

/// The answer to a unit on its way.
pub type Pending = inrou_store::Pending<super::Committed, Precondition>;

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

impl Unmet for Precondition {}
