//! The authority's API, `/authority/v1`.

use inrou_rules::{
    Attributes, CardId, CertificateStatus, ChipId, EnrolmentId, Medium, Municipality, Platform,
    ResidentId, RevocationReason, Use, Uses,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Base64, Hex};

// ---- secure-channel sessions -------------------------------------------------------------------

/// Opens a secure-channel session with a chip: `POST …/sessions`. Whatever was done before in a
/// session that was lost is found done, so a session may be opened again at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "work", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SessionWork {
    /// The phone's device key is made and registered. The one request of a phone that is not signed.
    RegisterPhone {
        /// The chip's identifier.
        #[schema(value_type = String)]
        chip: ChipId,
        /// The phone's system.
        #[schema(value_type = String)]
        platform: Platform,
        /// The phone's model, as its maker calls it.
        model: String,
    },
    /// The key pairs of an enrolment are made in the phone's chip.
    MakeKeys {
        /// Which enrolment.
        #[schema(value_type = String)]
        enrolment: EnrolmentId,
    },
    /// 登録する: the certificates are written to the phone's chip (REG-1).
    StoreCertificates {
        /// Which enrolment.
        #[schema(value_type = String)]
        enrolment: EnrolmentId,
    },
    /// The phone's chip deletes what it may no longer hold.
    Delete,
    /// The phone's chip takes a new PIN once, as a signed request was granted (PIN-2).
    AllowPinSet {
        /// Which request.
        request: String,
    },
    /// The card on the counter's reader is brought up to date: certificates that were ordered are
    /// issued and written, PINs that were unlocked may be set anew. For counters.
    WriteCard {
        /// Whose card.
        #[schema(value_type = String)]
        resident: ResidentId,
    },
}

/// One step of a secure-channel session: commands to play to the chip, or its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum SessionStep {
    /// Play these in order; stop at the first answer whose status is not 9000; post the answers.
    Commands {
        /// Which session.
        session: String,
        /// Command APDUs.
        commands: Vec<Hex>,
    },
    /// The session has reached its end.
    Done {
        /// What it brought.
        outcome: SessionOutcome,
    },
}

/// The chip's answers to the last commands, up to and including the first that is not 9000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionAnswer {
    /// Response APDUs.
    pub responses: Vec<Hex>,
}

/// What a session brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum SessionOutcome {
    /// The phone's device key is registered: from now on its requests are signed.
    PhoneRegistered,
    /// Key pairs were made in the chip and attested.
    KeysAttested {
        /// The public keys.
        keys: Vec<AttestedKey>,
    },
    /// Certificates are in the chip and active.
    CertificatesStored {
        /// Which.
        certificates: Vec<CertificateView>,
        /// From when status services tell them as good (HOURS-3).
        #[schema(value_type = String, format = DateTime)]
        usable_from: Timestamp,
    },
    /// The chip holds nothing of the resident's any more; the receipt proves it.
    Deleted {
        /// The chip's signed receipt.
        receipt: Base64,
    },
    /// The phone's chip takes a new PIN once, over its local channel.
    PinSetAllowed {
        /// Which key's PIN.
        #[schema(value_type = String)]
        usage: Use,
    },
    /// The card is up to date.
    CardWritten {
        /// The certificates that it carries.
        certificates: Vec<CertificateView>,
        /// The PINs that may now be set once over the counter's reader.
        pins: Vec<CardPin>,
    },
}

/// A PIN of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardPin {
    /// The signature password.
    Signature,
    /// The user-authentication PIN.
    UserAuthentication,
    /// The card-face input PIN (券面入力用暗証番号).
    CardFace,
}

/// A public key made in a chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttestedKey {
    /// What it is for.
    #[schema(value_type = String)]
    pub usage: Use,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Base64,
}

// ---- phones ------------------------------------------------------------------------------------

/// A phone as the authority knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneView {
    /// Its chip.
    #[schema(value_type = String)]
    pub chip: ChipId,
    /// Its system.
    #[schema(value_type = String)]
    pub platform: Platform,
    /// Its model.
    pub model: String,
    /// The enrolment that was begun last, if any.
    pub enrolment: Option<EnrolmentView>,
    /// The certificates it carries or is about to carry, or carried last.
    pub certificates: Vec<CertificateView>,
    /// Since when the chip has to delete what it holds, if it has to.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deletion_due: Option<Timestamp>,
}

