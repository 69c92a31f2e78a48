//! What a token says: `TSTInfo` (RFC 3161 §2.4.2).

use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, ErrorKind, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged};
use jiff::{SignedDuration, Timestamp};

use super::request::{read_imprint, read_nonce, write_imprint};
use crate::decode;
use crate::digest::Digest;
use crate::encode::{Encoder, GENERALIZED_TIME, INTEGER, encode};
use crate::profile::PolicyOid;

/// By how much a token's time may be off, to either side.
pub type Accuracy = SignedDuration;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TstInfo {
    /// Under which policy it was made.
    pub policy: PolicyOid,
    /// The hash of what was stamped.
    pub imprint: Digest,
    /// The token's number at its authority: content octets of an INTEGER, 20 bytes at most.
    pub serial: Vec<u8>,
    /// When it was stamped.
    pub time: Timestamp,
    /// How exact that is, where it is said.
    pub accuracy: Option<Accuracy>,
    /// The nonce of the request.
    pub nonce: Option<Vec<u8>>,
}

impl TstInfo {
    /// Reads DER. `None`: it is malformed, or has a hash, version or critical extension that is not
    /// supported.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        decode::decode_sequence(der, read).ok()
    }

    /// Its DER: the time to the second, the accuracy in whole seconds.
    pub(super) fn to_der(&self) -> Vec<u8> {
        encode(|out| {
            out.sequence(|info| {
                info.unsigned(1);
                info.oid(self.policy.0);
                write_imprint(info, &self.imprint);
                info.value(INTEGER, &self.serial);
                info.generalized_time(self.time);
                if let Some(accuracy) = self.accuracy {
                    info.sequence(|fields| write_seconds(fields, accuracy));
                }
                if let Some(nonce) = &self.nonce {
                    info.value(INTEGER, nonce);
                }
            });
        })
    }
}

fn write_seconds(out: &mut Encoder, accuracy: Accuracy) {
    out.unsigned(accuracy.as_secs().unsigned_abs());
}

fn read(info: &mut SliceReader<'_>) -> der::Result<TstInfo> {
    if u8::decode(info)? != 1 {
        return Err(ErrorKind::Failed.into());
    }
    let policy = PolicyOid(ObjectIdentifier::decode(info)?);
    let imprint = read_imprint(info)?.ok_or(ErrorKind::Failed)?;
    let serial = decode::serial(info)?.to_vec();
    let time = read_time(info)?;
    let accuracy = match info.is_finished() || Tag::peek(info)? != Tag::Sequence {
        true => None,
        false => Some(info.sequence(read_accuracy)?),
    };
    if !info.is_finished() && Tag::peek(info)? == Tag::Boolean {
        // Whether tokens of this authority can be ordered by their times: nothing rests on it.
        bool::decode(info)?;
    }
    let nonce = read_nonce(info)?;
    decode::explicit(info, 0, |tsa| tsa.tlv_bytes().map(drop))?;
    if decode::comes_next(info, 1) {
        let extensions = AnyRef::decode(info)?.value();
        let mut reader = SliceReader::new(extensions)?;
        while !reader.is_finished() {
            refuse_critical(&mut reader)?;
        }
    }
    Ok(TstInfo { policy, imprint, serial, time, accuracy, nonce })
}

fn refuse_critical(reader: &mut SliceReader<'_>) -> der::Result<()> {
    reader.sequence(|extension| {
        let _: ObjectIdentifier = extension.decode()?;
        if Tag::peek(extension)? == Tag::Boolean && bool::decode(extension)? {
            return Err(der::Error::from(ErrorKind::Failed));
        }
        extension.tlv_bytes().map(drop)
    })
}

/// GeneralizedTime in UTC, with or without a fraction of a second.
fn read_time(reader: &mut SliceReader<'_>) -> der::Result<Timestamp> {
    let value = AnyRef::decode(reader)?;
    value.tag().assert_eq(Tag::GeneralizedTime)?;
    parse_time(value.value()).ok_or_else(|| Tag::GeneralizedTime.value_error().into())
}

fn parse_time(content: &[u8]) -> Option<Timestamp> {
    let Some(point) = content.iter().position(|byte| *byte == b'.') else {
        return decode::parse_time(GENERALIZED_TIME, content);
    };
    let (whole, fraction) = content.split_at_checked(point)?;
    let digits = fraction.strip_prefix(b".")?.strip_suffix(b"Z")?;
    let has_form = (1..=9).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits.last() != Some(&b'0');
    if !has_form {
        return None;
    }
    let number = digits.iter().fold(0, |sum: i64, digit| sum * 10 + i64::from(digit - b'0'));
    let nanoseconds = number * 10_i64.pow(9 - digits.len() as u32);
    let whole = decode::parse_time(GENERALIZED_TIME, &[whole, b"Z"].concat())?;
    whole.checked_add(SignedDuration::from_nanos(nanoseconds)).ok()
}

/// Seconds, thousandths and millionths.
fn read_accuracy(fields: &mut SliceReader<'_>) -> der::Result<Accuracy> {
    let seconds = match fields.is_finished() || Tag::peek(fields)? != Tag::Integer {
        true => 0,
        false => u32::decode(fields)?,
    };
    let part = |fields: &mut SliceReader<'_>, number| {
        let part = fields.context_specific::<u16>(TagNumber(number), TagMode::Implicit)?;
        Ok::<_, der::Error>(i64::from(part.unwrap_or(0)))
    };
    let (millis, micros) = (part(fields, 0)?, part(fields, 1)?);
    let exact = SignedDuration::from_micros(millis * 1000 + micros);
    Ok(SignedDuration::from_secs(i64::from(seconds)) + exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_fractions_without_trailing_zeros() {
        let time = |text: &str| parse_time(text.as_bytes());
        let read = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!(time("20261121100000Z"), read("2026-11-21T10:00:00Z"));
        assert_eq!(time("20261121100000.25Z"), read("2026-11-21T10:00:00.25Z"));
        for wrong in ["20261121100000.250Z", "20261121100000.Z", "20261121100000.25", "2026.5Z"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
