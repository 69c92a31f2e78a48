//! What can be wrong with a file of test residents, where, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Something is wrong with the file. It prints as one line that says what; [`ResidentsError::remedy`]
/// is the line that says what to do.
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
    #[error("the {0} does not have the right form")]
    PinForm(&'static str),
    /// A PIN is there without its certificate, or a certificate without its PIN.
    #[error("the {0} and its certificate do not come together")]
    PinAndCertificate(&'static str),
    /// A persona has the name of one that comes with the program.
    #[error("a persona of that name comes with the program")]
    PersonaNameTaken,
    /// Cards could not be called by the persona's name and a number.
    #[error("the persona's name is too long")]
    PersonaNameLong,
    /// A persona has more than one phone.
    #[error("the persona has more than one phone to answer by")]
    PersonaPhones,
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

    /// What to do about it, in one line.
    pub fn remedy(&self) -> &'static str {
        match self.fault {
            Fault::Unreadable(_) => {
                "Make the file readable, or take it away to use the residents that come with the program."
            }
            Fault::Form(_) => {
                "Compare with crates/inrou/data/residents.json in the source, which is the file that comes with the program."
            }
            Fault::Nobody => "Enter at least one resident.",
            Fault::MyNumberTwice => "Give every resident a My Number of their own.",
            Fault::NameTwice | Fault::NameOfCard => {
                "Give every resident, and every phone, a name of its own."
            }
            Fault::MunicipalityUnknown => {
                "Use the five-digit code of a city, or of a municipality of Tokyo, without its check digit."
            }
            Fault::AddressElsewhere(_) => {
                "Write the address from the prefecture on, or correct the municipality's code."
            }
            Fault::NameForm => {
                "Write family name, one full-width space (U+3000), given name; the reading likewise."
            }
            Fault::HalfWidth => "Write letters, digits and spaces in their full-width forms.",
            Fault::Reading => {
                "Write the reading in hiragana, with full-width spaces where the name has them."
            }
            Fault::Attributes(_) => {
                "Keep the address within 200 characters, and give one 0 or 1 for each character where substitutes are told."
            }
            Fault::MyNumberForm | Fault::MyNumberReal => {
                "Write twelve digits, the last of them not the right check digit: add 1 to it."
            }
            Fault::NoSuchDay => "Use fewer years, months or days.",
            Fault::IssuedBeforeBirth => "Make the resident older, or the card younger.",
            Fault::IssuedTooLate => {
                "Say how long before the sandbox's first day it was issued: at least one day."
            }
            Fault::CardExpired => {
                "A card lasts until the tenth birthday after its issue, the fifth if issued before 18: make it younger."
            }
            Fault::SignatureUnder15 => {
                "Leave out the signature certificate and its password, or make the resident older (CARD-3)."
            }
            Fault::PinForm(_) => {
                "Signature password: 6 to 16 upper-case letters and digits, at least one of each. The others: four digits."
            }
            Fault::PinAndCertificate(_) => {
                "Give a PIN for each certificate that the card carries, and for no other."
            }
            Fault::PersonaNameTaken => {
                "Give the persona a name that is not in docs/relying-parties/personas.md."
            }
            Fault::PersonaNameLong => "Give the persona a name of at most 20 characters.",
            Fault::PersonaPhones => {
                "Leave one phone, or none for a persona that answers by the card."
            }
            Fault::TooManyTries => "Signature password: at most 5. The others: at most 3.",
        }
    }
}

impl fmt::Display for ResidentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}", file.display())?,
            None => f.write_str("test residents")?,
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(resident) = &self.resident {
            write!(f, ", resident {resident}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl std::error::Error for ResidentsError {}
