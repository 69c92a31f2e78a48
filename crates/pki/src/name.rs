//! Distinguished names, kept as the DER they were read as.

use std::collections::BTreeSet;
use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{C, CN, L, O, OU};
use der::Decode;

use crate::decode::{self, Element, Malformed, Reader, arcs};
use crate::encode::{self, OID, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, encode};

/// A distinguished name (RFC 5280 §4.1.2.4).
///
/// Equality is that of the encodings, as of a name that was copied; who compares names that others wrote
/// asks whether they are [the same](Self::is_same).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    der: Vec<u8>,
}

impl Name {
    /// Reads a DER `Name`.
    ///
    /// # Errors
    /// It is not one.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        decode::decode(der, Self::read)
    }

    /// Its DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether both name the same, by the comparison of RFC 5280 §7.1: letter case, white space and the
    /// kind of string do not count. Characters that only Unicode's compatibility forms make equal count
    /// as different.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || are_same(&self.der, &other.der).unwrap_or(false)
    }

    /// The common name that is nearest to the end, where it is text.
    pub fn common_name(&self) -> Option<&str> {
        let mut found = None;
        let read = each_attribute(&self.der, |kind, value| {
            if kind == CN.as_bytes() {
                found = text(value).or(found);
            }
        });
        read.ok().and(found)
    }

    /// The name below this one whose last part has this content.
    pub(crate) fn with_last(&self, part: &[u8]) -> Result<Self, Malformed> {
        let parts = Element::from_der(&self.der)?.content;
        let der = encode(|name| {
            name.sequence(|all| {
                all.raw(parts);
                all.value(SET, part);
            });
        });
        Self::from_der(&der)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let der = reader.whole()?;
        each_attribute(der, |_, _| ())?;
        Ok(Self { der: der.to_vec() })
    }

    /// The name of these parts, each a single-valued SET: countryName PrintableString, all else
    /// UTF8String, as observed on genuine certificates.
    pub(crate) fn of(parts: &[Part<'_>]) -> Self {
        let der = encode(|name| {
            name.sequence(|parts_out| {
                for part in parts {
                    part.write(parts_out);
                }
            });
        });
        Self { der }
    }
}

impl fmt::Display for Name {
    /// The form of RFC 4514.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match x509_cert::name::Name::from_der(&self.der) {
            Ok(name) => name.fmt(f),
            Err(_) => f.write_str("(unreadable name)"),
        }
    }
}

/// A holder's name tells where the holder lives: not for logs.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

/// One relative distinguished name.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    Country(&'a str),
    Organisation(&'a str),
    Unit(&'a str),
    Locality(&'a str),
    CommonName(&'a str),
}

impl Part<'_> {
    fn write(self, out: &mut encode::Encoder) {
        let (kind, tag, text) = match self {
            Part::Country(text) => (C, PRINTABLE_STRING, text),
            Part::Organisation(text) => (O, UTF8_STRING, text),
            Part::Unit(text) => (OU, UTF8_STRING, text),
            Part::Locality(text) => (L, UTF8_STRING, text),
            Part::CommonName(text) => (CN, UTF8_STRING, text),
        };
        let kind: ObjectIdentifier = kind;
        out.nest(SET, |set| {
            set.sequence(|attribute| {
                attribute.oid(kind);
                attribute.value(tag, text.as_bytes());
            });
        });
    }
}

/// The attributes in a name, in their order: the kind's content octets, and the value.
fn each_attribute<'a>(
    name: &'a [u8],
    mut take: impl FnMut(&'a [u8], Element<'a>),
) -> Result<(), Malformed> {
    decode::decode_sequence(name, |parts| {
        parts.each(|parts| {
            parts.nest(SET, |part| {
                part.each(|part| {
                    let (kind, value) = attribute(part)?;
                    take(kind, value);
                    Ok::<_, Malformed>(())
                })
            })
        })
    })
}

fn attribute<'a>(part: &mut Reader<'a>) -> Result<(&'a [u8], Element<'a>), Malformed> {
    part.sequence(|attribute| Ok((arcs(attribute.take(OID)?)?, attribute.element()?)))
}

/// The comparison of [`Name::is_same`], without a copy of anything in the usual case.
fn are_same(own: &[u8], other: &[u8]) -> Result<bool, Malformed> {
    let parts = |name| Ok(Reader::new(Element::from_der(name)?.expect(SEQUENCE)?));
    let (mut own, mut other) = (parts(own)?, parts(other)?);
    while !own.is_finished() && !other.is_finished() {
        if !is_same_part(own.take(SET)?, other.take(SET)?)? {
            return Ok(false);
        }
    }
    Ok(own.is_finished() && other.is_finished())
}

