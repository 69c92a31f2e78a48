//! Texts that are written outside of the catalogue, such as in a file of test residents.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::markup::{Malformed, Piece, parse};
use crate::writer::Writer;
use crate::{Form, Language};

/// Easy Japanese with its readings, `[本人|ほんにん]が します`, from outside of the catalogue. It takes no
/// values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Authored(Vec<Piece>);

/// The text is not well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedText(Malformed);

impl fmt::Display for MalformedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for MalformedText {}

impl Authored {
    /// Renders it.
    pub fn render(&self, form: Form) -> String {
        let mut out = String::new();
        let mut w = Writer::new(&mut out, form, Language::JaEasy);
        for piece in &self.0 {
            // Writing to a string cannot fail.
            let _ = match piece {
                Piece::Ruby { base, reading } => w.ruby(base, reading),
                Piece::Plain(words) => fmt::Write::write_str(&mut w, words),
                _ => Ok(()),
            };
        }
        out
    }
}

impl FromStr for Authored {
    type Err = MalformedText;

    fn from_str(text: &str) -> Result<Self, MalformedText> {
        let pieces = parse(text).map_err(MalformedText)?;
        let is_plain = |piece: &Piece| matches!(piece, Piece::Plain(_) | Piece::Ruby { .. });
        if pieces.iter().all(is_plain) {
            Ok(Self(pieces))
        } else {
            Err(MalformedText(Malformed::Placeholder))
        }
    }
}

impl TryFrom<String> for Authored {
    type Error = MalformedText;

    fn try_from(text: String) -> Result<Self, MalformedText> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_rendered_as_in_the_catalogue() {
        let text: Authored = "[本人|ほんにん]が <します>".parse().unwrap();
        assert_eq!(text.render(Form::Plain), "本人が <します>");
        assert_eq!(text.render(Form::Kana), "ほんにんが <します>");
        assert_eq!(
            text.render(Form::Html),
            "<ruby>本人<rt aria-hidden=\"true\">ほんにん</rt></ruby>が &lt;します&gt;"
        );
    }

    #[test]
    fn values_and_malformed_markup_are_refused() {
        for wrong in ["", "[本人", "{left}", "{button.register}", "[x|y]", "a\nb"] {
            assert!(wrong.parse::<Authored>().is_err(), "{wrong}");
        }
    }
}
