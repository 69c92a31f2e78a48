//! Measuring something and its limit in turn.

use std::time::{Duration, Instant};

use crate::report::Row;

/// A rate and its limit, medians of all rounds, and the median of the rounds' ratios with the middle
/// half of them.
pub struct Compared {
    /// Of what is measured, a second.
    pub rate: f64,
    /// Of the limit, a second.
    pub limit: f64,
    ratios: Vec<f64>,
}

impl Compared {
    /// Runs `rounds` rounds: each measures the limit and what is measured, for `time` each.
    pub fn measure(
        rounds: usize,
        time: Duration,
        mut limit: impl FnMut(Duration) -> f64,
        mut measured: impl FnMut(Duration) -> f64,
    ) -> Self {
        Self::of(rounds, || (limit(time), measured(time)))
    }

    /// Runs `rounds` rounds: each gives the limit's rate and what was measured.
    pub fn of(rounds: usize, mut round: impl FnMut() -> (f64, f64)) -> Self {
        // The first warms up.
        let all: Vec<(f64, f64)> = (0..=rounds).map(|_| round()).skip(1).collect();
        let ratios = all.iter().map(|(limit, rate)| rate / limit).collect();
        Self {
            rate: median(all.iter().map(|(_, rate)| *rate).collect()),
            limit: median(all.iter().map(|(limit, _)| *limit).collect()),
            ratios,
        }
    }

    /// Prints a line, and gives the table's row.
    pub fn row(&self, benchmark: &'static str, case: String, bar: &'static str) -> Row {
        let mut sorted = self.ratios.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted[sorted.len() / 4], sorted[sorted.len() * 3 / 4]);
        let (rate, limit, ratio) = (self.rate, self.limit, median(sorted));
        println!(
            "{case:<34} {rate:>9.0} /s   limit {limit:>9.0} /s   ratio {ratio:.3} ({low:.3} to {high:.3})"
        );
        Row {
            benchmark,
            case,
            measured: format!("{rate:.0} /s"),
            limit: format!("{limit:.0} /s"),
            ratio: format!("{ratio:.2}"),
            bar,
        }
    }
}

/// How often a second `work` is done, measured for `time`.
pub fn rate(time: Duration, mut work: impl FnMut()) -> f64 {
    let (start, mut done) = (Instant::now(), 0_u32);
    while start.elapsed() < time {
        for _ in 0..8 {
            work();
        }
        done += 8;
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
