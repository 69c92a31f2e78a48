//! The languages in which everything is said.

use std::fmt;
use std::str::FromStr;

/// A language of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Japanese.
    #[default]
    Ja,
    /// Easy Japanese (やさしい日本語): short sentences, words set apart by spaces, a reading for
    /// every kanji (HELP-2).
    JaEasy,
    /// English.
    En,
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Language; 3] = [Language::Ja, Language::JaEasy, Language::En];

    /// The name by which settings, data files and requests call it: `ja`, `ja-easy`, `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Language::Ja => "ja",
            Language::JaEasy => "ja-easy",
            Language::En => "en",
        }
    }

    /// The BCP 47 tag for `lang` attributes and `Content-Language`: speech and fonts know easy
    /// Japanese as `ja`.
    pub const fn bcp47(self) -> &'static str {
        match self {
            Language::Ja | Language::JaEasy => "ja",
            Language::En => "en",
        }
    }

    /// How it calls itself, for a language switch that everybody can read: no kanji in easy
    /// Japanese.
    pub const fn own_name(self) -> &'static str {
        match self {
            Language::Ja => "日本語",
            Language::JaEasy => "やさしい にほんご",
            Language::En => "English",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text given is not the code of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a language: the languages are ja, ja-easy and en")
    }
}

impl std::error::Error for UnknownLanguage {}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Language::ALL.into_iter().find(|language| language.code() == code).ok_or(UnknownLanguage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_its_language() {
        for language in Language::ALL {
            assert_eq!(language.code().parse(), Ok(language));
        }
        for other in ["", "JA", "ja-JP", "easy", "ja-easy "] {
            assert_eq!(other.parse::<Language>(), Err(UnknownLanguage));
        }
    }
}
