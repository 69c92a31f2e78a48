//! Where words are written, in the form that the place can show.

use std::fmt;

use crate::markup::{is_kana, is_kanji};
use crate::{Language, Term};

/// The form in which a text is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words without readings. Not escaped.
    Plain,
    /// HTML: escaped, readings as `<ruby>`.
    Html,
    /// Readings in the place of kanji, where markup cannot go (`title`, `alt`, `aria-label`,
    /// `option`). Not escaped.
    Kana,
}

/// The reading of a longer word stands after it.
const LONG: usize = 8;

/// In which language somebody's own words on a page are, for HTML's `lang`: Japanese if kana say so; else
/// nobody knows ("", as HTML writes that). Kanji alone may be Chinese: on a Japanese page they are what the
/// page is, without a mark (`None`); in easy Japanese with one, as words that have no readings.
pub fn language_of(words: &str, page: Language) -> Option<&'static str> {
    let is_japanese = words.contains(is_kana);
    match page {
        Language::Ja if !is_japanese && words.contains(is_kanji) => None,
        Language::JaEasy if words.contains(is_kanji) => Some("ja"),
        _ if is_japanese => Some("ja"),
        _ => Some(""),
    }
}

/// Writes words of one language in one form.
pub(crate) struct Writer<'w> {
    out: &'w mut dyn fmt::Write,
    form: Form,
    language: Language,
}

impl<'w> Writer<'w> {
    pub(crate) fn new(out: &'w mut dyn fmt::Write, form: Form, language: Language) -> Self {
        Self { out, form, language }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Writes `base` with its reading.
    pub(crate) fn ruby(&mut self, base: &str, reading: &str) -> fmt::Result {
        match self.form {
            Form::Plain => self.out.write_str(base),
            Form::Kana => self.out.write_str(reading),
            Form::Html => {
                // A long one has to break over lines, which a reading above it keeps it from: its
                // reading follows, in brackets.
                let long = base.chars().count() > LONG;
                let [begin, open, close] = if long {
                    ["<ruby class=\"long\">", "<rp>（</rp>", "<rp>）</rp>"]
                } else {
                    ["<ruby>", "", ""]
                };
                self.out.write_str(begin)?;
                escape(self.out, base)?;
                self.out.write_str(open)?;
                // To the ear the word is enough: where it names or describes a field, browsers would read
                // word and reading, one after the other.
                self.out.write_str("<rt aria-hidden=\"true\">")?;
                escape(self.out, reading)?;
                self.out.write_str("</rt>")?;
                self.out.write_str(close)?;
                self.out.write_str("</ruby>")
            }
        }
    }

    /// Writes words from outside: with their reading in easy Japanese, as foreign words in English.
    pub(crate) fn term(&mut self, term: Term<'_>) -> fmt::Result {
        match self.language {
            Language::JaEasy if !term.reading.is_empty() => self.term_with_reading(term),
            Language::JaEasy => fmt::Write::write_str(self, term.text),
            Language::Ja | Language::En => self.marked(term.text, "ja"),
        }
    }

    /// Writes another person's own words: where the text around them is in other words, they are marked
    /// as what they are, as far as they show it.
    pub(crate) fn quote(&mut self, words: &str) -> fmt::Result {
        self.marked(words, language_of(words, self.language).unwrap_or_default())
    }

    fn marked(&mut self, words: &str, language: &str) -> fmt::Result {
        let foreign = words.contains(|c| is_kanji(c) || is_kana(c));
        if self.language == Language::Ja || !foreign || self.form != Form::Html {
            return fmt::Write::write_str(self, words);
        }
        self.out.write_str("<span lang=\"")?;
        self.out.write_str(language)?;
        self.out.write_str("\">")?;
        escape(self.out, words)?;
        self.out.write_str("</span>")
    }

    /// Writes a day or a time, within which Japanese would break a line anywhere: HTML has it in a class of
    /// its own, for the style sheet to keep together. Elsewhere words are set apart as they are.
    pub(crate) fn moment(&mut self, write: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        if self.language != Language::Ja || self.form != Form::Html {
            return write(self);
        }
        self.out.write_str("<span class=\"moment\">")?;
        write(self)?;
        self.out.write_str("</span>")
    }

    fn term_with_reading(&mut self, Term { text, reading }: Term<'_>) -> fmt::Result {
        let gap = |c: char| c == ' ' || c == '\u{3000}';
        if text.split(gap).count() != reading.split(gap).count() {
            return self.ruby(text, reading);
        }
        for (index, (text, reading)) in text.split(gap).zip(reading.split(gap)).enumerate() {
            if index > 0 {
                self.out.write_char(' ')?;
            }
            if text.contains(is_kanji) && !reading.is_empty() {
                self.ruby(text, reading)?;
            } else {
                fmt::Write::write_str(self, text)?;
            }
        }
        Ok(())
    }
}

/// Words without a reading.
impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        match self.form {
            Form::Html => escape(self.out, words),
            Form::Plain | Form::Kana => self.out.write_str(words),
        }
    }
}

