//! What `inrou demo --out` writes, judged by strangers: OpenSSL, GnuTLS, pkilint; and the transcript,
//! in which no PIN may stand.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod gnutls;
mod openssl;
mod output;
mod pkilint;
mod transcript;
