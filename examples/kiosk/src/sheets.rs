//! Sheets of A4 in a PDF file, written on in one font that is embedded: of the font what is needed, with the
//! table by which a reader finds the text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::Offset;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Date, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId, RawFace, Tag};

/// Noto Sans CJK JP, of which the characters of JIS X 0213 and Windows-31J are left.
static FONT: &[u8] = include_bytes!("../font/NotoSansCJKjp-Regular-JISX0213.otf");

static FACE: LazyLock<Face<'static>> =
    LazyLock::new(|| Face::parse(FONT, 0).expect("the font that comes with the kiosk is one"));

/// What stands where the font has no character, as is the custom (ゲタ).
pub(crate) const MISSING: char = '〓';

/// A4, in points.
pub(crate) const WIDTH: f32 = 595.0;
pub(crate) const HEIGHT: f32 = 842.0;

/// The objects of the file; after them come two for each page.
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFORMATION: Ref = Ref::new(3);
const TYPE0: Ref = Ref::new(4);
const CID: Ref = Ref::new(5);
const DESCRIPTOR: Ref = Ref::new(6);
const PROGRAM: Ref = Ref::new(7);
const TO_UNICODE: Ref = Ref::new(8);
const FIRST_PAGE: i32 = 9;

/// The font's name in the file: six letters for a subset (ISO 32000-2 §9.9.2), and in the pages.
const FONT_NAME: Name<'static> = Name(b"INROUK+NotoSansCJKjp-Regular");
const COMPOSED: Name<'static> = Name(b"INROUK+NotoSansCJKjp-Regular-Identity-H");
const IN_PAGES: Name<'static> = Name(b"F");

const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// In what it is written.
#[derive(Clone, Copy)]
pub(crate) enum Ink {
    Black,
    Pale,
    Red,
}

impl Ink {
    fn rgb(self) -> (f32, f32, f32) {
        match self {
            Ink::Black => (0.0, 0.0, 0.0),
            Ink::Pale => (0.91, 0.91, 0.91),
            Ink::Red => (0.69, 0.0, 0.13),
        }
    }
}

/// The font's program cannot be cut down to what is needed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SheetsError {
    /// It is not as the subsetter takes it.
    #[error(transparent)]
    Subset(#[from] subsetter::Error),
    /// What is left of it has no outlines.
    #[error("the font has no outlines")]
    Outlines,
}

/// A file under way.
#[derive(Default)]
pub(crate) struct Sheets {
    pages: Vec<Content>,
    glyphs: GlyphRemapper,
    /// The character of each glyph, by its new number.
    characters: BTreeMap<u16, char>,
}

impl Sheets {
    /// Begins a sheet, on which is written from now on.
    pub fn begin(&mut self) {
        self.pages.push(Content::new());
    }

    /// Writes a line that begins there: from the left, and from the top. `turn`: by how many degrees
    /// against the clock.
    pub fn turned(&mut self, (x, y): (f32, f32), size: f32, text: &str, ink: Ink, turn: f32) {
        let shown = text.chars().filter(|c| !is_selector(*c));
        let shown: Vec<u8> = shown.flat_map(|c| self.glyph(c).to_be_bytes()).collect();
        let Some(page) = self.pages.last_mut() else { return };
        let (sine, cosine) = turn.to_radians().sin_cos();
        let (r, g, b) = ink.rgb();
        page.begin_text().set_fill_rgb(r, g, b).set_font(IN_PAGES, size);
        page.set_text_matrix([cosine, sine, -sine, cosine, x, HEIGHT - y]);
        page.show(Str(&shown)).end_text();
    }

    /// Writes a level line.
    pub fn text(&mut self, x: f32, y: f32, size: f32, text: &str, ink: Ink) {
        self.turned((x, y), size, text, ink, 0.0);
    }

    /// Draws a frame around what lies between these corners.
    pub fn frame(&mut self, (left, top): (f32, f32), (right, bottom): (f32, f32), ink: Ink) {
        let Some(page) = self.pages.last_mut() else { return };
        let (r, g, b) = ink.rgb();
        page.set_stroke_rgb(r, g, b).set_line_width(1.5);
        page.rect(left, HEIGHT - bottom, right - left, bottom - top).stroke();
    }

    /// Draws a line across.
    pub fn rule(&mut self, left: f32, right: f32, y: f32) {
        let Some(page) = self.pages.last_mut() else { return };
        page.set_stroke_rgb(0.0, 0.0, 0.0).set_line_width(0.6);
        page.move_to(left, HEIGHT - y).line_to(right, HEIGHT - y).stroke();
    }

