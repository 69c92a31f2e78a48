//! Signed requests: HTTP Message Signatures (RFC 9421) over a Content-Digest (RFC 9530).
//!
//! A signature covers `@method`, `@authority`, `@path`, `@query`, the digest of the body if there is
//! one, and `Idempotency-Key` if there is one. The scheme is left out, so that a proxy may end TLS;
//! the authority is in, so that what was signed for one service is worth nothing at another.

mod sign;

use axum::http::Method;

pub use sign::{KeyId, RequestSigner, SigningError, sign};

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
