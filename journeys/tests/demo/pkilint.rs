//! pkilint's findings, and the table in `docs/profiles.md` that explains them: neither has anything
//! that the other lacks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use inrou_journeys::python;

use crate::output::{files, folder};

#[test]
fn every_finding_of_pkilint_is_explained_and_every_explanation_is_needed() {
    let findings = findings();
    let linted = findings.iter().filter(|finding| finding.code == "linted").count();
    let judged = [".pem", ".crl", ".der"].map(|end| files(end).len()).iter().sum::<usize>();
    assert_eq!(linted, judged, "each file was linted");
    let explanations = explanations();
    let mut needed = BTreeSet::new();
    for finding in findings.iter().filter(|finding| finding.code != "linted") {
        let explanation = explanations.iter().find(|explanation| explanation.covers(finding));
        let explanation =
            explanation.unwrap_or_else(|| panic!("docs/profiles.md does not explain {finding:?}"));
        needed.insert(explanation);
    }
    for explanation in &explanations {
        assert!(needed.contains(explanation), "nothing triggers {explanation:?}");
    }
}

/// What pkilint found.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: String,
    code: String,
    severity: String,
}

/// A finding that stays, in the files of a name. A row of the table has one for each such name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Explanation {
    code: String,
    severity: String,
    /// `*` stands for anything, once.
    files: String,
}

impl Explanation {
    fn covers(&self, finding: &Finding) -> bool {
        let is_named = match self.files.split_once('*') {
            Some((begin, end)) => {
                finding.file.len() >= begin.len() + end.len()
                    && finding.file.starts_with(begin)
                    && finding.file.ends_with(end)
            }
            None => finding.file == self.files,
        };
        (&self.code, &self.severity) == (&finding.code, &finding.severity) && is_named
    }
}

fn findings() -> Vec<Finding> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo/lint.py");
    let output = Command::new(python()).arg(program).arg(folder()).output();
    let output = output.expect("a Python interpreter: see journeys/requirements.txt");
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaint}");
    let finding = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let mut part = || parts.next().unwrap();
        Finding { file: part(), code: part(), severity: part().to_lowercase() }
    };
    said.lines().map(finding).collect()
}

/// The rows of `docs/profiles.md` such as ``| `pkix.code` (info) | `card-*.pem`, `x.crl` | why |``.
fn explanations() -> Vec<Explanation> {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/profiles.md");
    let mut explanations = Vec::new();
    for line in fs::read_to_string(profiles).unwrap().lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, finding, files, why, _] = cells[..] else { continue };
        let Some((code, severity)) = finding.split_once(' ') else { continue };
        let code = code.trim_matches('`');
        if !code.starts_with("pkix.") {
            continue;
        }
        assert!(!why.is_empty(), "{code}: why it stays");
        for files in files.split(", ") {
            explanations.push(Explanation {
                code: code.to_owned(),
                severity: severity.trim_matches(['(', ')']).to_owned(),
                files: files.trim_matches('`').to_owned(),
            });
        }
    }
    explanations
}

#[test]
fn an_explanation_covers_its_code_in_its_files_alone() {
    let explanation = |files: &str| Explanation {
        code: "pkix.a".to_owned(),
        severity: "info".to_owned(),
        files: files.to_owned(),
    };
    let finding = |file: &str, code: &str, severity: &str| Finding {
        file: file.to_owned(),
        code: code.to_owned(),
        severity: severity.to_owned(),
    };
    assert!(explanation("card-*.pem").covers(&finding("card-sign.pem", "pkix.a", "info")));
    assert!(explanation("x.crl").covers(&finding("x.crl", "pkix.a", "info")));
    for (file, code, severity) in [
        ("card-sign.pem", "pkix.b", "info"),
        ("card-sign.pem", "pkix.a", "error"),
        ("phone-sign.pem", "pkix.a", "info"),
        ("card-.pe", "pkix.a", "info"),
    ] {
        assert!(!explanation("card-*.pem").covers(&finding(file, code, severity)));
    }
}
