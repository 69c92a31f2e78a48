//! The names of cookies.

pub(super) use inrou_web::cookies::{SetCookie, clear, read, set};

/// The token of a resident's session.
pub(super) const SESSION: &str = "__Host-portal";

/// The secret of a log-in under way, and where to go after it.
pub(super) const LOGIN: &str = "__Host-login";

/// Up to which notice the notices were looked at in this browser.
pub(super) const SEEN: &str = "__Host-seen";

/// A clerk's sign-in at the office.
pub(super) const CLERK: &str = "__Host-clerk";
