//! Days in the file that are told from the day on which the sandbox begins, so that a card near
//! expiry is near expiry whenever that is.

use inrou_rules::japan;
use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;

/// A birth date.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a day such as \"1988-06-12\", or { \"age\": 14, \"birthday_in_days\": 40 }"
)]
pub(super) enum BirthDate {
    /// A day of the calendar.
    Day(Date),
    /// An age and the way to the next birthday.
    Age(Age),
}

/// An age and the way to the next birthday.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Age {
    /// The age until that birthday, in years.
    age: u8,
    /// How many days after the sandbox's first day the birthday is: 0 is that day itself.
    birthday_in_days: u16,
}

impl BirthDate {
    /// The day; `None` if it leaves the calendar.
    pub(super) fn resolve(self, start: Date) -> Option<Date> {
        match self {
            BirthDate::Day(day) => Some(day),
            BirthDate::Age(Age { age, birthday_in_days }) => {
                let birthday = start.checked_add(Span::new().days(birthday_in_days)).ok()?;
                let years = i16::from(age) + 1;
                Some(japan::birthday(birthday, birthday.year().checked_sub(years)?))
            }
        }
    }
}

/// How long before the sandbox's first day something was: the years and months are gone back first,
/// then the days.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ago {
    years_ago: u8,
    months_ago: u8,
    days_ago: u16,
}

impl Ago {
    /// The day; `None` if it leaves the calendar.
    pub(super) fn resolve(self, start: Date) -> Option<Date> {
        let back = Span::new().years(self.years_ago).months(self.months_ago).days(self.days_ago);
        start.checked_sub(back).ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn born(age: u8, birthday_in_days: u16, start: Date) -> Date {
        BirthDate::Age(Age { age, birthday_in_days }).resolve(start).unwrap()
    }

    #[test]
    fn the_next_birthday_is_so_many_days_away() {
        assert_eq!(born(14, 40, date(2026, 11, 21)), date(2011, 12, 31));
        assert_eq!(born(14, 41, date(2026, 11, 21)), date(2012, 1, 1));
        assert_eq!(born(29, 0, date(2026, 11, 21)), date(1996, 11, 21));
    }

    #[test]
    fn a_birthday_on_29_february_is_the_28th_where_the_year_has_none() {
        assert_eq!(born(29, 0, date(2028, 2, 29)), date(1998, 2, 28));
        assert_eq!(born(27, 0, date(2028, 2, 29)), date(2000, 2, 29));
    }

    #[test]
    fn years_and_months_are_gone_back_first() {
        let ago = Ago { years_ago: 4, months_ago: 11, days_ago: 1 };
        assert_eq!(ago.resolve(date(2026, 3, 31)), Some(date(2021, 4, 29)));
    }

    #[test]
    fn what_leaves_the_calendar_is_no_day() {
        let ago = Ago { years_ago: 255, ..Ago::default() };
        assert_eq!(ago.resolve(Date::MIN), None);
        let age = BirthDate::Age(Age { age: 255, birthday_in_days: 0 });
        assert_eq!(age.resolve(Date::MIN).map(|day| day == Date::MAX), Some(true));
    }
}
