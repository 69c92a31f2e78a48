//! Days and hours in Japan: S0 2-D, S0 Q2, S1 and S2 3-D, 5-A (HOURS-1); S0 1-F, S1, S3 (HOURS-4);
//! S4 §1① (CARD-3).
//!
//! Japan time is UTC+9 all year (assumption). All comparisons are of whole seconds.

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::{Offset, offset};
use jiff::{SignedDuration, Timestamp};

const JAPAN: Offset = offset(9);

/// "Within minutes" (S0 2-D 「数分後」), as long as the oracle is willing to wait.
pub const WITHIN_MINUTES: SignedDuration = SignedDuration::from_mins(10);

pub fn civil(moment: Timestamp) -> DateTime {
    JAPAN.to_datetime(moment)
}

pub fn day_of(moment: Timestamp) -> Date {
    civil(moment).date()
}

pub fn at(day: Date, hour: i8, minute: i8, second: i8) -> Timestamp {
    JAPAN.to_timestamp(day.at(hour, minute, second, 0)).expect("a day of this century")
}

/// The last second of a day: certificates end at 23:59:59 Japan time (J §1.1).
pub fn end_of(day: Date) -> Timestamp {
    at(day, 23, 59, 59)
}

/// The birthday in a year: who was born on 29 February has it on 28 February in common years.
pub fn birthday_in(birth: Date, year: i16) -> Date {
    let leap = date(year, 1, 1).in_leap_year();
    if birth.month() == 2 && birth.day() == 29 && !leap {
        date(year, 2, 28)
    } else {
        date(year, birth.month(), birth.day())
    }
}

/// The n-th birthday after a day; a birthday on the day itself does not count (CARD-8).
pub fn birthday_after(birth: Date, day: Date, n: i16) -> Date {
    let this_year = birthday_in(birth, day.year());
    let first = if this_year > day { day.year() } else { day.year() + 1 };
    birthday_in(birth, first + n - 1)
}

/// Whether somebody has reached an age: from the start of that birthday on (CARD-3, assumption).
pub fn has_age(birth: Date, age: i16, moment: Timestamp) -> bool {
    day_of(moment) >= birthday_in(birth, birth.year() + age)
}

/// HOURS-1: when an application completed at a moment is ready: not before the first time, and not
/// after the second one.
pub fn ready_between(completed: Timestamp) -> (Timestamp, Timestamp) {
    let today = day_of(completed);
    let opens = at(today, 8, 0, 0);
    let closes = at(today, 19, 30, 0);
    let from = if completed < opens {
        opens
    } else if completed < closes {
        completed
    } else {
        at(today.tomorrow().expect("a day of this century"), 8, 0, 0)
    };
    (from, from + WITHIN_MINUTES)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hotline {
    Open,
    Closed,
    /// In the very second in which it closes.
    Closing,
}

/// HOURS-4: the hotline's hours for everything but holds, which it takes at any moment.
pub fn hotline(moment: Timestamp, holidays: &[Date]) -> Hotline {
    let today = day_of(moment);
    let turn_of_the_year =
        (today.month() == 12 && today.day() >= 29) || (today.month() == 1 && today.day() <= 3);
    if turn_of_the_year {
        return Hotline::Closed;
    }
    let weekend = matches!(today.weekday(), Weekday::Saturday | Weekday::Sunday);
    let closes = if weekend || holidays.contains(&today) {
        at(today, 17, 30, 0)
    } else {
        at(today, 20, 0, 0)
    };
    let opens = at(today, 9, 30, 0);
    match moment.as_second() {
        now if now == closes.as_second() => Hotline::Closing,
        now if now >= opens.as_second() && now < closes.as_second() => Hotline::Open,
        _ => Hotline::Closed,
    }
}