    /// The file.
    ///
    /// # Errors
    /// [`SheetsError`].
    pub fn finish(self, title: &str, made: Timestamp) -> Result<Vec<u8>, SheetsError> {
        let mut pdf = Pdf::new();
        pdf.set_version(1, 7);
        pdf.catalog(CATALOG).pages(PAGES).lang(TextStr("ja-JP"));
        let mut information = pdf.document_info(INFORMATION);
        information.title(TextStr(title)).creator(TextStr("Inrou sandbox kiosk"));
        information.creation_date(date(made));
        information.finish();
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        let page = |number: i32| Ref::new(FIRST_PAGE + 2 * number);
        pdf.pages(PAGES).kids((0..count).map(page)).count(count);
        for (number, content) in (0..).zip(&self.pages) {
            let written = Ref::new(page(number).get() + 1);
            let mut sheet = pdf.page(page(number));
            sheet.parent(PAGES).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT));
            sheet.contents(written).resources().fonts().pair(IN_PAGES, TYPE0);
            sheet.finish();
            pdf.stream(written, content.as_bytes());
        }
        self.write_font(&mut pdf)?;
        Ok(pdf.finish())
    }

    /// The number of a character's glyph in the file.
    fn glyph(&mut self, c: char) -> u16 {
        let (c, glyph) = match FACE.glyph_index(c) {
            Some(glyph) => (c, glyph),
            None => (MISSING, FACE.glyph_index(MISSING).unwrap_or_default()),
        };
        let new = self.glyphs.remap(glyph.0);
        self.characters.entry(new).or_insert(c);
        new
    }

    fn write_font(&self, pdf: &mut Pdf) -> Result<(), SheetsError> {
        let cut = subsetter::subset(FONT, 0, &self.glyphs)?;
        let outlines = RawFace::parse(&cut, 0).ok();
        let outlines = outlines.and_then(|face| face.table(Tag::from_bytes(b"CFF ")));
        pdf.stream(PROGRAM, outlines.ok_or(SheetsError::Outlines)?)
            .pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        pdf.type0_font(TYPE0)
            .base_font(COMPOSED)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(CID)
            .to_unicode(TO_UNICODE);
        let mut font = pdf.cid_font(CID);
        font.subtype(CidFontType::Type0).base_font(FONT_NAME).system_info(IDENTITY);
        font.font_descriptor(DESCRIPTOR).default_width(1000.0);
        let widths = self.glyphs.remapped_gids().map(|glyph| thousandths(width(GlyphId(glyph))));
        font.widths().consecutive(0, widths);
        font.finish();
        let scale = |value: i16| thousandths(f32::from(value) / em());
        let bounds = FACE.global_bounding_box();
        pdf.font_descriptor(DESCRIPTOR)
            .name(FONT_NAME)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(
                scale(bounds.x_min),
                scale(bounds.y_min),
                scale(bounds.x_max),
                scale(bounds.y_max),
            ))
            .italic_angle(0.0)
            .ascent(scale(FACE.ascender()))
            .descent(scale(FACE.descender()))
            .cap_height(scale(FACE.capital_height().unwrap_or_default()))
            .stem_v(80.0)
            .font_file3(PROGRAM);
        let mut table = UnicodeCmap::<u16>::new(Name(b"Inrou-Unicode"), IDENTITY);
        self.characters.iter().for_each(|(glyph, c)| table.pair(*glyph, *c));
        pdf.cmap(TO_UNICODE, &table.finish());
        Ok(())
    }
}

/// Whether a text has a character that the font lacks.
pub(crate) fn lacks(text: &str) -> bool {
    text.chars().any(|c| !is_selector(c) && FACE.glyph_index(c).is_none())
}

/// Whether it selects a variation of the character before it: which of them is meant makes no other character
/// of it (Unicode 23.4), and the font has the usual one.
pub(crate) fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// How wide a character is, by its height.
pub(crate) fn advance(c: char) -> f32 {
    if is_selector(c) {
        return 0.0;
    }
    let glyph = FACE.glyph_index(c).or_else(|| FACE.glyph_index(MISSING));
    width(glyph.unwrap_or_default())
}

fn width(glyph: GlyphId) -> f32 {
    f32::from(FACE.glyph_hor_advance(glyph).unwrap_or_default()) / em()
}

fn em() -> f32 {
    f32::from(FACE.units_per_em())
}

fn thousandths(of_em: f32) -> f32 {
    of_em * 1000.0
}

fn date(at: Timestamp) -> Date {
    let at = Offset::UTC.to_datetime(at);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    Date::new(at.year().try_into().unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut sheets = Sheets::default();
        sheets.begin();
        sheets.text(0.0, 0.0, 10.0, text, Ink::Black);
        sheets.characters.values().collect()
    }

    #[test]
    fn what_the_font_lacks_is_told_by_the_mark_that_is_the_custom() {
        assert_eq!(written("葛𪚥野"), "葛〓野");
        assert!(lacks("葛𪚥野") && !lacks("葛野"));
        assert_eq!((advance('花'), advance('〓'), advance('𪚥')), (1.0, 1.0, 1.0));
        assert!(advance('1') < 0.7);
    }

    #[test]
    fn names_are_written_with_their_characters_and_in_the_usual_variation() {
        assert_eq!(written("髙﨑德濵𠮷"), "髙﨑德濵𠮷");
        assert_eq!(written("葛\u{e0100}城邊\u{e0112}辻\u{fe00}"), "葛城邊辻");
        assert!(!lacks("葛\u{e0100}城"));
        assert_eq!((advance('\u{e0100}'), advance('\u{fe0f}')), (0.0, 0.0));
    }

    #[test]
    fn a_glyph_that_is_used_again_is_embedded_once() {
        let written = |text: &str| {
            let mut sheets = Sheets::default();
            sheets.begin();
            sheets.text(0.0, 0.0, 10.0, text, Ink::Black);
            sheets.finish("x", "2026-11-24T10:00:00+09:00".parse().unwrap()).unwrap().len()
        };
        let (one, again, two) = (written("花"), written("花花花"), written("花水"));
        assert!(again < one + 30 && two > one + 60, "{one} {again} {two}");
        assert!(two < 10_000, "the whole font is embedded");
    }
}
