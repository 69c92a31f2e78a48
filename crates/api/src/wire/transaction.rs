//! The transaction: how a phone is asked to log in or to sign, whoever asks.
//!
//! The phone's page gets the identifier by link or QR code, never the asker's cookie; the asker's own
//! page polls. The authentication key signs only [`authentication_message`], never a caller's digest.

use aws_lc_rs::digest::{SHA256, digest};
use inrou_rules::InvalidId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Base64;

/// Names a transaction: 128 random bits in hexadecimal. Who knows it may answer it once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9a-f]{32}$", example = "0123456789abcdef0123456789abcdef")]
pub struct TransactionId(String);

impl TransactionId {
    /// Takes sixteen random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TransactionId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let digits = text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        if digits && text.len() == 32 { Ok(Self(text)) } else { Err(InvalidId) }
    }
}

/// What the phone is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Prove who one is with the user-authentication key.
    LogIn,
    /// Sign a document with the signature key.
    Sign,
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionState {
    /// Waits for the phone.
    Open,
    /// Answered, checked and accepted.
    Done,
    /// The person refused on the phone.
    Refused,
    /// The answer did not pass the checks; `result` says why.
    Failed,
    /// Nobody answered in time.
    Expired,
}

/// A transaction as the phone sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    /// Which.
    pub id: TransactionId,
    /// Who asks: a stable identifier, shown with `asker_name`.
    pub asker: String,
    /// The asker's name, to be shown.
    pub asker_name: String,
    /// What is asked.
    pub purpose: Purpose,
    /// The text shown before consent: for signing, the whole document.
    pub text: String,
    /// Random bytes that make the answer fresh.
    pub challenge: Base64,
    /// Until when it may be answered.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// Where it stands.
    pub state: TransactionState,
    /// The result code, once it is not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// The text may be a document with attribute values: it is left out.
impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("id", &self.id)
            .field("asker", &self.asker)
            .field("purpose", &self.purpose)
            .field("expires", &self.expires)
            .field("state", &self.state)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

/// What the phone answers. It is answered with the [`Transaction`] as it stands then, or with the
/// problem for which the answer did not pass. The same answer may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "answer", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({"answer": "refused"}))]
pub enum TransactionAnswer {
    /// To [`Purpose::LogIn`]: the user-authentication certificate and its key's signature (PKCS#1
    /// v1.5 or ECDSA, SHA-256) over [`authentication_message`].
    LogIn {
        /// Certificate, DER.
        certificate: Base64,
        /// Signature.
        signature: Base64,
    },
    /// To [`Purpose::Sign`]: a detached CMS SignedData over the UTF-8 bytes of `text`.
    Sign {
        /// ContentInfo, DER.
        cms: Base64,
    },
    /// The person refused.
    Refused,
}

/// The bytes that the authentication key signs for `transaction`: `"inrou-auth-v1"`, which stands for
/// the purpose, followed by the SHA-256 of the transaction's identifier, its asker with the name and
/// the text that the person was shown, and the challenge. A signature so serves one asker, one purpose,
/// one text and one moment.
pub fn authentication_message(transaction: &Transaction) -> Vec<u8> {
    let mut shown = Vec::new();
    for part in [
        transaction.id.as_str().as_bytes(),
        transaction.asker.as_bytes(),
        transaction.asker_name.as_bytes(),
        transaction.text.as_bytes(),
        &transaction.challenge.0,
    ] {
        // Lengths keep two different transactions from giving the same bytes.
        shown.extend_from_slice(&(part.len() as u64).to_be_bytes());
        shown.extend_from_slice(part);
    }
    [b"inrou-auth-v1".as_slice(), digest(&SHA256, &shown).as_ref()].concat()
}
