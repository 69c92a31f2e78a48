//! `docs/rulebook.md`: a rule that is said to be served names the tests that prove it.
//!
//! A rule is a row of a table that has the columns `rule`, `state` and `tests`. The state is
//! `served`, or anything else for a rule that is not served yet. A test is named in backquotes by
//! its function, with or without a path before it.

use std::collections::BTreeSet;

use super::{Tree, finding};

const RULEBOOK: &str = "docs/rulebook.md";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let Some(rulebook) = tree.files.iter().find(|file| file.path == RULEBOOK) else {
        return vec![format!("{RULEBOOK} is not there")];
    };
    let tests = tests_of(tree);
    let rows = rows(&rulebook.text);
    let mut findings = Vec::new();
    for row in &rows {
        let mut wrong = |what: String| findings.push(finding(RULEBOOK, row.line, &what));
        if row.served && row.tests.is_empty() {
            wrong(format!("{} is served, and names no test", row.rule));
        }
        for test in &row.tests {
            let name = test.rsplit("::").next().unwrap_or(test);
            if !tests.contains(name) {
                wrong(format!(
                    "{} names `{test}`, and there is no such test",
                    row.rule
                ));
            }
        }
    }
    if !rows.iter().any(|row| row.served) {
        findings.push(finding(
            RULEBOOK,
            0,
            "no rule is served: no table has the columns",
        ));
    }
    findings
}

struct Row<'a> {
    line: usize,
    rule: &'a str,
    served: bool,
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
        let column = |name: &str| {
            cells
                .iter()
                .position(|cell| cell.eq_ignore_ascii_case(name))
        };
        if let (Some(rule), Some(state), Some(tests)) =
            (column("rule"), column("state"), column("tests"))
        {
            columns = Some((rule, state, tests));
        } else if let Some((rule, state, tests)) = columns
            && let (Some(rule), Some(state), Some(tests)) =
                (cells.get(rule), cells.get(state), cells.get(tests))
            && rule.contains('-')
            && !rule.starts_with(['-', ':'])
        {
            let tests = tests.split('`').skip(1).step_by(2).collect();
            rows.push(Row {
                line,
                rule,
                served: *state == "served",
                tests,
            });
        }
    }
    rows
}

/// The cells of a row of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inside.split('|').map(str::trim).collect())
}

/// The names of all test functions.
fn tests_of(tree: &Tree) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    for file in tree.ending(".rs") {
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
        let table = format!("| Rule | What | State | Tests |\n|---|---|---|---|\n{rows}\n");
        check(&Tree::of(&[("a.rs", CODE), (RULEBOOK, &table)]))
    }

    #[test]
    fn a_served_rule_with_its_tests_is_well() {
        let rows = "| CARD-1 | x | served | `card_1_a`, `rules::tests::card_2_b` |\n| MOVE-1 | x | planned | |";
        assert_eq!(findings(rows), [""; 0]);
    }

    #[test]
    fn a_served_rule_without_a_test_is_found() {
        let findings = findings("| CARD-1 | x | served | by hand |");
        assert!(
            findings[0].starts_with("docs/rulebook.md:3: CARD-1"),
            "{findings:?}"
        );
    }

    #[test]
    fn a_test_that_is_not_there_is_found_whatever_the_state() {
        let found = findings(
            "| CARD-1 | x | served | `card_1_a` `card_3_c` |\n| MOVE-1 | x | planned | `move_1` |",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`card_3_c`") && found[1].contains("`move_1`"));
    }

    #[test]
    fn a_rulebook_that_serves_nothing_or_is_not_there_is_found() {
        assert_eq!(findings("| MOVE-1 | x | planned | |").len(), 1);
        assert_eq!(check(&Tree::of(&[("a.rs", CODE)])).len(), 1);
    }
}
