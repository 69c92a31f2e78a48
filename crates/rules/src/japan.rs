//! Japan time, which is UTC+9 all year, and birthdays on its calendar.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date, time};
use jiff::tz::{Offset, offset};

const JAPAN: Offset = offset(9);

/// What a clock in Japan shows at `moment`.
pub fn civil(moment: Timestamp) -> DateTime {
    JAPAN.to_datetime(moment)
}

/// The day in Japan at `moment`.
pub fn day(moment: Timestamp) -> Date {
    civil(moment).date()
}

/// The moment at which a clock in Japan shows `civil`; past the last representable moment, that one.
pub fn moment(civil: DateTime) -> Timestamp {
    JAPAN.to_timestamp(civil).unwrap_or(Timestamp::MAX)
}

/// The last second of `day` in Japan, 23:59:59.
pub fn end_of_day(day: Date) -> Timestamp {
    moment(day.to_datetime(time(23, 59, 59, 0)))
}

/// First days of the eras Reiwa, Heisei, Showa, Taisho and Meiji, with their numbers.
const ERAS: [(Date, u8); 5] = [
    (date(2019, 5, 1), 5),
    (date(1989, 1, 8), 4),
    (date(1926, 12, 25), 3),
    (date(1912, 7, 30), 2),
    (date(1868, 1, 25), 1),
];

/// The Japanese era of `day`, counted from Meiji as 1 to Reiwa as 5, and the year in it; `None` before
/// Meiji.
pub fn era(day: Date) -> Option<(u8, i16)> {
    let (first, number) = ERAS.into_iter().find(|&(first, _)| day >= first)?;
    Some((number, day.year() - first.year() + 1))
}

/// The birthday in `year` of a person born on `birth_date`.
///
/// 29 February is 28 February in common years (CARD-8, assumption). Past the calendar's end, its end.
pub fn birthday(birth_date: Date, year: i16) -> Date {
    Date::new(year, birth_date.month(), birth_date.day())
        .or_else(|_| Date::new(year, birth_date.month(), 28))
        .unwrap_or(Date::MAX)
}

/// Whether a person born on `birth_date` is at least `age` years old on `day`.
///
/// A year of age is reached at the start of the birthday (assumption).
pub fn has_reached(birth_date: Date, age: i16, day: Date) -> bool {
    birthday(birth_date, birth_date.year().saturating_add(age)) <= day
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_changes_at_midnight_in_japan() {
        assert_eq!(day(at("2026-01-01T14:59:59Z")), date(2026, 1, 1));
        assert_eq!(day(at("2026-01-01T15:00:00Z")), date(2026, 1, 2));
    }

    #[test]
    fn a_day_ends_at_145959_utc() {
        assert_eq!(end_of_day(date(2030, 2, 17)), at("2030-02-17T14:59:59Z"));
    }

    #[test]
    fn the_calendars_ends_do_not_panic() {
        assert_eq!(end_of_day(Date::MAX), Timestamp::MAX);
        assert_eq!(birthday(date(2000, 5, 5), i16::MAX), Date::MAX);
        assert_eq!(day(Timestamp::MAX), date(9999, 12, 31));
        assert_eq!(day(Timestamp::MIN), date(-9999, 1, 2));
        assert!(!has_reached(Date::MAX, i16::MAX, date(2026, 1, 1)));
    }

    #[test]
    fn card_8_a_birthday_on_29_february_is_kept_on_28_february() {
        assert_eq!(birthday(date(2004, 2, 29), 2029), date(2029, 2, 28));
        assert_eq!(birthday(date(2004, 2, 29), 2028), date(2028, 2, 29));
        assert_eq!(birthday(date(2003, 2, 28), 2028), date(2028, 2, 28));
        assert_eq!(birthday(date(2003, 3, 31), 2028), date(2028, 3, 31));
    }

    #[test]
    fn card_3_an_age_is_reached_on_the_birthday() {
        let born = date(2011, 11, 21);
        assert!(!has_reached(born, 15, date(2026, 11, 20)));
        assert!(has_reached(born, 15, date(2026, 11, 21)));
        assert!(has_reached(date(2012, 2, 29), 15, date(2027, 2, 28)));
        assert!(!has_reached(date(2012, 2, 29), 15, date(2027, 2, 27)));
    }
}
