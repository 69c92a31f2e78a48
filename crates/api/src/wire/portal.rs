//! The portal's API, `/portal/v1`, and the receiving office's, `/office/v1`.

use std::collections::BTreeMap;

use inrou_rules::Municipality;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Base64;
use super::transaction::{LoginOrigin, TransactionId, TransactionState};

/// A log-in has begun: open `link` on the phone, poll `…/logins/{login}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginBegun {
    /// Secret of the asking page, never shown to the phone.
    pub login: String,
    /// The transaction.
    pub transaction: TransactionId,
    /// What the phone opens, by link or QR code.
    pub link: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// How a log-in stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginView {
    /// Where the transaction stands.
    pub state: TransactionState,
    /// The result code, once it is not open.
    pub result: Option<String>,
    /// The session's bearer token: given to polls from when the log-in is done until the session is
    /// first used, so that a lost answer can be asked for again.
    pub session: Option<String>,
}

/// A session at the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Which; not the token.
    pub session: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when, unless it is ended before.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// Whether it is the asking one.
    pub current: bool,
    /// On what it was begun, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LoginOrigin>,
}

/// An online application to be drawn up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "procedure": "moving-out",
    "fields": {"new_address": "大阪府大阪市北区見本町４－５", "moving_date": "2026-12-01", "reason": "転勤のため"}
}))]
pub struct DrawUpApplication {
    /// Which procedure.
    pub procedure: Procedure,
    /// The form's fields, by the procedure.
    #[schema(value_type = MovingOutFields)]
    pub fields: BTreeMap<String, String>,
}

/// The procedures that the portal takes online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// Moving-out notification (転出届): [`MovingOutFields`].
    MovingOut,
    /// Claim of the child allowance (児童手当の認定請求): `child_name`, `child_birth_date`, `child_living`
    /// (`together` or `apart`), `bank`, `account` (7 digits).
    ChildAllowance,
}

/// The fields of a moving-out notification (転出届), for API documents: a form takes whatever was typed,
/// so as to tell each fault. Fields of other names are refused.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovingOutFields {
    /// The address from now on, on one line, prefecture first; another one than the present.
    #[schema(min_length = 1, max_length = 200, example = "大阪府大阪市北区見本町４－５")]
    pub new_address: String,
    /// The day of moving: at most 14 days back and 30 days ahead of today, in Japan.
    #[schema(format = Date, example = "2026-12-01")]
    pub moving_date: String,
    /// Why, on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "転勤のため")]
    pub reason: Option<String>,
}

/// The application is drawn up: sign `document` on the phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationDrawnUp {
    /// Which application.
    pub application: String,
    /// The text to be signed.
    pub document: String,
    /// The transaction in which the phone signs.
    pub transaction: TransactionId,
    /// What the phone opens.
    pub link: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// An application as its resident sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationView {
    /// Which.
    pub application: String,
    /// Which procedure.
    pub procedure: Procedure,
    /// When it was drawn up last.
    #[schema(value_type = String, format = DateTime)]
    pub drawn_up: Timestamp,
    /// The number under which the office has it (受付番号), once it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: ApplicationState,
}

/// An application with all that its resident typed: what was not taken can be corrected and drawn up
/// again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationDetail {
    /// The list entry.
    #[serde(flatten)]
    pub view: ApplicationView,
    /// The form's fields, as typed.
    #[schema(value_type = MovingOutFields)]
    pub fields: BTreeMap<String, String>,
    /// The text that is to be signed, or was.
    pub document: String,
}

/// Where an application stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ApplicationState {
    /// Not signed yet.
    WaitsForSignature,
    /// Signed, checked and with the office.
    Received {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// The office accepted it.
    Accepted {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// The office returned it.
    Returned {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// Why, in the clerk's words.
        reason: String,
    },
    /// Not signed: refused on the phone, timed out, or the signature did not pass.
    NotSigned {
        /// The result code.
        code: String,
    },
}

/// A signed application with its signature.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedDocument {
    /// The text, UTF-8.
    pub document: String,
    /// Detached CMS SignedData over the text's bytes, DER.
    pub cms: Base64,
}

/// A received application in the office's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedApplication {
    /// Which.
    pub application: String,
    /// The number under which the office has it (受付番号).
    pub reference: String,
    /// Which procedure.
    pub procedure: Procedure,
    /// The municipality that it is addressed to.
    pub municipality: Municipality,
    /// When it was received.
    #[schema(value_type = String, format = DateTime)]
    pub received: Timestamp,
    /// Where it stands.
    #[serde(flatten)]
    pub state: ApplicationState,
}

/// A received application with all that a clerk decides by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfficeFile {
    /// The list entry.
    #[serde(flatten)]
    pub received: ReceivedApplication,
    /// Text and signature.
    pub signed: SignedDocument,
    /// The signer's certificate, DER.
    pub certificate: Base64,
    /// What told its status at the moment of receipt.
    pub evidence_kind: EvidenceKind,
    /// The OCSP response or CRL, DER.
    pub status_evidence: Base64,
    /// That moment.
    #[schema(value_type = String, format = DateTime)]
    pub checked_at: Timestamp,
    /// What the certificate says of the signer.
    pub signer: Signer,
}

/// What told a certificate's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// An OCSP response (RFC 6960).
    Ocsp,
    /// A CRL (RFC 5280).
    Crl,
}

/// Which received applications an office lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfficeState {
    /// Not decided yet.
    Received,
    /// Accepted.
    Accepted,
    /// Returned.
    Returned,
}

/// What a signature certificate says of its holder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signer {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Date of birth, ISO 8601; absent where the register does not know it.
    pub birth_date: Option<String>,
}

/// The clerk decides.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({"decision": "return", "reason": "新しい住所の番地を書いてください。"}))]
pub enum Decision {
    /// The application is accepted.
    Accept,
    /// The application goes back to the resident.
    Return {
        /// Why, in words that the resident reads; 1 to 500 characters.
        reason: String,
    },
}

impl std::fmt::Debug for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Accept => f.write_str("Accept"),
            Self::Return { .. } => f.write_str("Return(..)"),
        }
    }
}

impl std::fmt::Debug for ApplicationState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WaitsForSignature => f.write_str("WaitsForSignature"),
            Self::Received { at } => write!(f, "Received({at})"),
            Self::Accepted { at } => write!(f, "Accepted({at})"),
            Self::Returned { at, .. } => write!(f, "Returned({at}, ..)"),
            Self::NotSigned { code } => write!(f, "NotSigned({code})"),
        }
    }
}

impl std::fmt::Debug for DrawUpApplication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DrawUpApplication")
            .field("procedure", &self.procedure)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LoginBegun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginBegun").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LoginView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginView")
            .field("state", &self.state)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ApplicationDrawnUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApplicationDrawnUp")
            .field("application", &self.application)
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ApplicationDetail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApplicationDetail").field("view", &self.view).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SignedDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedDocument(..)")
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_is_not_in_debug() {
        let reason = "住所の番地が読めません".to_owned();
        let returned = Decision::Return { reason: reason.clone() };
        let state = ApplicationState::Returned { at: Timestamp::UNIX_EPOCH, reason };
        assert_eq!(format!("{:?} {:?}", returned, Decision::Accept), "Return(..) Accept");
        assert_eq!(format!("{state:?}"), "Returned(1970-01-01T00:00:00Z, ..)");
    }
}
