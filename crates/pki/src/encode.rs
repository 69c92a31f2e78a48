//! Writing DER, the distinguished encoding of X.690: one buffer, lengths mended after the fact.
//!
//! Everything this crate writes goes through here, the status answers on the hot path included.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::keys::SignatureAlgorithm;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0A;
pub(crate) const UTF8_STRING: u8 = 0x0C;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The tag of `[number]` with elements inside.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xA0 | number
}

/// The tag of `[number]` IMPLICIT over a primitive type.
pub(crate) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// What `body` writes.
pub(crate) fn encode(body: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::default();
    body(&mut encoder);
    encoder.bytes
}

/// A growing piece of DER.
#[derive(Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An element whose value is what `body` writes.
    pub(crate) fn nest(&mut self, tag: u8, body: impl FnOnce(&mut Self)) {
        self.bytes.extend_from_slice(&[tag, 0]);
        let start = self.bytes.len();
        body(self);
        let length = self.bytes.len() - start;
        let (field, used) = length_field(length);
        self.bytes[start - 1] = field[0];
        if used > 1 {
            let end = self.bytes.len();
            self.bytes.resize(end + used - 1, 0);
            self.bytes.copy_within(start..end, start + used - 1);
            self.bytes[start..start + used - 1].copy_from_slice(&field[1..used]);
        }
    }

    pub(crate) fn sequence(&mut self, body: impl FnOnce(&mut Self)) {
        self.nest(SEQUENCE, body);
    }

    /// An element whose value is at hand.
    pub(crate) fn value(&mut self, tag: u8, value: &[u8]) {
        self.header(tag, value.len());
        self.bytes.extend_from_slice(value);
    }

    /// The header of an element whose value of that length follows.
    pub(crate) fn header(&mut self, tag: u8, length: usize) {
        let (field, used) = length_field(length);
        self.bytes.push(tag);
        self.bytes.extend_from_slice(&field[..used]);
    }

    /// Whole elements that are DER already.
    pub(crate) fn raw(&mut self, elements: &[u8]) {
        self.bytes.extend_from_slice(elements);
    }

    pub(crate) fn oid(&mut self, oid: ObjectIdentifier) {
        self.value(OID, oid.as_bytes());
    }

    /// A non-negative INTEGER.
    pub(crate) fn unsigned(&mut self, number: u64) {
        let (content, start) = unsigned_content(number);
        self.value(INTEGER, &content[start..]);
    }

    /// A BIT STRING of whole bytes.
    pub(crate) fn bit_string(&mut self, bytes: &[u8]) {
        self.nest(BIT_STRING, |bits| {
            bits.raw(&[0]);
            bits.raw(bytes);
        });
    }

    /// The `AlgorithmIdentifier` of a signature by one of our keys: RSA's parameters are NULL, ECDSA has
    /// none.
    pub(crate) fn signature_algorithm(&mut self, algorithm: SignatureAlgorithm) {
        self.sequence(|identifier| {
            identifier.oid(algorithm.oid());
            if algorithm == SignatureAlgorithm::Sha256WithRsa {
                identifier.value(NULL, &[]);
            }
        });
    }

    /// Algorithm and signature, as they end certificates, CRLs and OCSP answers.
    pub(crate) fn signature(&mut self, algorithm: SignatureAlgorithm, signature: &[u8]) {
        self.signature_algorithm(algorithm);
        self.bit_string(signature);
    }

    /// UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5).
    pub(crate) fn time(&mut self, time: Timestamp) {
        let text = time_digits(time);
        if is_utc_time(time) {
            self.value(UTC_TIME, &text[2..]);
        } else {
            self.value(GENERALIZED_TIME, &text);
        }
    }

    pub(crate) fn generalized_time(&mut self, time: Timestamp) {
        self.value(GENERALIZED_TIME, &time_digits(time));
    }
}

/// The length of an element with a value of that length.
pub(crate) fn element_length(value: usize) -> usize {
    1 + length_field(value).1 + value
}

