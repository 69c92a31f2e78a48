//! A CRL's entries, written and read by hand: there may be millions of them.

use const_oid::db::rfc5280::{ID_CE_CRL_REASONS, ID_CE_INVALIDITY_DATE};
use jiff::Timestamp;

use super::{CrlEntry, CrlError};
use crate::decode::{self, Malformed, Reader, is_serial, parse_time};
use crate::encode::{
    GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME, is_utc_time, time_digits, unsigned_content,
};
use crate::status::Withdrawal;

/// Longest entry that is written: 2 bytes of header, 11 of serial number, 17 of time, 14 of reason.
pub(super) const MAX_ENTRY: usize = 44;

/// crlEntryExtensions with a reasonCode (2.5.29.21), but for its value.
const REASON: [u8; 13] = [0x30, 12, 0x30, 10, 0x06, 3, 0x55, 0x1D, 0x15, 0x04, 3, 0x0A, 1];

/// How many bytes [`write_entry`] will write.
pub(super) fn entry_length(entry: &CrlEntry) -> u64 {
    let (serial, start) = unsigned_content(entry.serial.0);
    let time = if is_utc_time(entry.at) { 13 } else { 15 };
    let reason = if entry.withdrawal.code().is_some() { REASON.len() + 1 } else { 0 };
    (2 + 2 + serial.len() - start + 2 + time + reason) as u64
}

/// Appends an entry. It is shorter than 128 bytes, and so are its parts.
pub(super) fn write_entry(entry: &CrlEntry, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[SEQUENCE, 0]);
    let (serial, first) = unsigned_content(entry.serial.0);
    out.extend_from_slice(&[INTEGER, (serial.len() - first) as u8]);
    out.extend_from_slice(&serial[first..]);
    let time = time_digits(entry.at);
    if is_utc_time(entry.at) {
        out.extend_from_slice(&[UTC_TIME, 13]);
        out.extend_from_slice(&time[2..]);
    } else {
        out.extend_from_slice(&[GENERALIZED_TIME, 15]);
        out.extend_from_slice(&time);
    }
    if let Some(code) = entry.withdrawal.code() {
        out.extend_from_slice(&REASON);
        out.push(code);
    }
    out[start + 1] = (out.len() - start - 2) as u8;
}

/// Goes through the entries in the content of `revokedCertificates`.
pub(super) fn check_entries(mut list: &[u8]) -> Result<(), CrlError> {
    while !list.is_empty() {
        let (serial, rest, remaining) = split_entry(list).ok_or_else(malformed)?;
        if !is_serial(serial) {
            return Err(malformed());
        }
        read_rest(rest)?;
        list = remaining;
    }
    Ok(())
}

/// Looks a serial number up, by its content octets, in entries that have been checked.
pub(super) fn find_entry(mut list: &[u8], serial: &[u8]) -> Option<(Timestamp, Withdrawal)> {
    loop {
        let (found, rest, remaining) = split_entry(list)?;
        if found == serial {
            return read_rest(rest).ok();
        }
        list = remaining;
    }
}

/// Serial number, by its content octets, time and reason of each of the entries, which have been checked.
pub(super) fn each_entry(mut list: &[u8]) -> impl Iterator<Item = (&[u8], Timestamp, Withdrawal)> {
    std::iter::from_fn(move || {
        let (serial, rest, remaining) = split_entry(list)?;
        let (at, withdrawal) = read_rest(rest).ok()?;
        list = remaining;
        Some((serial, at, withdrawal))
    })
}

/// The first entry's serial number, what follows it in the entry, and what follows the entry.
fn split_entry(list: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (entry, remaining) = split_element(list, SEQUENCE)?;
    let (serial, rest) = split_element(entry, INTEGER)?;
    Some((serial, rest, remaining))
}

/// The content of the first element, which must have that tag, and what follows it.
fn split_element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    if *found != tag {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        // Longer entries are not written by anyone, but DER allows them: two octets of length will do.
        0x81 => rest.split_first().map(|(&length, rest)| (usize::from(length), rest))?,
        0x82 => rest
            .split_first_chunk()
            .map(|(&length, rest)| (usize::from(u16::from_be_bytes(length)), rest))?,
        _ => return None,
    };
    let shortest = match first {
        0x81 => 0x80,
        0x82 => 0x100,
        _ => 0,
    };
    if length < shortest { None } else { rest.split_at_checked(length) }
}

/// Time and reason.
fn read_rest(bytes: &[u8]) -> Result<(Timestamp, Withdrawal), CrlError> {
    let tag = *bytes.first().ok_or_else(malformed)?;
    let (time, rest) = split_element(bytes, tag).ok_or_else(malformed)?;
    let at = parse_time(tag, time).ok_or_else(malformed)?;
    let code = match rest.strip_prefix(&REASON) {
        _ if rest.is_empty() => 0,
        Some(&[code]) => code,
        _ => decode::decode(rest, |reader| {
            let mut code = 0;
            decode::extensions(reader, |oid, critical, value| {
                match oid {
                    ID_CE_CRL_REASONS => {
                        code = decode::decode(value, Reader::enumerated)
                            .map_err(|_| CrlError::Extension(oid))?
                    }
                    ID_CE_INVALIDITY_DATE => {
                        decode::decode(value, decode::generalized_time)
                            .map_err(|_| CrlError::Extension(oid))?;
                    }
                    _ if critical => return Err(CrlError::Unsupported(oid)),
                    _ => {}
                }
                Ok(())
            })?;
            Ok::<_, CrlError>(code)
        })?,
    };
    let withdrawal = Withdrawal::from_code(code).ok_or(CrlError::Extension(ID_CE_CRL_REASONS))?;
    Ok((at, withdrawal))
}

fn malformed() -> CrlError {
    Malformed::Value.into()
}
