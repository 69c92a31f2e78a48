//! What may be asked of a resident's aggregate.

use jiff::Timestamp;

use crate::{
    CardId, CertificateId, Change, ChipId, Departure, EnrolmentId, Medium, Municipality,
    OperationId, Platform, RecordVersion, ResidentId, RevocationReason, Serial, Use, Uses,
};

/// Who stands at a counter (CARD-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The resident in person.
    InPerson,
    /// Somebody else: refused.
    Proxy,
}

/// How a resident asked for revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationWay {
    /// The phone's signature key (END-2).
    PhoneSignature(CertificateId),
    /// The card's signature key (END-3).
    CardSignature(CertificateId),
    /// A call to the hotline (LOSS-3, END-5), while it answers (HOURS-4).
    Hotline,
}

/// What the operator does to certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorAct {
    /// Puts them on hold.
    Hold,
    /// Lifts its own hold of user-authentication certificates.
    Lift,
    /// Revokes them; a card's with what stands on it (VALID-4).
    Revoke(RevocationReason),
    /// Asks their holder to apply for others.
    AskToReapply,
}

/// A certificate that has been signed, to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// What it is for.
    pub usage: Use,
    /// Its reserved serial number.
    pub serial: Serial,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// For a phone's certificate, its source (VALID-1).
    pub source: Option<CertificateId>,
    /// The version of the attributes from which it was made: an old one is not recorded (CARD-7).
    pub record: RecordVersion,
}

/// A command. The caller has checked everything that needs crypto: signatures, chains, receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A municipality enters a resident.
    Admit {
        /// Who.
        resident: ResidentId,
        /// Where.
        municipality: Municipality,
        /// Salted commitment to the attributes.
        commitment: [u8; 32],
    },
    /// A municipality issues the plastic card, with the certificates that the resident chose (CARD-1).
    /// It replaces a card that has expired, is about to, or is reported lost.
    IssueCard {
        /// The card.
        card: CardId,
        /// Its chip.
        chip: ChipId,
        /// The certificates chosen.
        uses: Uses,
        /// Who stands at the counter.
        presence: Presence,
        /// Which municipality's counter.
        by: Municipality,
    },
    /// The resident has the card's certificates renewed (CARD-9).
    RenewCardCertificates {
        /// Which.
        uses: Uses,
        /// Who stands at the counter.
        presence: Presence,
        /// Which municipality's counter.
        by: Municipality,
    },
    /// The card that was reported lost is found (CARD-12).
    FindCard {
        /// Whether a new signature certificate is asked for.
        reissue: bool,
        /// Who stands at the counter.
        presence: Presence,
        /// Which municipality's counter.
        by: Municipality,
    },
    /// The person dies or moves abroad (CARD-13).
    Depart {
        /// How.
        departure: Departure,
        /// Which municipality says so.
        by: Municipality,
    },
    /// The resident changes which certificates the card carries (CARD-1, CARD-10).
    ChooseCardCertificates {
        /// The certificates wanted from now on.
        uses: Uses,
        /// Who stands at the counter.
        presence: Presence,
        /// Which municipality's counter.
        by: Municipality,
    },
    /// The resident notifies a change of name, address, birth date or sex (CARD-7, VALID-3).
    ChangeRecord {
        /// The new version.
        record: RecordVersion,
        /// Salted commitment to the new attributes.
        commitment: [u8; 32],
        /// What changed.
        change: Change,
        /// The municipality of residence after the change.
        municipality: Municipality,
        /// Whether a new signature certificate is asked for together with the notification.
        reissue: bool,
        /// Who stands at the counter.
        presence: Presence,
    },
    /// The counter of the municipality of residence sets a new PIN on the card and unlocks it (CARD-6).
    UnlockCard {
        /// Which key's PIN; `None` is the card-face input PIN.
        usage: Option<Use>,
        /// Who stands at the counter.
        presence: Presence,
        /// Which municipality's counter.
        by: Municipality,
    },
    /// The card's certificates that were ordered have been signed.
    RecordCardIssuance {
        /// The certificates.
        issued: Vec<Issuance>,
    },
    /// The card's receipt for its certificates has come.
    ActivateCard {
        /// Which certificates the receipt names.
        certificates: Vec<CertificateId>,
    },
    /// An application signed by the card (APPLY-4).
    Apply {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The phone's chip.
        chip: ChipId,
        /// The phone's system.
        platform: Platform,
        /// What is applied for.
        uses: Uses,
        /// Whether the notices were confirmed (APPLY-3).
        confirmed: bool,
        /// Whether the resident consents to the end of another phone's certificates (MOVE-1).
        consent: bool,
        /// The card's signature certificate that signed it.
        signed_with: CertificateId,
    },
    /// The new PINs are set: the last screen (HOURS-1).
    CompleteApplication {
        /// Which enrolment.
        enrolment: EnrolmentId,
    },
    /// The phone's chip is to make keys for another application, and gives up the keys of this one,
    /// whose last screen was not passed (REG-3).
    WithdrawApplication {
        /// Which enrolment.
        enrolment: EnrolmentId,
    },
    /// The application cannot be granted, for a reason that lies outside the resident's own state.
    RejectApplication {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The code of the reason, in kebab case.
        code: String,
    },
    /// The phone's certificates that were applied for have been signed.
    RecordPhoneIssuance {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// The certificates.
        issued: Vec<Issuance>,
    },
    /// The phone's receipt for its certificates has come (REG-1).
    ActivatePhone {
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// Which certificates the receipt names.
        certificates: Vec<CertificateId>,
    },
    /// The resident ends the use of the phone's certificates (END-2, END-3).
    RevokePhone {
        /// The phone.
        chip: ChipId,
        /// In which way.
        way: RevocationWay,
    },
    /// The resident ends the use of certificates on another phone than the one that asks (MOVE-6).
    RevokeOtherPhone {
        /// The phone that asks.
        asked_on: ChipId,
        /// The card's signature certificate that signed the request.
        signed_with: CertificateId,
    },
    /// The phone that was reported lost is found: its use is resumed (LOSS-2).
    ResumePhone {
        /// The phone.
        chip: ChipId,
        /// The card's signature certificate that signed the request (LOSS-4).
        signed_with: CertificateId,
    },
    /// The time within which a former phone's deletion is awaited has passed (MOVE-3).
    WatchDeletion {
        /// The phone.
        chip: ChipId,
    },
    /// A phone's receipt for the deletion has come.
    ConfirmDeletion {
        /// The phone.
        chip: ChipId,
    },
    /// The resident, who forgot or locked a phone PIN, asks with the card to set it anew (PIN-2).
    ResetPhonePin {
        /// The phone.
        chip: ChipId,
        /// Which PIN.
        usage: Use,
        /// The card's signature certificate that signed the request.
        signed_with: CertificateId,
    },
    /// A loss is reported: the certificates of that medium are held (LOSS-1, CARD-11).
    Hold {
        /// Card or phone.
        medium: Medium,
    },
    /// The operator acts on certificates of this resident, among others'.
    Operate {
        /// In which operation.
        operation: OperationId,
        /// What it does.
        act: OperatorAct,
        /// To which certificates.
        certificates: Vec<CertificateId>,
    },
}
