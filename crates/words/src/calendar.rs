//! Days, times and moments as each language writes them. Japan time is a fixed +09:00.

use std::fmt::{self, Write};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{self, Offset};
use jiff::{Timestamp, ToSpan};

use crate::Language;
use crate::writer::Writer;

const JAPAN: Offset = tz::offset(9);

/// What the clocks in Japan show at a moment.
pub(crate) fn in_japan(moment: Timestamp) -> DateTime {
    JAPAN.to_datetime(moment)
}

/// 2026年11月21日; 21 November 2026.
pub(crate) fn date(w: &mut Writer<'_>, day: Date) -> fmt::Result {
    match w.language() {
        Language::Ja => write!(w, "{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::JaEasy => {
            write!(w, "{}", day.year())?;
            w.ruby("年", "ねん")?;
            write!(w, "{}", day.month())?;
            w.ruby("月", "がつ")?;
            day_of_month(w, day.day())
        }
        Language::En => write!(w, "{}", day.strftime("%-d %B %Y")),
    }
}

/// 午前8時, 午後7時30分; 8:00, 19:30.
pub(crate) fn time(w: &mut Writer<'_>, time: Time) -> fmt::Result {
    let (half, reading) =
        if time.hour() < 12 { ("午前", "ごぜん") } else { ("午後", "ごご") };
    match w.language() {
        Language::Ja => w.write_str(half)?,
        Language::JaEasy => w.ruby(half, reading)?,
        Language::En => {}
    }
    clock(w, time)
}

/// As [`time()`], without the half of the day: 8時, 7時30分; 8:00, 19:30.
pub(crate) fn clock(w: &mut Writer<'_>, time: Time) -> fmt::Result {
    let (hour, minute) = (time.hour(), time.minute());
    match w.language() {
        Language::En => write!(w, "{hour}:{minute:02}"),
        Language::Ja => {
            write!(w, "{}時", hour % 12)?;
            if minute == 0 { Ok(()) } else { write!(w, "{minute}分") }
        }
        Language::JaEasy => {
            write!(w, "{}", hour % 12)?;
            w.ruby("時", "じ")?;
            if minute == 0 {
                return Ok(());
            }
            minutes(w, minute.unsigned_abs().into())
        }
    }
}

/// How many minutes.
pub(crate) fn minutes(w: &mut Writer<'_>, count: u64) -> fmt::Result {
    write!(w, "{count}")?;
    match w.language() {
        Language::Ja => w.write_str("分"),
        Language::JaEasy => w.ruby("分", minutes_reading(count)),
        Language::En => w.write_str(if count == 1 { " minute" } else { " minutes" }),
    }
}

/// 2026年11月21日 午前8時; 21 November 2026, 8:00.
pub(crate) fn moment(w: &mut Writer<'_>, at: Timestamp) -> fmt::Result {
    let at = in_japan(at);
    w.moment(|w| {
        date(w, at.date())?;
        w.write_str(if w.language() == Language::En { ", " } else { " " })?;
        time(w, at.time())
    })
}

/// Which text in the family `when` says about when `due` is, from `now`.
pub(crate) fn expected(due: Timestamp, now: Timestamp) -> &'static str {
    /// HOURS-1: within the hours of service an application is worked on at once.
    const MINUTES: i64 = 10;
    let soon = due.as_second() - now.as_second() <= MINUTES * 60;
    let (due, today) = (in_japan(due), in_japan(now).date());
    let tomorrow = today.checked_add(1.day()).ok();
    if soon {
        "minutes"
    } else if due.date() == today {
        "today"
    } else if Some(due.date()) != tomorrow {
        "later"
    } else if (4..12).contains(&due.hour()) {
        "tomorrow-morning"
    } else {
        "tomorrow"
    }
}

fn day_of_month(w: &mut Writer<'_>, day: i8) -> fmt::Result {
    let (words, reading) = match day {
        1 => ("1日", "ついたち"),
        2 => ("2日", "ふつか"),
        3 => ("3日", "みっか"),
        4 => ("4日", "よっか"),
        5 => ("5日", "いつか"),
        6 => ("6日", "むいか"),
        7 => ("7日", "なのか"),
        8 => ("8日", "ようか"),
        9 => ("9日", "ここのか"),
        10 => ("10日", "とおか"),
        14 => ("14日", "じゅうよっか"),
        20 => ("20日", "はつか"),
        24 => ("24日", "にじゅうよっか"),
        _ => {
            write!(w, "{day}")?;
            ("日", "にち")
        }
    };
    w.ruby(words, reading)
}