fn is_same_part(own: &[u8], other: &[u8]) -> Result<bool, Malformed> {
    if own == other {
        return Ok(true);
    }
    let (own, other) = (attributes(own)?, attributes(other)?);
    if let ([own], [other]) = (own.as_slice(), other.as_slice()) {
        return Ok(own.0 == other.0 && is_same_value(own.1, other.1));
    }
    Ok(comparable(own) == comparable(other))
}

fn comparable<'a>(part: Vec<(&'a [u8], Element<'a>)>) -> BTreeSet<(&'a [u8], Comparable)> {
    part.into_iter().map(|(kind, value)| (kind, Comparable::of(value))).collect()
}

/// The attributes in a RelativeDistinguishedName's content.
fn attributes(part: &[u8]) -> Result<Vec<(&[u8], Element<'_>)>, Malformed> {
    let mut all = Vec::new();
    decode::decode(part, |set| {
        set.each(|set| {
            all.push(attribute(set)?);
            Ok::<_, Malformed>(())
        })
    })?;
    Ok(all)
}

fn is_same_value(own: Element<'_>, other: Element<'_>) -> bool {
    match (text(own), text(other)) {
        (Some(own), Some(other)) if own.is_ascii() && other.is_ascii() => {
            let (mut own, mut other) = (own.split_whitespace(), other.split_whitespace());
            loop {
                match (own.next(), other.next()) {
                    (None, None) => return true,
                    (Some(own), Some(other)) if own.eq_ignore_ascii_case(other) => {}
                    _ => return false,
                }
            }
        }
        _ => Comparable::of(own) == Comparable::of(other),
    }
}

/// A PrintableString or UTF8String.
fn text(value: Element<'_>) -> Option<&str> {
    match value.tag {
        PRINTABLE_STRING | UTF8_STRING => std::str::from_utf8(value.content).ok(),
        _ => None,
    }
}

/// An attribute's value as it is compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Comparable {
    /// A PrintableString or UTF8String: small letters, single spaces.
    Text(String),
    /// Any other value, with its tag.
    Other(u8, Vec<u8>),
}

impl Comparable {
    fn of(value: Element<'_>) -> Self {
        match text(value) {
            Some(text) => {
                let small = text.to_lowercase();
                Self::Text(small.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            None => Self::Other(value.tag, value.content.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_rfc_5280_7_1() {
        let name = |unit: &str| Name::of(&[Part::Country("JP"), Part::Unit(unit)]);
        let own = name("Inrou Sandbox");
        for same in ["Inrou Sandbox", "INROU sandbox", " Inrou   Sandbox "] {
            assert!(own.is_same(&name(same)), "{same}");
        }
        for other in ["InrouSandbox", "Inrou Sandbox 2", ""] {
            assert!(!own.is_same(&name(other)), "{other}");
        }
        // The same text as a PrintableString.
        let mut printable = own.as_der().to_vec();
        let tag = printable.iter().rposition(|&byte| byte == UTF8_STRING).unwrap();
        printable[tag] = PRINTABLE_STRING;
        assert!(own.is_same(&Name::from_der(&printable).unwrap()));
        let swapped = Name::of(&[Part::Unit("Inrou Sandbox"), Part::Country("JP")]);
        assert!(!own.is_same(&swapped), "the order of parts counts");
        assert!(!own.is_same(&Name::of(&[Part::Country("JP")])));
    }

    #[test]
    fn country_is_printable_all_else_utf8() {
        let name = Name::of(&[Part::Country("JP"), Part::Organisation("機構")]);
        let expected = b"\x30\x1e\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02JP\
            \x31\x0f\x30\x0d\x06\x03\x55\x04\x0a\x0c\x06\xe6\xa9\x9f\xe6\xa7\x8b";
        assert_eq!(name.as_der(), expected);
        assert_eq!(Name::from_der(name.as_der()), Ok(name.clone()));
        assert_eq!(name.to_string(), "O=機構,C=JP");
        assert_eq!(format!("{name:?}"), "Name(..)");
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        for bytes in [&b""[..], b"\x30", b"\x30\x01\x00", b"\x31\x00", b"\x30\x00\x00"] {
            assert!(Name::from_der(bytes).is_err(), "{bytes:02x?}");
        }
        assert!(Name::from_der(b"\x30\x00").is_ok(), "a name may be empty");
    }

    /// Issuers there are that do not sort them, against X.690 §11.6.
    #[test]
    fn a_part_of_several_attributes_is_the_same_in_any_order() {
        let (unit, organisation) = (
            &b"\x30\x08\x06\x03\x55\x04\x0b\x0c\x01a"[..],
            &b"\x30\x08\x06\x03\x55\x04\x0a\x0c\x01b"[..],
        );
        let name = |attributes: [&[u8]; 2]| {
            Name::from_der(&[b"\x30\x16\x31\x14", &attributes.concat()[..]].concat()).unwrap()
        };
        let sorted = name([organisation, unit]);
        assert!(sorted.is_same(&name([unit, organisation])));
        assert!(!sorted.is_same(&name([organisation, organisation])));
    }
}
