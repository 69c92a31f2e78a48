//! Signatures in a file: where they are, and what they cover.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::document::View;
use crate::object::{Dictionary, Object, Reference};
use crate::permissions::Permissions;
use crate::{Pdf, PdfError};

/// How deep fields may lie in each other.
const MAX_DEPTH: usize = 8;

/// Most signatures in a file.
const MAX_SIGNATURES: usize = 16;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubFilter {
    /// `ETSI.CAdES.detached`: a CMS signature (PAdES).
    Cades,
    /// `adbe.pkcs7.detached`: a CMS signature.
    Pkcs7,
    /// `ETSI.RFC3161`: a time-stamp token over the file.
    TimeStamp,
}

/// A signature in a file, and what it covers. Whether it holds is for others to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of its field.
    pub field: String,
    /// How it is made.
    pub sub_filter: SubFilter,
    /// The CMS message or token, DER.
    pub contents: Vec<u8>,
    /// The revision that it covers: everything up to its end, but the signature itself.
    pub revision: usize,
    /// When the signer claims to have signed (`M`).
    pub claimed_time: Option<Timestamp>,
    /// What it permits after it.
    pub(crate) permissions: Permissions,
    /// Where the hole begins and ends in which the signature stands.
    hole: (usize, usize),
    /// Up to where it covers the file.
    end: usize,
}

/// Why a signature's field does not say what it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureInvalid {
    /// Something of it cannot be read.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// Its dictionary is not one of a signature that is supported.
    #[error("the signature's dictionary is not one that is supported")]
    Dictionary,
    /// The byte range does not cover a whole revision but the signature.
    #[error("the signature does not cover a whole revision")]
    ByteRange,
    /// There are bytes behind the last revision.
    #[error("the file goes on behind its last revision")]
    Tail,
    /// There are more than are looked at.
    #[error("the file has too many signatures")]
    TooMany,
}

impl Pdf {
    /// The signatures of the file, in the order of their fields.
    ///
    /// # Errors
    /// The form's fields cannot be read. A signature that does not say what it covers is an error of its
    /// own.
    pub fn signatures(&self) -> Result<Vec<Result<Signature, SignatureInvalid>>, SignatureInvalid> {
        let view = self.at(self.last());
        let fields = signature_fields(view)?;
        if fields.len() > MAX_SIGNATURES {
            return Err(SignatureInvalid::TooMany);
        }
        Ok(fields.iter().map(|field| self.signature(field)).collect())
    }

    /// The two pieces of the file that a signature covers.
    pub fn signed_bytes(&self, signature: &Signature) -> [&[u8]; 2] {
        let (from, to) = signature.hole;
        let piece = |range: std::ops::Range<usize>| self.bytes.get(range).unwrap_or_default();
        [piece(0..from), piece(to..signature.end)]
    }

    /// Whether a signature covers the file to its end.
    pub fn covers_all(&self, signature: &Signature) -> bool {
        signature.end == self.bytes.len()
    }

    fn signature(&self, field: &Field) -> Result<Signature, SignatureInvalid> {
        if self.end(self.last()) != Some(self.bytes.len())
            && self.revisions.last().is_none_or(|last| last.end != self.bytes.len())
        {
            return Err(SignatureInvalid::Tail);
        }
        let latest = self.at(self.last()).object(field.value)?;
        let dictionary = latest.dictionary().ok_or(SignatureInvalid::Dictionary)?;
        let (hole, end) = byte_range(dictionary).ok_or(SignatureInvalid::ByteRange)?;
        let revision = (0..self.revisions.len())
            .find(|&index| self.revisions[index].end == end || self.end(index) == Some(end))
            .ok_or(SignatureInvalid::ByteRange)?;
        // What a later revision says of it does not count.
        let signed = self.at(revision).object(field.value)?;
        let is_its_own = signed == latest && self.stands_in(field.value, revision, hole);
        if !is_its_own {
            return Err(SignatureInvalid::ByteRange);
        }
        let contents = dictionary.get(&b"Contents"[..]).and_then(Object::string);
        let contents = contents.ok_or(SignatureInvalid::Dictionary)?;
        if self.hex_in(hole) != Some(contents.to_vec()) {
            return Err(SignatureInvalid::ByteRange);
        }
        let claimed = dictionary.get(&b"M"[..]).and_then(Object::string);
        let permissions = Permissions::read(self.at(revision), dictionary)?;
        Ok(Signature {
            field: String::from_utf8_lossy(&field.name).into_owned(),
            sub_filter: sub_filter(dictionary).ok_or(SignatureInvalid::Dictionary)?,
            contents: trimmed(contents).ok_or(SignatureInvalid::Dictionary)?.to_vec(),
            revision,
            claimed_time: claimed.and_then(read_date),
            permissions: permissions.ok_or(SignatureInvalid::Dictionary)?,
            hole,
            end,
        })
    }

    /// Whether the hole lies between the beginning of the signature's object and the end of its revision.
    fn stands_in(&self, value: Reference, revision: usize, hole: (usize, usize)) -> bool {
        use crate::xref::Entry;
        match self.revisions[revision].changed.get(&value.number) {
            Some(Entry::At { offset, .. }) => {
                *offset < hole.0 && hole.1 <= self.revisions[revision].section
            }
            _ => false,
        }
    }

