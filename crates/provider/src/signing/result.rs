//! What became of what a site wanted signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::transaction::TransactionId;
use inrou_relying::Standing;
use inrou_relying::jwe::{self, Recipient};
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Content, SignTransaction};
use crate::Provider;
use crate::clients::{Client, ClientId};
use crate::events::{Event, What};
use crate::refused::Refused;
use crate::store::{Authorization, Grant};

/// How something stands that was to be signed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignStatus {
    sign_transaction_id: String,
    status: Stage,
    /// Why it was not signed, if it was not: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A stage.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// Nobody was asked yet.
    Ordered,
    /// A resident is asked.
    Asked,
    /// It is signed.
    Signed,
    /// The resident refused, the answer did not pass, or nobody answered in time. It may be asked again
    /// until its time is over.
    NotSigned,
    /// Its time is over.
    Expired,
}

/// The signature, for the site alone: in JSON Web Encryption (RFC 7516), to the key of its registration
/// that is for encryption.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignResult {
    sign_transaction_id: String,
    status: Stage,
    /// Who signed: as the ID token of a log-in says it.
    sub: String,
    /// Over a digest: the signature as the key makes it (PKCS#1 v1.5). Over a document: a detached CMS
    /// SignedData, DER.
    signature_jwe: String,
    /// The signer's certificate, DER.
    certificate_jwe: String,
    /// When it was signed.
    #[schema(value_type = String, format = DateTime)]
    signed_at: Timestamp,
}

impl Provider {
    /// How something stands that this client wanted signed.
    ///
    /// # Errors
    /// `sign-transaction-unknown`; the store's.
    pub(crate) async fn sign_status(
        &self,
        id: &str,
        client: &ClientId,
    ) -> Result<SignStatus, Refused> {
        let found = self.ordered_by(id, client).await?;
        let asked = self.asked_by(&found).await?;
        let (status, code) = self.stage(&found, asked.as_ref());
        let (sign_transaction_id, expires_at) = (found.id, found.expires);
        Ok(SignStatus { sign_transaction_id, status, code, expires_at })
    }

    /// The log-in by which a signature was last asked of a resident.
    pub(crate) async fn asked_by(
        &self,
        found: &SignTransaction,
    ) -> Result<Option<Authorization>, Problem> {
        match found.asked.clone().and_then(|asked| TransactionId::try_from(asked).ok()) {
            Some(asked) => self.find_authorization(&asked).await,
            None => Ok(None),
        }
    }

    /// How far a signature is, and why it was not made.
    pub(crate) fn stage(
        &self,
        found: &SignTransaction,
        asked: Option<&Authorization>,
    ) -> (Stage, Option<String>) {
        match asked.map(|asked| asked.transaction.standing(self.now())) {
            Some(Standing::Done) => (Stage::Signed, None),
            Some(Standing::Over(code)) => (Stage::NotSigned, Some(code)),
            Some(_) => (Stage::Asked, None),
            None if found.signed.is_some() => (Stage::Signed, None),
            None if found.expires <= self.now() => (Stage::Expired, None),
            None => (Stage::Ordered, None),
        }
    }

    /// The signature, for whoever has the access token to which signing led.
    ///
    /// # Errors
    /// `sign-transaction-unknown` if it is another's, or another log-in's; `encryption-key-missing`,
    /// `encryption-key-unusable`; the store's.
    pub(crate) async fn sign_result(
        &self,
        id: &str,
        grant: &Grant,
        client: &Client,
    ) -> Result<SignResult, Refused> {
        let unknown = || Refused::new(Code::SIGN_TRANSACTION_UNKNOWN);
        if grant.sign_transaction.as_deref() != Some(id) {
            return Err(unknown());
        }
        let found = self.ordered_by(id, &client.id).await?;
        let signed = found.signed.ok_or_else(unknown)?;
        let cty = match found.content {
            Content::Digest(_) => "octet-stream",
            Content::Document(_) | Content::Consent(_) => "cms",
        };
        let signature_jwe = self.encrypt(client, &signed.signature, cty)?;
        let certificate_jwe = self.encrypt(client, &signed.certificate, "pkix-cert")?;
        let event = Event::new(client.id.clone(), What::Fetched, self.now());
        let (transaction, sign_transaction) =
            (Some(grant.transaction.clone()), Some(found.id.clone()));
        self.note(Event { transaction, sign_transaction, ..event }).await?;
        Ok(SignResult {
            sign_transaction_id: found.id,
            status: Stage::Signed,
            sub: grant.subject.clone(),
            signature_jwe,
            certificate_jwe,
            signed_at: signed.at,
        })
    }

    /// Encrypts to the client's key for results.
    ///
    /// # Errors
    /// `encryption-key-missing`, `encryption-key-unusable`.
    pub(super) fn encrypt(
        &self,
        client: &Client,
        content: &[u8],
        cty: &str,
    ) -> Result<String, Refused> {
        let found = recipient(client).ok_or_else(|| Refused::new(Code::ENCRYPTION_KEY_MISSING))?;
        let (recipient, kid) = found;
        jwe::encrypt(content, cty, (&recipient, kid.as_deref()), &*self.entropy)
            .map_err(|_| Refused::new(Code::ENCRYPTION_KEY_UNUSABLE))
    }
}

/// The key of a client to which results are encrypted, and its name.
fn recipient(client: &Client) -> Option<(Recipient, Option<String>)> {
    let is_for_it =
        |key: &&Jwk| matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let key = client.registration.jwks.keys.iter().find(is_for_it)?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let recipient = match &key.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Recipient::EcP256 { x: decode(&key.x)?, y: decode(&key.y)? }
        }
        AlgorithmParameters::RSA(key) => Recipient::Rsa { n: decode(&key.n)?, e: decode(&key.e)? },
        _ => return None,
    };
    Some((recipient, key.common.key_id.clone()))
}
