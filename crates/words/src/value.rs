//! What is put into a text: values, each with what every language needs to write it.

use std::fmt;

use inrou_rules::{Medium, PinForm, Platform, RevocationReason, Standing, Use};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// Words that come from outside the texts, such as a name, with their reading.
///
/// `Debug` shows none of them: they may be attribute values.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Term<'a> {
    /// The words.
    pub text: &'a str,
    /// How they are read, in kana; empty if nobody said. Where both have the same number of parts,
    /// set apart by spaces, each part gets its own reading.
    pub reading: &'a str,
}

impl fmt::Debug for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Term(..)")
    }
}

/// The value of a parameter.
///
/// `Debug` shows the kind alone: a name or a day may be an attribute value.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Words from outside.
    Term(Term<'a>),
    /// The name of one text in a family, such as `signature` in `use`.
    Name(&'a str),
    /// A number, or how many there are of something.
    Number(u64),
    /// A day.
    Date(Date),
    /// A time of day in Japan.
    Time(Time),
    /// A moment, written as day and time in Japan.
    Moment(Timestamp),
    /// About when something will be, said from `now`: "tomorrow morning at about 8:00".
    Expected {
        /// When it will be.
        due: Timestamp,
        /// When this is said.
        now: Timestamp,
    },
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Value::Term(_) => "Term(..)",
            Value::Name(_) => "Name(..)",
            Value::Number(_) => "Number(..)",
            Value::Date(_) => "Date(..)",
            Value::Time(_) => "Time(..)",
            Value::Moment(_) => "Moment(..)",
            Value::Expected { .. } => "Expected(..)",
        })
    }
}

/// What a parameter takes. In the data files it is written by the name in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `"term"`: [`Value::Term`].
    Term,
    /// `"quote"`: [`Value::Term`] in another person's own words, which are shown as they are.
    Quote,
    /// `"number"`: [`Value::Number`], with its thousands set apart.
    Number,
    /// `"count"`: [`Value::Number`], followed in English by a noun in singular or plural.
    Count,
    /// `"minutes"`: [`Value::Number`], with the word for minutes, which is read by the number.
    Minutes,
    /// `"date"`: [`Value::Date`], or the day of a [`Value::Moment`] in Japan.
    Date,
    /// `"time"`: [`Value::Time`], with its half of the day.
    Time,
    /// `"clock"`: [`Value::Time`], where the sentence says which half of the day.
    Clock,
    /// `"moment"`: [`Value::Moment`].
    Moment,
    /// `"expected"`: [`Value::Expected`], or a [`Value::Moment`] as one that is far away.
    Expected,
    /// Any other name is a family of texts: [`Value::Name`].
    Family(String),
}

impl Kind {
    /// The kind of this name. Whether a family exists is for the caller to see.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "term" => Kind::Term,
            "quote" => Kind::Quote,
            "number" => Kind::Number,
            "count" => Kind::Count,
            "minutes" => Kind::Minutes,
            "date" => Kind::Date,
            "time" => Kind::Time,
            "clock" => Kind::Clock,
            "moment" => Kind::Moment,
            "expected" => Kind::Expected,
            family => Kind::Family(family.to_owned()),
        }
    }

    /// Reads a value from the text by which it travels: numbers in digits, days by ISO 8601, moments
    /// by RFC 3339, names as they are. `None` if the text does not have that form.
    pub fn read<'a>(&self, raw: &'a str) -> Option<Value<'a>> {
        match self {
            Kind::Term | Kind::Quote => Some(Value::Term(Term { text: raw, reading: "" })),
            Kind::Number | Kind::Count | Kind::Minutes => raw.parse().ok().map(Value::Number),
            Kind::Date => {
                raw.parse().map(Value::Date).or_else(|_| raw.parse().map(Value::Moment)).ok()
            }
            Kind::Time | Kind::Clock => raw.parse().ok().map(Value::Time),
            Kind::Moment | Kind::Expected => raw.parse().ok().map(Value::Moment),
            Kind::Family(_) => Some(Value::Name(raw)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Term => "term",
            Kind::Quote => "quote",
            Kind::Number => "number",
            Kind::Count => "count",
            Kind::Minutes => "minutes",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Clock => "clock",
            Kind::Moment => "moment",
            Kind::Expected => "expected",
            Kind::Family(family) => family,
        })
    }
}

