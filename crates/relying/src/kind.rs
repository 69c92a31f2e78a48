//! The four kinds of a resident's certificate.

use inrou_api::wire::transaction::Purpose;
use inrou_rules::{Medium, Use};

/// What a resident's certificate is for, and what carries it: four kinds in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Signing documents, or logging in.
    pub usage: Use,
    /// Card or phone.
    pub medium: Medium,
}

/// The use of the certificates that serve a purpose.
pub(crate) fn usage_for(purpose: Purpose) -> Use {
    match purpose {
        Purpose::LogIn => Use::UserAuthentication,
        Purpose::Sign | Purpose::SignDigest => Use::Signature,
    }
}
