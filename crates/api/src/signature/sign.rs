//! Signing a request.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inrou_pki::keys::ecdsa::to_raw;
use inrou_pki::{Entropy, Signer};
use jiff::Timestamp;
use sfv::{Integer, KeyRef, ListSerializer, StringRef};

use super::base::{
    CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, component, required, signature_base,
};
use super::digest::content_digest;
use super::{ALGORITHM, TAG, Target};

/// The request was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request could not be signed: {0}")]
pub struct SigningError(pub String);

/// A P-256 key that signs requests: a device key in a chip, or a role's own.
pub trait RequestSigner: Send + Sync {
    /// The name by which who verifies knows the key: printable ASCII.
    fn key_id(&self) -> &str;

    /// Signs a message with ECDSA over SHA-256. Gives DER `ECDSA-Sig-Value`.
    fn sign<'a>(&'a self, message: &'a [u8]) -> SignatureFuture<'a>;
}

/// A signature on its way.
pub type SignatureFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>>;

/// The key of a role, in software.
#[derive(Clone)]
pub struct RoleKey {
    id: String,
    signer: Arc<dyn Signer>,
}

impl RoleKey {
    /// Names a key on P-256.
    pub fn new(id: impl Into<String>, signer: Arc<dyn Signer>) -> Self {
        Self { id: id.into(), signer }
    }
}

impl RequestSigner for RoleKey {
    fn key_id(&self) -> &str {
        &self.id
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> SignatureFuture<'a> {
        Box::pin(async {
            self.signer.sign(message).map_err(|error| SigningError(error.to_string()))
        })
    }
}

impl fmt::Debug for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoleKey({})", self.id)
    }
}

type BlockingSign = dyn Fn(&[u8]) -> Result<Vec<u8>, SigningError> + Send + Sync;

/// A key that signs by a blocking call, such as a device key in a chip.
#[derive(Clone)]
pub struct DeviceKey {
    id: String,
    sign: Arc<BlockingSign>,
}

impl DeviceKey {
    /// Names a key on P-256, which signs a message by `sign` (DER `ECDSA-Sig-Value`).
    pub fn new(
        id: impl Into<String>,
        sign: impl Fn(&[u8]) -> Result<Vec<u8>, SigningError> + Send + Sync + 'static,
    ) -> Self {
        Self { id: id.into(), sign: Arc::new(sign) }
    }
}

impl RequestSigner for DeviceKey {
    fn key_id(&self) -> &str {
        &self.id
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> SignatureFuture<'a> {
        let (sign, message) = (self.sign.clone(), message.to_vec());
        Box::pin(async move {
            tokio::task::spawn_blocking(move || sign(&message))
                .await
                .unwrap_or_else(|_| Err(SigningError("the chip's driver failed".into())))
        })
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.id)
    }
}

/// Adds `Content-Digest` (unless the body is empty), `Signature-Input` and `Signature`. Everything
/// else that is to be covered stands in `headers` already.
///
/// # Errors
/// The key's, or a key name that no header can carry.
pub async fn sign(
    target: &Target<'_>,
    headers: &mut HeaderMap,
    body: &[u8],
    key: &dyn RequestSigner,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(), SigningError> {
    if !body.is_empty() {
        headers.insert(CONTENT_DIGEST, content_digest(body));
    }
    let names = required(headers, body);
    let parameters = parameters(&names, key.key_id(), now, entropy)?;
    let mut components = Vec::new();
    for name in names {
        let value = component(name, target, headers).ok_or_else(|| unfit("a header"))?;
        components.push((name.to_owned(), value));
    }
    let base = signature_base(&components, &parameters);
    let signature = key.sign(base.as_bytes()).await?;
    let signature = to_raw(&signature).ok_or_else(|| unfit("the key's signature"))?;
    let (input, signature) =
        (format!("{TAG}={parameters}"), format!("{TAG}=:{}:", STANDARD.encode(signature)));
    headers.insert(SIGNATURE_INPUT, input.try_into().map_err(|_| unfit("a parameter"))?);
    headers.insert(SIGNATURE, signature.try_into().map_err(|_| unfit("the signature"))?);
    Ok(())
}

/// The list of components with its parameters, as it stands in `Signature-Input` and in the base.
fn parameters(
    names: &[&str],
    key_id: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<String, SigningError> {
    let mut nonce = [0; 16];
    entropy.fill(&mut nonce);
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let created = Integer::try_from(now.as_second()).map_err(|_| unfit("the time"))?;
    let mut list = ListSerializer::new();
    let mut components = list.inner_list();
    for name in names {
        components.bare_item(string(name)?);
    }
    components
        .finish()
        .parameter(KeyRef::constant("created"), created)
        .parameter(KeyRef::constant("nonce"), string(&nonce)?)
        .parameter(KeyRef::constant("keyid"), string(key_id)?)
        .parameter(KeyRef::constant("alg"), StringRef::constant(ALGORITHM))
        .parameter(KeyRef::constant("tag"), StringRef::constant(TAG));
    list.finish().ok_or_else(|| unfit("the list of components"))
}

fn string(text: &str) -> Result<&StringRef, SigningError> {
    StringRef::from_str(text).map_err(|_| unfit("the key's name"))
}

fn unfit(what: &str) -> SigningError {
    SigningError(format!("{what} has not the form it needs"))
}
