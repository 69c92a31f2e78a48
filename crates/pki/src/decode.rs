//! Reading DER: what the parsers of this crate have in common. They borrow from their input, so that
//! no length field can make them allocate.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_MGF_1, ID_RSASSA_PSS};
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Decode, ErrorKind, Header, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged};
use inrou_rules::Serial;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::digest::HashAlgorithm;
use crate::encode::{GENERALIZED_TIME, UTC_TIME};
use crate::keys::SignatureAlgorithm;

/// Reads all of `bytes` by `read`; bytes that are left over are an error.
pub(crate) fn decode<'a, T, E: From<der::Error>>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut SliceReader<'a>) -> Result<T, E>,
) -> Result<T, E> {
    let mut reader = SliceReader::new(bytes)?;
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Reads one SEQUENCE that is all of `bytes`.
pub(crate) fn decode_sequence<'a, T, E: From<der::Error>>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut SliceReader<'a>) -> Result<T, E>,
) -> Result<T, E> {
    decode(bytes, |reader| reader.sequence(read))
}

/// How far `reader` has come, in bytes from the start of the whole input.
pub(crate) fn position(reader: &SliceReader<'_>) -> usize {
    u32::from(reader.position()) as usize
}

/// Reads `[number]` EXPLICIT, if it comes next.
pub(crate) fn explicit<'a, T, E: From<der::Error>>(
    reader: &mut SliceReader<'a>,
    number: u32,
    read: impl FnOnce(&mut SliceReader<'a>) -> Result<T, E>,
) -> Result<Option<T>, E> {
    if !comes_next(reader, number) {
        return Ok(None);
    }
    let header = Header::decode(reader)?;
    reader.read_nested(header.length(), read).map(Some)
}

/// Whether the next element is `[number]` with elements inside.
pub(crate) fn comes_next(reader: &SliceReader<'_>, number: u32) -> bool {
    let wanted = Tag::ContextSpecific { constructed: true, number: TagNumber(number) };
    Tag::peek(reader).is_ok_and(|tag| tag == wanted)
}

/// Skips `[number]` IMPLICIT over a BIT STRING, if it comes next.
pub(crate) fn skip_bit_string(reader: &mut SliceReader<'_>, number: u32) -> der::Result<()> {
    reader.context_specific::<BitStringRef<'_>>(TagNumber(number), TagMode::Implicit).map(drop)
}

/// Reads a BIT STRING of whole bytes.
pub(crate) fn octets<'a>(reader: &mut SliceReader<'a>) -> der::Result<&'a [u8]> {
    let bits = BitStringRef::decode(reader)?;
    bits.as_bytes().ok_or_else(|| Tag::BitString.value_error().into())
}

/// Reads a non-negative INTEGER of 20 bytes at most (RFC 5280 §4.1.2.2): its content octets.
pub(crate) fn serial<'a>(reader: &mut SliceReader<'a>) -> der::Result<&'a [u8]> {
    let integer = AnyRef::decode(reader)?;
    if integer.tag() != Tag::Integer {
        return Err(Tag::Integer.value_error().into());
    }
    if is_serial(integer.value()) {
        Ok(integer.value())
    } else {
        Err(Tag::Integer.value_error().into())
    }
}

/// Whether these are the content octets of a non-negative INTEGER of 20 bytes at most.
pub(crate) fn is_serial(content: &[u8]) -> bool {
    match content {
        [] | [0x80..=0xFF, ..] | [0, 0..=0x7F, ..] => false,
        // A leading zero does not count.
        [0, digits @ ..] | digits => digits.len() <= 20,
    }
}

/// The serial number with these content octets, where it is one that this service could have issued.
pub(crate) fn serial_number(content: &[u8]) -> Option<Serial> {
    let digits = content.strip_prefix(&[0]).unwrap_or(content);
    let mut bytes = [0; 8];
    bytes.get_mut(8usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(Serial(u64::from_be_bytes(bytes)))
}

/// Reads UTCTime or GeneralizedTime.
pub(crate) fn time(reader: &mut SliceReader<'_>) -> der::Result<Timestamp> {
    let value = AnyRef::decode(reader)?;
    let tag = match value.tag() {
        Tag::UtcTime => UTC_TIME,
        Tag::GeneralizedTime => GENERALIZED_TIME,
        other => return Err(other.value_error().into()),
    };
    parse_time(tag, value.value()).ok_or_else(|| value.tag().value_error().into())
}

/// Reads GeneralizedTime.
pub(crate) fn generalized_time(reader: &mut SliceReader<'_>) -> der::Result<Timestamp> {
    match Tag::peek(reader)? {
        Tag::GeneralizedTime => time(reader),
        other => Err(other.value_error().into()),
    }
}

/// A time's content octets in the one form that RFC 5280 §4.1.2.5 allows: to the second, ending in `Z`.
pub(crate) fn parse_time(tag: u8, content: &[u8]) -> Option<Timestamp> {
    let (digits, b'Z') = content.split_last().map(|(last, digits)| (digits, *last))? else {
        return None;
    };
    let mut pairs = [0; 7];
    let from = match (tag, digits.len()) {
        (UTC_TIME, 12) => 1,
        (GENERALIZED_TIME, 14) => 0,
        _ => return None,
    };
    for (pair, two) in pairs[from..].iter_mut().zip(digits.chunks_exact(2)) {
        *pair = match two {
            [ten @ b'0'..=b'9', one @ b'0'..=b'9'] => ((ten - b'0') * 10 + one - b'0') as i8,
            _ => return None,
        };
    }
    let [century, year, month, day, hour, minute, second] = pairs;
    let century = match from {
        0 => century,
        _ if year >= 50 => 19,
        _ => 20,
    };
    let year = i16::from(century) * 100 + i16::from(year);
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    // The last hours of the year 9999, which stand for "no end", are beyond the last timestamp.
    Some(Offset::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX))
}

