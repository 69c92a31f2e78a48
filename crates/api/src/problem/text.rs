//! The texts of a problem, and the language in which they are asked for.

use axum::http::{HeaderMap, header};
use inrou_words::{ErrorText, Form, Language, Text, error};

use super::{Code, Problem};

/// The language that a request asks for by `Accept-Language` (RFC 9110 §12.5.4): the first of the
/// highest quality that is known here. Easy Japanese has the private tag `ja-x-easy` (RFC 5646 §2.2.7);
/// `ja-easy`, as settings call it, means the same. Japanese if the header is missing, malformed, or asks
/// for none that is known.
pub fn accepted_language(headers: &HeaderMap) -> Language {
    let mut best = (Language::default(), 0);
    for value in headers.get_all(header::ACCEPT_LANGUAGE) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            if let (Some(language), Some(quality)) = (known(tag.trim()), quality(weight.trim()))
                && quality > best.1
            {
                best = (language, quality);
            }
        }
    }
    best.0
}

/// The language that a request asks for: by the cookie `lang`, which a browser keeps once somebody
/// chose, else by `Accept-Language`.
pub fn asked_language(headers: &HeaderMap) -> Language {
    let cookies =
        headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).map(str::trim);
    pairs
        .find_map(|pair| pair.strip_prefix("lang=")?.parse().ok())
        .unwrap_or_else(|| accepted_language(headers))
}

/// The tag by which `Accept-Language` asks for a language.
pub const fn language_tag(language: Language) -> &'static str {
    match language {
        Language::Ja => "ja",
        Language::JaEasy => EASY,
        Language::En => "en",
    }
}

/// What is said of a problem.
pub(super) struct Said {
    pub(super) title: String,
    pub(super) what: String,
    pub(super) now: String,
    pub(super) help: Vec<String>,
    pub(super) developer: String,
}

impl Said {
    /// The texts of a problem. One that another version of a role answered with, and that is not
    /// known here, is spoken of as an internal error.
    pub(super) fn of(problem: &Problem, language: Language) -> Option<Self> {
        let text: &'static ErrorText =
            error(problem.code()).or_else(|| error(Code::INTERNAL_ERROR.as_str()))?;
        // JSON has no place for readings: easy Japanese is written in kana.
        let form = if language == Language::JaEasy { Form::Kana } else { Form::Plain };
        let say = |text: Text<'static>, language, form| {
            text.in_language(language).with_all(problem.params()).render(form)
        };
        let english = |text| say(text, Language::En, Form::Plain);
        Some(Self {
            title: say(text.title(), language, form),
            what: say(text.what(), language, form),
            now: say(text.now(), language, form),
            help: text.help().map(|text| say(text, language, form)).collect(),
            developer: format!("{} {}", english(text.cause()), english(text.change())),
        })
    }

    /// What happened and what to do now, in one.
    pub(super) fn detail(&self, language: Language) -> String {
        // Japanese writes no space between sentences, except where words are set apart.
        let space = if language == Language::Ja { "" } else { " " };
        format!("{}{space}{}", self.what, self.now)
    }
}

/// Easy Japanese has no tag of its own: a private one (RFC 5646 §2.2.7).
const EASY: &str = "ja-x-easy";

fn known(tag: &str) -> Option<Language> {
    let tag = tag.to_ascii_lowercase();
    match tag.as_str() {
        EASY | "ja-easy" => Some(Language::JaEasy),
        "*" | "ja" => Some(Language::Ja),
        "en" => Some(Language::En),
        _ if tag.starts_with("ja-") => Some(Language::Ja),
        _ if tag.starts_with("en-") => Some(Language::En),
        _ => None,
    }
}

/// A quality in thousandths: `q=0` to `q=1` with up to three decimals.
fn quality(weight: &str) -> Option<u16> {
    let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?;
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        accepted_language(&headers)
    }

    #[test]
    fn the_first_known_language_of_the_highest_quality_is_chosen() {
        assert_eq!(accepted_language(&HeaderMap::new()), Language::Ja);
        assert_eq!(asked("en"), Language::En);
        assert_eq!(asked("ja-x-easy, ja;q=0.5"), Language::JaEasy);
        assert_eq!(asked("ja-easy"), Language::JaEasy);
        assert_eq!(asked("en;q=0.1, JA-Easy, ja"), Language::JaEasy);
        assert_eq!(asked("fr, en-GB;q=0.7, ja-JP;q=0.8"), Language::Ja);
        assert_eq!(asked("JA;q=0.1,EN;q=0.11"), Language::En);
        assert_eq!(asked("en;q=0"), Language::Ja);
        assert_eq!(asked("*"), Language::Ja);
    }

    #[test]
    fn every_language_is_understood_by_its_tag() {
        for language in Language::ALL {
            assert_eq!(asked(language_tag(language)), language);
        }
    }

    #[test]
    fn a_malformed_header_means_japanese() {
        for accept in ["", ",,,", "en;q=2", "en;q=0.1234", "en;q=-1", "en;level=1", ";q=1", "en;q="]
        {
            assert_eq!(asked(accept), Language::Ja, "{accept}");
        }
    }
}