/// The length octets of DER and how many of them count.
fn length_field(length: usize) -> ([u8; 9], usize) {
    let mut field = [0; 9];
    if let Ok(short @ 0..=127) = u8::try_from(length) {
        field[0] = short;
        return (field, 1);
    }
    let octets = length.to_be_bytes();
    let skipped = octets.iter().take_while(|&&octet| octet == 0).count();
    let used = octets.len() - skipped;
    field[0] = 0x80 | used as u8;
    field[1..=used].copy_from_slice(&octets[skipped..]);
    (field, used + 1)
}

/// The content octets of a non-negative INTEGER: from the given index on.
pub(crate) fn unsigned_content(number: u64) -> ([u8; 9], usize) {
    let mut content = [0; 9];
    content[1..].copy_from_slice(&number.to_be_bytes());
    // The first content octet is zero only where the next one would read as a sign.
    let skipped = (number.leading_zeros() / 8) as usize;
    let start =
        if number != 0 && number.leading_zeros().is_multiple_of(8) { skipped } else { skipped + 1 };
    (content, start.min(8))
}

/// Whether RFC 5280 §4.1.2.5 writes this time as UTCTime.
pub(crate) fn is_utc_time(time: Timestamp) -> bool {
    /// 2050-01-01T00:00:00Z, in seconds.
    const END_OF_UTC_TIME: i64 = 2_524_608_000;
    /// 1950-01-01T00:00:00Z, in seconds.
    const START_OF_UTC_TIME: i64 = -631_152_000;
    (START_OF_UTC_TIME..END_OF_UTC_TIME).contains(&time.as_second())
}

/// `YYYYMMDDHHMMSSZ`; fractions of a second are dropped.
pub(crate) fn time_digits(time: Timestamp) -> [u8; 15] {
    let time = Offset::UTC.to_datetime(time);
    let mut text = [b'Z'; 15];
    let mut put = |at: usize, number: i8| {
        text[at] = b'0' + (number / 10) as u8;
        text[at + 1] = b'0' + (number % 10) as u8;
    };
    let year = time.year().clamp(0, 9999);
    put(0, (year / 100) as i8);
    put(2, (year % 100) as i8);
    put(4, time.month());
    put(6, time.day());
    put(8, time.hour());
    put(10, time.minute());
    put(12, time.second());
    text
}

#[cfg(test)]
mod tests {
    use der::{Decode, Encode};

    use super::*;

    #[test]
    fn lengths_and_integers_are_as_the_der_crate_writes_them() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 24] {
            let content = vec![7; length];
            let expected = der::asn1::OctetStringRef::new(&content).unwrap().to_der().unwrap();
            assert_eq!(encode(|e| e.value(OCTET_STRING, &content)), expected);
            assert_eq!(encode(|e| e.nest(OCTET_STRING, |e| e.raw(&content))), expected);
        }
        for number in [0, 1, 127, 128, 255, 256, 0x7FFF, 0x8000, 1 << 63, u64::MAX, u64::MAX >> 1] {
            assert_eq!(encode(|e| e.unsigned(number)), number.to_der().unwrap(), "{number}");
        }
    }

    #[test]
    fn utc_time_until_2049_generalized_time_after() {
        let time = |text: &str| encode(|e| e.time(text.parse().unwrap()));
        assert_eq!(time("2049-12-31T23:59:59.9Z"), b"\x17\x0d491231235959Z");
        assert_eq!(time("2050-01-01T00:00:00Z"), b"\x18\x0f20500101000000Z");
        assert_eq!(time("1950-01-01T00:00:00Z"), b"\x17\x0d500101000000Z");
        assert_eq!(time("1949-12-31T23:59:59Z"), b"\x18\x0f19491231235959Z");
        der::asn1::UtcTime::from_der(&time("2026-11-21T01:02:03Z")).unwrap();
    }
}
