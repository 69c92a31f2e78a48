//! What is marked as unfinished is not finished: markers in place of work, tests that never run.

use super::{Tree, finding};

/// Put together here, so that this file does not hold what it looks for.
const MARKERS: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("HA", "CK")];
const LEFT_OUT: &str = concat!("#[ig", "nore");

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (number, line) in file.lines() {
            if let Some(marker) = MARKERS.into_iter().find(|marker| has_word(line, marker)) {
                let what = format!("`{marker}` in place of work: do it, or take it out");
                findings.push(finding(&file.path, number, &what));
            }
            if file.path.ends_with(".rs") && line.trim_start().starts_with(LEFT_OUT) {
                findings.push(finding(&file.path, number, "a test that never runs"));
            }
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_and_a_test_left_out_are_found_with_their_line() {
        let marked = format!("fn a() {{}}\n// {}: later\n", MARKERS[0]);
        let left_out = format!("#[test]\n    {LEFT_OUT}]\nfn b() {{}}\n");
        let tree = Tree::of(&[("a.rs", &marked), ("b.rs", &left_out)]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 2);
        assert!(findings[0].starts_with("a.rs:2: "));
        assert!(findings[1].starts_with("b.rs:2: "));
    }

    #[test]
    fn a_word_that_only_holds_a_marker_is_none() {
        let other = format!("{0}CTL {0}_A a{0} {1}AX", MARKERS[0], MARKERS[2]);
        assert_eq!(check(&Tree::of(&[("a.md", &other)])), [""; 0]);
    }
}
