//! The phone's API, `/phone/v1`: what a person does with a phone, without its screens.

use std::collections::BTreeMap;

use inrou_rules::{Attributes, ChipId, Platform, Use, Uses};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Base64;
use super::authority::{CertificateView, EnrolmentView, Resumption};
use super::transaction::Transaction;

/// A secret that a person typed. It is never shown, logged or stored.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Typed(String);

impl Typed {
    /// Takes what was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(..)")
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// A new phone, as it leaves the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "second-phone", "platform": "android", "model": "Sandbox Phone 8"}))]
pub struct NewPhone {
    /// The name by which the fleet knows it: lower-case letters, digits, hyphens; at most 40.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub name: String,
    /// Its system.
    pub platform: Platform,
    /// Its model: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub model: String,
}

/// A phone in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneSummary {
    /// Its name.
    pub name: String,
    /// Its system.
    pub platform: Platform,
    /// Its model.
    pub model: String,
}

/// The cards that can be put to a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardsOnTable {
    /// Their names.
    pub cards: Vec<String>,
}

/// A phone as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneState {
    /// Its name.
    pub name: String,
    /// Its chip.
    pub chip: ChipId,
    /// Its system.
    pub platform: Platform,
    /// Its model.
    pub model: String,
    /// Whether it can carry certificates (READY-2).
    #[serde(default)]
    pub supported: bool,
    /// Whether biometrics can stand in for its user-authentication PIN (REG-2).
    #[serde(default)]
    pub biometrics: bool,
    /// Whether its chip may be used at a card reader (REG-4).
    #[serde(default)]
    pub contactless: bool,
    /// The card that lies on it, by its name on the table.
    pub card: Option<String>,
    /// The procedure that is under way, and its next step.
    pub procedure: Option<ProcedureState>,
    /// The application that the authority has, as last heard.
    pub enrolment: Option<EnrolmentView>,
    /// The certificates, as last heard.
    pub certificates: Vec<CertificateView>,
    /// Since when the chip has to delete what it holds, if it has to, as last heard (MOVE-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deletion_due: Option<Timestamp>,
    /// The last deletion, until certificates are registered again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deleted>,
    /// What resuming its use leads to, while a loss holds it, as last heard (LOSS-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumption: Option<Resumption>,
}

/// A deletion that the chip has carried out and proved (END-2, MOVE-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deleted {
    /// When the phone heard of it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What the chip signed; absent where the authority had it and its answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<DeletionProof>,
}

/// What a chip signed when it had deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionProof {
    /// The signed receipt, DER.
    pub receipt: Base64,
    /// The certificate of the key that signed it, DER: by the maker of the chip.
    pub certificate: Base64,
}

/// Whether the phone's chip may be used at a card reader (REG-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allowed": true}))]
pub struct AllowContactless {
    /// Whether it may.
    pub allowed: bool,
}

/// A procedure under way. It survives a restart; PINs do not, and are asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcedureState {
    /// Which.
    pub procedure: Procedure,
    /// What comes next.
    #[serde(flatten)]
    pub next: NextStep,
    /// How many tries the PIN has left that the next step asks for, where the phone knows (PIN-1).
    pub tries_left: Option<u8>,
    /// Why the last step did not succeed.
    pub problem: Option<StepProblem>,
}

/// Why a step did not succeed: what the answer to it said, for whoever looks later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepProblem {
    /// The error code.
    pub code: String,
    /// Its parameters; never attribute values or PINs.
    pub params: BTreeMap<String, String>,
}

/// The procedures of the guides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// スマホ用電子証明書を申請する (APPLY).
    Apply,
    /// 機種変更 (MOVE-1).
    ChangePhone,
    /// スマホ用電子証明書の登録 (REG).
    Register,
    /// 失効 (END-2, END-3).
    Revoke,
    /// 別のスマホのスマホ用電子証明書の失効 (MOVE-6).
    RevokeOther,
    /// 利用再開 (LOSS-2).
    Resume,
    /// Setting a forgotten or locked PIN anew (PIN-2).
    ResetPin,
}

/// The step that a procedure waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum NextStep {
    /// Type the card's signature password.
    CardPassword,
    /// Choose the certificates and confirm the notices.
    Choose,
    /// Put the card to the phone and let it be read.
    ReadCard,
    /// Consent to the revocation of what is on the old phone: nothing is sent before (MOVE-1).
    ConsentToReplacement,
    /// Type the phone's new signature password twice.
    NewSignaturePassword {
        /// What was read from the card's certificate.
        applicant: Option<Attributes>,
    },
    /// Type the phone's new user-authentication PIN twice.
    NewUserAuthenticationPin {
        /// What was read from the card's certificate.
        applicant: Option<Attributes>,
    },
    /// Send what is ready and could not be sent yet: nothing needs to be entered again.
    Complete,
    /// Wait for the notice.
    Wait {
        /// When work on the application begins (HOURS-1).
        #[schema(value_type = String, format = DateTime)]
        due: Timestamp,
    },
    /// Press "register".
    Register,
    /// Tick, and choose by which password (END-2, END-3).
    ConfirmRevocation,
    /// Read what resuming the phone's use leads to, and go on (LOSS-2).
    ConfirmResumption,
    /// Type the phone's signature password.
    PhonePassword,
    /// Let the chip delete what it holds.
    Delete,
    /// Nothing: done.
    Done {
        /// From when the certificates are usable, after a registration (HOURS-3).
        #[schema(value_type = Option<String>, format = DateTime)]
        usable_from: Option<Timestamp>,
    },
}

