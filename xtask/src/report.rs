//! The sections of a run: a heading and a time each, and the account at the end.

use std::time::{Duration, Instant};

use crate::output::{self, Tally};
use crate::run::Finished;

/// What a section found.
pub(crate) struct Outcome {
    tally: Tally,
    /// What failed first, in the words to be shown again at the end.
    failure: Vec<String>,
}

impl Outcome {
    /// Of a program that is one check.
    pub(crate) fn of_program(finished: &Finished) -> Self {
        Self::new(Tally::one(finished.success), &finished.lines)
    }

    /// Of a program that runs tests.
    pub(crate) fn of_tests(finished: &Finished) -> Self {
        Self::new(Tally::of_tests(&finished.lines, finished.success), &finished.lines)
    }

    /// Of a check of our own, by what it found wrong.
    pub(crate) fn of_findings(findings: Vec<String>) -> Self {
        for finding in &findings {
            println!("{finding}");
        }
        Self { tally: Tally::one(findings.is_empty()), failure: findings }
    }

    /// Of nothing that counts.
    pub(crate) fn none() -> Self {
        Self { tally: Tally::default(), failure: Vec::new() }
    }

    /// Both, the first failure first.
    pub(crate) fn and(self, next: Self) -> Self {
        let failure = if self.tally.failed > 0 { self.failure } else { next.failure };
        Self { tally: self.tally.plus(next.tally), failure }
    }

    fn new(tally: Tally, lines: &[String]) -> Self {
        let failed = tally.failed > 0;
        let failure = if failed { output::first_failure(lines).to_vec() } else { Vec::new() };
        Self { tally, failure }
    }
}

/// The account of a run.
#[derive(Default)]
pub(crate) struct Report {
    sections: Vec<Section>,
    stopped: bool,
}

struct Section {
    name: &'static str,
    time: Duration,
    outcome: Outcome,
}

impl Report {
    /// Does the work of one section under its heading; `true` if nothing in it failed.
    pub(crate) fn section(&mut self, name: &'static str, work: impl FnOnce() -> Outcome) -> bool {
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = work();
        let section = Section { name, time: start.elapsed(), outcome };
        println!("    {}", section.line());
        let success = section.outcome.tally.failed == 0;
        self.sections.push(section);
        success
    }

    /// Says in the account that what would follow was not run.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Prints the account, the first failure again, and the closing line; `true` if nothing failed.
    pub(crate) fn close(self) -> bool {
        println!("\n==> account");
        for section in &self.sections {
            println!("    {}", section.line());
        }
        if self.stopped {
            println!("    what follows it was not run");
        }
        if let Some(first) = self.sections.iter().find(|section| section.outcome.tally.failed > 0) {
            println!("\n==> what failed first, in: {}", first.name);
            for line in &first.outcome.failure {
                println!("{line}");
            }
        }
        let tallies = self.sections.iter().map(|section| section.outcome.tally);
        let total = tallies.fold(Tally::default(), Tally::plus);
        println!("\n{} passed, {} failed", total.passed, total.failed);
        total.failed == 0
    }
}

impl Section {
    fn line(&self) -> String {
        let Tally { passed, failed } = self.outcome.tally;
        let seconds = self.time.as_secs_f64();
        format!("{:<24} {seconds:>7.1} s  {passed} passed, {failed} failed", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_fails_makes_the_run_fail() {
        let mut report = Report::default();
        assert!(report.section("good", || Outcome::of_findings(Vec::new())));
        assert!(!report.section("bad", || Outcome::of_findings(vec!["what".to_owned()])));
        assert!(!report.close());
    }

    #[test]
    fn of_two_outcomes_the_first_failure_is_kept() {
        let fail = |what: &str| Outcome::of_findings(vec![what.to_owned()]);
        let pass = || Outcome::of_findings(Vec::new());
        let both = pass().and(fail("one")).and(fail("two"));
        assert_eq!(both.failure, ["one"]);
        assert_eq!(both.tally, Tally { passed: 1, failed: 2 });
    }
}