/// A certificate as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateView {
    /// What it is for.
    #[schema(value_type = String)]
    pub usage: Use,
    /// Card or phone.
    #[schema(value_type = String)]
    pub medium: Medium,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// First second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: Timestamp,
    /// Last second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// Where it stands.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub status: CertificateStatus,
}

// ---- applying ----------------------------------------------------------------------------------

/// Begins an application: the choice is made and the notices are confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginEnrolment {
    /// What is applied for.
    #[schema(value_type = Object)]
    pub uses: Uses,
    /// Whether the notices were ticked as confirmed (APPLY-3).
    pub confirmed: bool,
}

/// An application has begun; the chip is to make its keys ([`SessionWork::MakeKeys`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentBegun {
    /// Which.
    #[schema(value_type = String)]
    pub enrolment: EnrolmentId,
    /// What the card's signature must cover.
    pub challenge: Challenge,
    /// The version of the notices that were confirmed.
    pub terms: String,
}

/// Random bytes that a signed statement must carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Challenge {
    /// The bytes.
    pub value: Base64,
    /// Until when they may be used.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// A statement ([`crate::statement`]) signed with a card's or a phone's signature key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedStatement {
    /// CMS ContentInfo with the statement inside, DER.
    pub cms: Base64,
}

/// The signed application was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationAccepted {
    /// Which enrolment.
    #[schema(value_type = String)]
    pub enrolment: EnrolmentId,
    /// What was read from the card's certificate, for the person to see.
    #[schema(value_type = Object)]
    pub applicant: Attributes,
    /// What was applied for; PINs are set for these (APPLY-5).
    #[schema(value_type = Object)]
    pub uses: Uses,
}

/// How far an enrolment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentView {
    /// Which.
    #[schema(value_type = String)]
    pub enrolment: EnrolmentId,
    /// What was applied for.
    #[schema(value_type = Object)]
    pub uses: Uses,
    /// How far it is.
    #[serde(flatten)]
    pub stage: EnrolmentStage,
}

/// How far an enrolment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum EnrolmentStage {
    /// Begun: the keys are being made, or wait for the card's signature.
    Begun,
    /// The card has signed; the new PINs are not set yet.
    Signed,
    /// Complete: worked on from `due` on (HOURS-1).
    Completed {
        /// When the last screen was passed.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// When work begins.
        #[schema(value_type = String, format = DateTime)]
        due: Timestamp,
    },
    /// The certificates are issued: press "register" (REG-1).
    Ready {
        /// Since when.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// The certificates are in the chip.
    Registered {
        /// Since when.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
        /// From when relying parties see them (HOURS-3).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        usable_from: Option<Timestamp>,
    },
    /// It ended without certificates.
    Ended {
        /// Why: an error code.
        code: String,
    },
}

// ---- revocation and PIN reset ------------------------------------------------------------------

/// By which key a resident asks for revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SigningKey {
    /// The phone's signature key (END-2).
    Phone,
    /// The card's signature key (END-3).
    Card,
}

/// What a resident wants to ask for with a signed statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BeginRequest {
    /// Revocation of this phone's certificates (END-2, END-3).
    Revocation {
        /// Which key signs.
        with: SigningKey,
    },
    /// Setting a PIN of this phone anew, with the card (PIN-2).
    PinReset {
        /// Which key's PIN.
        #[schema(value_type = String)]
        usage: Use,
    },
}

/// A request has begun: sign the statement with this challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestBegun {
    /// Which request.
    pub request: String,
    /// What the signature must cover.
    pub challenge: Challenge,
}

/// A signed request was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum RequestDone {
    /// The certificates are revoked; the chip has to delete them ([`SessionWork::Delete`]).
    Revocation {
        /// The certificates revoked.
        certificates: Vec<CertificateView>,
    },
    /// The chip is to allow a new PIN ([`SessionWork::AllowPinSet`]).
    PinReset,
}

// ---- notices -----------------------------------------------------------------------------------

/// A notice to a phone or a person. The text is in `words`, by code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Grows by one for each notice to the same addressee.
    pub sequence: u64,
    /// When it came about.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Which text.
    pub code: String,
    /// The text's parameters; never attribute values.
    pub params: std::collections::BTreeMap<String, String>,
}

/// Notices after the one asked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notices {
    /// In order.
    pub notices: Vec<Notice>,
    /// Ask from here next time.
    pub next: u64,
}

// ---- counter and hotline -----------------------------------------------------------------------

/// Who stands at the counter (CARD-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Attendance {
    /// The resident in person.
    InPerson,
    /// Somebody else.
    Proxy,
}

