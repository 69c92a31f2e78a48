//! Codes, tokens and identifiers, derived from the provider's one secret: the store keeps only hashes
//! of what opens a door, and a request that is repeated finds the same again.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_api::wire::transaction::TransactionId;

use crate::clients::ClientId;

/// SHA-256 of something.
pub type Digest = [u8; 32];

/// Derives codes, tokens and identifiers.
pub(crate) struct Secrets(hmac::Key);

impl Secrets {
    /// From a secret that stays the same for good.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The code to which a transaction leads.
    pub(crate) fn code(&self, transaction: &TransactionId) -> String {
        base64url(&self.derive("code", &[transaction.as_str()]))
    }

    /// What a client that belongs to `sector` may call a resident: stable, and useless to others (OpenID
    /// Connect Core §8.1).
    pub(crate) fn subject(&self, sector: &str, resident: &str) -> String {
        base64url(&self.derive("subject", &[sector, resident]))
    }

    /// Names the browser's part in a log-in, as Keycloak's answers do.
    pub(crate) fn session_state(&self, client: &ClientId, browser: &Digest) -> String {
        base64url(&self.derive("session", &[client.as_str(), &base64url(browser)]))
    }

    /// By what a form that logs out is known to be this browser's, as it was shown.
    pub(crate) fn log_out_mark(&self, browser: &Digest, client: &str, back: &str) -> String {
        base64url(&self.derive("log-out", &[&base64url(browser), client, back]))
    }

    /// By what a browser is known that has shown the token of a client's registration, until that second.
    pub(crate) fn console_mark(&self, client: &ClientId, until: i64) -> String {
        base64url(&self.derive("console", &[client.as_str(), &until.to_string()]))
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

/// Base64url without padding (RFC 7515 §2).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
