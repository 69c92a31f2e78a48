//! End-to-end journeys: one test file a journey from the guides. What several of them need is here.

#![allow(clippy::panic, reason = "what helps a test fails by panicking")]

pub mod browser;
pub mod hana;
pub mod specimen;
pub mod vpcd;
