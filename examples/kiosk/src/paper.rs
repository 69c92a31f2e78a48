//! The copy on paper: A4, in a font that is embedded, so that every reader shows it, and finds the text.

use jiff::Timestamp;

use crate::copies::{Copy, in_words};
use crate::sheets::{HEIGHT, Ink, MISSING, Sheets, SheetsError, WIDTH, advance, lacks};

/// The margins, in points.
const LEFT: f32 = 56.0;
const RIGHT: f32 = WIDTH - 56.0;

/// Where a page begins, and what it may not run over.
const TOP: f32 = 150.0;
const BOTTOM: f32 = 690.0;

/// Where values stand beside their labels.
const VALUES: f32 = LEFT + 130.0;

/// The size of most of it, and how far lines are apart.
const SIZE: f32 = 10.5;
const LINE: f32 = 18.0;

const TITLE: &str = "住民票の写し";
const SPECIMEN: &str = "見本　サンドボックスで作られたもので、証明書ではありません";
const SPECIMEN_EN: &str = "SPECIMEN - made in a sandbox; proves nothing";

/// Draws a copy as often as is wished for, each on pages of its own.
///
/// # Errors
/// [`SheetsError`].
pub(crate) fn draw(copy: &Copy, copies: u8, now: Timestamp) -> Result<Vec<u8>, SheetsError> {
    let mut sheets = Sheets::default();
    for one in 1..=copies {
        draw_one(&mut sheets, copy, (one, copies));
    }
    sheets.finish(&format!("{TITLE}（見本）"), now)
}

/// What stands on a page, from top to bottom.
enum Part<'a> {
    /// A line across, above each person.
    Rule,
    /// A label and a line of its value; of the lines after the first the label is empty.
    Row(&'a str, String),
}

fn draw_one(sheets: &mut Sheets, copy: &Copy, (one, of): (u8, u8)) {
    let parts = parts(copy);
    let on_a_page = ((BOTTOM - TOP) / LINE) as usize;
    let pages: Vec<_> = parts.chunks(on_a_page).collect();
    for (number, parts) in (1..).zip(&pages) {
        sheets.begin();
        specimen(sheets);
        head(sheets, copy);
        let mut y = TOP;
        for part in *parts {
            match part {
                Part::Rule => sheets.rule(LEFT, RIGHT, y - LINE / 2.0 - 2.0),
                Part::Row(label, value) => {
                    sheets.text(LEFT, y, SIZE, label, Ink::Black);
                    sheets.text(VALUES, y, SIZE, value, Ink::Black);
                }
            }
            y += LINE;
        }
        if number == pages.len() {
            foot(sheets, copy);
        }
        let place = format!(
            "発行番号 {:06}　　{one}通目／{of}通　　{number}／{}頁",
            copy.number,
            pages.len()
        );
        sheets.text(LEFT, HEIGHT - 50.0, 9.0, &place, Ink::Black);
    }
}

fn parts(copy: &Copy) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut add = |label, value: &str| {
        for (position, line) in broken(value).into_iter().enumerate() {
            parts.push(Part::Row(if position == 0 { label } else { "" }, line));
        }
    };
    add("住所", &copy.address);
    if let Some(head) = &copy.head {
        add("世帯主", head);
    }
    for person in &copy.people {
        parts.push(Part::Rule);
        for (label, value) in person {
            for (position, line) in broken(value).into_iter().enumerate() {
                parts.push(Part::Row(if position == 0 { label } else { "" }, line));
            }
        }
    }
    parts.push(Part::Rule);
    parts
}

/// A value in lines that fit beside the labels.
fn broken(value: &str) -> Vec<String> {
    let (mut lines, mut line, mut width) = (Vec::new(), String::new(), 0.0);
    for c in value.chars() {
        let next = advance(c) * SIZE;
        if width + next > RIGHT - VALUES && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            width = 0.0;
        }
        line.push(c);
        width += next;
    }
    lines.push(line);
    lines
}

/// Says that it is a specimen: behind everything, and above it.
fn specimen(sheets: &mut Sheets) {
    for at in [(150.0, 420.0), (260.0, 660.0)] {
        sheets.turned(at, 110.0, "見本", Ink::Pale, 30.0);
    }
    sheets.frame((LEFT - 6.0, 30.0), (RIGHT + 6.0, 70.0), Ink::Red);
    sheets.text(LEFT + 4.0, 47.0, 12.0, SPECIMEN, Ink::Red);
    sheets.text(LEFT + 4.0, 62.0, 9.0, SPECIMEN_EN, Ink::Red);
}

fn head(sheets: &mut Sheets, copy: &Copy) {
    sheets.text(LEFT, 105.0, 20.0, TITLE, Ink::Black);
    sheets.text(LEFT + 200.0, 105.0, 11.0, &copy.municipality, Ink::Black);
    sheets.rule(LEFT, RIGHT, 118.0);
}

fn foot(sheets: &mut Sheets, copy: &Copy) {
    let whose = if copy.is_whole { "世帯全員" } else { "世帯の一部の者" };
    let said = format!("この写しは、{whose}の住民票の原本と相違ない（という形の見本です）。");
    sheets.text(LEFT, BOTTOM + 20.0, SIZE, &said, Ink::Black);
    sheets.text(LEFT, BOTTOM + 40.0, SIZE, &in_words(copy.day), Ink::Black);
    sheets.text(LEFT + 180.0, BOTTOM + 62.0, 13.0, &copy.mayor, Ink::Black);
    let seal = "電子署名（見本の官職印）で封じられています";
    sheets.text(LEFT + 180.0, BOTTOM + 78.0, 9.0, seal, Ink::Black);
    if copy.texts().any(lacks) {
        let lacking = format!("{MISSING}は、印刷できない文字です。");
        sheets.text(LEFT, BOTTOM + 78.0, 9.0, &lacking, Ink::Black);
    }
}

#[cfg(test)]
mod tests {
    use inrou_pdf::Pdf;
    use jiff::civil::date;

    use super::*;

    fn copy(people: usize) -> Copy {
        let said = vec![("氏名", "見本　成子".to_owned()), ("前住所", "見本町".repeat(40))];
        Copy {
            municipality: "東京都清瀬市".to_owned(),
            address: "東京都清瀬市見本町９－１".to_owned(),
            head: None,
            people: vec![said; people],
            is_whole: true,
            mayor: "清瀬市長　見本　一郎".to_owned(),
            day: date(2026, 11, 24),
            number: 1,
        }
    }

    fn pages(file: &[u8]) -> usize {
        let text = String::from_utf8_lossy(file);
        text.matches("/Type /Page\n").count()
    }

    #[test]
    fn a_copy_can_be_sealed_and_has_as_many_pages_as_it_needs() {
        let now = "2026-11-24T10:00:00+09:00".parse().unwrap();
        for (people, copies, expected) in [(1, 1, 1), (1, 3, 3), (12, 1, 3), (12, 2, 6)] {
            let file = draw(&copy(people), copies, now).unwrap();
            assert_eq!(pages(&file), expected, "{people} people, {copies} copies");
            assert_eq!(Pdf::read(file).unwrap().revision_count(), 1);
        }
    }

    #[test]
    fn long_values_are_broken_into_lines_that_fit() {
        let lines = broken(&"見本町".repeat(40));
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.chars().count() as f32 * SIZE <= RIGHT - VALUES));
        assert_eq!(lines.concat(), "見本町".repeat(40));
        assert_eq!(broken(""), [""]);
    }
}