fn minutes_reading(count: u64) -> &'static str {
    if count == 0 || matches!(count % 10, 2 | 5 | 7 | 9) { "ふん" } else { "ぷん" }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date as day, time as hour};

    use super::*;
    use crate::Form;

    fn written(
        language: Language,
        form: Form,
        write: impl Fn(&mut Writer<'_>) -> fmt::Result,
    ) -> String {
        let mut out = String::new();
        write(&mut Writer::new(&mut out, form, language)).unwrap();
        out
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_written_in_japan_time_as_each_language_does() {
        let eight = at("2026-11-20T23:00:00Z");
        let write = |w: &mut Writer<'_>| moment(w, eight);
        assert_eq!(written(Language::Ja, Form::Plain, write), "2026年11月21日 午前8時");
        assert_eq!(
            written(Language::Ja, Form::Html, write),
            "<span class=\"moment\">2026年11月21日 午前8時</span>",
            "no line breaks within the day or the time"
        );
        assert_eq!(written(Language::JaEasy, Form::Plain, write), "2026年11月21日 午前8時");
        assert_eq!(written(Language::JaEasy, Form::Kana, write), "2026ねん11がつ21にち ごぜん8じ");
        assert_eq!(
            written(Language::JaEasy, Form::Html, |w| time(w, hour(8, 0, 0, 0))),
            "<ruby>午前<rt aria-hidden=\"true\">ごぜん</rt></ruby>8\
             <ruby>時<rt aria-hidden=\"true\">じ</rt></ruby>"
        );
        assert_eq!(written(Language::En, Form::Html, write), "21 November 2026, 8:00");
    }

    #[test]
    fn hours_and_minutes_are_written_and_read_as_japanese_does() {
        let samples = [
            (hour(0, 0, 0, 0), "午前0時", "ごぜん0じ", "0:00"),
            (hour(8, 1, 0, 0), "午前8時1分", "ごぜん8じ1ぷん", "8:01"),
            (hour(12, 5, 0, 0), "午後0時5分", "ごご0じ5ふん", "12:05"),
            (hour(19, 30, 59, 0), "午後7時30分", "ごご7じ30ぷん", "19:30"),
            (hour(23, 59, 59, 0), "午後11時59分", "ごご11じ59ふん", "23:59"),
        ];
        for (at, ja, kana, en) in samples {
            assert_eq!(written(Language::Ja, Form::Plain, |w| time(w, at)), ja);
            assert_eq!(written(Language::JaEasy, Form::Kana, |w| time(w, at)), kana);
            assert_eq!(written(Language::En, Form::Plain, |w| time(w, at)), en);
        }
    }

    #[test]
    fn minutes_are_read_by_their_number() {
        let samples = [
            (0, "0ふん"),
            (1, "1ぷん"),
            (5, "5ふん"),
            (8, "8ぷん"),
            (10, "10ぷん"),
            (12, "12ふん"),
        ];
        for (count, kana) in samples {
            assert_eq!(written(Language::JaEasy, Form::Kana, |w| minutes(w, count)), kana);
        }
        assert_eq!(written(Language::Ja, Form::Html, |w| minutes(w, 15)), "15分");
        assert_eq!(written(Language::En, Form::Html, |w| minutes(w, 1)), "1 minute");
        assert_eq!(written(Language::En, Form::Html, |w| minutes(w, 15)), "15 minutes");
    }

    #[test]
    fn days_of_the_month_have_their_own_readings() {
        let kana = |d| written(Language::JaEasy, Form::Kana, |w| date(w, day(2027, 4, d)));
        let special = [
            (1, "ついたち"),
            (2, "ふつか"),
            (8, "ようか"),
            (10, "とおか"),
            (14, "じゅうよっか"),
            (20, "はつか"),
            (24, "にじゅうよっか"),
            (29, "29にち"),
        ];
        for (d, reading) in special {
            assert_eq!(kana(d), format!("2027ねん4がつ{reading}"));
        }
    }

    #[test]
    fn hours_1_the_expected_time_is_said_from_now() {
        let now = at("2026-11-21T21:00:00+09:00");
        let samples = [
            ("2026-11-21T20:59:00+09:00", "minutes"),
            ("2026-11-21T21:10:00+09:00", "minutes"),
            ("2026-11-21T21:10:01+09:00", "today"),
            ("2026-11-22T03:59:59+09:00", "tomorrow"),
            ("2026-11-22T08:00:00+09:00", "tomorrow-morning"),
            ("2026-11-22T12:00:00+09:00", "tomorrow"),
            ("2026-11-23T08:00:00+09:00", "later"),
        ];
        for (due, name) in samples {
            assert_eq!(expected(at(due), now), name, "{due}");
        }
        assert_eq!(expected(Timestamp::MAX, Timestamp::MAX), "minutes");
        assert_eq!(expected(Timestamp::MAX, Timestamp::MIN), "later");
    }
}
