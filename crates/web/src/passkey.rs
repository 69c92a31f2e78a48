//! Passkeys (WebAuthn Level 3): what an authenticator answers, as the script puts it into a form, and how
//! that is verified.
//!
//! The creation of a passkey is not judged, for no attestation is asked for, and without one it proves
//! nothing: what counts is the assertion that follows at once, which shows that whoever holds the key
//! was verified.

use axum::http::{HeaderMap, Uri, header};
use inrou_api::wire::Base64;
use inrou_pki::PublicKey;
use inrou_pki::digest::HashAlgorithm;
use serde::Deserialize;

/// Flags in authenticator data (WebAuthn §6.1): the person was there, and was verified.
const PRESENT_AND_VERIFIED: u8 = 0b101;

/// The shortest authenticator data: digest of the site's name, flags, counter. The counter is not looked
/// at, for passkeys that are on several devices count nothing; nor is whether this is one of those.
const SHORTEST_DATA: usize = 37;

/// What the script put into a form; empty where it did not run.
#[derive(Debug, Deserialize)]
pub struct AssertionForm {
    credential: Option<String>,
    key: Option<String>,
    authenticator: Option<String>,
    client: Option<String>,
    signature: Option<String>,
}

/// What an authenticator answered.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The credential's id.
    pub credential: Base64,
    /// The public key of a new passkey, `SubjectPublicKeyInfo`.
    pub key: Option<Base64>,
    /// Authenticator data (WebAuthn §6.1).
    authenticator: Base64,
    /// The client data, JSON.
    client: Base64,
    /// The signature over both.
    signature: Base64,
}

/// An answer that proves nothing: another key, another site, nobody verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the authenticator's answer does not hold")]
pub struct NotVerified;

/// What the browser says of the ceremony (WebAuthn §5.8.1).
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

impl AssertionForm {
    /// What the authenticator answered; `None` if it was not asked.
    pub fn into_assertion(self) -> Option<Assertion> {
        let bytes =
            |field: Option<String>| field.filter(|field| !field.is_empty())?.try_into().ok();
        Some(Assertion {
            credential: bytes(self.credential)?,
            key: bytes(self.key),
            authenticator: bytes(self.authenticator)?,
            client: bytes(self.client)?,
            signature: bytes(self.signature)?,
        })
    }
}

impl Assertion {
    /// Whether it says that it answers this challenge.
    pub fn answers(&self, challenge: &Base64) -> bool {
        self.client_data().is_some_and(|client| client.challenge == url_safe(challenge))
    }

    /// Verifies it (WebAuthn §7.2) with a passkey's key, as given at `host`. Whose challenge it answers is
    /// asked before ([`Assertion::answers`]).
    ///
    /// # Errors
    /// [`NotVerified`].
    pub fn verify(&self, key: &Base64, host: &str) -> Result<(), NotVerified> {
        let client = self.client_data().ok_or(NotVerified)?;
        let origins = ["https", "http"].map(|scheme| format!("{scheme}://{host}"));
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let of_site = HashAlgorithm::Sha256.digest(name.as_bytes());
        let data = &self.authenticator.0;
        let flags = data.get(32).copied().unwrap_or_default();
        let holds = client.kind == "webauthn.get"
            && origins.contains(&client.origin)
            && !client.cross_origin
            && data.len() >= SHORTEST_DATA
            && data.get(..32) == Some(of_site.as_bytes())
            && flags & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED;
        if !holds {
            return Err(NotVerified);
        }
        let key = PublicKey::from_spki(&key.0).map_err(|_| NotVerified)?;
        let client_digest = HashAlgorithm::Sha256.digest(&self.client.0);
        let message = [data.as_slice(), client_digest.as_bytes()].concat();
        let algorithm = key.algorithm().signature();
        key.verify(algorithm, &message, &self.signature.0).map_err(|_| NotVerified)
    }

    fn client_data(&self) -> Option<ClientData> {
        serde_json::from_slice(&self.client.0).ok()
    }
}

/// The host and port by which a page was reached: the site of its passkeys.
pub fn host(headers: &HeaderMap, uri: &Uri) -> String {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let named = named.or_else(|| uri.authority().map(|authority| authority.as_str()));
    named.unwrap_or_default().to_ascii_lowercase()
}

/// As client data writes it: base64url without padding (RFC 4648 §5).
fn url_safe(bytes: &Base64) -> String {
    let text = String::from(bytes.clone());
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}