fn escape(out: &mut dyn fmt::Write, words: &str) -> fmt::Result {
    let mut rest = words;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, special) = rest.split_at(at);
        out.write_str(before)?;
        let mut after = special.chars();
        out.write_str(match after.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            _ => "&#39;",
        })?;
        rest = after.as_str();
    }
    out.write_str(rest)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const NAME: Term<'_> = Term { text: "黒桐　幹也", reading: "くろぎり　みきや" };

    fn term(language: Language, form: Form, term: Term<'_>) -> String {
        let mut out = String::new();
        Writer::new(&mut out, form, language).term(term).unwrap();
        out
    }

    #[test]
    fn html_is_escaped_in_words_base_and_reading() {
        let mut out = String::new();
        let mut w = Writer::new(&mut out, Form::Html, Language::Ja);
        w.write_str("<a title=\"b\" & 'c'>").unwrap();
        w.ruby("<", "&").unwrap();
        assert_eq!(
            out,
            "&lt;a title=&quot;b&quot; &amp; &#39;c&#39;&gt;\
             <ruby>&lt;<rt aria-hidden=\"true\">&amp;</rt></ruby>"
        );
    }

    #[test]
    fn a_term_brings_its_reading_into_easy_japanese() {
        assert_eq!(term(Language::JaEasy, Form::Kana, NAME), "くろぎり みきや");
        assert_eq!(
            term(Language::JaEasy, Form::Html, NAME),
            "<ruby>黒桐<rt aria-hidden=\"true\">くろぎり</rt></ruby> \
             <ruby>幹也<rt aria-hidden=\"true\">みきや</rt></ruby>"
        );
        assert_eq!(term(Language::Ja, Form::Html, NAME), "黒桐　幹也");
    }

    #[test]
    fn a_term_whose_parts_do_not_match_is_read_as_one() {
        let one = Term { text: "黒桐　幹也", reading: "くろぎりみきや" };
        assert_eq!(term(Language::JaEasy, Form::Kana, one), "くろぎりみきや");
        let kana = Term { text: "さくら 花子", reading: "さくら はなこ" };
        assert_eq!(
            term(Language::JaEasy, Form::Html, kana),
            "さくら <ruby>花子<rt aria-hidden=\"true\">はなこ</rt></ruby>"
        );
        let unread = Term { text: "添付<書類>", reading: "" };
        assert_eq!(term(Language::JaEasy, Form::Html, unread), "添付&lt;書類&gt;");
    }

    #[test]
    fn another_persons_words_are_shown_as_they_are_and_marked() {
        let quote = |language, form| {
            let mut out = String::new();
            Writer::new(&mut out, form, language).quote("口座<名義>").unwrap();
            out
        };
        let marked = |as_in: &str| format!("<span lang=\"{as_in}\">口座&lt;名義&gt;</span>");
        assert_eq!(quote(Language::JaEasy, Form::Html), marked("ja"));
        assert_eq!(quote(Language::En, Form::Html), marked(""));
        assert_eq!(quote(Language::Ja, Form::Html), "口座&lt;名義&gt;");
        assert_eq!(quote(Language::JaEasy, Form::Kana), "口座<名義>");
    }

    #[test]
    fn words_are_japanese_if_kana_say_so_and_else_of_any_language() {
        let (ja, unknown) = (Some("ja"), Some(""));
        for (words, on_pages) in [
            ("見本の銀行", [ja, ja, ja]),
            ("カフェ", [ja, ja, ja]),
            // Of a bank in Japan, or in China: on a Japanese page nothing says that it is not Japanese.
            ("見本銀行", [None, ja, unknown]),
            ("中国银行", [None, ja, unknown]),
            ("Mihon Bank", [unknown; 3]),
            ("", [unknown; 3]),
        ] {
            assert_eq!(Language::ALL.map(|page| language_of(words, page)), on_pages, "{words}");
        }
        let mut out = String::new();
        Writer::new(&mut out, Form::Html, Language::En).quote("見本の銀行").unwrap();
        assert_eq!(out, "<span lang=\"ja\">見本の銀行</span>");
    }

    #[test]
    fn a_japanese_term_in_english_html_is_marked_for_the_voice() {
        assert_eq!(term(Language::En, Form::Html, NAME), "<span lang=\"ja\">黒桐　幹也</span>");
        assert_eq!(term(Language::En, Form::Plain, NAME), "黒桐　幹也");
        assert_eq!(
            term(Language::En, Form::Html, Term { text: "A & B", reading: "" }),
            "A &amp; B"
        );
    }
}
