//! The transaction: how a phone is asked to log in or to sign, whoever asks.
//!
//! The phone gets a link, pressed on the same device or read from a QR code on another one, never the
//! asker's cookie; the asker's own page polls. The first phone takes the transaction, and it alone may
//! answer. The authentication key signs only [`authentication_message`], never a caller's digest.

use aws_lc_rs::digest::{SHA256, digest};
use inrou_rules::InvalidId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Base64;
use crate::problem::Code;

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
    /// Sign a digest with the signature key: what it is of, the asker's purpose says.
    SignDigest,
}

/// One of the four attributes, as it is asked for (OpenID Connect Core §5.4, by the words of
/// デジタル認証アプリ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// Name.
    Name,
    /// Address.
    Address,
    /// Date of birth.
    Birthdate,
    /// Sex.
    Gender,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Attribute; 4] =
        [Attribute::Name, Attribute::Address, Attribute::Birthdate, Attribute::Gender];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Attribute::Name => "name",
            Attribute::Address => "address",
            Attribute::Birthdate => "birthdate",
            Attribute::Gender => "gender",
        }
    }
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

/// How a transaction came to the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// By the QR code on another device.
    Qr,
    /// By a link that was pressed on the same device.
    SameDevice,
}

impl Flow {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Flow::Qr => "qr",
            Flow::SameDevice => "same-device",
        }
    }
}

/// A phone takes a transaction, by what stands in the link: `…/transactions/{id}?t={second}&m={mac}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "second": 7, "mac": "q83vEjRWeJCrze8SNFZ4kA", "phone": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
}))]
pub struct Taking {
    /// `t`: how many seconds after its beginning the QR code was made. A link that was pressed has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<u32>,
    /// `m`: proves that the asker made the link, for this transaction, flow and second.
    pub mac: String,
    /// Drawn by the phone: who shows it again is the one who took it.
    pub phone: PhoneSecret,
}

/// By which the phone that has taken a transaction is told from others: 32 random bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Base64", into = "Base64")]
#[schema(value_type = String, example = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
pub struct PhoneSecret(pub [u8; 32]);

impl TryFrom<Base64> for PhoneSecret {
    type Error = InvalidId;

    fn try_from(Base64(bytes): Base64) -> Result<Self, InvalidId> {
        bytes.try_into().map(Self).map_err(|_| InvalidId)
    }
}

impl From<PhoneSecret> for Base64 {
    fn from(secret: PhoneSecret) -> Self {
        Base64(secret.0.to_vec())
    }
}

/// It opens a door: it is not written anywhere.
impl std::fmt::Debug for PhoneSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneSecret")
    }
}

impl std::fmt::Debug for Taking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taking").field("second", &self.second).finish_non_exhaustive()
    }
}

/// What the phone that has taken a transaction answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "phone": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "answer": {"answer": "refused"}
}))]
pub struct Answering {
    /// As it took the transaction.
    pub phone: PhoneSecret,
    /// The answer.
    pub answer: TransactionAnswer,
}

/// What the person does after the answer, so that nobody else's page goes on from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "after", rename_all = "kebab-case")]
pub enum Afterwards {
    /// Types this number on the page that began.
    TypeNumber {
        /// Four digits.
        number: String,
    },
    /// Goes back to the browser that began, by this address.
    Return {
        /// The address.
        to: String,
    },
}

/// On what a log-in was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "on", rename_all = "kebab-case")]
pub enum LoginOrigin {
    /// On the asker's pages.
    Page {
        /// The browser and its system by their names, as the browser said them; empty if it did not.
        browser: String,
    },
    /// Over the asker's API: the app's operation check, or another program.
    Program,
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
    /// The host of the site for which the asker asks; absent where it asks for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// What is asked.
    pub purpose: Purpose,
    /// The text shown before consent: for signing, the whole document.
    pub text: String,
    /// To [`Purpose::SignDigest`]: SHA-256 of what is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Base64>,
    /// What a signature is for, in the words of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which attributes the asker is given with the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Attribute>,
    /// Whether an answer that signs has to prove as well who signs, by the user-authentication key: a
    /// signature alone is not bound to its transaction.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proof: bool,
    /// Random bytes that make the answer fresh.
    pub challenge: Base64,
    /// How it came to the phone that has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub begun: Timestamp,
    /// On what it was begun, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LoginOrigin>,
    /// Until when it may be answered.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// Where it stands.
    pub state: TransactionState,
    /// The result code, once it is not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What is left to do for the person, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afterwards: Option<Afterwards>,
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
        /// Who signs, where the transaction asks for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<LoginProof>,
    },
    /// To [`Purpose::SignDigest`]: the signature certificate, and its key's signature (PKCS#1 v1.5 or
    /// ECDSA) over `digest`, which is taken to be made by SHA-256.
    SignDigest {
        /// Certificate, DER.
        certificate: Base64,
        /// Signature.
        signature: Base64,
        /// Who signs, where the transaction asks for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<LoginProof>,
    },
    /// The person refused.
    Refused,
    /// The person cannot, and says so.
    Cannot {
        /// Why not.
        reason: Hindrance,
    },
}

