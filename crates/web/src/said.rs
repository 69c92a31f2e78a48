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
        self.0.render_to(f, Form::Html)
    }
}

/// What is rendered as HTML is escaped by the texts themselves.
impl HtmlSafe for Said<'_> {}

impl<'a> From<Sentence<'a>> for Said<'a> {
    fn from(sentence: Sentence<'a>) -> Self {
        Self(sentence)
    }
}
