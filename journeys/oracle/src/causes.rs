//! Why certificates end, what the status services say then, and which rules say so.
//!
//! The reason codes are those of J §1.6 and of VALID-5; a certificate that was revoked while on
//! hold is told as revoked since the hold (assumption LOSS-4).

use super::world::Medium;

/// The reason codes of a CRL or of OCSP. `Unspecified` is written as no reason in a CRL (VALID-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Unspecified,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// CARD-7, VALID-3: name, address, date of birth or sex changed.
    AttributesChanged,
    /// CARD-13.
    Died,
    /// CARD-13.
    MovedAbroad,
    /// CARD-10, and VALID-4 on the phone.
    Stopped,
    /// CARD-9, and VALID-4 on the phone.
    Renewed,
    /// Another card took the card's place (CARD-1), and VALID-4 on the phone.
    CardReplaced,
    /// CARD-12: the signature certificate of a card that was found.
    CardFound,
    /// MOVE-2.
    PhoneReplaced,
    /// END-2, END-3, END-4.
    UseEnded,
    /// MOVE-6, LOSS-3.
    EndedFromAnotherPhone,
    /// LOSS-3.
    EndedByHotline,
    /// LOSS-1: the application that it came of was withdrawn by a hold.
    WithdrawnByHold,
    /// LOSS-2: the phone was found and use resumed, but nothing new is issued yet. Whether the old
    /// one is shown on hold or as revoked until then, no source says.
    WaitsForReissue,
    /// LOSS-2: a new one is issued.
    Reissued,
}

use Reason::*;

impl Cause {
    /// The reasons that a status service may give.
    pub fn reasons(self, medium: Medium, reached_its_chip: bool) -> &'static [Reason] {
        match (self, medium, reached_its_chip) {
            (Cause::AttributesChanged, _, _) => &[AffiliationChanged],
            // VALID-5: never reached its chip, and its holder ends its use.
            (Cause::UseEnded, _, false) => &[Unspecified],
            (Cause::EndedFromAnotherPhone | Cause::EndedByHotline, _, false) => {
                &[Unspecified, CessationOfOperation]
            }
            // J §1.6 has `unspecified` for what is discarded before it is handed over; VALID-5 has
            // the cause's own reason. For other causes no source says which of them stands.
            (Cause::Died | Cause::MovedAbroad, _, false) => &[Unspecified, AffiliationChanged],
            (Cause::Stopped, _, false) => &[Unspecified, CessationOfOperation],
            (Cause::Renewed | Cause::CardReplaced | Cause::PhoneReplaced, _, false) => {
                &[Unspecified, Superseded]
            }
            (Cause::CardFound | Cause::Reissued, _, false) => {
                &[Unspecified, Superseded, CessationOfOperation]
            }
            (Cause::WithdrawnByHold, _, _) => &[Unspecified, CessationOfOperation, CertificateHold],
            (Cause::WaitsForReissue, _, false) => {
                &[Unspecified, CertificateHold, Superseded, CessationOfOperation]
            }
            (Cause::Died | Cause::MovedAbroad, _, true) => &[AffiliationChanged],
            (Cause::Stopped, _, true) => &[CessationOfOperation],
            (Cause::Renewed | Cause::PhoneReplaced, _, true) => &[Superseded],
            (Cause::CardReplaced, Medium::Phone(_), true) => &[Superseded],
            // A card lost for good, or replaced by the next one: VALID-5 has a reason for either.
            (Cause::CardReplaced, Medium::Card(_), true) => &[Superseded, CessationOfOperation],
            (Cause::CardFound, _, true) => &[Superseded, CessationOfOperation],
            (Cause::UseEnded | Cause::EndedFromAnotherPhone, _, true) => &[CessationOfOperation],
            (Cause::EndedByHotline, _, true) => &[CessationOfOperation],
            (Cause::WaitsForReissue, _, true) => {
                &[CertificateHold, Superseded, CessationOfOperation]
            }
            (Cause::Reissued, _, true) => &[Superseded, CessationOfOperation],
        }
    }

    /// The rules by which a use of the certificate is refused afterwards.
    pub fn rules(self) -> &'static [&'static str] {
        match self {
            Cause::AttributesChanged => &["CARD-7", "VALID-3"],
            Cause::Died | Cause::MovedAbroad => &["CARD-13", "VALID-4"],
            Cause::Stopped => &["CARD-10", "VALID-4"],
            Cause::Renewed => &["CARD-9", "VALID-2", "VALID-4"],
            Cause::CardReplaced => &["CARD-1", "VALID-4"],
            Cause::CardFound => &["CARD-12", "VALID-4"],
            Cause::PhoneReplaced => &["MOVE-2", "READY-3"],
            Cause::UseEnded => &["END-2", "END-3", "END-4"],
            Cause::EndedFromAnotherPhone => &["MOVE-6", "LOSS-3"],
            Cause::EndedByHotline => &["LOSS-3"],
            Cause::WithdrawnByHold => &["LOSS-1", "LOSS-4"],
            Cause::WaitsForReissue | Cause::Reissued => &["LOSS-2", "LOSS-4"],
        }
    }
}