/// A municipality enters a resident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmitResident {
    /// The municipality of residence.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Name, address, birth date, sex, with readings.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

/// A resident was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentAdmitted {
    /// Who.
    #[schema(value_type = String)]
    pub resident: ResidentId,
}

/// A municipality issues a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueCard {
    /// The blank card's chip, which lies on the counter's reader.
    #[schema(value_type = String)]
    pub chip: ChipId,
    /// The certificates chosen (CARD-1).
    #[schema(value_type = Object)]
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    #[schema(value_type = String)]
    pub counter: Municipality,
}

/// A card was issued; its chip is to be written ([`SessionWork::WriteCard`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardIssued {
    /// The card.
    #[schema(value_type = String)]
    pub card: CardId,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub expires: Date,
}

/// A resident changes which certificates the card carries (CARD-1, CARD-10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseCertificates {
    /// The certificates wanted from now on.
    #[schema(value_type = Object)]
    pub uses: Uses,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    #[schema(value_type = String)]
    pub counter: Municipality,
}

/// A resident notifies a change of name, address, birth date or sex (CARD-7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// The attributes from now on.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The municipality of residence from now on.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Whether a new signature certificate is asked for with the notification.
    pub reissue: bool,
    /// Who stands at the counter.
    pub attendance: Attendance,
}

/// The counter unlocks one of the card's PINs (CARD-6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockCard {
    /// Which PIN.
    pub pin: CardPin,
    /// Who stands at the counter.
    pub attendance: Attendance,
    /// The counter's municipality.
    #[schema(value_type = String)]
    pub counter: Municipality,
}

/// A loss is reported (LOSS-1, CARD-11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportLoss {
    /// What was lost.
    #[schema(value_type = String)]
    pub medium: Medium,
}

/// A resident in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentSummary {
    /// Who.
    #[schema(value_type = String)]
    pub resident: ResidentId,
    /// Where.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Name, with its reading.
    pub name: String,
    /// The reading.
    pub name_reading: String,
}

/// A resident as a counter sees one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentView {
    /// Who.
    #[schema(value_type = String)]
    pub resident: ResidentId,
    /// Where.
    #[schema(value_type = String)]
    pub municipality: Municipality,
    /// Name, address, birth date, sex.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The card, if there is one.
    pub card: Option<CardView>,
    /// The chip of the live phone, if there is one.
    #[schema(value_type = Option<String>)]
    pub phone: Option<ChipId>,
    /// Certificates of card and phone.
    pub certificates: Vec<CertificateView>,
}

/// A card as a counter sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardView {
    /// Which card.
    #[schema(value_type = String)]
    pub card: CardId,
    /// Its chip.
    #[schema(value_type = String)]
    pub chip: ChipId,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub expires: Date,
}

// ---- relying roles -----------------------------------------------------------------------------

/// A role asks who holds a certificate, having checked its signature, path and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindHolder {
    /// The certificate, DER.
    pub certificate: Base64,
}

/// The holder of a certificate, as the asking role may know one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// A pairwise identifier: stable for this role over renewals and phones, useless to another.
    pub subject: String,
    /// Name, address, birth date, sex, for roles that may have them.
    #[schema(value_type = Option<Object>)]
    pub attributes: Option<Attributes>,
}

/// One act in a resident's history (USE-7). The text is in `words`, by code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened: the event's type.
    pub code: String,
    /// Its parameters; never attribute values.
    pub params: std::collections::BTreeMap<String, String>,
    /// Who acted: `holder`, `counter`, `hotline`, `service`, or a role.
    pub actor: String,
}

/// A certificate's status as the status services tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum PublishedStatus {
    /// Not revoked, not held, known.
    Good,
    /// On hold since.
    OnHold {
        /// Since when.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// Revoked.
    Revoked {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// Why.
        #[schema(value_type = String)]
        reason: RevocationReason,
    },
    /// Never issued, or not yet on its chip.
    Unknown,
}

/// An issuer's certificate that relying parties may trust: one generation of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrustAnchor {
    /// What it issues certificates for.
    #[schema(value_type = String)]
    pub usage: Use,
    /// Which generation of the issuer's key. The generations share one name.
    pub generation: u32,
    /// The issuer's name (RFC 4514).
    pub subject: String,
    /// First second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: Timestamp,
    /// Last second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// SHA-256 of the certificate.
    pub sha256: Hex,
    /// The certificate, DER.
    pub certificate: Base64,
}
