//! Signed requests: HTTP Message Signatures (RFC 9421) over a Content-Digest (RFC 9530).
//!
//! A signature covers `@method`, `@authority`, `@path`, `@query`, the digest of the body if there is
//! one, and `Idempotency-Key` if there is one. The scheme is left out, so that a proxy may end TLS;
//! the authority is in, so that what was signed for one service is worth nothing at another. The one
//! algorithm is `ecdsa-p256-sha256`; `tag` tells this signature from those of others.
//!
//! [`sign`] makes a signature with a [`RequestSigner`]; a role's router checks it with
//! [`Verifier::check`] and learns from [`SignedBy`] who it was.

mod base;
mod claim;
mod digest;
mod nonce;
mod sign;
mod verify;

use axum::http::Method;
use jiff::SignedDuration;

pub use nonce::{MemoryNonces, NonceStore};
pub use sign::{DeviceKey, RequestSigner, RoleKey, SignatureFuture, SigningError, sign};
pub use verify::{KeyDirectory, SignedBy, Verifier};

/// What a request is aimed at.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The method.
    pub method: &'a Method,
    /// Host, and port unless it is the scheme's own, in lower case.
    pub authority: &'a str,
    /// The path as it stands in the request line.
    pub path: &'a str,
    /// The query as it stands in the request line, without `?`.
    pub query: Option<&'a str>,
}

/// How far the time in a signature may be from the time of its arrival, either way.
pub const WINDOW: SignedDuration = SignedDuration::from_secs(300);

/// The algorithm, as RFC 9421 §3.3.4 names it.
const ALGORITHM: &str = "ecdsa-p256-sha256";

/// Tells our signatures from others on the same request (RFC 9421 §2.3); also their label.
const TAG: &str = "inrou";
