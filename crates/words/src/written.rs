//! How a value is written, in a text or alone.

use std::fmt::{self, Write};

use jiff::Timestamp;

use crate::catalogue::CATALOGUE;
use crate::text::MAX_PARAMETERS;
use crate::writer::Writer;
use crate::{Form, Kind, Language, Value, calendar};

impl Value<'_> {
    /// Renders the value alone, such as a moment in a table. A [`Value::Name`] shows as it is: which
    /// family it names is known to a text only.
    pub fn render(self, language: Language, form: Form) -> String {
        let kind = match self {
            Value::Term(_) | Value::Name(_) => Kind::Term,
            Value::Number(_) => Kind::Number,
            Value::Date(_) => Kind::Date,
            Value::Time(_) => Kind::Time,
            Value::Moment(_) => Kind::Moment,
            Value::Expected { .. } => Kind::Expected,
        };
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = write(&mut Writer::new(&mut out, form, language), self, &kind, None);
        out
    }
}

/// Writes a value as its kind asks; a name by the text of `family`, or else of its kind's family.
pub(crate) fn write(
    w: &mut Writer<'_>,
    value: Value<'_>,
    kind: &Kind,
    family: Option<&str>,
) -> fmt::Result {
    match (value, kind) {
        (Value::Term(term), Kind::Quote) => w.quote(term.text),
        (Value::Term(term), _) => w.term(term),
        (Value::Number(number), Kind::Minutes) => calendar::minutes(w, number),
        (Value::Number(number), _) => write_number(w, number),
        (Value::Date(day), _) => calendar::date(w, day),
        (Value::Time(time), Kind::Clock) => calendar::clock(w, time),
        (Value::Time(time), _) => calendar::time(w, time),
        (Value::Moment(at), Kind::Date) => calendar::date(w, calendar::in_japan(at).date()),
        (Value::Moment(at), Kind::Expected) => write_expected(w, "later", at),
        (Value::Moment(at), _) => calendar::moment(w, at),
        (Value::Expected { due, now }, _) => write_expected(w, calendar::expected(due, now), due),
        (Value::Name(name), Kind::Family(own)) => write_chosen(w, family.unwrap_or(own), name),
        (Value::Name(name), _) => w.write_str(name),
    }
}

fn write_chosen(w: &mut Writer<'_>, family: &str, name: &str) -> fmt::Result {
    match CATALOGUE.named(family, name) {
        Some(words) => words.write(w, &[]),
        None => w.write_str(name),
    }
}

/// Writes about when something will be, by the text of this name in the family `when`.
fn write_expected(w: &mut Writer<'_>, name: &str, due: Timestamp) -> fmt::Result {
    let Some(words) = CATALOGUE.named("when", name) else {
        return calendar::moment(w, due);
    };
    let due = calendar::in_japan(due);
    let mut values = [None; MAX_PARAMETERS];
    for (value, parameter) in values.iter_mut().zip(&words.parameters) {
        *value = Some(match parameter.kind {
            Kind::Date => Value::Date(due.date()),
            _ => Value::Time(due.time()),
        });
    }
    words.write(w, &values)
}

/// Writes a number with its thousands set apart: 1,234,567.
fn write_number(w: &mut Writer<'_>, number: u64) -> fmt::Result {
    if number < 1000 {
        return write!(w, "{number}");
    }
    write_number(w, number / 1000)?;
    write!(w, ",{:03}", number % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Term;

    fn en(value: Value<'_>) -> String {
        value.render(Language::En, Form::Plain)
    }

    #[test]
    fn a_value_alone_is_written_as_its_language_does() {
        let at: Timestamp = "2026-11-20T23:00:00Z".parse().unwrap();
        assert_eq!(en(Value::from(at)), "21 November 2026, 8:00");
        assert_eq!(Value::from(at).render(Language::Ja, Form::Plain), "2026年11月21日 午前8時");
        assert_eq!(en(Value::Name("signature")), "signature");
        assert_eq!(en(Value::Term(Term { text: "A", reading: "" })), "A");
    }

    #[test]
    fn thousands_are_set_apart() {
        let samples = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_002_003, "1,002,003"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ];
        for (number, written) in samples {
            assert_eq!(en(Value::Number(number)), written);
        }
    }

    #[test]
    fn hours_1_the_expected_time_is_said_in_words() {
        let now: Timestamp = "2026-11-21T21:00:00+09:00".parse().unwrap();
        let samples = [
            (
                "2026-11-21T21:03:00+09:00",
                "本日中（数分後）",
                "きょう（すうふん あと）",
                "today, in a few minutes",
            ),
            (
                "2026-11-21T23:00:00+09:00",
                "本日午後11時ごろ",
                "きょうの ごご11じごろ",
                "today at about 23:00",
            ),
            (
                "2026-11-22T08:00:00+09:00",
                "明朝8時ごろ",
                "あしたの あさ 8じごろ",
                "tomorrow morning at about 8:00",
            ),
            (
                "2026-11-22T19:30:00+09:00",
                "明日午後7時30分ごろ",
                "あしたの ごご7じ30ぷんごろ",
                "tomorrow at about 19:30",
            ),
            (
                "2026-12-01T08:00:00+09:00",
                "2026年12月1日 午前8時ごろ",
                "2026ねん12がつついたち ごぜん8じごろ",
                "on 1 December 2026 at about 8:00",
            ),
        ];
        for (due, ja, kana, written) in samples {
            let value = Value::Expected { due: due.parse().unwrap(), now };
            assert_eq!(value.render(Language::Ja, Form::Plain), ja);
            assert_eq!(value.render(Language::JaEasy, Form::Kana), kana);
            assert_eq!(en(value), written);
        }
    }
}
