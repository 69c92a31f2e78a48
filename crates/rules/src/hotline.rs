//! When the hotline answers (HOURS-4); holds it takes at any hour of any day.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday, time};

use crate::japan;

const OPENS: Time = time(9, 30, 0, 0);
const CLOSES: Time = time(20, 0, 0, 0);

/// When it closes at weekends and on holidays.
pub const CLOSES_EARLY: Time = time(17, 30, 0, 0);

/// Japan's public holidays, of the years that are known.
static HOLIDAYS: LazyLock<BTreeSet<Date>> = LazyLock::new(|| {
    let file = include_str!("../data/holidays.txt").lines();
    file.filter_map(|line| line.split(' ').next()?.parse().ok()).collect()
});

/// Whether the hotline answers at a moment, and how long that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hotline {
    /// It answers.
    Open {
        /// Until then.
        closes: Timestamp,
        /// Whether the day may be a holiday without this being known here: then it closes at
        /// [`CLOSES_EARLY`].
        may_be_holiday: bool,
    },
    /// It does not.
    Closed {
        /// When it does next.
        opens: Timestamp,
    },
}

impl Hotline {
    /// Whether it answers `now`.
    pub fn at(now: Timestamp) -> Self {
        let local = japan::civil(now);
        let today = local.date();
        match closes(today) {
            Some(end) if (OPENS..end).contains(&local.time()) => Hotline::Open {
                closes: japan::moment(today.to_datetime(end)),
                may_be_holiday: end == CLOSES && !is_known(today),
            },
            Some(_) if local.time() < OPENS => Hotline::Closed { opens: opening(today) },
            _ => Hotline::Closed { opens: next_opening(today) },
        }
    }
}

/// The last year whose holidays are known.
pub fn last_known_year() -> i16 {
    HOLIDAYS.last().map_or(0, |day| day.year())
}

fn is_known(day: Date) -> bool {
    let first = HOLIDAYS.first().map_or(0, |day| day.year());
    (first..=last_known_year()).contains(&day.year())
}

/// When it closes on a day; `None` if it does not open.
fn closes(day: Date) -> Option<Time> {
    // Assumption: the turn of the year is 29 December to 3 January.
    if matches!((day.month(), day.day()), (12, 29..) | (1, ..=3)) {
        return None;
    }
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    Some(if is_weekend || HOLIDAYS.contains(&day) { CLOSES_EARLY } else { CLOSES })
}

fn opening(day: Date) -> Timestamp {
    japan::moment(day.to_datetime(OPENS))
}

/// When it opens next after a day.
fn next_opening(day: Date) -> Timestamp {
    /// More than it is ever closed in a row.
    const DAYS: usize = 8;
    let next = |day: &Date| day.tomorrow().ok();
    let days = std::iter::successors(next(&day), next).take(DAYS);
    days.into_iter().find(|&day| closes(day).is_some()).map_or(Timestamp::MAX, opening)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn open(now: &str, closes: &str) {
        let expected = Hotline::Open { closes: at(closes), may_be_holiday: false };
        assert_eq!(Hotline::at(at(now)), expected, "{now}");
    }

    fn closed(now: &str, opens: &str) {
        assert_eq!(Hotline::at(at(now)), Hotline::Closed { opens: at(opens) }, "{now}");
    }

    #[test]
    fn hours_4_on_weekdays_it_answers_from_930_to_2000() {
        closed("2026-11-24T09:29:59.999+09:00", "2026-11-24T09:30:00+09:00");
        open("2026-11-24T09:30:00+09:00", "2026-11-24T20:00:00+09:00");
        open("2026-11-24T19:59:59.999+09:00", "2026-11-24T20:00:00+09:00");
        closed("2026-11-24T20:00:00+09:00", "2026-11-25T09:30:00+09:00");
    }

    #[test]
    fn hours_4_at_weekends_and_on_holidays_it_answers_from_930_to_1730() {
        for day in ["2026-11-21", "2026-11-22", "2026-11-23"] {
            closed(&format!("{day}T09:29:59+09:00"), &format!("{day}T09:30:00+09:00"));
            open(&format!("{day}T17:29:59+09:00"), &format!("{day}T17:30:00+09:00"));
        }
        closed("2026-11-21T17:30:00+09:00", "2026-11-22T09:30:00+09:00");
        closed("2026-11-23T17:30:00+09:00", "2026-11-24T09:30:00+09:00");
    }

    #[test]
    fn hours_4_a_substitute_holiday_is_one_and_so_is_a_day_between_two() {
        // 3 May 2026 is a Sunday and a holiday, as are the 4th and the 5th: the 6th stands in.
        open("2026-05-06T17:00:00+09:00", "2026-05-06T17:30:00+09:00");
        // Between 敬老の日 and 秋分の日.
        open("2026-09-22T17:00:00+09:00", "2026-09-22T17:30:00+09:00");
    }

    #[test]
    fn hours_4_it_is_closed_at_the_turn_of_the_year() {
        open("2026-12-28T19:00:00+09:00", "2026-12-28T20:00:00+09:00");
        for now in [
            "2026-12-28T20:00:00+09:00",
            "2026-12-29T12:00:00+09:00",
            "2026-12-31T23:59:59+09:00",
            "2027-01-01T00:00:00+09:00",
            "2027-01-03T12:00:00+09:00",
            "2027-01-04T09:00:00+09:00",
        ] {
            closed(now, "2027-01-04T09:30:00+09:00");
        }
    }

    #[test]
    fn hours_4_a_weekday_of_a_year_that_is_not_known_may_be_a_holiday() {
        let year = last_known_year() + 1;
        let day = (1..=7).map(|day| date(year, 6, day));
        for day in day {
            let now = japan::moment(day.at(12, 0, 0, 0));
            let Hotline::Open { may_be_holiday, .. } = Hotline::at(now) else { panic!("{day}") };
            assert_eq!(may_be_holiday, day.weekday().to_monday_zero_offset() < 5, "{day}");
        }
    }

    #[test]
    fn hours_4_the_file_of_holidays_has_whole_years_in_order() {
        let file = include_str!("../data/holidays.txt").lines();
        let lines: Vec<&str> = file.filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted() && lines.len() == HOLIDAYS.len(), "each line is a day");
        for year in 2025..=last_known_year() {
            for day in [date(year, 1, 1), date(year, 2, 11), date(year, 11, 23)] {
                assert!(HOLIDAYS.contains(&day), "{day}");
            }
            let of_year = HOLIDAYS.iter().filter(|day| day.year() == year).count();
            assert!((16..=20).contains(&of_year), "{year} has {of_year}");
        }
    }

    #[test]
    fn hours_4_the_ends_of_time_do_not_panic() {
        Hotline::at(Timestamp::MIN);
        assert_eq!(Hotline::at(Timestamp::MAX), Hotline::Closed { opens: Timestamp::MAX });
    }
}
