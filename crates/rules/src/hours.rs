//! When an application is worked on, when its certificates are seen, and until when a former phone's
//! deletion is awaited (HOURS-1, HOURS-3, MOVE-3).

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::settings::{BusinessHours, VisibilityDelay};
use crate::{Platform, japan};

/// When work begins on an application completed at `completed`: at once within the business hours,
/// otherwise when they next open (HOURS-1).
pub fn work_begins(completed: Timestamp, hours: BusinessHours) -> Timestamp {
    let local = japan::civil(completed);
    let opening = |day: Date| japan::moment(day.to_datetime(hours.opens()));
    if local.time() < hours.closes() {
        completed.max(opening(local.date()))
    } else {
        opening(local.date().tomorrow().unwrap_or(Date::MAX))
    }
}

/// From when on relying parties see a phone's certificate (HOURS-3). `since` is the registration on
/// Android, the notice on the iPhone.
pub fn visible_from(since: Timestamp, platform: Platform, delay: VisibilityDelay) -> Timestamp {
    let delay = SignedDuration::from_secs(delay.seconds(platform).into());
    since.checked_add(delay).unwrap_or(Timestamp::MAX)
}

/// From when on a deletion that is due since `due` counts as overdue (MOVE-3).
pub fn overdue_from(due: Timestamp, watch: SignedDuration) -> Timestamp {
    due.checked_add(watch.max(SignedDuration::ZERO)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn begins(completed: &str) -> Timestamp {
        work_begins(at(completed), BusinessHours::default())
    }

    #[test]
    fn hours_1_within_the_hours_work_begins_at_once() {
        for completed in [
            "2026-11-21T08:00:00+09:00",
            "2026-11-22T12:34:56.789+09:00",
            "2026-01-01T19:29:59.999999999+09:00",
        ] {
            assert_eq!(begins(completed), at(completed));
        }
    }

    #[test]
    fn hours_1_before_8_work_begins_at_8_the_same_day() {
        assert_eq!(begins("2026-11-21T00:00:00+09:00"), at("2026-11-21T08:00:00+09:00"));
        assert_eq!(begins("2026-11-21T07:59:59.999+09:00"), at("2026-11-21T08:00:00+09:00"));
    }

    #[test]
    fn hours_1_from_1930_on_work_begins_at_8_the_next_day() {
        assert_eq!(begins("2026-11-21T19:30:00+09:00"), at("2026-11-22T08:00:00+09:00"));
        assert_eq!(begins("2026-12-31T23:59:59+09:00"), at("2027-01-01T08:00:00+09:00"));
        assert_eq!(begins("2028-02-28T20:00:00+09:00"), at("2028-02-29T08:00:00+09:00"));
    }

    #[test]
    fn hours_1_the_hours_are_a_setting() {
        let hours = BusinessHours::new(time(9, 15, 0, 0), time(9, 16, 0, 0)).unwrap();
        let noon = at("2026-11-21T12:00:00+09:00");
        assert_eq!(work_begins(noon, hours), at("2026-11-22T09:15:00+09:00"));
    }

    #[test]
    fn hours_1_the_end_of_time_does_not_panic() {
        assert_eq!(work_begins(Timestamp::MAX, BusinessHours::default()), Timestamp::MAX);
    }

    #[test]
    fn hours_3_certificates_are_seen_at_once_by_default() {
        let registered = at("2026-11-21T10:00:00+09:00");
        let delay = VisibilityDelay::default();
        assert_eq!(visible_from(registered, Platform::Android, delay), registered);
        assert_eq!(visible_from(registered, Platform::Iphone, delay), registered);
    }

    #[test]
    fn hours_3_the_official_delay_is_a_setting() {
        let registered = at("2026-11-21T10:00:00+09:00");
        let seen = |platform| visible_from(registered, platform, VisibilityDelay::OFFICIAL);
        assert_eq!(seen(Platform::Android), at("2026-11-21T10:15:00+09:00"));
        assert_eq!(seen(Platform::Iphone), at("2026-11-21T10:05:00+09:00"));
        let end = visible_from(Timestamp::MAX, Platform::Iphone, VisibilityDelay::OFFICIAL);
        assert_eq!(end, Timestamp::MAX);
    }
}
