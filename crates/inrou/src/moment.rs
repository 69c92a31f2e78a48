//! Times as people type them on the command line.

use inrou_api::clock::SandboxClock;
use inrou_rules::japan;
use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, Timestamp};

use crate::facts::printable;
use crate::fault::Fault;

/// A moment with its offset; or without, in Japan time; or a day, from its midnight in Japan.
pub fn parse_moment(typed: &str) -> Option<Timestamp> {
    let exact = typed.parse::<Timestamp>().ok();
    let civil = || typed.parse::<DateTime>().ok().map(japan::moment);
    let day = || {
        let day = typed.parse::<Date>().ok()?;
        Some(japan::moment(day.to_datetime(jiff::civil::Time::midnight())))
    };
    exact.or_else(civil).or_else(day)
}

/// The same, of an option that takes no length.
///
/// # Errors
/// `moment-not-readable`.
pub fn read_moment(typed: &str) -> Result<Timestamp, Fault> {
    let unreadable = || Fault::new("moment-not-readable").with("typed", printable(typed));
    parse_moment(typed).ok_or_else(unreadable)
}

/// The same, as a time that a sandbox may begin at: from the year in which all of the residents that come
/// with the program are old enough for their cards, to where its clock ends.
///
/// # Errors
/// `moment-not-readable`, `time-out-of-range`.
pub fn parse_beginning(typed: &str) -> Result<Timestamp, Fault> {
    let moment = read_moment(typed)?;
    let first = japan::moment(date(2020, 1, 1).at(0, 0, 0, 0));
    if (first..SandboxClock::LATEST).contains(&moment) {
        Ok(moment)
    } else {
        Err(Fault::new("time-out-of-range"))
    }
}

/// A length such as `+30m`, `+12h`, `+7d`.
pub fn parse_length(typed: &str) -> Option<SignedDuration> {
    let (number, unit) = typed.strip_prefix('+')?.split_at_checked(typed.len().checked_sub(2)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|&number| number >= 0)?;
    Some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_japans_unless_said_otherwise() {
        let eight: Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
        assert_eq!(parse_moment("2026-11-22T08:00:00+09:00"), Some(eight));
        assert_eq!(parse_moment("2026-11-22T08:00:00"), Some(eight));
        let midnight: Timestamp = "2026-11-21T15:00:00Z".parse().unwrap();
        assert_eq!(parse_moment("2026-11-22"), Some(midnight));
        assert_eq!(parse_moment("tomorrow"), None);
    }

    #[test]
    fn a_sandbox_begins_within_what_its_clock_and_its_cards_allow() {
        for good in ["2020-01-01", "2026-11-21T10:00:00+09:00", "9899-12-31"] {
            assert!(parse_beginning(good).is_ok(), "{good}");
        }
        for (wrong, code) in [
            ("1990-01-01", "time-out-of-range"),
            ("2019-12-31T23:59:59", "time-out-of-range"),
            ("9999-12-31", "time-out-of-range"),
            ("tomorrow", "moment-not-readable"),
            ("+1d", "moment-not-readable"),
        ] {
            assert_eq!(parse_beginning(wrong).unwrap_err().code(), code, "{wrong}");
        }
    }

    #[test]
    fn lengths_have_a_unit_and_go_forward() {
        assert_eq!(parse_length("+30m"), Some(SignedDuration::from_mins(30)));
        assert_eq!(parse_length("+7d"), Some(SignedDuration::from_hours(7 * 24)));
        for wrong in ["", "+", "+m", "30m", "+-3m", "+3", "+3y", "+é", "+99999999999999999999d"] {
            assert_eq!(parse_length(wrong), None, "{wrong}");
        }
    }
}
