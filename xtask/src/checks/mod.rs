//! Checks of the repository itself, which the compiler does not make.

mod codes;
mod conformance;
mod length;
mod licences;
mod links;
mod markers;
mod paths;
mod rulebook;
mod tree;

pub(crate) use licences::licences;
pub(crate) use tree::Tree;

use crate::report::Outcome;

/// Everything that is read off the files alone. Each check counts as one.
pub(crate) fn all(tree: &Tree) -> Outcome {
    for warning in length::warnings(tree) {
        println!("warning: {warning}");
    }
    CHECKS.iter().fold(Outcome::none(), |outcome, check| {
        let findings = (check.findings)(tree);
        let verdict = if findings.is_empty() { "ok " } else { "NOT" };
        println!("    {verdict} {}", check.name);
        outcome.and(Outcome::of_findings(findings))
    })
}

struct Check {
    /// What holds when nothing is found.
    name: &'static str,
    findings: fn(&Tree) -> Vec<String>,
}

const CHECKS: [Check; 6] = [
    Check { name: "nothing is left undone, no test is left out", findings: markers::check },
    Check { name: "no path of one machine is named", findings: paths::check },
    Check { name: "links and paths in documents lead somewhere", findings: links::check },
    Check { name: "every served rule has its test", findings: rulebook::check },
    Check { name: "every case of the suites has its test", findings: conformance::check },
    Check { name: "every error is told in a test", findings: codes::check },
];

/// A finding as compilers write one: `path:line: what`.
fn finding(path: &str, line: usize, what: &str) -> String {
    format!("{path}:{}: {what}", line + 1)
}
