//! A path of one machine means nothing on another.

use super::{Tree, finding};

/// First folders of paths that only one machine has.
const FOLDERS: [&str; 6] = ["home", "mnt", "root", "srv", "Users", "work"];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (number, line) in file.lines() {
            if let Some(folder) = FOLDERS.into_iter().find(|folder| names_path(line, folder)) {
                let what = format!("a path under `{folder}` of one machine");
                findings.push(finding(&file.path, number, &what));
            }
        }
    }
    findings
}

/// Whether a path that starts in the root folder leads into this folder.
fn names_path(line: &str, folder: &str) -> bool {
    line.match_indices(&format!("/{folder}/")).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"/._-~}*>".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        for folder in FOLDERS {
            let line = format!("let file = \"/{folder}/someone/x\";");
            assert_eq!(check(&Tree::of(&[("a.rs", &line)])).len(), 1, "{line}");
        }
    }

    #[test]
    fn a_path_inside_something_else_is_none() {
        for line in ["https://example.org/home/x", "../root/x", "data/srv/x", "GET /phones/{id}"] {
            assert_eq!(check(&Tree::of(&[("a.rs", line)])), [""; 0], "{line}");
        }
    }
}
