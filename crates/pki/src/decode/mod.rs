//! Reading DER: what the parsers of this crate have in common.

mod reader;

pub use reader::Malformed;
pub(crate) use reader::{Bits, Element, Reader, arcs, boolean, digits, integer, oid, unsigned};

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_MGF_1, ID_RSASSA_PSS};
use inrou_rules::Serial;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::digest::HashAlgorithm;
use crate::encode::{BOOLEAN, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, UTC_TIME};
use crate::keys::SignatureAlgorithm;

/// Reads all of `bytes` by `read`; bytes that are left over are an error.
pub(crate) fn decode<'a, T, E: From<Malformed>>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, E>,
) -> Result<T, E> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Reads one SEQUENCE that is all of `bytes`.
pub(crate) fn decode_sequence<'a, T, E: From<Malformed>>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, E>,
) -> Result<T, E> {
    decode(bytes, |reader| reader.sequence(read))
}

/// Reads a non-negative INTEGER of 20 bytes at most (RFC 5280 §4.1.2.2): its content octets.
pub(crate) fn serial<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let content = reader.take(INTEGER)?;
    if is_serial(content) { Ok(content) } else { Err(Malformed::Value) }
}

/// Whether these are the content octets of a non-negative INTEGER of 20 bytes at most.
pub(crate) fn is_serial(content: &[u8]) -> bool {
    digits(content).is_ok_and(|digits| digits.len() <= 20)
}

/// The serial number with these content octets, where it is one that this service could have issued.
pub(crate) fn serial_number(content: &[u8]) -> Option<Serial> {
    let digits = content.strip_prefix(&[0]).unwrap_or(content);
    let mut bytes = [0; 8];
    bytes.get_mut(8usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(Serial(u64::from_be_bytes(bytes)))
}

/// Reads UTCTime or GeneralizedTime.
pub(crate) fn time(reader: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    let Element { tag, content } = reader.element()?;
    parse_time(tag, content).ok_or(Malformed::Value)
}

/// Reads GeneralizedTime.
pub(crate) fn generalized_time(reader: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    parse_time(GENERALIZED_TIME, reader.take(GENERALIZED_TIME)?).ok_or(Malformed::Value)
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
    reader: &mut Reader<'_>,
) -> Result<Option<SignatureAlgorithm>, Malformed> {
    let (oid, parameters) = algorithm(reader)?;
    if oid == ID_RSASSA_PSS {
        let parameters = parameters.ok_or(Malformed::Value)?.expect(SEQUENCE)?;
        let hash = decode(parameters, pss_hash)?;
        return Ok(hash.and_then(SignatureAlgorithm::pss_with));
    }
    let known = SignatureAlgorithm::ALL.into_iter().find(|known| known.oid() == oid);
    let fits = match known {
        Some(SignatureAlgorithm::EcdsaWithSha256 | SignatureAlgorithm::EcdsaWithSha384) => {
            parameters.is_none()
        }
        Some(_) => parameters.is_some_and(Element::is_null),
        None => true,
    };
    if fits { Ok(known) } else { Err(Malformed::Value) }
}

/// The hash of `RSASSA-PSS-params` (RFC 4055 §3.1) that use it for MGF1 too, with a salt of its length;
/// `None` if they are others.
fn pss_hash(fields: &mut Reader<'_>) -> Result<Option<HashAlgorithm>, Malformed> {
    let hash = fields.explicit(0, algorithm)?.map(|(oid, _)| oid);
    let generator = fields.explicit(1, |mask| {
        mask.sequence(|identifier| {
            let function = identifier.oid()?;
            let (hash, _) = algorithm(identifier)?;
            Ok::<_, Malformed>((function, hash))
        })
    })?;
    let salt = fields.explicit(2, Reader::unsigned::<u8>)?.map(usize::from);
    let trailer = fields.explicit(3, Reader::unsigned::<u8>)?;
    Ok(hash.and_then(HashAlgorithm::from_oid).filter(|hash| {
        generator == Some((ID_MGF_1, hash.oid()))
            && salt == Some(hash.length())
            && trailer.is_none_or(|trailer| trailer == 1)
    }))
}

/// Reads an `AlgorithmIdentifier`.
pub(crate) fn algorithm<'a>(
    reader: &mut Reader<'a>,
) -> Result<(ObjectIdentifier, Option<Element<'a>>), Malformed> {
    reader.sequence(|fields| {
        let oid = fields.oid()?;
        let parameters = if fields.is_finished() { None } else { Some(fields.element()?) };
        Ok((oid, parameters))
    })
}

/// Most extensions in one list: many times what anyone writes, few enough to compare each with each.
const MAX_EXTENSIONS: usize = 64;

/// Reads a certificate's, CRL's or answer's extensions: calls `each` with object identifier,
/// criticality and value. An extension that stands twice is an error.
pub(crate) fn extensions<'a, E: From<Malformed>>(
    reader: &mut Reader<'a>,
    mut each: impl FnMut(ObjectIdentifier, bool, &'a [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut seen = [&[][..]; MAX_EXTENSIONS];
    let mut count = 0;
    reader.sequence(|list| {
        list.each(|list| {
            let (kind, critical, value) = list.sequence(extension)?;
            if seen[..count].contains(&kind) || count == MAX_EXTENSIONS {
                return Err(Malformed::Value.into());
            }
            seen[count] = kind;
            count += 1;
            each(oid(kind)?, critical, value)
        })
    })
}

/// The content octets of the object identifier, criticality, value.
fn extension<'a>(fields: &mut Reader<'a>) -> Result<(&'a [u8], bool, &'a [u8]), Malformed> {
    let kind = fields.take(OID)?;
    // DEFAULT FALSE is not written.
    let critical = match fields.take_if(BOOLEAN)? {
        Some(content) => boolean(content)?.then_some(true).ok_or(Malformed::Value)?,
        None => false,
    };
    Ok((kind, critical, fields.take(OCTET_STRING)?))
}
