//! What a phone asks of the authority: applications, requests, notices.

use std::collections::BTreeMap;
use std::fmt;

use inrou_rules::{
    Attributes, CertificateStatus, ChipId, EnrolmentId, Medium, Platform, Use, Uses,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::Base64;

/// A phone as the authority knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneView {
    /// Its chip.
    pub chip: ChipId,
    /// Its system.
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
    /// What resuming its use leads to, while a loss holds it (LOSS-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumption: Option<Resumption>,
}

/// What resuming the use of a phone that was reported lost leads to (LOSS-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resumption {
    /// What is as before the hold.
    pub resumed: Uses,
    /// What ends, and is to be applied for and registered anew.
    pub anew: Uses,
    /// Whether nothing is left on the phone, which has to delete its data first.
    pub emptied: bool,
}

/// A certificate as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateView {
    /// What it is for.
    pub usage: Use,
    /// Card or phone.
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
    pub status: CertificateStatus,
    /// Whether the operator asks its holder to apply for another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reapplication_asked: bool,
}

/// Begins an application: the choice is made and the notices are confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"uses": {"signature": true, "user_authentication": true}, "confirmed": true}))]
pub struct BeginEnrolment {
    /// What is applied for.
    pub uses: Uses,
    /// Whether the notices were ticked as confirmed (APPLY-3).
    pub confirmed: bool,
    /// Whether it is a change of phone: the card's signature then consents to the end of the old
    /// phone's certificates (MOVE-1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub change_of_phone: bool,
}

/// An application has begun; the chip is to make its keys (`SessionWork::MakeKeys`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentBegun {
    /// Which.
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
#[schema(example = json!({"cms": "MIAGCSqGSIb3DQEHAqCA"}))]
pub struct SignedStatement {
    /// CMS ContentInfo with the statement inside, DER.
    pub cms: Base64,
}

/// The signed application was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationAccepted {
    /// Which enrolment.
    pub enrolment: EnrolmentId,
    /// What was read from the card's certificate, for the person to see.
    pub applicant: Attributes,
    /// What was applied for; PINs are set for these (APPLY-5).
    pub uses: Uses,
}

/// How far an enrolment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentView {
    /// Which.
    pub enrolment: EnrolmentId,
    /// What was applied for.
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
#[schema(example = json!({"request": "revocation", "with": "phone"}))]
pub enum BeginRequest {
    /// Revocation of this phone's certificates (END-2, END-3).
    Revocation {
        /// Which key signs.
        with: SigningKey,
    },
    /// Setting a PIN of this phone anew, with the card (PIN-2).
    PinReset {
        /// Which key's PIN.
        usage: Use,
    },
    /// Revocation of another phone's certificates, with the card (MOVE-6).
    OtherRevocation,
    /// Resuming the use of this phone, with the card (LOSS-2).
    Resumption,
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
    /// The certificates are revoked; the chip has to delete them (`SessionWork::Delete`).
    Revocation {
        /// The certificates revoked.
        certificates: Vec<CertificateView>,
    },
    /// The chip is to allow a new PIN (`SessionWork::AllowPinSet`).
    PinReset,
    /// The other phone's certificates are revoked; it deletes them once it is on the network.
    OtherRevocation,
    /// The phone's use is resumed, as far as it can be.
    Resumption {
        /// The certificates, as they are now.
        certificates: Vec<CertificateView>,
    },
}

/// A notice to a phone or a person. The text is in `words`, by code. `Debug` shows no parameters: a clerk's
/// words may be among them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Grows by one for each notice to the same addressee.
    pub sequence: u64,
    /// When it came about.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Which text.
    pub code: String,
    /// The text's parameters; never attribute values.
    pub params: BTreeMap<String, String>,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notice({}, {}, {})", self.sequence, self.at, self.code)
    }
}

/// Notices after the one asked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notices {
    /// In order.
    pub notices: Vec<Notice>,
    /// Ask from here next time.
    pub next: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clerk_wrote_is_not_in_debug() {
        let reason = "住所の番地が読めません".to_owned();
        let notice = Notice {
            sequence: 3,
            at: Timestamp::UNIX_EPOCH,
            code: "application-returned".to_owned(),
            params: BTreeMap::from([("reason".to_owned(), reason)]),
        };
        assert_eq!(format!("{notice:?}"), "Notice(3, 1970-01-01T00:00:00Z, application-returned)");
    }
}
