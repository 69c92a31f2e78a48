//! The issuer security domain, driven by the issuer's own script through the secure channel.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod deletion;
mod enrolment;
mod factory;
mod files;
mod hostile;
mod pins;
mod proofs;
