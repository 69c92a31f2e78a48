//! Rows in columns, for people: Japanese characters are two columns wide.

use unicode_width::UnicodeWidthStr;

/// Rows in columns as wide as they need to be.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            format!("{cell}{gap}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "a    bb\nccc  d");
    }

    #[test]
    fn a_japanese_character_takes_two_columns() {
        let rows = [["名前", "x"], ["hana", "y"], ["z", "w"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "名前  x\nhana  y\nz     w");
    }
}