/// Reads the `AlgorithmIdentifier` of a signature; its parameters must be what its RFC says.
/// `None` if the algorithm is not one of ours.
pub(crate) fn signature_algorithm(
    reader: &mut SliceReader<'_>,
) -> der::Result<Option<SignatureAlgorithm>> {
    let (oid, parameters) = algorithm(reader)?;
    if oid == ID_RSASSA_PSS {
        let parameters = parameters.ok_or(ErrorKind::Failed)?;
        return pss_hash(parameters).map(|hash| hash.and_then(SignatureAlgorithm::pss_with));
    }
    let known = SignatureAlgorithm::ALL.into_iter().find(|known| known.oid() == oid);
    let fits = match known {
        Some(SignatureAlgorithm::EcdsaWithSha256 | SignatureAlgorithm::EcdsaWithSha384) => {
            parameters.is_none()
        }
        Some(_) => parameters.is_some_and(|parameters| parameters.is_null()),
        None => true,
    };
    if fits { Ok(known) } else { Err(ErrorKind::Failed.into()) }
}

/// The hash of `RSASSA-PSS-params` (RFC 4055 §3.1) that use it for MGF1 too, with a salt of its length;
/// `None` if they are others.
fn pss_hash(parameters: AnyRef<'_>) -> der::Result<Option<HashAlgorithm>> {
    parameters.tag().assert_eq(Tag::Sequence)?;
    decode(parameters.value(), |fields| {
        let hash = explicit(fields, 0, algorithm)?.map(|(oid, _)| oid);
        let generator = explicit(fields, 1, |mask| {
            mask.sequence(|identifier| {
                let function = ObjectIdentifier::decode(identifier)?;
                let (hash, _) = algorithm(identifier)?;
                Ok::<_, der::Error>((function, hash))
            })
        })?;
        let salt = explicit(fields, 2, u8::decode)?.map(usize::from);
        let trailer = explicit(fields, 3, u8::decode)?;
        let hash = hash.and_then(HashAlgorithm::from_oid).filter(|hash| {
            generator == Some((ID_MGF_1, hash.oid()))
                && salt == Some(hash.length())
                && trailer.is_none_or(|trailer| trailer == 1)
        });
        Ok(hash)
    })
}

/// Reads an `AlgorithmIdentifier`.
pub(crate) fn algorithm<'a>(
    reader: &mut SliceReader<'a>,
) -> der::Result<(ObjectIdentifier, Option<AnyRef<'a>>)> {
    reader.sequence(|fields| {
        let oid = fields.decode()?;
        let parameters = if fields.is_finished() { None } else { Some(fields.decode()?) };
        Ok((oid, parameters))
    })
}

/// Most extensions in one list: many times what anyone writes, few enough to compare each with each.
const MAX_EXTENSIONS: usize = 64;

/// Reads a certificate's, CRL's or answer's extensions: calls `each` with object identifier,
/// criticality and value. An extension that stands twice is an error.
pub(crate) fn extensions<'a, E: From<der::Error>>(
    reader: &mut SliceReader<'a>,
    mut each: impl FnMut(ObjectIdentifier, bool, &'a [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut seen = Vec::new();
    reader.sequence(|list| {
        while !list.is_finished() {
            let (oid, critical, value) = extension(list)?;
            if seen.contains(&oid) || seen.len() == MAX_EXTENSIONS {
                return Err(der::Error::from(Tag::Sequence.value_error()).into());
            }
            seen.push(oid);
            each(oid, critical, value)?;
        }
        Ok(())
    })
}

fn extension<'a>(reader: &mut SliceReader<'a>) -> der::Result<(ObjectIdentifier, bool, &'a [u8])> {
    reader.sequence(|fields| {
        let oid = fields.decode()?;
        let critical = match Tag::peek(fields)? {
            // DEFAULT FALSE is not written.
            Tag::Boolean => bool::decode(fields)?
                .then_some(true)
                .ok_or(ErrorKind::Noncanonical { tag: Tag::Boolean })?,
            _ => false,
        };
        let value = <&OctetStringRef>::decode(fields)?;
        Ok((oid, critical, value.as_bytes()))
    })
}

/// Reads an ENUMERATED of one byte.
pub(crate) fn enumerated(reader: &mut SliceReader<'_>) -> der::Result<u8> {
    let value = AnyRef::decode(reader)?;
    match (value.tag(), value.value()) {
        (Tag::Enumerated, &[code]) => Ok(code),
        _ => Err(Tag::Enumerated.value_error().into()),
    }
}

/// The bytes are not DER of the structure that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed DER: {0}")]
pub struct Malformed(#[from] der::Error);
