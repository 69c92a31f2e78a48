//! Secure-channel sessions between the authority and a chip.

use inrou_rules::{ChipId, EnrolmentId, Platform, ResidentId, Use};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CertificateView;
use crate::wire::{Base64, Hex};

/// Opens a secure-channel session with a chip: `POST …/sessions`. Whatever was done before in a
/// session that was lost is found done, so a session may be opened again at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "work", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({
    "work": "register-phone", "chip": "0123456789abcdef0123456789abcdef",
    "platform": "iphone", "model": "Sandbox Phone 8"
}))]
pub enum SessionWork {
    /// The phone's device key is made and registered. The one request of a phone that is not signed.
    RegisterPhone {
        /// The chip's identifier.
        chip: ChipId,
        /// The phone's system.
        platform: Platform,
        /// The phone's model, as its maker calls it.
        model: String,
    },
    /// The key pairs of an enrolment are made in the phone's chip.
    MakeKeys {
        /// Which enrolment.
        enrolment: EnrolmentId,
    },
    /// 登録する: the certificates are written to the phone's chip (REG-1).
    StoreCertificates {
        /// Which enrolment.
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
#[schema(example = json!({"responses": ["9000"]}))]
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
        /// The certificate of the key that signed it, DER.
        certificate: Base64,
    },
    /// The phone's chip takes a new PIN once, over its local channel.
    PinSetAllowed {
        /// Which key's PIN.
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
    pub usage: Use,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Base64,
}
