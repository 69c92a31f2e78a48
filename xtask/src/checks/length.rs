//! A long file has more than one subject: worth a word, not a failure.

use super::Tree;

const MOST: usize = 500;

/// A line for each Rust file that is longer, the longest first.
pub(super) fn warnings(tree: &Tree) -> Vec<String> {
    let mut long: Vec<(usize, &str)> = tree
        .ending(".rs")
        .map(|file| (file.text.lines().count(), file.path.as_str()))
        .filter(|&(lines, _)| lines > MOST)
        .collect();
    long.sort_by(|one, next| next.cmp(one));
    long.into_iter().map(|(lines, path)| format!("{path} has {lines} lines, over {MOST}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_the_limit_is_listed() {
        let (at, over) = ("\n".repeat(MOST), "\n".repeat(MOST + 1));
        let tree = Tree::of(&[("at.rs", &at), ("over.rs", &over), ("over.md", &over)]);
        let warnings = warnings(&tree);
        assert_eq!(warnings, ["over.rs has 501 lines, over 500"]);
    }
}
