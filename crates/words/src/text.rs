//! A text by its code, and how it is rendered.

use std::fmt::{self, Write};

use crate::catalogue::CATALOGUE;
use crate::markup::Piece;
use crate::writer::Writer;
use crate::{Form, Kind, Language, Term, Value, written};

/// No text takes more parameters.
pub(crate) const MAX_PARAMETERS: usize = 4;

/// The text of a code: `error.wrong-pin.what`, `notice.registration-ready.title`, `button.register`.
///
/// A code without a text is said as the code itself.
pub fn text(code: &str) -> Text<'_> {
    Text { code, entry: CATALOGUE.entry(code) }
}

/// A text, in whatever language.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    code: &'a str,
    entry: Option<&'static Entry>,
}

impl<'a> Text<'a> {
    /// Its full code.
    pub fn code(self) -> &'a str {
        self.code
    }

    /// Whether the code has a text.
    pub fn exists(self) -> bool {
        self.entry.is_some()
    }

    /// What it takes, in alphabetical order.
    pub fn parameters(self) -> &'static [Parameter] {
        self.entry.map_or(&[], |entry| &entry.parameters)
    }

    /// Chooses the language.
    pub fn in_language(self, language: Language) -> Sentence<'a> {
        Sentence { text: self, language, values: [None; MAX_PARAMETERS] }
    }
}

/// A text in one language, which collects its values and is rendered.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Sentence<'a> {
    text: Text<'a>,
    language: Language,
    values: [Option<Value<'a>>; MAX_PARAMETERS],
}

impl<'a> Sentence<'a> {
    /// Gives the value of a parameter. One that the text does not take is passed over.
    pub fn with(mut self, name: &str, value: impl Into<Value<'a>>) -> Self {
        if let Some(slot) = self.slot(name) {
            *slot = Some(value.into());
        }
        self
    }

    /// Gives values as they travel, by the kind of each parameter (see [`Kind::read`]). A term's
    /// reading travels as a parameter of its own, with `_reading` after the name, and so do its English
    /// words, if it has some, with `_en`.
    pub fn with_all(mut self, params: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut english: [Option<&str>; MAX_PARAMETERS] = [None; MAX_PARAMETERS];
        for (name, raw) in params {
            let in_english = name.strip_suffix("_en").and_then(|name| self.place(name));
            if let Some(slot) = in_english.and_then(|at| english.get_mut(at)) {
                *slot = Some(raw);
                continue;
            }
            if let Some(name) = name.strip_suffix("_reading")
                && let Some(slot) = self.slot(name)
            {
                let text = if let Some(Value::Term(term)) = slot { term.text } else { "" };
                *slot = Some(Value::Term(Term { text, reading: raw }));
                continue;
            }
            let kind = self.text.parameters().iter().find(|parameter| parameter.name == name);
            let value = kind.and_then(|parameter| parameter.kind.read(raw));
            if let (Some(value), Some(slot)) = (value, self.slot(name)) {
                *slot = Some(match (value, *slot) {
                    (Value::Term(Term { text, .. }), Some(Value::Term(Term { reading, .. }))) => {
                        Value::Term(Term { text, reading })
                    }
                    _ => value,
                });
            }
        }
        if self.language == Language::En {
            for (slot, english) in self.values.iter_mut().zip(english) {
                if let (Some(Value::Term(term)), Some(text)) = (slot, english) {
                    *term = Term { text, reading: "" };
                }
            }
        }
        self
    }

    /// Renders the text. A placeholder without a value shows as it is written.
    pub fn render(&self, form: Form) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.render_to(&mut out, form);
        out
    }

    /// Renders the text to where it is needed.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn render_to(&self, out: &mut dyn Write, form: Form) -> fmt::Result {
        let mut w = Writer::new(out, form, self.language);
        match self.text.entry {
            Some(entry) => entry.write(&mut w, &self.values),
            None => w.write_str(self.text.code),
        }
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Value<'a>>> {
        let at = self.place(name)?;
        self.values.get_mut(at)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.text.parameters().iter().position(|parameter| parameter.name == name)
    }
}

/// A parameter of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
}

/// A text in all languages.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) code: String,
    pub(crate) parameters: Vec<Parameter>,
    /// By [`Language`].
    pub(crate) pieces: [Vec<Piece>; Language::ALL.len()],
}

impl Entry {
    /// The text as it is handed out.
    pub(crate) fn text(&'static self) -> Text<'static> {
        Text { code: &self.code, entry: Some(self) }
    }

    /// What it says in a language.
    pub(crate) fn pieces(&self, language: Language) -> &[Piece] {
        &self.pieces[language as usize]
    }

    /// Which parameter has this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<(usize, &Parameter)> {
        self.parameters.iter().enumerate().find(|(_, parameter)| parameter.name == name)
    }

    /// Writes it with values in the order of the parameters.
    pub(crate) fn write(&self, w: &mut Writer<'_>, values: &[Option<Value<'_>>]) -> fmt::Result {
        self.pieces(w.language()).iter().try_for_each(|piece| match piece {
            Piece::Plain(words) => w.write_str(words),
            Piece::Ruby { base, reading } => w.ruby(base, reading),
            Piece::Param(name) => self.write_param(w, name, None, values),
            Piece::Chosen { name, family } => self.write_param(w, name, Some(family), values),
            Piece::Counted { name, one, many } => {
                self.write_param(w, name, None, values)?;
                let single = matches!(self.value(name, values), Some((_, Value::Number(1))));
                w.write_str(" ")?;
                w.write_str(if single { one } else { many })
            }
            // A reference that could not be resolved; tests make sure that there is none.
            Piece::Reference(code) => w.write_str(code),
        })
    }

    fn value<'v>(&self, name: &str, values: &[Option<Value<'v>>]) -> Option<(&Kind, Value<'v>)> {
        let (at, parameter) = self.parameter(name)?;
        Some((&parameter.kind, (*values.get(at)?)?))
    }

    fn write_param(
        &self,
        w: &mut Writer<'_>,
        name: &str,
        family: Option<&str>,
        values: &[Option<Value<'_>>],
    ) -> fmt::Result {
        match (self.value(name, values), family) {
            (Some((kind, value)), _) => written::write(w, value, kind, family),
            (None, Some(family)) => write!(w, "{{{name}:{family}}}"),
            (None, None) => write!(w, "{{{name}}}"),
        }
    }
}