impl Procedure {
    /// Its name, as it is sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::ChangePhone => "change-phone",
            Self::Register => "register",
            Self::Revoke => "revoke",
            Self::RevokeOther => "revoke-other",
            Self::Resume => "resume",
            Self::ResetPin => "reset-pin",
        }
    }
}

impl NextStep {
    /// Its name, as it is sent.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CardPassword => "card-password",
            Self::Choose => "choose",
            Self::ReadCard => "read-card",
            Self::ConsentToReplacement => "consent-to-replacement",
            Self::NewSignaturePassword { .. } => "new-signature-password",
            Self::NewUserAuthenticationPin { .. } => "new-user-authentication-pin",
            Self::Complete => "complete",
            Self::Wait { .. } => "wait",
            Self::Register => "register",
            Self::ConfirmRevocation => "confirm-revocation",
            Self::ConfirmResumption => "confirm-resumption",
            Self::PhonePassword => "phone-password",
            Self::Delete => "delete",
            Self::Done { .. } => "done",
        }
    }
}

/// One step of a procedure.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(tag = "step", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({"step": "begin", "procedure": "apply"}))]
pub enum Step {
    /// Begins a procedure.
    Begin {
        /// Which.
        procedure: Procedure,
        /// For [`Procedure::ResetPin`]: which PIN.
        #[serde(default)]
        usage: Option<Use>,
    },
    /// The card's signature password.
    CardPassword {
        /// As typed.
        password: Typed,
    },
    /// The choice of certificates and the tick at the notices (APPLY-2, APPLY-3).
    Choose {
        /// What is applied for.
        uses: Uses,
        /// 確認しました
        confirmed: bool,
    },
    /// The card lies on the phone: read it.
    ReadCard,
    /// 同意して次へ: the certificates on the old phone are to be revoked (MOVE-1).
    ConsentToReplacement,
    /// A new signature password, twice (APPLY-5).
    NewSignaturePassword {
        /// As typed.
        password: Typed,
        /// As typed again.
        again: Typed,
    },
    /// A new user-authentication PIN, twice (APPLY-5).
    NewUserAuthenticationPin {
        /// As typed.
        pin: Typed,
        /// As typed again.
        again: Typed,
    },
    /// Send again what could not be sent.
    Complete,
    /// 登録する (REG-1).
    Register,
    /// The tick at "revoke" and the way (END-2, END-3).
    ConfirmRevocation {
        /// The tick.
        confirmed: bool,
        /// Whether the card at hand signs instead of the phone.
        with_card: bool,
    },
    /// What resuming leads to was read (LOSS-2).
    ConfirmResumption,
    /// 失効する, with the phone's signature password (END-2).
    PhonePassword {
        /// As typed.
        password: Typed,
    },
    /// Let the chip delete what it holds.
    Delete,
    /// Gives up the procedure under way.
    Cancel,
}

/// Puts a card to the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"card": "hana"}))]
pub struct PutCard {
    /// The card's name on the table.
    pub card: String,
}

/// Opens a transaction by its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "link": "http://localhost:8080/portal/v1/transactions/0123456789abcdef0123456789abcdef"
}))]
pub struct OpenLink {
    /// The link, as the asker gave it.
    pub link: String,
}

/// A transaction on the phone's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShownTransaction {
    /// What the asker asks for.
    #[serde(flatten)]
    pub transaction: Transaction,
    /// How many tries the PIN has left that consent needs, where the phone knows (PIN-1).
    pub tries_left: Option<u8>,
    /// The same of the PIN by which is proven who signs, where that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_tries_left: Option<u8>,
}

/// Consents to a transaction, refuses it, or says that it cannot be done.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(tag = "consent", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({"consent": "approve", "pin": "7294"}))]
pub enum Consent {
    /// Yes, with the PIN or password of the key that the purpose needs.
    Approve {
        /// As typed.
        pin: Typed,
        /// The user-authentication PIN, as typed: where it is to be proven as well who signs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Typed>,
    },
    /// No.
    Refuse,
    /// It cannot be done with this phone: who asks is told why, as the phone knows it.
    Cannot,
}

/// Changes a PIN by who knows the old one (PIN-2).
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"old": "7294", "new": "8642", "again": "8642"}))]
pub struct ChangePin {
    /// As typed.
    pub old: Typed,
    /// As typed.
    pub new: Typed,
    /// As typed again.
    pub again: Typed,
}

/// What the chip holds (REG-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChipContents {
    /// The token's label.
    pub label: String,
    /// One entry a key that is present.
    pub keys: Vec<ChipKey>,
}

/// A key in the chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChipKey {
    /// What it is for.
    pub usage: Use,
    /// PIN tries left (PIN-1).
    pub tries_left: u8,
    /// The certificate, DER in base64, if its file could be read with the PIN given.
    pub certificate: Option<Base64>,
}

/// Asks what the chip holds. Both certificates are behind their PINs; without one, its file is not read.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"user_authentication_pin": "7294"}))]
pub struct ReadContents {
    /// The signature password.
    #[schema(value_type = Option<String>)]
    pub signature_password: Option<Typed>,
    /// The user-authentication PIN.
    #[schema(value_type = Option<String>)]
    pub user_authentication_pin: Option<Typed>,
}
