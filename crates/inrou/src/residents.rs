//! The sandbox's test residents: a file that comes with the program, and that a file in the data
//! folder replaces. All of them are invented.

mod dates;
mod fault;
mod file;

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use inrou_chip::face_input::MyNumber;
use inrou_rules::{
    Attributes, CardFacePin, Municipality, Platform, SignaturePassword, UserAuthenticationPin, Uses,
};
use inrou_words::{Authored, Form, Language};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use fault::{Fault, ResidentsError};

/// The name of the file in the data folder.
pub const FILE: &str = "residents.json";

/// The file that comes with the program, to be copied and edited.
pub const BUILT_IN: &str = include_str!("../data/residents.json");

/// One test resident, as of the day on which the sandbox begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResident {
    /// The name to use on the command line.
    pub handle: Handle,
    /// What the resident is good for.
    pub about: About,
    /// The municipality of residence. It is in the table of places.
    pub municipality: Municipality,
    /// Name, address, birth date, sex.
    pub attributes: Attributes,
    /// The My Number. Its check digit is wrong: it is nobody's.
    pub my_number: MyNumber,
    /// The plastic card.
    pub card: TestCard,
    /// The phones, in the order of the file.
    pub phones: Vec<TestPhone>,
}

/// A few sentences, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// In English.
    pub en: String,
    /// In Japanese.
    pub ja: String,
    /// In easy Japanese; a file may leave it out.
    #[serde(rename = "ja-easy", default)]
    pub ja_easy: Option<Authored>,
}

impl About {
    /// In that language, or the one nearest to it.
    pub fn in_language(&self, language: Language) -> Cow<'_, str> {
        match (language, &self.ja_easy) {
            (Language::En, _) => Cow::Borrowed(&self.en),
            (Language::JaEasy, Some(easy)) => Cow::Owned(easy.render(Form::Plain)),
            (Language::Ja | Language::JaEasy, _) => Cow::Borrowed(&self.ja),
        }
    }
}

/// A test resident's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCard {
    /// The day on which it was issued: before the sandbox began, and the card is still in force then.
    pub issued: Date,
    /// The certificates that it carries (CARD-1).
    pub certificates: Uses,
    /// Its PINs.
    pub pins: CardPins,
    /// How many wrong tries are spent when the sandbox begins.
    pub wrong_tries: WrongTries,
}

/// A card's PINs. A certificate that the card lacks has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPins {
    /// For the signature certificate (CARD-4).
    pub signature: Option<SignaturePassword>,
    /// For the user-authentication certificate (CARD-5).
    pub user_authentication: Option<UserAuthenticationPin>,
    /// For the face-input application (CARD-5).
    pub card_face: CardFacePin,
}

/// Wrong tries that are spent; at the most, the PIN is locked (CARD-6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WrongTries {
    /// Of the signature password, 0 to 5.
    pub signature: u8,
    /// Of the user-authentication PIN, 0 to 3.
    pub user_authentication: u8,
    /// Of the card-face input PIN, 0 to 3.
    pub card_face: u8,
}

impl WrongTries {
    /// The most that can be spent of each.
    pub const MOST: WrongTries = WrongTries {
        signature: SignaturePassword::TRIES,
        user_authentication: UserAuthenticationPin::TRIES,
        card_face: CardFacePin::TRIES,
    };
}

/// A phone that a test resident owns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestPhone {
    /// The name to use on the command line. No other phone has it.
    pub name: Handle,
    /// Its system.
    pub platform: Platform,
    /// What it calls itself. Whether such a model can carry certificates (READY-2) the phones know.
    pub model: String,
    /// Was told here by files of before the phones knew.
    #[serde(default, rename = "supported")]
    _supported: Option<bool>,
}

/// A name to type and to call a folder by: a lower-case letter, then lower-case letters, digits and
/// hyphens, at most 32 in all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Handle(String);

impl Handle {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a [`Handle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name is a lower-case letter, then lower-case letters, digits and hyphens, at most 32 in all"
)]
pub struct InvalidHandle;

impl FromStr for Handle {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = text.len() <= 32
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(is_part);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidHandle) }
    }
}

impl TryFrom<String> for Handle {
    type Error = InvalidHandle;

    fn try_from(text: String) -> Result<Self, InvalidHandle> {
        text.parse()
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> String {
        handle.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that tells of residents, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    file: Option<PathBuf>,
    text: String,
}

impl Source {
    /// The file of that path, if it is there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(file: &Path) -> Result<Option<Self>, ResidentsError> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Some(Self { file: Some(file.to_owned()), text })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ResidentsError::unreadable(&error).in_file(file)),
        }
    }

    /// The file that comes with the program.
    pub fn built_in() -> Self {
        Self::of_text(BUILT_IN)
    }

    /// Another text that comes with the program.
    pub fn of_text(text: &str) -> Self {
        Self { file: None, text: text.to_owned() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The residents, for a sandbox that begins on the day `start` in Japan.
    ///
    /// # Errors
    /// What is wrong, where, and what to do.
    pub fn residents(&self, start: Date) -> Result<Vec<TestResident>, ResidentsError> {
        parse(&self.text, start).map_err(|error| self.place(error))
    }

    /// What is wrong with a member of a resident's entry, where.
    pub fn fault(&self, resident: &Handle, member: &'static str, fault: Fault) -> ResidentsError {
        self.place(file::locate(&self.text, resident, member, fault))
    }

    fn place(&self, error: ResidentsError) -> ResidentsError {
        match &self.file {
            Some(file) => error.in_file(file),
            None => error,
        }
    }
}

/// The residents in the text of a file, for a sandbox that begins on the day `start` in Japan.
///
/// # Errors
/// The first thing that is wrong: line, resident, and what to do.
pub fn parse(text: &str, start: Date) -> Result<Vec<TestResident>, ResidentsError> {
    file::parse(text, start)
}

#[cfg(test)]
mod tests;
