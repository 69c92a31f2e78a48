//! The codes of this crate: one name space with the refusals of the rulebook.

use axum::http::StatusCode;

/// A problem that is not a refusal by the rulebook: its stable code, its HTTP status, the names of
/// its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code, in kebab case.
    pub code: &'static str,
    /// The status it is answered with.
    pub status: StatusCode,
    /// Names of the parameters.
    pub params: &'static [&'static str],
}

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $status:ident, [$($param:literal),*]; )+) => {
        impl Code {
            $(
                $(#[$doc])*
                pub const $name: Code = Code {
                    code: $code,
                    status: StatusCode::$status,
                    params: &[$($param),*],
                };
            )+

            /// Every one of them.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];
        }
    };
}

codes! {
    /// The request is not one that is understood here; `reason` says why, in a fixed word.
    BAD_REQUEST = "bad-request", BAD_REQUEST, ["reason"];
    /// The JSON is broken or does not have the form asked for, at this member, line and column.
    BODY_MALFORMED = "body-malformed", BAD_REQUEST, ["reason", "member", "line", "column"];
    /// The body is longer than is taken here.
    BODY_TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, [];
    /// The body did not arrive in time.
    REQUEST_TIMEOUT = "request-timeout", REQUEST_TIMEOUT, [];
    /// The body is of another media type than the one taken here.
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, ["expected"];
    /// There is nothing at this path.
    NOT_FOUND = "not-found", NOT_FOUND, [];
    /// The method is not for this path.
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, [];
    /// No service here bears this name (RFC 9110 §15.5.20).
    HOST_UNKNOWN = "host-unknown", MISDIRECTED_REQUEST, [];
    /// A page of another origin had a browser send a request that changes something.
    CROSS_ORIGIN_REFUSED = "cross-origin-refused", FORBIDDEN, [];
    /// The request has to be signed and is not.
    SIGNATURE_MISSING = "signature-missing", UNAUTHORIZED, [];
    /// The signature is malformed, covers too little, or is not by the key it names.
    SIGNATURE_INVALID = "signature-invalid", UNAUTHORIZED, ["reason"];
    /// The signature was made too long ago, or in the future.
    SIGNATURE_EXPIRED = "signature-expired", UNAUTHORIZED, ["created", "now"];
    /// The body is not the one whose digest the request carries.
    CONTENT_DIGEST_MISMATCH = "content-digest-mismatch", BAD_REQUEST, [];
    /// A request with this signature was received before.
    NONCE_REPLAYED = "nonce-replayed", UNAUTHORIZED, [];
    /// No phone with this device key is registered.
    PHONE_UNKNOWN = "phone-unknown", UNAUTHORIZED, [];
    /// The request needs the header Idempotency-Key.
    IDEMPOTENCY_KEY_MISSING = "idempotency-key-missing", BAD_REQUEST, [];
    /// The header Idempotency-Key does not have its form.
    IDEMPOTENCY_KEY_MALFORMED = "idempotency-key-malformed", BAD_REQUEST, [];
    /// A different request was made under this idempotency key before.
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, [];
    /// Somebody else changed the same thing at the same time.
    CONFLICT = "conflict", CONFLICT, [];
    /// The secure-channel session is gone: begin a new one.
    SESSION_LOST = "session-lost", GONE, [];
    /// A clock is never turned back.
    CLOCK_BACKWARDS = "clock-backwards", CONFLICT, ["now", "asked"];
    /// A service that is needed does not answer.
    SERVICE_UNAVAILABLE = "service-unavailable", SERVICE_UNAVAILABLE, [];
    /// Something went wrong that is no fault of the caller's.
    INTERNAL_ERROR = "internal-error", INTERNAL_SERVER_ERROR, [];
}
