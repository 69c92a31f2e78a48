//! What a token says: `TSTInfo` (RFC 3161 §2.4.2).

use jiff::{SignedDuration, Timestamp};

use super::request::{read_imprint, read_nonce, write_imprint};
use crate::decode::{self, Malformed, Reader};
use crate::digest::Digest;
use crate::encode::{BOOLEAN, Encoder, GENERALIZED_TIME, INTEGER, SEQUENCE, encode, primitive};
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

fn read(info: &mut Reader<'_>) -> Result<TstInfo, Malformed> {
    if info.unsigned::<u8>()? != 1 {
        return Err(Malformed::Value);
    }
    let policy = PolicyOid(info.oid()?);
    let imprint = read_imprint(info)?.ok_or(Malformed::Value)?;
    let serial = decode::serial(info)?.to_vec();
    let time = read_time(info)?;
    let accuracy = match info.comes_next(SEQUENCE) {
        true => Some(info.sequence(read_accuracy)?),
        false => None,
    };
    // Whether tokens of this authority can be ordered by their times: nothing rests on it.
    info.take_if(BOOLEAN)?.map(decode::boolean).transpose()?;
    let nonce = read_nonce(info)?;
    info.explicit(0, |tsa| tsa.element().map(drop))?;
    info.explicit(1, |extensions| extensions.each(refuse_critical))?;
    Ok(TstInfo { policy, imprint, serial, time, accuracy, nonce })
}

fn refuse_critical(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    reader.sequence(|extension| {
        extension.oid()?;
        if extension.comes_next(BOOLEAN) && extension.boolean()? {
            return Err(Malformed::Value);
        }
        extension.element().map(drop)
    })
}

/// GeneralizedTime in UTC, with or without a fraction of a second.
fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    parse_time(reader.take(GENERALIZED_TIME)?).ok_or(Malformed::Value)
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
fn read_accuracy(fields: &mut Reader<'_>) -> Result<Accuracy, Malformed> {
    let seconds = fields.take_if(INTEGER)?.map_or(Ok(0), decode::unsigned::<u32>)?;
    let mut part = |number| {
        let part = fields.take_if(primitive(number))?.map_or(Ok(0), decode::unsigned::<u16>)?;
        Ok::<_, Malformed>(i64::from(part))
    };
    let (millis, micros) = (part(0)?, part(1)?);
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
