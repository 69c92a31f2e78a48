//! The four attributes (基本4情報) in a signature certificate's subject alternative name.
//!
//! Six `otherName`s, each an explicit UTF8String, in the order observed on a genuine test card:
//! name, birth date, sex, address, substitute positions of the name, of the address.

use std::fmt;

use const_oid::ObjectIdentifier;
use inrou_rules::{Attributes, Sex, japan};
use jiff::civil::Date;

use crate::decode::{self, Element};
use crate::encode::{Encoder, UTF8_STRING, constructed};
use crate::general_name::GeneralName;

const NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.1");
const NAME_SUBSTITUTES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.2");
const SEX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.3");
const BIRTH_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.4");
const ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.5");
const ADDRESS_SUBSTITUTES: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.6");

/// Each once, in the order of their identifiers.
const KINDS: [ObjectIdentifier; 6] =
    [NAME, NAME_SUBSTITUTES, SEX, BIRTH_DATE, ADDRESS, ADDRESS_SUBSTITUTES];

/// Longest address in a certificate, in characters.
const MAX_ADDRESS: usize = 200;

/// The attributes as a certificate carries them. `Debug` shows none of the values.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalAttributes {
    /// Family name, U+3000, given name.
    pub name: String,
    /// One `0` or `1` for each character of the name: `1` where a substitute stands (代替文字).
    pub name_substitutes: String,
    /// Date of birth; `None` where the register does not know it.
    pub birth_date: Option<Date>,
    /// Sex.
    pub sex: Sex,
    /// Address, prefecture first, at most 200 characters.
    pub address: String,
    /// As `name_substitutes`, for the address.
    pub address_substitutes: String,
}

/// What about the attributes does not have the form that a certificate asks for. No values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributesInvalid {
    /// The name is empty.
    #[error("the name is empty")]
    Name,
    /// The address is empty or longer than 200 characters.
    #[error("the address is empty or too long")]
    Address,
    /// The substitute positions are not one `0` or `1` for each character.
    #[error("the substitute positions do not fit the text")]
    Substitutes,
    /// The birth date is not an era digit and eight digits of a date.
    #[error("the birth date is malformed")]
    BirthDate,
    /// The sex is none of the three values.
    #[error("the sex is malformed")]
    Sex,
    /// An attribute is missing, stands twice, or is not a UTF8String; or the names are malformed.
    #[error("the six attribute names are not complete")]
    Structure,
}

impl PersonalAttributes {
    /// Checks lengths and substitute positions.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), AttributesInvalid> {
        if self.name.is_empty() {
            return Err(AttributesInvalid::Name);
        }
        if self.address.is_empty() || self.address.chars().count() > MAX_ADDRESS {
            return Err(AttributesInvalid::Address);
        }
        let fits = substitutes_fit(&self.name, &self.name_substitutes)
            && substitutes_fit(&self.address, &self.address_substitutes);
        if fits { Ok(()) } else { Err(AttributesInvalid::Substitutes) }
    }

    /// Writes the value of the extension.
    pub(crate) fn write(&self, out: &mut Encoder) {
        out.sequence(|names| {
            write_other_name(names, NAME, &self.name);
            write_other_name(names, BIRTH_DATE, &birth_date_text(self.birth_date));
            write_other_name(names, SEX, sex_text(self.sex));
            write_other_name(names, ADDRESS, &self.address);
            write_other_name(names, NAME_SUBSTITUTES, &self.name_substitutes);
            write_other_name(names, ADDRESS_SUBSTITUTES, &self.address_substitutes);
        });
    }

    /// Reads them from the value of the extension, in whatever order; `None` if none of the six is there.
    /// Names of other kinds are passed over.
    pub(crate) fn read(value: &[u8]) -> Result<Option<Self>, AttributesInvalid> {
        let mut all = [None; KINDS.len()];
        let mut stands_twice = false;
        let read = decode::decode_sequence(value, |names| {
            GeneralName::read_each(names, |name| {
                if let GeneralName::Other(kind, value) = name
                    && let Some(at) = KINDS.iter().position(|known| *known == kind)
                {
                    stands_twice |= all[at].replace(value).is_some();
                }
            })
        });
        if read.is_err() || stands_twice {
            return Err(AttributesInvalid::Structure);
        }
        if all.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut texts = [""; KINDS.len()];
        for (text, value) in texts.iter_mut().zip(all) {
            *text = value.and_then(utf8_string).ok_or(AttributesInvalid::Structure)?;
        }
        let [name, name_substitutes, sex, birth_date, address, address_substitutes] = texts;
        let attributes = Self {
            name: name.to_owned(),
            name_substitutes: name_substitutes.to_owned(),
            birth_date: parse_birth_date(birth_date)?,
            sex: parse_sex(sex)?,
            address: address.to_owned(),
            address_substitutes: address_substitutes.to_owned(),
        };
        attributes.check()?;
        Ok(Some(attributes))
    }
}

