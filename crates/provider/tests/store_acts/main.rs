//! The store by itself: when the power fails, and when several come at a time.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod interleaved;
mod power_cut;
#[path = "../support/samples.rs"]
mod samples;
