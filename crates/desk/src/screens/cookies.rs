//! The names of cookies.

pub(super) use inrou_web::cookies::{clear, read, set};

/// The token of a member's sign-in.
pub(super) const STAFF: &str = "__Host-staff";
