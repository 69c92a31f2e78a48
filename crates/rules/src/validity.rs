//! How long a card and its certificates last, and from when on they are renewed (CARD-8, CARD-9).

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::japan;

/// The last day of a card issued on `issued`: the tenth birthday after it, the fifth for a resident
/// under 18 (CARD-8).
pub fn card_expires(issued: Date, birth_date: Date) -> Date {
    let birthdays = if japan::has_reached(birth_date, 18, issued) { 10 } else { 5 };
    birthday_after(issued, birth_date, birthdays)
}

/// The last second of a card's certificate issued on `issued`: the end of the fifth birthday after
/// it, or of the card's last day if that is earlier (CARD-8).
pub fn card_certificate_not_after(issued: Date, birth_date: Date, card_expires: Date) -> Timestamp {
    japan::end_of_day(birthday_after(issued, birth_date, 5).min(card_expires))
}

/// The day on which the renewal of what lasts to `expires` opens: the day after the day three months
/// before (CARD-9).
///
/// Three months before is the day of the same number; where that month has none, its last day: three
/// months before 31 May is 28 February, 29 in leap years, as periods of months are counted in law.
pub fn renewal_opens(expires: Date) -> Date {
    let three_months_before = expires.checked_sub(3.months()).unwrap_or(Date::MIN);
    three_months_before.tomorrow().unwrap_or(Date::MAX)
}

/// The `count`-th birthday after `day`; a birthday on `day` itself does not count.
fn birthday_after(day: Date, birth_date: Date, count: i16) -> Date {
    let this_year = japan::birthday(birth_date, day.year());
    let wait = if this_year > day { count - 1 } else { count };
    japan::birthday(birth_date, day.year().saturating_add(wait))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const FAR: Date = date(2999, 12, 31);

    fn last_day(issued: Date, birth_date: Date) -> Date {
        japan::day(card_certificate_not_after(issued, birth_date, FAR))
    }

    #[test]
    fn card_8_a_certificate_ends_with_the_fifth_birthday_as_on_a_genuine_test_card() {
        let end = card_certificate_not_after(date(2025, 10, 27), date(1980, 2, 17), FAR);
        assert_eq!(end, "2030-02-17T14:59:59Z".parse().unwrap());
        assert_eq!(card_expires(date(2025, 10, 27), date(1980, 2, 17)), date(2035, 2, 17));
    }

    #[test]
    fn card_8_a_birthday_on_the_day_of_issue_does_not_count() {
        let born = date(1980, 2, 17);
        assert_eq!(last_day(date(2026, 2, 16), born), date(2030, 2, 17));
        assert_eq!(last_day(date(2026, 2, 17), born), date(2031, 2, 17));
        assert_eq!(last_day(date(2026, 2, 18), born), date(2031, 2, 17));
    }

    #[test]
    fn card_8_29_february_is_28_february_in_common_years() {
        let born = date(1984, 2, 29);
        assert_eq!(last_day(date(2026, 2, 27), born), date(2030, 2, 28));
        assert_eq!(last_day(date(2026, 2, 28), born), date(2031, 2, 28));
        assert_eq!(last_day(date(2023, 3, 1), born), date(2028, 2, 29));
    }

    #[test]
    fn card_8_a_certificate_does_not_outlive_the_card() {
        let end = |card| card_certificate_not_after(date(2026, 1, 1), date(1980, 2, 17), card);
        assert_eq!(end(date(2028, 2, 17)), japan::end_of_day(date(2028, 2, 17)));
        assert_eq!(end(date(2030, 2, 18)), japan::end_of_day(date(2030, 2, 17)));
    }

    #[test]
    fn card_8_a_card_ends_with_the_fifth_birthday_for_residents_under_18() {
        let born = date(2008, 4, 2);
        assert_eq!(card_expires(date(2026, 4, 1), born), date(2030, 4, 2));
        assert_eq!(card_expires(date(2026, 4, 2), born), date(2036, 4, 2));
    }

    #[test]
    fn card_9_renewal_opens_the_day_after_the_day_three_months_before_the_expiry() {
        for (expires, opens) in [
            (date(2031, 2, 17), date(2030, 11, 18)),
            (date(2030, 11, 30), date(2030, 8, 31)),
            (date(2030, 12, 31), date(2030, 10, 1)),
            (date(2030, 5, 28), date(2030, 3, 1)),
            (date(2030, 5, 31), date(2030, 3, 1)),
            (date(2028, 5, 29), date(2028, 3, 1)),
            (date(2028, 5, 28), date(2028, 2, 29)),
            (date(2028, 2, 29), date(2027, 11, 30)),
        ] {
            assert_eq!(renewal_opens(expires), opens, "{expires}");
        }
    }

    #[test]
    fn card_8_the_calendars_end_does_not_panic() {
        assert_eq!(renewal_opens(Date::MIN), Date::MIN.tomorrow().unwrap());
        assert_eq!(card_expires(Date::MAX, date(1980, 2, 17)), Date::MAX);
        assert_eq!(card_certificate_not_after(Date::MAX, Date::MAX, Date::MAX), Timestamp::MAX);
    }
}
