//! What keeps a request from counting twice: nonces, idempotency records.

use jiff::Timestamp;

use super::Opaque;

/// A value of the caller's choice that a signed request may bear once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// Whose request.
    pub caller: String,
    /// The value.
    pub value: String,
    /// From when on the request would be too old anyway.
    pub expires: Timestamp,
}

/// What was answered to a request, to be answered again when it is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Whose request.
    pub caller: String,
    /// The caller's idempotency key.
    pub key: String,
    /// SHA-256 of what was asked, to tell a repetition from another request under the same key.
    pub fingerprint: [u8; 32],
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer. Must not hold attribute values.
    pub body: Opaque,
    /// From when on the record may be pruned.
    pub expires: Timestamp,
}