impl<'a> From<Term<'a>> for Value<'a> {
    fn from(term: Term<'a>) -> Self {
        Value::Term(term)
    }
}

impl From<u8> for Value<'_> {
    fn from(number: u8) -> Self {
        Value::Number(number.into())
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Value::Number(number)
    }
}

impl From<Date> for Value<'_> {
    fn from(day: Date) -> Self {
        Value::Date(day)
    }
}

impl From<Time> for Value<'_> {
    fn from(time: Time) -> Self {
        Value::Time(time)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(moment: Timestamp) -> Self {
        Value::Moment(moment)
    }
}

/// Templates hand out values by reference.
impl<'a, T: Copy + Into<Value<'a>>> From<&T> for Value<'a> {
    fn from(value: &T) -> Self {
        (*value).into()
    }
}

impl From<Use> for Value<'_> {
    fn from(usage: Use) -> Self {
        Value::Name(usage.as_str())
    }
}

impl From<Medium> for Value<'_> {
    fn from(medium: Medium) -> Self {
        Value::Name(medium.as_str())
    }
}

impl From<Platform> for Value<'_> {
    fn from(platform: Platform) -> Self {
        Value::Name(match platform {
            Platform::Android => "android",
            Platform::Iphone => "iphone",
        })
    }
}

impl From<Standing> for Value<'_> {
    fn from(standing: Standing) -> Self {
        Value::Name(match standing {
            Standing::Resident => "resident",
            Standing::Died => "died",
            Standing::MovedAbroad => "moved-abroad",
        })
    }
}

impl From<RevocationReason> for Value<'_> {
    fn from(reason: RevocationReason) -> Self {
        Value::Name(match reason {
            RevocationReason::Unspecified => "unspecified",
            RevocationReason::KeyCompromise => "keyCompromise",
            RevocationReason::CaCompromise => "cACompromise",
            RevocationReason::AffiliationChanged => "affiliationChanged",
            RevocationReason::Superseded => "superseded",
            RevocationReason::CessationOfOperation => "cessationOfOperation",
        })
    }
}

impl From<PinForm> for Value<'_> {
    fn from(fault: PinForm) -> Self {
        Value::Name(match fault {
            PinForm::Length => "length",
            PinForm::Character => "character",
            PinForm::NoLetter => "no-letter",
            PinForm::NoDigit => "no-digit",
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_kind_is_written_by_the_name_it_is_read_from() {
        for name in [
            "term", "quote", "number", "count", "minutes", "date", "time", "clock", "moment",
            "expected", "use",
        ] {
            assert_eq!(Kind::named(name).to_string(), name);
        }
        assert_eq!(Kind::named("use"), Kind::Family("use".to_owned()));
    }

    #[test]
    fn a_value_is_read_by_its_kind_or_not_at_all() {
        assert_eq!(Kind::Count.read("4"), Some(Value::Number(4)));
        assert_eq!(Kind::Date.read("2030-02-17"), Some(Value::Date(date(2030, 2, 17))));
        let end = Value::Moment(Timestamp::constant(1_897_570_799, 0));
        assert_eq!(Kind::Moment.read("2030-02-17T14:59:59Z"), Some(end));
        assert_eq!(Kind::Date.read("2030-02-17T14:59:59Z"), Some(end));
        assert_eq!(Kind::Family("use".into()).read("signature"), Some(Use::Signature.into()));
        for (kind, raw) in [(Kind::Count, "-1"), (Kind::Date, "17.2.2030"), (Kind::Moment, "soon")]
        {
            assert_eq!(kind.read(raw), None, "{kind}: {raw}");
        }
    }

    #[test]
    fn debug_does_not_show_a_value() {
        let name = Term { text: "黒桐　幹也", reading: "くろぎり　みきや" };
        assert_eq!(format!("{name:?}"), "Term(..)");
        assert_eq!(format!("{:?}", Value::from(name)), "Term(..)");
        assert_eq!(format!("{:?}", Value::from(date(1980, 2, 17))), "Date(..)");
    }
}