    /// The bytes of the hexadecimal string that is all of the hole.
    fn hex_in(&self, (from, to): (usize, usize)) -> Option<Vec<u8>> {
        let digits = self.bytes.get(from..to)?.strip_prefix(b"<")?.strip_suffix(b">")?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let pairs = digits.chunks_exact(2).map(|pair| match pair {
            [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
            _ => None,
        });
        if digits.len() % 2 == 0 { pairs.collect() } else { None }
    }
}

/// A signature field that has a value.
pub(crate) struct Field {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Reference,
}

/// The signature fields of a form that are signed.
pub(crate) fn signature_fields(view: View<'_>) -> Result<Vec<Field>, PdfError> {
    let (_, catalog) = view.catalog()?;
    let form = view.value(&catalog, "AcroForm")?;
    let mut found = Vec::new();
    if let Some(form) = form.dictionary() {
        let fields = view.value(form, "Fields")?;
        let above = Above { name: &[], is_signature: false };
        collect(view, fields.array().unwrap_or_default(), above, MAX_DEPTH, &mut found)?;
    }
    Ok(found)
}

/// What a field has from those above it.
#[derive(Clone, Copy)]
struct Above<'a> {
    name: &'a [u8],
    is_signature: bool,
}

fn collect(
    view: View<'_>,
    fields: &[Object],
    above: Above<'_>,
    depth: usize,
    found: &mut Vec<Field>,
) -> Result<(), PdfError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(PdfError::Unsupported("fields that lie too deep"));
    };
    for field in fields {
        if found.len() > MAX_SIGNATURES {
            return Ok(());
        }
        let object = view.resolve(field)?;
        let Some(dictionary) = object.dictionary() else { continue };
        let own = view.value(dictionary, "T")?;
        let name = match (above.name, own.string()) {
            (above, None) => above.to_vec(),
            ([], Some(own)) => own.to_vec(),
            (above, Some(own)) => [above, b".", own].concat(),
        };
        let value = dictionary.get(&b"V"[..]).and_then(Object::reference);
        let is_signature = match view.value(dictionary, "FT")? {
            Object::Null => above.is_signature,
            kind => kind.is_name("Sig"),
        };
        if let (true, Some(value)) = (is_signature, value) {
            found.push(Field { name: name.clone(), value });
        }
        let kids = view.value(dictionary, "Kids")?;
        let above = Above { name: &name, is_signature };
        collect(view, kids.array().unwrap_or_default(), above, depth, found)?;
    }
    Ok(())
}

/// `[0 a b c]`: where the hole begins and ends, and where the second piece does.
fn byte_range(dictionary: &Dictionary) -> Option<((usize, usize), usize)> {
    let numbers: Option<Vec<_>> =
        dictionary.get(&b"ByteRange"[..])?.array()?.iter().map(Object::index).collect();
    let [0, from, to, length] = numbers?[..] else { return None };
    let end = to.checked_add(length)?;
    (from < to && length > 0).then_some(((from, to), end))
}

pub(crate) fn sub_filter(dictionary: &Dictionary) -> Option<SubFilter> {
    let filter = dictionary.get(&b"SubFilter"[..])?;
    let known = [
        ("ETSI.CAdES.detached", SubFilter::Cades),
        ("adbe.pkcs7.detached", SubFilter::Pkcs7),
        ("ETSI.RFC3161", SubFilter::TimeStamp),
    ];
    known.into_iter().find(|(name, _)| filter.is_name(name)).map(|(_, kind)| kind)
}

/// The one DER element at the beginning; behind it there are zeros alone.
fn trimmed(contents: &[u8]) -> Option<&[u8]> {
    let first = usize::from(*contents.get(1)?);
    let (header, length) = match first {
        0..=0x7F => (2, first),
        0x81..=0x84 => {
            let octets = contents.get(2..first - 0x80 + 2)?;
            let length = octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            (octets.len() + 2, length)
        }
        _ => return None,
    };
    let (element, rest) = contents.split_at_checked(header + length)?;
    rest.iter().all(|byte| *byte == 0).then_some(element)
}

/// `D:YYYYMMDDHHmmSS` with `Z` or an offset such as `+09'00'` (ISO 32000-2 §7.9.4).
fn read_date(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("D:")?;
    let (digits, zone) = text.split_at_checked(14)?;
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i8>().ok();
    let year = digits.get(..4)?.parse().ok()?;
    let (month, day) = (part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    let local = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let zone: String = zone.chars().filter(|character| *character != '\'').collect();
    let seconds = match zone.as_bytes() {
        [] | [b'Z', ..] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let number = |range: std::ops::Range<usize>| zone.get(range)?.parse::<i32>().ok();
            let ahead = number(1..3)? * 3600 + number(3..5).unwrap_or(0) * 60;
            if *sign == b'-' { -ahead } else { ahead }
        }
        _ => return None,
    };
    Offset::from_seconds(seconds).ok()?.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_a_zone_or_none() {
        let read = |text: &str| read_date(text.as_bytes()).map(|time| time.to_string());
        let time = || Some("2026-11-22T00:30:00Z".to_owned());
        assert_eq!(read("D:20261122093000+09'00'"), time());
        assert_eq!(read("D:20261122093000+09'00"), time());
        assert_eq!(read("D:20261122003000Z"), time());
        assert_eq!(read("D:20261122003000"), time());
        assert_eq!(read("D:20261121193000-05'00'"), time());
        for wrong in ["20261122003000", "D:2026", "D:20261322003000Z", "D:2026112200300é"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contents_are_one_element_and_zeros() {
        assert_eq!(trimmed(b"\x30\x01\x07\x00\x00"), Some(&b"\x30\x01\x07"[..]));
        assert_eq!(trimmed(b"\x30\x81\x01\x07\x00"), Some(&b"\x30\x81\x01\x07"[..]));
        for wrong in [&b""[..], b"\x30", b"\x30\x02\x07", b"\x30\x01\x07\x01", b"\x30\x80\x00\x00"]
        {
            assert_eq!(trimmed(wrong), None, "{wrong:02x?}");
        }
    }
}
