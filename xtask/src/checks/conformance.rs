//! `docs/relying-parties/conformance.md`: each case of a suite names the tests that hold it.
//!
//! A case is a row of a table; each table has the columns `case` and `tests`. A test is named in backquotes, by
//! its function, and stands in a folder of tests.

use super::rulebook::{cells, quoted, tests_of};
use super::{Tree, finding};

const CASES: &str = "docs/relying-parties/conformance.md";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let Some(document) = tree.files.iter().find(|file| file.path == CASES) else {
        return vec![format!("{CASES} is not there")];
    };
    let tests = tests_of(tree.ending(".rs").filter(|file| file.path.contains("/tests/")));
    let (mut rows, mut findings) = (0, Vec::new());
    let mut columns: Option<[Option<usize>; 2]> = None;
    for (line, text) in document.text.lines().enumerate() {
        let Some(cells) = cells(text) else {
            columns = None;
            continue;
        };
        let Some([case, of_tests]) = columns else {
            let named = ["case", "tests"].map(|name| cells.iter().position(|cell| *cell == name));
            if let [None, _] | [_, None] = named {
                findings.push(finding(
                    CASES,
                    line,
                    "a table without the columns `case` and `tests`",
                ));
            }
            columns = Some(named);
            continue;
        };
        // Of a table without the columns, that is told once.
        let (Some(case), Some(of_tests)) = (case, of_tests) else { continue };
        let (Some(case), Some(of_tests)) = (cells.get(case), cells.get(of_tests)) else {
            findings.push(finding(CASES, line, "a row without all columns"));
            continue;
        };
        if case.starts_with("---") {
            continue;
        }
        rows += 1;
        let named = quoted(of_tests);
        if named.is_empty() {
            findings.push(finding(CASES, line, &format!("{case}: it names no test")));
        }
        for test in named.into_iter().filter(|test| !tests.contains(test)) {
            findings.push(finding(CASES, line, &format!("{case}: there is no test `{test}`")));
        }
    }
    if rows == 0 {
        findings.push(finding(CASES, 0, "no table has the columns `case` and `tests`"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "#[tokio::test]\nasync fn oidcc_a() {}\nfn oidcc_helper() {}\n";

    fn findings(rows: &str) -> Vec<String> {
        let table = format!("# Cases\n\n| case | x | tests |\n|---|---|---|\n{rows}\n");
        check(&Tree::of(&[("crates/provider/tests/a.rs", CODE), (CASES, &table)]))
    }

    #[test]
    fn a_case_with_its_test_is_well() {
        assert_eq!(findings("| a | does | `oidcc_a` |"), [""; 0]);
    }

    #[test]
    fn a_case_without_a_test_that_is_there_is_found() {
        for (row, what) in [
            ("| a | does | |", "a: it names no test"),
            ("| a | does | by hand |", "a: it names no test"),
            ("| a | does | `oidcc_a` `oidcc_b` |", "a: there is no test `oidcc_b`"),
            ("| a | does | `oidcc_helper` |", "a: there is no test `oidcc_helper`"),
            ("| a |", "a row without all columns"),
        ] {
            let found = findings(row);
            assert_eq!(found.len(), 1 + usize::from(row == "| a |"), "{found:?}");
            assert_eq!(found[0], format!("{CASES}:5: {what}"));
        }
    }

    #[test]
    fn a_table_whose_head_is_misspelt_is_found_once_and_others_are_looked_at() {
        for head in ["| cases | x | tests |", "| case | x | test |", "| Case | x | Tests |"] {
            let odd = format!("{head}\n|---|---|---|\n| a | does | |\n| b | does | |\n");
            let good = "| case | x | tests |\n|---|---|---|\n| a | does | `oidcc_a` |\n";
            let document = format!("{good}\n{odd}");
            let found =
                check(&Tree::of(&[("crates/provider/tests/a.rs", CODE), (CASES, &document)]));
            let told = format!("{CASES}:5: a table without the columns `case` and `tests`");
            assert_eq!(found, [told], "{head}");
        }
    }

    #[test]
    fn a_test_that_stands_beside_the_code_or_in_no_code_at_all_is_none() {
        let table = "| case | tests |\n|---|---|\n| a | `oidcc_a` |\n";
        for elsewhere in ["crates/provider/src/a.rs", "crates/provider/tests/a.txt"] {
            let found = check(&Tree::of(&[(elsewhere, CODE), (CASES, table)]));
            assert_eq!(found, [format!("{CASES}:3: a: there is no test `oidcc_a`")], "{elsewhere}");
        }
    }

    #[test]
    fn a_document_without_cases_or_none_at_all_is_found() {
        assert_eq!(findings("").len(), 1);
        assert_eq!(check(&Tree::of(&[("a.rs", CODE)])).len(), 1);
    }
}
