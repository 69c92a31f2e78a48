//! Why a command was refused: a stable code with its rule and parameters, never text.
//!
//! One list at the end of this file makes the enum, the codes, the rules and the parameters, so that
//! none of them can fall out of step with the others.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::{Medium, RecordVersion, Standing, Use};

/// What there is to know about a refusal before one happens: the words for it are written by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalCode {
    /// The stable code, in kebab case.
    pub code: &'static str,
    /// The rule of the rulebook by which it is refused.
    pub rule: &'static str,
    /// Names of the parameters, in the order of [`Refusal::params`].
    pub params: &'static [&'static str],
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.rule())
    }
}

impl std::error::Error for Refusal {}

/// How a parameter's value is written: names in kebab case, moments by RFC 3339 in UTC, days by ISO 8601.
trait Parameter {
    fn text(&self) -> String;
}

impl Parameter for Use {
    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Parameter for Medium {
    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Parameter for Standing {
    fn text(&self) -> String {
        match self {
            Standing::Resident => "resident",
            Standing::Died => "died",
            Standing::MovedAbroad => "moved-abroad",
        }
        .to_owned()
    }
}

impl Parameter for RecordVersion {
    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Parameter for Timestamp {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Parameter for Date {
    fn text(&self) -> String {
        self.to_string()
    }
}

macro_rules! refusals {
    ($(
        $(#[$doc:meta])*
        $code:literal, $rule:literal,
        $name:ident $({ $( $(#[$field_doc:meta])* $field:ident: $type:ty ),+ $(,)? })?;
    )+) => {
        /// A refusal. Parameters never carry attribute values.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Refusal {
            $(
                $(#[$doc])*
                $name $({ $( $(#[$field_doc])* $field: $type ),+ })?,
            )+
        }

        impl Refusal {
            /// Every code, in the order of the enum.
            pub const CODES: &'static [RefusalCode] = &[
                $(
                    RefusalCode {
                        code: $code,
                        rule: $rule,
                        params: &[$( $( stringify!($field) ),+ )?],
                    },
                )+
            ];

            /// The stable code, in kebab case.
            pub fn code(&self) -> &'static str {
                match self {
                    $( Self::$name { .. } => $code, )+
                }
            }

            /// The rule of the rulebook by which it is refused.
            pub fn rule(&self) -> &'static str {
                match self {
                    $( Self::$name { .. } => $rule, )+
                }
            }

            /// Name and value of each parameter. Names have underscores between their words; values
            /// that are names are in kebab case, moments by RFC 3339 in UTC, days by ISO 8601.
            pub fn params(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(
                        Self::$name $({ $( $field ),+ })? => {
                            vec![$( $( (stringify!($field), $field.text()) ),+ )?]
                        }
                    )+
                }
            }
        }
    };
}

refusals! {
    /// No municipality has entered this resident.
    "resident-unknown", "CARD-2",
    ResidentUnknown;
    /// The resident is entered already.
    "resident-known", "CARD-2",
    ResidentKnown;
    /// The person is no longer on a residents' register.
    "not-on-register", "CARD-13",
    NotOnRegister {
        /// Why not.
        standing: Standing,
    };
    /// Somebody other than the resident stands at the counter.
    "in-person-only", "CARD-2",
    InPersonOnly;
    /// The counter is not that of the municipality of residence.
    "other-municipality", "CARD-6",
    OtherMunicipality;
    /// The new version of the attributes does not follow the present one.
    "record-out-of-order", "CARD-7",
    RecordOutOfOrder {
        /// The version that comes next.
        expected: RecordVersion,
    };
    /// There is no card.
    "no-card", "READY-1",
    NoCard;
    /// There is a card in force.
    "card-in-force", "CARD-1",
    CardInForce {
        /// Its last day.
        expires: Date,
    };
    /// The card has expired.
    "card-expired", "CARD-8",
    CardExpired {
        /// Its last day.
        expires: Date,
    };
    /// The card is reported lost.
    "card-reported-lost", "CARD-11",
    CardReportedLost;
    /// The card is not reported lost, so it is not found either.
    "card-not-lost", "CARD-12",
    CardNotLost;
    /// The certificate's renewal has not opened.
    "renewal-not-open", "CARD-9",
    RenewalNotOpen {
        /// Which use.
        usage: Use,
        /// The day on which it opens.
        opens: Date,
    };
    /// No certificate was named that the card carries.
    "nothing-to-renew", "CARD-9",
    NothingToRenew;
    /// The resident is under 15 and gets no signature certificate.
    "under-fifteen", "CARD-3",
    UnderFifteen;
    /// The card carries no certificate of this use, so there is no PIN to unlock.
    "card-carries-none", "CARD-6",
    CardCarriesNone {
        /// Which use.
        usage: Use,
    };
    /// Nothing was applied for.
    "none-selected", "APPLY-2",
    NoneSelected;
    /// The notices were not confirmed.
    "not-confirmed", "APPLY-3",
    NotConfirmed;
    /// The certificate that signed is not the signature certificate of the resident's card.
    "card-signature-unknown", "APPLY-4",
    CardSignatureUnknown;
    /// The card's signature certificate has not been delivered to the card.
    "card-signature-not-active", "APPLY-4",
    CardSignatureNotActive;
    /// The card's signature certificate is on hold.
    "card-signature-held", "APPLY-4",
    CardSignatureHeld;
    /// The card's signature certificate is revoked.
    "card-signature-revoked", "APPLY-4",
    CardSignatureRevoked;
    /// The card's signature certificate has expired.
    "card-signature-expired", "APPLY-4",
    CardSignatureExpired {
        /// Its last second.
        not_after: Timestamp,
    };
    /// The card's certificate of the same use, from which the phone's would take its end, is on hold.
    "source-held", "VALID-1",
    SourceHeld {
        /// Which use.
        usage: Use,
    };
    /// The resident's certificates are on another phone.
    "phone-elsewhere", "READY-3",
    PhoneElsewhere;
    /// The resident's certificates are on an Android phone, and are applied for on an iPhone.
    "revoke-on-android-first", "MOVE-4",
    RevokeOnAndroidFirst;
    /// The resident's certificates are on an iPhone, and are applied for on another phone.
    "delete-on-iphone-first", "MOVE-5",
    DeleteOnIphoneFirst;
    /// There are no certificates of the resident on another phone than the one that asks.
    "nothing-elsewhere", "MOVE-6",
    NothingElsewhere;
    /// The phone that asks for the end of another one's certificates carries another resident's.
    /// Decided where all residents are in view.
    "asking-phone-serves-another", "MOVE-6",
    AskingPhoneServesAnother;
    /// The phone carries another resident's certificates. Decided where all residents are in view:
    /// by the store's unique index.
    "phone-serves-another", "READY-3",
    PhoneServesAnother;
    /// The phone's chip holds the keys of an application that is complete and not registered yet.
    /// Decided where all residents are in view.
    "application-under-way", "REG-3",
    ApplicationUnderWay;
    /// This phone carries a certificate of this use already.
    "already-carried", "READY-3",
    AlreadyCarried {
        /// Which use.
        usage: Use,
    };
    /// The phone has yet to delete what it carried before.
    "deletion-due", "MOVE-3",
    DeletionDue {
        /// Since when.
        since: Timestamp,
    };
    /// The enrolment has an application already, and it is a different one.
    "enrolment-in-use", "APPLY-1",
    EnrolmentInUse;
    /// There is no such application on its way.
    "no-such-application", "APPLY-1",
    NoSuchApplication;
    /// The last step of the application, the new PINs, is still to come.
    "application-not-completed", "HOURS-1",
    ApplicationNotCompleted;
    /// Work on the application has not begun.
    "application-not-due", "HOURS-1",
    ApplicationNotDue {
        /// When it begins.
        due: Timestamp,
    };
    /// What was signed is not what is due now: the state has moved on, and issuance starts anew.
    "issuance-not-due", "VALID-1",
    IssuanceNotDue;
    /// The serial number belongs to another certificate of the resident.
    "serial-in-use", "VALID-5",
    SerialInUse;
    /// No certificates wait for registration, or they came by another enrolment.
    "no-such-registration", "REG-1",
    NoSuchRegistration;
    /// The receipt names a certificate that was not issued for this chip.
    "certificate-unknown", "REG-1",
    CertificateUnknown;
    /// The receipt leaves out a certificate that was issued for this chip.
    "receipt-incomplete", "REG-1",
    ReceiptIncomplete;
    /// The certificate is on hold.
    "certificate-held", "LOSS-4",
    CertificateHeld {
        /// Which use.
        usage: Use,
    };
    /// The phone does not carry this resident's certificates.
    "no-such-phone", "END-2",
    NoSuchPhone;
    /// The certificate that signed is not a usable signature certificate of this phone.
    "phone-signature-unusable", "END-2",
    PhoneSignatureUnusable;
    /// The phone carries no certificate of this use.
    "phone-carries-none", "PIN-2",
    PhoneCarriesNone {
        /// Which use.
        usage: Use,
    };
    /// The phone carries certificates in use: nothing was to be deleted.
    "deletion-not-due", "MOVE-3",
    DeletionNotDue;
    /// The time within which the deletion is awaited has not passed.
    "deletion-not-overdue", "MOVE-3",
    DeletionNotOverdue {
        /// When it will have.
        from: Timestamp,
    };
    /// Nothing on the phone is on hold.
    "nothing-held", "LOSS-2",
    NothingHeld;
    /// The operator has put a certificate on hold, and lifts that alone.
    "held-by-operator", "LOSS-4",
    HeldByOperator;
    /// The hold of a signature certificate is not lifted.
    "signature-stays-held", "LOSS-2",
    SignatureStaysHeld;
    /// A certificate that was named is not this resident's.
    "certificate-of-another", "VALID-5",
    CertificateOfAnother;
    /// The hotline does not answer now, and takes nothing but holds.
    "hotline-closed", "HOURS-4",
    HotlineClosed {
        /// When it answers next.
        opens: Timestamp,
    };
    /// There is nothing to hold.
    "nothing-to-hold", "LOSS-1",
    NothingToHold {
        /// Card or phone.
        medium: Medium,
    };
    /// The new PIN for a certificate that was applied for is missing.
    "pin-missing", "APPLY-5",
    PinMissing {
        /// Which use.
        usage: Use,
    };
    /// A new PIN for a certificate that was not applied for.
    "pin-not-asked-for", "APPLY-5",
    PinNotAskedFor {
        /// Which use.
        usage: Use,
    };
    /// The two entries of a new PIN differ.
    "pin-entries-differ", "APPLY-5",
    PinEntriesDiffer {
        /// Which use.
        usage: Use,
    };
    /// The length of a new PIN is out of range.
    "pin-length", "APPLY-5",
    PinLength {
        /// Which use.
        usage: Use,
    };
    /// A new PIN has a character that is not allowed.
    "pin-character", "APPLY-5",
    PinCharacter {
        /// Which use.
        usage: Use,
    };
    /// A new signature password has no letter.
    "pin-no-letter", "APPLY-5",
    PinNoLetter {
        /// Which use.
        usage: Use,
    };
    /// A new signature password has no digit.
    "pin-no-digit", "APPLY-5",
    PinNoDigit {
        /// Which use.
        usage: Use,
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let codes: BTreeSet<_> = Refusal::CODES.iter().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), Refusal::CODES.len());
        for code in codes {
            assert!(code.split('-').all(|part| !part.is_empty()), "{code}");
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
        }
    }

    #[test]
    fn a_refusal_tells_code_rule_and_parameters_as_listed() {
        let refusal = Refusal::NotOnRegister { standing: Standing::MovedAbroad };
        let listed = Refusal::CODES.iter().find(|entry| entry.code == "not-on-register").unwrap();
        assert_eq!((refusal.code(), refusal.rule()), (listed.code, listed.rule));
        assert_eq!(refusal.params(), [("standing", "moved-abroad".to_owned())]);
        assert_eq!(listed.params, ["standing"]);
        assert_eq!(refusal.to_string(), "not-on-register (CARD-13)");
        assert_eq!(Refusal::NoCard.params(), []);
    }

    #[test]
    fn parameters_are_written_as_documented() {
        assert_eq!(Use::Signature.text(), "signature");
        assert_eq!(Use::UserAuthentication.text(), "user-authentication");
        assert_eq!(Medium::Card.text(), "card");
        assert_eq!(Medium::Phone.text(), "phone");
        assert_eq!(Standing::Resident.text(), "resident");
        assert_eq!(Standing::Died.text(), "died");
        assert_eq!(RecordVersion(7).text(), "7");
        assert_eq!(date(2030, 2, 17).text(), "2030-02-17");
        let moment: Timestamp = "2030-02-17T23:59:59+09:00".parse().unwrap();
        assert_eq!(moment.text(), "2030-02-17T14:59:59Z");
    }
}