/// Proves who answers, and to which transaction: the user-authentication key signs nothing that a caller
/// chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginProof {
    /// The user-authentication certificate, DER.
    pub certificate: Base64,
    /// Its key's signature (PKCS#1 v1.5 or ECDSA, SHA-256) over [`authentication_message`].
    pub signature: Base64,
}

/// Why a person cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hindrance {
    /// A wrong PIN or password was typed, and the person gave up.
    WrongPin,
    /// The PIN or password is locked.
    PinBlocked,
    /// There is no certificate for the purpose.
    NoCertificate,
    /// The certificate is on hold.
    CertificateHeld,
    /// The certificate is revoked.
    CertificateRevoked,
    /// The certificate has expired.
    CertificateExpired,
    /// The phone is of a kind that carries no certificates.
    PhoneNotSupported,
}

impl Hindrance {
    /// As the asker is told.
    pub const fn code(self) -> Code {
        match self {
            Hindrance::WrongPin => Code::HOLDER_PIN_WRONG,
            Hindrance::PinBlocked => Code::HOLDER_PIN_BLOCKED,
            Hindrance::NoCertificate => Code::HOLDER_WITHOUT_CERTIFICATE,
            Hindrance::CertificateHeld => Code::CERTIFICATE_ON_HOLD,
            Hindrance::CertificateRevoked => Code::CERTIFICATE_REVOKED,
            Hindrance::CertificateExpired => Code::CERTIFICATE_EXPIRED,
            Hindrance::PhoneNotSupported => Code::HOLDER_PHONE_NOT_SUPPORTED,
        }
    }
}

/// The bytes that the authentication key signs for `transaction`: `"inrou-auth-v1"` for a log-in,
/// `"inrou-auth-sign-v1"` beside a signature, followed by the SHA-256 of the transaction's identifier, its
/// asker with name, site and the text that the person was shown, the attributes that are given, how it came
/// to the phone, and the challenge; beside a signature, of the digest that is signed and of what for as
/// well. What it signs so serves one asker, one purpose, one content, one consent and one moment.
pub fn authentication_message(transaction: &Transaction) -> Vec<u8> {
    let mut shown = Vec::new();
    let signed = [
        transaction.digest.as_ref().map(|digest| digest.0.as_slice()).unwrap_or_default(),
        transaction.reason.as_deref().unwrap_or_default().as_bytes(),
    ];
    let (context, signed): (&[u8], &[&[u8]]) = match transaction.purpose {
        Purpose::LogIn => (b"inrou-auth-v1", &[]),
        Purpose::Sign | Purpose::SignDigest => (b"inrou-auth-sign-v1", &signed),
    };
    let shares =
        transaction.shares.iter().map(|share| share.as_str()).collect::<Vec<_>>().join(" ");
    let parts = [
        transaction.id.as_str().as_bytes(),
        transaction.asker.as_bytes(),
        transaction.asker_name.as_bytes(),
        transaction.site.as_deref().unwrap_or_default().as_bytes(),
        transaction.text.as_bytes(),
        shares.as_bytes(),
        transaction.flow.map_or("", Flow::as_str).as_bytes(),
        &transaction.challenge.0,
    ];
    for part in parts.iter().chain(signed) {
        // Lengths keep two different transactions from giving the same bytes.
        shown.extend_from_slice(&(part.len() as u64).to_be_bytes());
        shown.extend_from_slice(part);
    }
    [context, digest(&SHA256, &shown).as_ref()].concat()
}
