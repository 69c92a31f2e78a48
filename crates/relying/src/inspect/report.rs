//! What an inspection found: names with stable codes, values, and what each check came to. Texts for
//! the codes are in `words`.

use std::fmt;

use inrou_api::problem::Code;
use inrou_pki::Status;
use inrou_rules::Sex;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::Kind;

/// What a file is, what it says, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is.
    pub file: FileKind,
    /// What it says, in the order in which to show it. Unverified, unless every check has passed.
    pub facts: Vec<Fact>,
    /// What was checked, in the order in which one rests on the other.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether nothing failed and nothing was left unchecked.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.outcome == Outcome::Passed)
    }

    /// What the issuer says of the certificate, if that alone keeps it from holding: everything else
    /// was checked and holds.
    pub fn not_good(&self) -> Option<Status> {
        let mut said = None;
        for check in &self.checks {
            match check.outcome {
                Outcome::Passed => {}
                Outcome::NotGood(status) => said = Some(status),
                Outcome::Failed { .. } | Outcome::Unknown { .. } | Outcome::NotChecked(_) => {
                    return None;
                }
            }
        }
        said
    }

    /// Whether nothing failed: what keeps it from holding was not checked, or cannot be told.
    pub fn is_open(&self) -> bool {
        let open = |outcome: &Outcome| {
            matches!(outcome, Outcome::Passed | Outcome::Unknown { .. } | Outcome::NotChecked(_))
        };
        self.checks.iter().all(|check| open(&check.outcome))
    }

    /// What a check came to.
    pub fn outcome(&self, name: CheckName) -> Option<&Outcome> {
        let check = self.checks.iter().find(|check| check.name == name);
        check.map(|check| &check.outcome)
    }
}

/// The file is none of the kinds that can be inspected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is not recognised: {}", reasons(.0))]
pub struct NotRecognised(pub Vec<(FileKind, String)>);

/// One thing that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What is said.
    pub name: FactName,
    /// What it is said to be.
    pub value: FactValue,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: CheckName,
    /// What it came to.
    pub outcome: Outcome,
}

/// What a fact is said to be. `Debug` shows no words: they may be attribute values.
#[derive(Clone, PartialEq, Eq)]
pub enum FactValue {
    /// Words, a name, hexadecimal digits.
    Text(String),
    /// A moment.
    Moment(Timestamp),
    /// A day.
    Date(Date),
    /// A number.
    Number(u64),
    /// One of the four kinds of a resident's certificate.
    Kind(Kind),
    /// None of them: an organisation's seal, of an issuer that is trusted for seals.
    Seal,
    /// Sex, as the register records it.
    Sex(Sex),
    /// A certificate's status.
    Status(Status),
    /// A certificate that is listed: its serial number, hexadecimal, and its status.
    Listed(String, Status),
}

impl fmt::Debug for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactValue(..)")
    }
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed {
        /// The error code.
        code: Code,
        /// Why, for a developer, in English.
        reason: String,
    },
    /// What tells the status is genuine, and says that the certificate is not good.
    NotGood(Status),
    /// It cannot be told: what would tell it does not answer, or speaks of something else.
    Unknown {
        /// The error code.
        code: Code,
        /// Why, for a developer, in English.
        reason: String,
    },
    /// It was not looked at.
    NotChecked(Unchecked),
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident, $family:literal { $( $(#[$item:meta])* $variant:ident = $code:literal; )+ }) => {
        $(#[$doc])*
        #[doc = concat!("\n\nTexts are in the family `", $family, "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$item])* $variant, )+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, in kebab case.
            pub const fn code(self) -> &'static str {
                match self {
                    $( Self::$variant => $code, )+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

codes! {
    /// What a file can be.
    FileKind, "file" {
        /// A resident's certificate, an organisation's seal, or that of a status service.
        Certificate = "certificate";
        /// An issuer's own certificate.
        IssuerCertificate = "issuer-certificate";
        /// A CMS SignedData.
        SignedMessage = "signed-message";
        /// An OCSP response.
        OcspResponse = "ocsp-response";
        /// A certificate revocation list.
        Crl = "crl";
    }
}

codes! {
    /// What a fact is about.
    FactName, "fact" {
        /// Which of several certificates in the file was judged, and of how many.
        Judged = "judged";
        /// Whose certificate it is (RFC 4514).
        Subject = "subject";
        /// Who issued it.
        Issuer = "issuer";
        /// Serial number, hexadecimal.
        Serial = "serial";
        /// Which of the four kinds, or a seal.
        Kind = "kind";
        /// First second of validity.
        ValidFrom = "valid-from";
        /// Last second of validity.
        ValidTo = "valid-to";
        /// SHA-256 of the file's DER.
        Fingerprint = "fingerprint";
        /// Name in the certificate.
        Name = "name";
        /// Address in the certificate.
        Address = "address";
        /// Date of birth in the certificate.
        BirthDate = "birth-date";
        /// Sex in the certificate.
        Sex = "sex";
        /// What is said of the certificate of that serial number.
        Status = "status";
        /// When the signer claims to have signed.
        SigningTime = "signing-time";
        /// How many bytes were signed.
        ContentLength = "content-length";
        /// When it was made.
        MadeAt = "made-at";
        /// By when there is to be newer information.
        NextUpdate = "next-update";
        /// cRLNumber, hexadecimal.
        CrlNumber = "crl-number";
        /// How many certificates are listed.
        ListedCount = "listed-count";
        /// One of those that are listed.
        Listed = "listed";
    }
}

codes! {
    /// What a check is about.
    CheckName, "check" {
        /// The signature over the content is by the signer's key.
        Signature = "signature";
        /// A trusted issuer signed it.
        Trusted = "trusted";
        /// It is valid at this time.
        Timely = "timely";
        /// It is a certificate of a kind that is known, for what it is used for.
        Purpose = "purpose";
        /// It is neither revoked nor on hold.
        Status = "status";
    }
}

codes! {
    /// Why something was not looked at.
    Unchecked, "unchecked" {
        /// An earlier check, on which it rests, did not pass.
        EarlierCheck = "earlier-check";
        /// No issuer is trusted here.
        NoAnchors = "no-anchors";
        /// There is no status service to ask.
        NoStatusService = "no-status-service";
        /// The content lies beside the message, and was not given.
        ContentMissing = "content-missing";
    }
}

fn reasons(tried: &[(FileKind, String)]) -> String {
    let tried = tried.iter().map(|(kind, why)| format!("no {kind}: {why}"));
    tried.collect::<Vec<_>>().join("; ")
}
