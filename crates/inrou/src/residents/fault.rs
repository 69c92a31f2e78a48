//! What can be wrong with a file of test residents, where, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::FILE;

/// Something is wrong with the file. It prints as one line of English; the words for people are those of
/// its [`Fault::code`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResidentsError {
    /// The file; none for the one that comes with the program.
    pub file: Option<PathBuf>,
    /// The line, from 1; none where the whole file is meant.
    pub line: Option<usize>,
    /// The resident's handle, as far as it could be read.
    pub resident: Option<String>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is not JSON of the form that is asked for; in the words of the parser.
    #[error("{0}")]
    Form(String),
    /// There is nobody in it.
    #[error("there is no resident")]
    Nobody,
    /// A resident's or a phone's name stands twice.
    #[error("the name stands twice")]
    NameTwice,
    /// A phone has the name of a resident, by which the resident's card is called.
    #[error("a phone has the name of a resident, by which the resident's card is called")]
    NameOfCard,
    /// A My Number stands twice.
    #[error("another resident has the same My Number")]
    MyNumberTwice,
    /// The municipality is not in the table of places.
    #[error("the municipality is not in the table of places")]
    MunicipalityUnknown,
    /// The address does not begin with that municipality's prefecture and name.
    #[error("the address does not begin with {0}")]
    AddressElsewhere(String),
    /// The name is not family name, U+3000, given name.
    #[error("the name is not family name, full-width space, given name")]
    NameForm,
    /// The name or the address has half-width characters.
    #[error("there are half-width characters")]
    HalfWidth,
    /// The reading is not hiragana, or has other parts than the name.
    #[error("the reading is not hiragana, part for part")]
    Reading,
    /// A certificate could not carry the attributes.
    #[error("a certificate cannot carry this: {0}")]
    Attributes(#[from] inrou_pki::AttributesInvalid),
    /// The My Number is not twelve digits.
    #[error("the My Number is not twelve digits")]
    MyNumberForm,
    /// The My Number has a right check digit: it may be a person's.
    #[error("the My Number has a right check digit, so it may be a person's")]
    MyNumberReal,
    /// A day leaves the calendar.
    #[error("that day is not in the calendar")]
    NoSuchDay,
    /// The resident was born after the card was issued.
    #[error("the resident was not born when the card was issued")]
    IssuedBeforeBirth,
    /// The card was not issued before the sandbox begins.
    #[error("the card is not issued before the sandbox begins")]
    IssuedTooLate,
    /// The card is no longer in force when the sandbox begins.
    #[error("the card's last day is before the sandbox begins")]
    CardExpired,
    /// A signature certificate for a resident under 15 (CARD-3).
    #[error("under 15 years at the day of issue, and with a signature certificate")]
    SignatureUnder15,
    /// A PIN does not have its form (CARD-4, CARD-5).
    #[error("the PIN {0} does not have the right form")]
    PinForm(&'static str),
    /// A PIN is there without its certificate, or a certificate without its PIN.
    #[error("the PIN {0} and its certificate do not come together")]
    PinAndCertificate(&'static str),
    /// More wrong tries than the PIN has.
    #[error("more wrong tries than there are")]
    TooManyTries,
}

impl ResidentsError {
    pub(super) fn unreadable(error: &io::Error) -> Self {
        let fault = Fault::Unreadable(error.to_string());
        Self { file: None, line: None, resident: None, fault }
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        Self { file: Some(path.to_owned()), ..self }
    }

    /// Where it is: `residents.json:26 (hana)`.
    pub fn place(&self) -> String {
        let mut place = match &self.file {
            Some(file) => file.display().to_string(),
            None => FILE.to_owned(),
        };
        if let Some(line) = self.line {
            place.push_str(&format!(":{line}"));
        }
        if let Some(resident) = &self.resident {
            place.push_str(&format!(" ({resident})"));
        }
        place
    }
}

impl Fault {
    /// The code under which the families `residents-fault` and `residents-remedy` have words for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Form(_) => "form",
            Self::Nobody => "nobody",
            Self::NameTwice => "name-twice",
            Self::NameOfCard => "name-of-card",
            Self::MunicipalityUnknown => "municipality-unknown",
            Self::AddressElsewhere(_) => "address-elsewhere",
            Self::NameForm => "name-form",
            Self::HalfWidth => "half-width",
            Self::Reading => "reading",
            Self::Attributes(_) => "attributes",
            Self::MyNumberForm => "my-number-form",
            Self::MyNumberReal => "my-number-real",
            Self::MyNumberTwice => "my-number-twice",
            Self::NoSuchDay => "no-such-day",
            Self::IssuedBeforeBirth => "issued-before-birth",
            Self::IssuedTooLate => "issued-too-late",
            Self::CardExpired => "card-expired",
            Self::SignatureUnder15 => "signature-under-15",
            Self::PinForm(_) => "pin-form",
            Self::PinAndCertificate(_) => "pin-and-certificate",
            Self::TooManyTries => "too-many-tries",
        }
    }

    /// What stands for itself in every language: a parser's words, a place, a member of the file.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Unreadable(said) | Self::Form(said) => Some(said.clone()),
            Self::AddressElsewhere(place) => Some(place.clone()),
            Self::Attributes(invalid) => Some(invalid.to_string()),
            Self::PinForm(member) | Self::PinAndCertificate(member) => Some((*member).to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for ResidentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.fault)
    }
}

impl std::error::Error for ResidentsError {}
