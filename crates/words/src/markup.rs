//! The markup inside a text: readings `[本人|ほんにん]`, parameters `{office}`, counted things
//! `{left|try|tries}`, words chosen by a parameter `{usage:pin}`, and the words of another text
//! `{button.register}`.

use std::fmt;

/// One stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words as they stand.
    Plain(String),
    /// `[base|reading]`: words with kanji, and how they are read.
    Ruby { base: String, reading: String },
    /// `{name}`: a value that is given when the text is rendered.
    Param(String),
    /// `{name:family}`: the text of `family` that the value names.
    Chosen { name: String, family: String },
    /// `{name|one|many}`: a number and the noun that it counts, for languages with a plural.
    Counted { name: String, one: String, many: String },
    /// `{namespace.name}`: the words of another text, put here when the texts are loaded.
    Reference(String),
}

/// Why a text is not well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// There is no text.
    Empty,
    /// A line break or another control character: one text is one paragraph.
    Control,
    /// A space at an end of the text, or two in a row.
    Space,
    /// A `[` or `{` that is not closed, or a `]`, `}` or `|` that closes nothing.
    Unbalanced,
    /// `[…]` is not one base and one reading.
    Ruby,
    /// The base of a reading has a character that is neither kanji nor digit, or has no kanji.
    Base,
    /// A reading has a character that is not kana.
    Reading,
    /// `{…}` is neither a parameter, a counted noun nor a reference.
    Placeholder,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Empty => "there is no text",
            Malformed::Control => "a text is one paragraph without control characters",
            Malformed::Space => "a space at the end or two in a row",
            Malformed::Unbalanced => "a bracket, brace or bar without its partner",
            Malformed::Ruby => "a reading is written [base|reading]",
            Malformed::Base => "the base of a reading is kanji and digits, at least one kanji",
            Malformed::Reading => "a reading is kana alone",
            Malformed::Placeholder => {
                "a placeholder is {name}, {name:family}, {name|one|many} or {namespace.name}"
            }
        })
    }
}

/// Takes a text apart.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece>, Malformed> {
    if text.is_empty() {
        return Err(Malformed::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(Malformed::Control);
    }
    if text.trim() != text || text.contains("  ") {
        return Err(Malformed::Space);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['[', ']', '{', '}', '|']) {
        let (before, marked) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Plain(before.to_owned()));
        }
        let (piece, after) = if let Some(inside) = marked.strip_prefix('[') {
            let (inside, after) = inside.split_once(']').ok_or(Malformed::Unbalanced)?;
            (ruby(inside)?, after)
        } else if let Some(inside) = marked.strip_prefix('{') {
            let (inside, after) = inside.split_once('}').ok_or(Malformed::Unbalanced)?;
            (placeholder(inside)?, after)
        } else {
            return Err(Malformed::Unbalanced);
        };
        pieces.push(piece);
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest.to_owned()));
    }
    Ok(pieces)
}

/// Whether a reader who cannot read kanji stops at this character: an ideograph, an iteration mark,
/// or the small ヶ of 3ヶ月, which is read as another sound.
pub fn is_kanji(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}' | '々' | '〆' | '〇' | 'ヵ' | 'ヶ')
}

/// Whether the character is hiragana or katakana.
pub(crate) fn is_kana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー') && !is_kanji(c)
}

fn ruby(inside: &str) -> Result<Piece, Malformed> {
    let (base, reading) = inside.split_once('|').ok_or(Malformed::Ruby)?;
    if base.is_empty() || reading.is_empty() || reading.contains('|') {
        return Err(Malformed::Ruby);
    }
    if !base.chars().all(|c| is_kanji(c) || c.is_ascii_digit()) || !base.chars().any(is_kanji) {
        return Err(Malformed::Base);
    }
    if !reading.chars().all(is_kana) {
        return Err(Malformed::Reading);
    }
    Ok(Piece::Ruby { base: base.to_owned(), reading: reading.to_owned() })
}