impl From<&Attributes> for PersonalAttributes {
    fn from(attributes: &Attributes) -> Self {
        Self {
            name: attributes.name.clone(),
            name_substitutes: attributes.name_substitutes.clone(),
            birth_date: Some(attributes.birth_date),
            sex: attributes.sex,
            address: attributes.address.clone(),
            address_substitutes: attributes.address_substitutes.clone(),
        }
    }
}

impl fmt::Debug for PersonalAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalAttributes(..)")
    }
}

fn substitutes_fit(text: &str, positions: &str) -> bool {
    positions.bytes().all(|digit| matches!(digit, b'0' | b'1'))
        && positions.len() == text.chars().count()
}

fn write_other_name(out: &mut Encoder, kind: ObjectIdentifier, text: &str) {
    out.nest(constructed(0), |name| {
        name.oid(kind);
        name.nest(constructed(0), |value| value.value(UTF8_STRING, text.as_bytes()));
    });
}

/// The text of an element that is a UTF8String.
fn utf8_string(element: &[u8]) -> Option<&str> {
    let content = Element::from_der(element).ok()?.expect(UTF8_STRING).ok()?;
    std::str::from_utf8(content).ok()
}

/// An era digit and the date in the Gregorian calendar, `YYYYMMDD`; zeros where it is not known.
fn birth_date_text(birth_date: Option<Date>) -> String {
    let Some(day) = birth_date else {
        return "0".repeat(9);
    };
    let era = japan::era(day).map_or(0, |(number, _)| number);
    format!("{era}{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn parse_birth_date(text: &str) -> Result<Option<Date>, AttributesInvalid> {
    let digits = text.as_bytes();
    if digits.len() != 9 || !digits.iter().all(u8::is_ascii_digit) || digits[0] > b'5' {
        return Err(AttributesInvalid::BirthDate);
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().unwrap_or_default();
    // A register may know the year alone: then month or day are zero and there is no date.
    Ok(Date::new(number(1..5), number(5..7) as i8, number(7..9) as i8).ok())
}

fn sex_text(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "1",
        Sex::Female => "2",
        Sex::Unknown => "3",
    }
}

fn parse_sex(text: &str) -> Result<Sex, AttributesInvalid> {
    [Sex::Male, Sex::Female, Sex::Unknown]
        .into_iter()
        .find(|&sex| sex_text(sex) == text)
        .ok_or(AttributesInvalid::Sex)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn eras_begin_on_their_first_day() {
        let text = |y, m, d| birth_date_text(Some(date(y, m, d)));
        assert_eq!(text(1980, 2, 17), "319800217");
        assert_eq!(text(1912, 7, 29), "119120729");
        assert_eq!(text(1912, 7, 30), "219120730");
        assert_eq!(text(1926, 12, 24), "219261224");
        assert_eq!(text(1926, 12, 25), "319261225");
        assert_eq!(text(1989, 1, 7), "319890107");
        assert_eq!(text(1989, 1, 8), "419890108");
        assert_eq!(text(2019, 4, 30), "420190430");
        assert_eq!(text(2019, 5, 1), "520190501");
        assert_eq!(birth_date_text(None), "000000000");
    }

    #[test]
    fn birth_dates_are_read_back_or_refused() {
        assert_eq!(parse_birth_date("319800217"), Ok(Some(date(1980, 2, 17))));
        assert_eq!(parse_birth_date("319800200"), Ok(None), "the day is not known");
        assert_eq!(parse_birth_date("000000000"), Ok(None));
        for wrong in ["", "31980021", "3198002170", "619800217", "31980021x", "３1980"] {
            assert_eq!(parse_birth_date(wrong), Err(AttributesInvalid::BirthDate), "{wrong}");
        }
    }

    #[test]
    fn forms_are_checked() {
        let good = PersonalAttributes {
            name: "黒桐　幹也".to_owned(),
            name_substitutes: "00100".to_owned(),
            birth_date: None,
            sex: Sex::Unknown,
            address: "東".repeat(200),
            address_substitutes: "0".repeat(200),
        };
        assert_eq!(good.check(), Ok(()));
        let mut bad = good.clone();
        bad.name.clear();
        assert_eq!(bad.check(), Err(AttributesInvalid::Name));
        let mut bad = good.clone();
        bad.address.push('都');
        assert_eq!(bad.check(), Err(AttributesInvalid::Address));
        for positions in ["0000", "000000", "00200", "０0000"] {
            let bad = PersonalAttributes { name_substitutes: positions.to_owned(), ..good.clone() };
            assert_eq!(bad.check(), Err(AttributesInvalid::Substitutes), "{positions}");
        }
        assert_eq!(format!("{good:?}"), "PersonalAttributes(..)");
    }
}
