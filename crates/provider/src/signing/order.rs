//! What a site's server wants signed, taken down.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_api::problem::Code;
use inrou_api::unseen::is_unseen;
use inrou_pki::digest::{Digest, HashAlgorithm};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Content, SignTransaction};
use crate::Provider;
use crate::clients::{Client, Counted, Use};
use crate::events::{Event, What};
use crate::refused::Refused;
use crate::store::Store;

/// How long it may wait for a signature, unless the order says otherwise, and at most.
const USUAL_LIFE: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The longest purpose, in characters, and the longest document, in bytes: the resident reads both.
const LONGEST_PURPOSE: usize = 200;
const LONGEST_DOCUMENT: usize = 20_000;

/// What is to be signed: a digest or a document, and what for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"purpose": "口座を開くため", "document": "口座開設申込書\n"}))]
pub(crate) struct SignOrder {
    /// What the signature is for, as the resident is shown it.
    purpose: String,
    /// A digest by SHA-256, base64: the hash, or a DER `DigestInfo` around it (RFC 8017 §9.2).
    digest: Option<String>,
    /// In which form the digest comes.
    #[serde(default)]
    digest_form: DigestForm,
    /// In place of a digest: a document of plain text, which the resident is shown whole.
    document: Option<String>,
    /// For how many seconds it may be signed: 300 unless said otherwise, at most 600.
    expires_in: Option<u32>,
}

/// In which form a digest comes.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DigestForm {
    /// The 32 bytes of the hash.
    #[default]
    Hash,
    /// A DER `DigestInfo`.
    DigestInfo,
}

/// It is taken down.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ordered {
    /// Names it in the authorization request.
    sign_transaction_id: String,
    /// Until when it may be signed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl Provider {
    /// Takes down what a client wants signed.
    ///
    /// # Errors
    /// `sign-transaction-invalid`, with the `member` that does not hold; `encryption-key-missing`,
    /// `encryption-key-unusable`; `client-limit-reached`; the store's.
    pub(crate) async fn order(&self, client: Client, order: SignOrder) -> Result<Ordered, Refused> {
        let id = client.id.clone();
        let ordered = self.take_order(client, order).await;
        // A limit that is reached has an event of its own.
        let limit = Code::CLIENT_LIMIT_REACHED.as_str();
        if let Some(refused) = ordered.as_ref().err().filter(|refused| refused.code() != limit) {
            let event = Event::new(id, What::OrderRefused, self.now());
            self.note(event.because(refused)).await?;
        }
        ordered
    }

    async fn take_order(&self, client: Client, order: SignOrder) -> Result<Ordered, Refused> {
        // Before anybody signs what nobody could read.
        self.encrypt(&client, &[], "cms")?;
        let expires = self.until(life(order.expires_in).ok_or_else(|| invalid("expires_in"))?);
        let purpose = purpose(order.purpose)?;
        let content = match (order.digest, order.document) {
            (Some(digest), None) => Content::Digest(read_digest(&digest, order.digest_form)?),
            (None, Some(document)) => Content::Document(read_document(document)?),
            (Some(_), Some(_)) => return Err(invalid("document")),
            (None, None) => return Err(invalid("digest")),
        };
        let id = uuid(self.random());
        let ordered = Ordered { sign_transaction_id: id.clone(), expires_at: expires };
        let whose = client.id.clone();
        let (asked, signed) = (None, None);
        let new = SignTransaction { id, client: whose, content, purpose, expires, asked, signed };
        let order = move |store: &dyn Store, one: &Use| store.order(&new, one);
        self.one_more(&client, Counted::Signatures, order).await?;
        Ok(ordered)
    }
}

fn invalid(member: &'static str) -> Refused {
    Refused::new(Code::SIGN_TRANSACTION_INVALID).with("member", member)
}

/// How long that may wait for a signature which is to wait for so many seconds; `None` if it may not.
pub(crate) fn life(seconds: Option<u32>) -> Option<SignedDuration> {
    let life = seconds.map_or(USUAL_LIFE, |seconds| SignedDuration::from_secs(seconds.into()));
    (!life.is_zero() && life <= LONGEST_LIFE).then_some(life)
}

fn purpose(text: String) -> Result<String, Refused> {
    let is_shown = !text.trim().is_empty()
        && text.chars().count() <= LONGEST_PURPOSE
        && !text.chars().any(|c| c.is_control() || is_unseen(c));
    if is_shown { Ok(text) } else { Err(invalid("purpose")) }
}

/// Nothing in it may be invisible: lines alone are parted by control characters.
fn read_document(text: String) -> Result<String, Refused> {
    let is_shown = |c: char| c == '\n' || (!c.is_control() && !is_unseen(c));
    let is_good =
        !text.trim().is_empty() && text.len() <= LONGEST_DOCUMENT && text.chars().all(is_shown);
    if is_good { Ok(text) } else { Err(invalid("document")) }
}

fn read_digest(text: &str, form: DigestForm) -> Result<[u8; 32], Refused> {
    let bytes = STANDARD.decode(text).map_err(|_| invalid("digest"))?;
    let hash = match form {
        DigestForm::Hash => bytes,
        DigestForm::DigestInfo => {
            let hash = bytes.split_last_chunk::<32>().map(|(_, hash)| hash.to_vec());
            let hash = hash.unwrap_or_default();
            let whole = Digest::from_bytes(HashAlgorithm::Sha256, &hash);
            if whole.is_none_or(|whole| whole.to_digest_info() != bytes) {
                return Err(invalid("digest"));
            }
            hash
        }
    };
    hash.try_into().map_err(|_| invalid("digest"))
}

/// RFC 9562 §5.4: version 4, of random bits.
pub(crate) fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts = parts.map(|(from, to)| hex.get(from..to).unwrap_or_default());
    parts.join("-")
}
