//! Texts in templates.

use std::fmt;

use askama::filters::HtmlSafe;
use inrou_words::{Form, Language, Sentence, Value, text};

/// A text on its way into a page: `{{ v.say("phone.menu") }}` writes it as HTML, with its readings in
/// easy Japanese.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Said<'a>(Sentence<'a>);

impl<'a> Said<'a> {
    /// The text of a code in a language.
    pub fn of(code: &'a str, language: Language) -> Self {
        Self(text(code).in_language(language))
    }

    /// Gives the value of a parameter.
    pub fn with(self, name: &str, value: impl Into<Value<'a>>) -> Self {
        Self(self.0.with(name, value))
    }

    /// As it is written where markup cannot go: in a title, an attribute, an option. To be escaped.
    pub fn kana(&self) -> String {
        self.0.render(Form::Kana)
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&whole(self.0.render(Form::Html)))
    }
}

/// A part of long names that browsers take for two words when they look for a place to break the line.
const WORD: &str = "利用者証明用";

/// With [`WORD`] kept on one line, which may begin and end there.
fn whole(html: String) -> String {
    if !html.contains(WORD) {
        return html;
    }
    html.replace(WORD, &format!("<wbr><span class=\"word\">{WORD}</span><wbr>"))
}

/// What is rendered as HTML is escaped by the texts themselves.
impl HtmlSafe for Said<'_> {}

impl<'a> From<Sentence<'a>> for Said<'a> {
    fn from(sentence: Sentence<'a>) -> Self {
        Self(sentence)
    }
}

/// `lang="…"` in a tag, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Lang(pub(crate) Option<&'static str>);

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(language) => write!(f, " lang=\"{language}\""),
            None => Ok(()),
        }
    }
}

/// A language's tag has nothing to escape.
impl HtmlSafe for Lang {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_2_a_line_breaks_around_the_long_word_of_a_name_and_not_in_it() {
        let said = |language| Said::of("transaction-page.pin", language).to_string();
        assert_eq!(
            said(Language::Ja),
            "スマホ用<wbr><span class=\"word\">利用者証明用</span><wbr>電子証明書のパスワード"
        );
        for other in [Language::JaEasy, Language::En] {
            assert!(!said(other).contains("<wbr>"), "its phrases are set apart as they are");
        }
    }
}
