//! What was issued: for the municipality's accounts, and without anything about anybody but a pairwise name.

use inrou_rules::{Medium, Municipality, japan};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::copies::Wish;

/// Everything that was issued, oldest first.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Ledger(Vec<Issue>);

/// Copies that were issued to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Issue {
    /// When.
    pub at: Timestamp,
    /// Whose record it is a copy of: the municipality's.
    pub municipality: Municipality,
    /// What was issued.
    pub wish: Wish,
    /// By what the person was known.
    pub medium: Medium,
    /// What the person is called here.
    pub person: String,
    /// What was paid, in yen.
    pub yen: u64,
}

impl Ledger {
    /// The number of the next issue.
    pub fn next(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Notes an issue, under the next number.
    pub fn note(&mut self, issue: Issue) {
        self.0.push(issue);
    }

    /// With their numbers, newest first.
    pub fn newest_first(&self) -> Vec<(u32, Issue)> {
        (1..).zip(self.0.iter().cloned()).collect::<Vec<_>>().into_iter().rev().collect()
    }

    /// How many copies were issued on a day in Japan, and what was paid for them.
    pub fn sum(&self, day: Date) -> (u64, u64) {
        let that_day = self.0.iter().filter(|issue| japan::day(issue.at) == day);
        that_day.fold((0, 0), |(copies, yen), issue| {
            (copies + u64::from(issue.wish.copies), yen.saturating_add(issue.yen))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn issue(at: &str, copies: u8) -> Issue {
        Issue {
            at: at.parse().unwrap(),
            municipality: "13221".parse().unwrap(),
            wish: Wish { copies, ..Wish::default() },
            medium: Medium::Phone,
            person: "a".to_owned(),
            yen: u64::from(copies) * 200,
        }
    }

    #[test]
    fn a_day_is_summed_up_by_the_calendar_of_japan() {
        let mut ledger = Ledger::default();
        for (number, at, copies) in [
            (1, "2026-11-24T22:59:00+09:00", 2),
            (2, "2026-11-25T06:30:00+09:00", 1),
            (3, "2026-11-25T08:30:00+09:00", 3),
        ] {
            assert_eq!(ledger.next(), number);
            ledger.note(issue(at, copies));
        }
        assert_eq!(ledger.sum(date(2026, 11, 24)), (2, 400));
        assert_eq!(ledger.sum(date(2026, 11, 25)), (4, 800));
        assert_eq!(ledger.sum(date(2026, 11, 26)), (0, 0));
        let numbers: Vec<_> = ledger.newest_first().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [3, 2, 1]);
    }
}
