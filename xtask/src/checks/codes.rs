//! Every code of `docs/errors.md` is told in a test: none is only a promise.

use super::{Tree, finding};

/// Where the errors' texts are.
const TEXTS: &str = "crates/words/texts/error/";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let tests: String =
        tree.files.iter().filter_map(|file| tested(&file.path, &file.text)).collect();
    let mut findings = Vec::new();
    for file in tree.ending(".toml").filter(|file| file.path.starts_with(TEXTS)) {
        for (line, text) in file.text.lines().enumerate() {
            let code = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            if let Some(code) = code.filter(|code| !is_told(code, &tests)) {
                findings.push(finding(&file.path, line, &format!("no test is told `{code}`")));
            }
        }
    }
    findings
}

/// What of a file is test.
fn tested<'a>(path: &str, text: &'a str) -> Option<&'a str> {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    let is_of_tests = is_test || path.starts_with("journeys/");
    if is_of_tests && !path.ends_with(".md") {
        return Some(text);
    }
    text.find("#[cfg(test)]").filter(|_| path.ends_with(".rs")).map(|at| text.split_at(at).1)
}

/// As it stands on the wire, as the constant, or as the variant of a refusal.
fn is_told(code: &str, tests: &str) -> bool {
    let variant: String = code.split('-').map(capitalised).collect();
    let constant = code.to_uppercase().replace('-', "_");
    [code, &constant, &variant].iter().any(|name| has_word(tests, name))
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

fn has_word(text: &str, word: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let after = after.strip_prefix(word).unwrap_or_default();
        !before.ends_with(goes_on) && !after.starts_with(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tree::File;

    fn found(test: &str) -> usize {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let texts = file("crates/words/texts/error/pin.toml", "[wrong-pin]\nstatus = 403\n");
        check(&Tree { files: vec![texts, file("crates/a/src/a.rs", test)] }).len()
    }

    #[test]
    fn a_code_counts_where_a_test_is_told_it() {
        assert_eq!(found("#[cfg(test)] mod tests { \"wrong-pin\" }"), 0);
        assert_eq!(found("#[cfg(test)] mod tests { Code::WRONG_PIN }"), 0);
        assert_eq!(found("#[cfg(test)] mod tests { Refusal::WrongPin }"), 0);
        assert_eq!(found("\"wrong-pin\" #[cfg(test)] mod tests { \"wrong-pins\" }"), 1);
    }
}
