//! Reading what cargo printed: how many tests ran, and the first thing that failed.

/// How many tests or checks passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Passed.
    pub(crate) passed: usize,
    /// Failed.
    pub(crate) failed: usize,
}

impl Tally {
    /// One check that passed or did not.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: usize::from(passed), failed: usize::from(!passed) }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// The sum of every `test result:` line. A run that failed without one failed test, such as
    /// one that did not compile, counts as one failure.
    pub(crate) fn of_tests(lines: &[String], success: bool) -> Self {
        let counted =
            lines.iter().filter_map(|line| test_result(line)).fold(Self::default(), Self::plus);
        if success || counted.failed > 0 { counted } else { counted.plus(Self::one(false)) }
    }
}

/// The part of the output that says what failed first: the first failed test's own words, else the
/// first error with what follows it, else the end.
pub(crate) fn first_failure(lines: &[String]) -> &[String] {
    const MOST: usize = 60;
    let of_test = |line: &String| line.starts_with("---- ") && line.ends_with(" ----");
    let (start, length) = if let Some(start) = lines.iter().position(of_test) {
        let after = &lines[start + 1..];
        let length = after.iter().position(|line| of_test(line) || line == "failures:");
        (start, length.map_or(MOST, |length| length + 1))
    } else if let Some(start) = lines.iter().position(|line| line.starts_with("error")) {
        (start, MOST)
    } else {
        (lines.len().saturating_sub(MOST), MOST)
    };
    &lines[start..lines.len().min(start + length.min(MOST))]
}

/// The counts in `test result: ok. 7 passed; 0 failed; 0 ignored; …`.
fn test_result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        counts.split("; ").find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const FAILED: &str = "\
running 2 tests
test a ... ok
test b ... FAILED

failures:

---- b stdout ----
thread 'b' panicked at src/lib.rs:3:5:
left is not right

failures:
    b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
error: test failed, to rerun pass `--lib`";

    #[test]
    fn every_result_line_is_added_up() {
        let output = lines(
            "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
             text\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        assert_eq!(Tally::of_tests(&output, false), Tally { passed: 10, failed: 2 });
    }

    #[test]
    fn a_run_that_does_not_compile_is_a_failure() {
        let output = lines("error[E0425]: cannot find value `x`");
        assert_eq!(Tally::of_tests(&output, false), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn the_first_failure_is_the_first_failed_tests_own_words() {
        let output = lines(FAILED);
        let shown = first_failure(&output);
        assert_eq!(shown.first().map(String::as_str), Some("---- b stdout ----"));
        assert!(shown.iter().any(|line| line == "left is not right"));
        assert!(!shown.iter().any(|line| line == "failures:"));
    }

    #[test]
    fn without_a_failed_test_it_is_the_first_error_and_without_that_the_end() {
        let output = lines("warning: a\nerror: b\n  --> c");
        assert_eq!(first_failure(&output), &output[1..]);
        let output: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(first_failure(&output).last().map(String::as_str), Some("99"));
        assert_eq!(first_failure(&[]), &[] as &[String]);
    }
}
