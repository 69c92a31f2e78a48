//! Whether what somebody typed is what stands in a certificate.

/// Whether `typed` is `certified`. Spaces count for nothing, and wide letters are narrow ones. `substitutes`
/// has one `0` or `1` for each character of `certified`: where it has `1`, the certificate could not write
/// the character and has another one in its place (代替文字), so that any is taken.
pub fn is_same(typed: &str, certified: &str, substitutes: &str) -> bool {
    let marks = substitutes.chars().chain(std::iter::repeat('0'));
    let certified = certified.chars().zip(marks).map(|(c, mark)| (narrow(c), mark == '1'));
    let certified = certified.filter(|(c, _)| !c.is_whitespace()).collect::<Vec<_>>();
    let typed = typed.chars().map(narrow).filter(|c| !c.is_whitespace()).collect::<Vec<_>>();
    typed.len() == certified.len()
        && typed.iter().zip(&certified).all(|(one, (other, is_any))| *is_any || one == other)
}

/// Letters, digits and signs of full width (U+FF01 to U+FF5E) are those of ASCII; hyphens of every kind are
/// one.
fn narrow(c: char) -> char {
    match c {
        '‐' | '‑' | '–' | '—' | '−' | '－' => '-',
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_or_address_are_one() {
        for (typed, certified, substitutes) in [
            ("水野 花", "水野　花", "0000"),
            ("水野花", "水野　花", "0000"),
            ("東京都清瀬市見本町1-2-3", "東京都清瀬市見本町１－２－３", ""),
            ("髙橋　花", "高橋　花", "1000"),
        ] {
            assert!(is_same(typed, certified, substitutes), "{typed}");
        }
        for (typed, certified) in
            [("水野　花子", "水野　花"), ("水野", "水野　花"), ("髙橋", "高橋")]
        {
            assert!(!is_same(typed, certified, ""), "{typed}");
        }
    }
}
