//! The online certificate status protocol (RFC 6960; nonce by RFC 9654), both sides of it.
//!
//! A responder reads an [`OcspRequest`] and has its [`Responder`] answer it; a relying party writes a
//! [`request`](write_request), and reads and verifies the [`OcspResponse`].

mod get;
mod request;
mod responder;
mod response;

pub use get::{InvalidPath, request_from_path, request_to_path};
pub use request::{CertId, MAX_REQUEST, OcspRequest, RequestMalformed, write_request};
pub use responder::{AnswerTimes, Refusal, Responder, ResponderInvalid};
pub use response::{OcspError, OcspResponse, SingleAnswer, TrustedOcspResponse};

use std::ops::RangeInclusive;

/// Lengths of a nonce in bytes (RFC 9654 §2.1).
pub const NONCE_LENGTHS: RangeInclusive<usize> = 1..=128;
