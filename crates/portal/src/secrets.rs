//! Tokens and identifiers, derived from the portal's one secret: the store keeps only hashes of what
//! opens a door, and a request that is repeated finds the identifiers of the first time.

use aws_lc_rs::{digest, hmac};
use inrou_api::idempotency::{IdempotencyKey, Keyed};
use inrou_api::wire::transaction::TransactionId;

use crate::store::Digest;

/// Derives tokens and identifiers.
pub(crate) struct Secrets(hmac::Key);

impl Secrets {
    /// From a secret that stays the same for good.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The secret of the page that begins a log-in under this key.
    pub(crate) fn login(&self, key: &IdempotencyKey) -> String {
        hex(&self.derive("login", &[key.as_str()]))
    }

    /// The bearer token of the session to which a log-in leads.
    pub(crate) fn token(&self, transaction: &TransactionId) -> String {
        hex(&self.derive("token", &[transaction.as_str()]))
    }

    /// What others may call that session.
    pub(crate) fn session(&self, transaction: &TransactionId) -> String {
        let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            self.derive("session", &[transaction.as_str()]);
        hex(&id)
    }

    /// The application that a request draws up.
    pub(crate) fn application(&self, request: &Keyed) -> String {
        let parts = [request.caller.as_str(), request.key.as_str()];
        let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            self.derive("application", &parts);
        hex(&id)
    }

    /// The key of the links by which phones are asked.
    pub(crate) fn links(&self) -> [u8; 32] {
        self.derive("links", &[])
    }

    fn derive(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [purpose].iter().chain(parts) {
            // Lengths keep the parts from running into each other.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut derived = [0; 32];
        derived.copy_from_slice(context.sign().as_ref());
        derived
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_is_the_same_each_time_and_for_one_purpose() {
        let (one, other) = (Secrets::new(&[1; 32]), Secrets::new(&[2; 32]));
        let transaction = TransactionId::from_random([7; 16]);
        assert_eq!(one.token(&transaction), one.token(&transaction));
        assert_ne!(one.token(&transaction), other.token(&transaction));
        assert_eq!(one.token(&transaction).len(), 64);
        assert_eq!(one.session(&transaction).len(), 32);
        assert!(!one.token(&transaction).starts_with(&one.session(&transaction)));
        let ab = one.derive("x", &["a", "b"]);
        assert_ne!(ab, one.derive("x", &["ab"]));
        assert_ne!(ab, one.derive("xa", &["b"]));
    }
}