fn placeholder(inside: &str) -> Result<Piece, Malformed> {
    if is_name(inside) {
        return Ok(Piece::Param(inside.to_owned()));
    }
    if let Some((name, family)) = inside.split_once(':')
        && is_name(name)
        && is_name(family)
    {
        return Ok(Piece::Chosen { name: name.to_owned(), family: family.to_owned() });
    }
    if let Some((name, nouns)) = inside.split_once('|')
        && let Some((one, many)) = nouns.split_once('|')
        && is_name(name)
        && is_noun(one)
        && is_noun(many)
    {
        let (name, one, many) = (name.to_owned(), one.to_owned(), many.to_owned());
        return Ok(Piece::Counted { name, one, many });
    }
    if inside.contains('.') && inside.split('.').all(is_name) {
        return Ok(Piece::Reference(inside.to_owned()));
    }
    Err(Malformed::Placeholder)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
}

fn is_noun(noun: &str) -> bool {
    !noun.is_empty() && !noun.contains(['[', ']', '{', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(words: &str) -> Piece {
        Piece::Plain(words.to_owned())
    }

    #[test]
    fn every_kind_of_piece_is_taken_apart() {
        let text = "[本人|ほんにん]だけが {left|try|tries} {office}{usage:pin}{button.register}。";
        assert_eq!(
            parse(text),
            Ok(vec![
                Piece::Ruby { base: "本人".into(), reading: "ほんにん".into() },
                plain("だけが "),
                Piece::Counted { name: "left".into(), one: "try".into(), many: "tries".into() },
                plain(" "),
                Piece::Param("office".into()),
                Piece::Chosen { name: "usage".into(), family: "pin".into() },
                Piece::Reference("button.register".into()),
                plain("。"),
            ])
        );
    }

    #[test]
    fn a_number_may_stand_in_the_base_of_a_reading() {
        assert!(parse("[2日|ふつか]").is_ok());
    }

    #[test]
    fn malformed_markup_is_rejected() {
        let samples = [
            ("", Malformed::Empty),
            ("一\n二", Malformed::Control),
            ("tab\there", Malformed::Control),
            (" a", Malformed::Space),
            ("a ", Malformed::Space),
            ("a  b", Malformed::Space),
            ("[本人|ほんにん", Malformed::Unbalanced),
            ("本人|ほんにん]", Malformed::Unbalanced),
            ("{name", Malformed::Unbalanced),
            ("name}", Malformed::Unbalanced),
            ("a|b", Malformed::Unbalanced),
            ("[本人]", Malformed::Ruby),
            ("[|ほんにん]", Malformed::Ruby),
            ("[本人|]", Malformed::Ruby),
            ("[本人|ほん|にん]", Malformed::Ruby),
            ("[[本人|ほんにん]", Malformed::Base),
            ("[使う|つかう]", Malformed::Base),
            ("[24|にじゅうよん]", Malformed::Base),
            ("[本人|hon]", Malformed::Reading),
            ("[本人|ほん 人]", Malformed::Reading),
            ("{}", Malformed::Placeholder),
            ("{Name}", Malformed::Placeholder),
            ("{na me}", Malformed::Placeholder),
            ("{.a}", Malformed::Placeholder),
            ("{a.}", Malformed::Placeholder),
            ("{a|b}", Malformed::Placeholder),
            ("{a||b}", Malformed::Placeholder),
            ("{a|b|c|d}", Malformed::Placeholder),
            ("{a.b|c|d}", Malformed::Placeholder),
            ("{a:}", Malformed::Placeholder),
            ("{a:b.c}", Malformed::Placeholder),
            ("{a:b:c}", Malformed::Placeholder),
            ("{a{b}", Malformed::Placeholder),
        ];
        for (text, fault) in samples {
            assert_eq!(parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn kana_and_kanji_are_told_apart() {
        assert!("漢々〆〇ヶ𠮷".chars().all(is_kanji));
        assert!("あゖンヴー".chars().all(is_kana));
        assert!(!"ヶa。 8８".chars().any(is_kana));
        assert!(!"あアa。8８ー".chars().any(is_kanji));
    }
}
