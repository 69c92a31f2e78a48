//! The screens, as the guides walk through them, in a real browser and in all three languages.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod apply;
mod house;
