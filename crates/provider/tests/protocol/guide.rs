//! The guide for relying parties lists every code that a site may meet, with OAuth's word beside it.

use inrou_words::errors;

const GUIDE: &str = include_str!("../../../../docs/relying-parties/errors.md");
const OF_SITES: &str = include_str!("../../../words/texts/error/site.toml");

#[test]
fn the_guide_has_each_code_that_a_site_may_meet_with_its_word() {
    for error in errors() {
        let code = error.code();
        if let Some(word) = error.oauth() {
            assert!(
                GUIDE.contains(&format!("\n| `{code}` | `{word}` |")) || has_none(code),
                "{code}"
            );
        }
    }
    for line in OF_SITES.lines() {
        let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) else {
            continue;
        };
        assert!(GUIDE.contains(&format!("\n| `{code}` |")), "{code}");
    }
}

/// Codes of problem documents and of pages have a word that nobody is told.
fn has_none(code: &str) -> bool {
    ["registration-token-invalid", "log-out-invalid"].contains(&code)
}
