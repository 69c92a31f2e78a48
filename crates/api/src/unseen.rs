//! Characters that a reader does not see.

/// Whether a character turns the order of those around it, takes no room, or is blank where a letter is
/// looked for (Unicode TR 36 §2.5, §3). The selectors of a letter's form, as names in Japanese have them, are
/// not among them.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e00ff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_have_is_seen_and_what_hides_or_turns_is_not() {
        let shown = "株式会社見本 Mihon-Bank（清瀬）髙﨑葛\u{e0100}ﾊﾞﾝｸ é";
        assert!(!shown.chars().any(is_unseen));
        for hidden in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}', '\u{3164}', '\u{e0041}'] {
            assert!(is_unseen(hidden), "{hidden:?}");
        }
    }
}
