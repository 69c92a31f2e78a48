//! What Markdown links to, and every path that it names in backquotes, must be there.

use std::collections::BTreeSet;

use super::{Tree, finding};

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut there: BTreeSet<String> = BTreeSet::new();
    for file in &tree.files {
        let mut path = file.path.as_str();
        there.insert(path.to_owned());
        while let Some((folder, _)) = path.rsplit_once('/') {
            there.insert(folder.to_owned());
            path = folder;
        }
    }
    let mut findings = Vec::new();
    for file in tree.ending(".md") {
        for (number, line) in file.lines() {
            for target in targets(line) {
                let found = resolve(&file.path, target).is_some_and(|path| there.contains(&path));
                if !found {
                    let what = format!("the link to `{target}` leads nowhere");
                    findings.push(finding(&file.path, number, &what));
                }
            }
            for path in paths(line).filter(|path| !there.contains(path.trim_end_matches('/'))) {
                findings.push(finding(&file.path, number, &format!("there is no `{path}`")));
            }
        }
    }
    findings
}

/// The targets of the links in a line that are files.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, opening)| {
        let (target, _) = line[at + opening.len()..].split_once(')')?;
        let path = target.split('#').next().unwrap_or_default();
        (!path.is_empty() && !path.contains(':')).then_some(path)
    })
}

/// The paths from the root that a line names in backquotes.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    const FOLDERS: [&str; 5] = ["crates/", "docs/", "fuzz/", "journeys/", "xtask/"];
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    line.split('`').skip(1).step_by(2).filter(move |quoted| {
        FOLDERS.iter().any(|folder| quoted.starts_with(folder)) && quoted.chars().all(is_path)
    })
}

/// The target's path from the root; `None` if it leads out of the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_nowhere_is_found() {
        let tree = Tree::of(&[
            (
                "README.md",
                "see [a](docs/a.md#part), [folder](docs/) and [web](https://example.org)",
            ),
            (
                "docs/a.md",
                "back to [the readme](../README.md), [here](#part)\n[gone](b.md) [out](../../x.md)",
            ),
        ]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].starts_with("docs/a.md:2: ") && findings[0].contains("`b.md`"));
        assert!(findings[1].contains("`../../x.md`"));
    }

    #[test]
    fn a_path_in_backquotes_that_is_not_there_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", ""),
            ("docs/a.md", "`crates/a/src/lib.rs` `crates/a/` `docs/a.md` `fuzz/{target}` `a/b`"),
            ("docs/b.md", "\n`crates/b/src/lib.rs`"),
        ]);
        assert_eq!(check(&tree), ["docs/b.md:2: there is no `crates/b/src/lib.rs`"]);
    }
}
