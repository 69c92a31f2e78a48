//! `docs/rulebook.md`: a rule that is said to be served names the tests that prove it.
//!
//! A rule is a row of a table that has the columns `id`, `state`, `code` and `tests`. The state is
//! `served` or `planned`. In backquotes, code is named by its path under `crates/`, or from `examples/` on; a
//! test by its function, or by that of the journey which it takes in every way.

use std::collections::BTreeSet;

use super::tree::File;
use super::{Tree, finding};

const RULEBOOK: &str = "docs/rulebook.md";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let Some(rulebook) = tree.files.iter().find(|file| file.path == RULEBOOK) else {
        return vec![format!("{RULEBOOK} is not there")];
    };
    let tests = tests_of(tree.ending(".rs"));
    let rows = rows(&rulebook.text);
    let mut findings = Vec::new();
    for row in &rows {
        let mut wrong = |what: String| {
            let what = format!("{}: {what}", row.id);
            findings.push(finding(RULEBOOK, row.line, &what));
        };
        match row.state {
            "planned" => {}
            "served" if row.tests.is_empty() => wrong("served, and names no test".to_owned()),
            "served" => {}
            other => wrong(format!("`{other}` is no state")),
        }
        for test in row.tests.iter().filter(|test| !tests.contains(*test)) {
            wrong(format!("there is no test `{test}`"));
        }
        for path in &row.code {
            let at = match path.starts_with("examples/") {
                true => (*path).to_owned(),
                false => format!("crates/{path}"),
            };
            if !tree.files.iter().any(|file| file.path == at) {
                wrong(format!("there is no file `{at}`"));
            }
        }
    }
    if !rows.iter().any(|row| row.state == "served") {
        findings.push(finding(RULEBOOK, 0, "no rule is served, or no table has the columns"));
    }
    findings
}

struct Row<'a> {
    line: usize,
    id: &'a str,
    state: &'a str,
    code: Vec<&'a str>,
    tests: Vec<&'a str>,
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut columns = None;
    let mut rows = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let Some(cells) = cells(text) else {
            columns = None;
            continue;
        };
        let named = ["id", "state", "code", "tests"]
            .map(|name| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name)));
        if let [Some(id), Some(state), Some(code), Some(tests)] = named {
            columns = Some([id, state, code, tests]);
        } else if let Some(columns) = columns
            && let [Some(id), Some(state), Some(code), Some(tests)] =
                columns.map(|column| cells.get(column).copied())
            && id.starts_with(|c: char| c.is_ascii_uppercase())
        {
            rows.push(Row { line, id, state, code: quoted(code), tests: quoted(tests) });
        }
    }
    rows
}

/// What a cell has in backquotes.
pub(super) fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The cells of a row of a table.
pub(super) fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inside.split('|').map(str::trim).collect())
}

/// What makes tests of journeys: `in_every_way!(one_journey, another);`.
const JOURNEYS: &str = "in_every_way!(";

/// The names of all test functions in these files, and of journeys.
pub(super) fn tests_of<'t>(files: impl Iterator<Item = &'t File>) -> BTreeSet<&'t str> {
    let mut tests = BTreeSet::new();
    for file in files {
        for list in file.text.split(JOURNEYS).skip(1) {
            let names = list.split(')').next().unwrap_or_default().split(',').map(str::trim);
            tests.extend(names.filter(|name| !name.is_empty()));
        }
        let mut marked = false;
        for (_, line) in file.lines() {
            let line = line.trim_start();
            if line.starts_with("#[") {
                marked |= line.starts_with("#[test]") || line.contains("::test");
            } else if let Some((_, name)) = line.split_once("fn ").filter(|_| marked) {
                tests.insert(name.split(['(', '<']).next().unwrap_or_default());
                marked = false;
            }
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "#[test]\nfn card_1_a() {}\n\n#[tokio::test]\n#[allow(x)]\nasync fn card_2_b() {}\nfn card_3_c() {}\n";

    fn findings(rows: &str) -> Vec<String> {
        let table =
            format!("| id | rule | state | code | tests |\n|---|---|---|---|---|\n{rows}\n");
        check(&Tree::of(&[("crates/rules/a.rs", CODE), (RULEBOOK, &table)]))
    }

    #[test]
    fn a_served_rule_with_its_tests_is_well() {
        let rows = "| CARD-1 | x | served | `rules/a.rs` | `card_1_a` `card_2_b` |\n\
            | MOVE-1 | x | planned | | |";
        assert_eq!(findings(rows), [""; 0]);
    }

    #[test]
    fn a_journey_is_a_test_and_an_example_is_code() {
        let table = "| id | rule | state | code | tests |\n|---|---|---|---|---|\n\
            | USE-1 | x | served | `examples/a.rs` | `use_1_a` `use_1_b` |\n";
        let journeys = "in_every_way!(\n    use_1_a,\n    use_1_b,\n);\n";
        let tree = [("examples/a.rs", CODE), ("journeys/a.rs", journeys), (RULEBOOK, table)];
        assert_eq!(check(&Tree::of(&tree)), [""; 0]);
        assert_eq!(check(&Tree::of(&tree[1..])).len(), 1);
        assert_eq!(check(&Tree::of(&[tree[0], tree[2]])).len(), 2);
    }

    #[test]
    fn a_served_rule_without_a_test_is_found() {
        let found = findings("| CARD-1 | x | served | | by hand |");
        assert!(found[0].starts_with("docs/rulebook.md:3: CARD-1"), "{found:?}");
    }

    #[test]
    fn a_test_or_file_that_is_not_there_is_found_whatever_the_state() {
        let found = findings(
            "| CARD-1 | x | served | `rules/b.rs` | `card_1_a` `card_3_c` |\n\
             | MOVE-1 | x | planned | | `move_1` |",
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("`card_3_c`") && found[1].contains("`crates/rules/b.rs`"));
        assert!(found[2].contains("MOVE-1") && found[2].contains("`move_1`"));
    }

    #[test]
    fn a_state_that_is_none_is_found() {
        let found = findings(
            "| CARD-1 | x | served | | `card_1_a` |\n| CARD-2 | x | Served | | `card_2_b` |",
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_rulebook_that_serves_nothing_or_is_not_there_is_found() {
        assert_eq!(findings("| MOVE-1 | x | planned | | |").len(), 1);
        assert_eq!(check(&Tree::of(&[("a.rs", CODE)])).len(), 1);
    }
}
