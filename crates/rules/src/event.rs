//! What happened to a resident: the journal. Events carry no attribute values. *Stored.*

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    CardId, Certificate, CertificateId, Change, ChipId, Departure, EnrolmentId, HoldCause, Medium,
    Municipality, OperationId, Platform, RecordVersion, ResidentId, RevocationReason, Use, Uses,
};

/// Something that happened. *This type is stored*: variants and fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// A municipality entered the resident.
    ResidentAdmitted {
        /// Who.
        resident: ResidentId,
        /// Where.
        municipality: Municipality,
        /// The first version of the attributes.
        record: RecordVersion,
        /// Salted commitment to them, in hexadecimal.
        commitment: String,
    },
    /// The attributes changed.
    RecordChanged {
        /// The new version.
        record: RecordVersion,
        /// Salted commitment to it, in hexadecimal.
        commitment: String,
        /// What changed.
        change: Change,
        /// The municipality of residence after the change.
        municipality: Municipality,
    },
    /// The plastic card was issued.
    CardIssued {
        /// The card.
        card: CardId,
        /// Its chip.
        chip: ChipId,
        /// Its last day.
        expires: Date,
    },
    /// The order for the card's certificates changed; what is on order is issued next.
    CardCertificatesOrdered {
        /// All that is on order from now on.
        uses: Uses,
    },
    /// The counter may set a new PIN on the card once.
    CardUnlockAllowed {
        /// The card's chip.
        chip: ChipId,
        /// Which key's PIN; `None` is the card-face input PIN.
        usage: Option<Use>,
    },
    /// A signed application was accepted.
    ApplicationSigned {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The phone's chip.
        chip: ChipId,
        /// The phone's system.
        platform: Platform,
        /// What was applied for.
        uses: Uses,
        /// The card's certificate that signed it.
        signed_with: CertificateId,
        /// The phone whose certificates end when these are issued (MOVE-1).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<ChipId>,
        /// When.
        at: Timestamp,
    },
    /// An application that was not yet worked on gave way: to a newer one, to the end of its phone's
    /// use, or to the report that the phone is lost.
    ApplicationWithdrawn {
        /// Which enrolment.
        enrolment: EnrolmentId,
    },
    /// The new PINs are set: the application is complete.
    ApplicationCompleted {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// When.
        at: Timestamp,
        /// When work on it begins (HOURS-1).
        due: Timestamp,
    },
    /// An application ended without certificates: what it stood on does not hold any more.
    ApplicationRejected {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The refusal's code.
        code: String,
    },
    /// A certificate was issued. Its status is `Issued`.
    CertificateIssued {
        /// The certificate.
        certificate: Certificate,
    },
    /// A phone's certificates are issued and wait for registration (HOURS-2).
    RegistrationReady {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The phone's chip.
        chip: ChipId,
        /// The phone's system.
        platform: Platform,
        /// Since when.
        at: Timestamp,
    },
    /// A certificate is on its chip.
    CertificateActivated {
        /// Which.
        id: CertificateId,
        /// When.
        at: Timestamp,
    },
    /// The phone carries its certificates (REG-1).
    PhoneRegistered {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The phone's chip.
        chip: ChipId,
        /// When.
        at: Timestamp,
    },
    /// A loss was reported.
    LossReported {
        /// Card or phone.
        medium: Medium,
        /// When.
        at: Timestamp,
    },
    /// A certificate was put on hold, or a further cause holds it.
    CertificateHeld {
        /// Which.
        id: CertificateId,
        /// When.
        at: Timestamp,
        /// Why; absent for a loss.
        #[serde(default, skip_serializing_if = "HoldCause::is_loss")]
        cause: HoldCause,
    },
    /// A cause for a certificate's hold ended; without another one it is as before the hold.
    CertificateResumed {
        /// Which.
        id: CertificateId,
        /// When.
        at: Timestamp,
        /// Which cause; absent for a loss.
        #[serde(default, skip_serializing_if = "HoldCause::is_loss")]
        cause: HoldCause,
    },
    /// The card that was reported lost is found (CARD-12).
    CardFound {
        /// When.
        at: Timestamp,
    },
    /// The person is no longer on a residents' register (CARD-13).
    Departed {
        /// How.
        departure: Departure,
        /// When.
        at: Timestamp,
    },
    /// A certificate was revoked.
    CertificateRevoked {
        /// Which.
        id: CertificateId,
        /// When.
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
    /// The phone no longer carries valid certificates; its chip has to delete them.
    PhoneRetired {
        /// The phone's chip.
        chip: ChipId,
        /// The phone's system.
        platform: Platform,
        /// Since when the deletion is due.
        at: Timestamp,
    },
    /// The time within which the phone's deletion is awaited has passed (MOVE-3).
    DeletionOverdue {
        /// The phone's chip.
        chip: ChipId,
        /// When.
        at: Timestamp,
    },
    /// The phone proved the deletion.
    DeletionConfirmed {
        /// The phone's chip.
        chip: ChipId,
        /// When.
        at: Timestamp,
    },
    /// The phone's chip may take a new PIN once (PIN-2).
    PhonePinResetAllowed {
        /// The phone's chip.
        chip: ChipId,
        /// Which PIN.
        usage: Use,
    },
    /// The operator asked the resident to apply for another certificate in place of one.
    ReapplicationAsked {
        /// In place of which.
        id: CertificateId,
        /// In which operation.
        operation: OperationId,
        /// When.
        at: Timestamp,
    },
    /// The resident let a site have the latest attributes, by a signature.
    ConsentGiven {
        /// Which consent.
        consent: String,
        /// The site's name.
        asker: String,
    },
    /// The resident took that back.
    ConsentWithdrawn {
        /// Which consent.
        consent: String,
        /// The site's name.
        asker: String,
    },
}
