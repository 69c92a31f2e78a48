//! EF 0002: name, address, birth date and sex as text.

use inrou_rules::{Attributes, Sex};
use jiff::civil::Date;

use crate::tlv;

const TAG: u16 = 0xFF20;
const OFFSETS: u16 = 0xDF21;
const NAME: u16 = 0xDF22;
const ADDRESS: u16 = 0xDF23;
const BIRTH_DATE: u16 = 0xDF24;
const SEX: u16 = 0xDF25;

/// Bytes of the offset table: its header and four offsets.
const OFFSETS_LENGTH: usize = 3 + 4 * 2;

/// What EF 0002 says. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CardAttributes {
    /// Family name, U+3000, given name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex.
    pub sex: Sex,
}

/// EF 0002: `FF20 { DF21 offsets, DF22 name, DF23 address, DF24 YYYYMMDD, DF25 sex }`. The offset
/// table says where each of the other four objects begins, from the start of the file.
pub(crate) fn attributes_file(attributes: &Attributes) -> Vec<u8> {
    let objects = [
        tlv::object(NAME, attributes.name.as_bytes()),
        tlv::object(ADDRESS, attributes.address.as_bytes()),
        tlv::object(BIRTH_DATE, attributes.birth_date.strftime("%Y%m%d").to_string().as_bytes()),
        tlv::object(SEX, &[sex_digit(attributes.sex)]),
    ];
    let body_length = OFFSETS_LENGTH + objects.iter().map(Vec::len).sum::<usize>();
    let header_length = tlv::object(TAG, &vec![0; body_length]).len() - body_length;
    let mut offset = header_length + OFFSETS_LENGTH;
    let mut offsets = Vec::new();
    for object in &objects {
        let [.., high, low] = offset.to_be_bytes();
        offsets.extend([high, low]);
        offset += object.len();
    }
    tlv::object(TAG, &[tlv::object(OFFSETS, &offsets), objects.concat()].concat())
}

/// What EF 0002 says; `None` if the file has another form.
pub(crate) fn parse_attributes_file(file: &[u8]) -> Option<CardAttributes> {
    let (object, _filler) = tlv::take(file)?;
    let body = Some(object.value).filter(|_| object.tag == TAG)?;
    Some(CardAttributes {
        name: text(body, NAME)?,
        address: text(body, ADDRESS)?,
        birth_date: Date::strptime("%Y%m%d", text(body, BIRTH_DATE)?).ok()?,
        sex: sex_of(field(body, SEX)?),
    })
}

/// The part of EF 0002 that the digest in EF 0003 covers: what follows the offset table.
pub(super) fn covered(file: &[u8]) -> Option<&[u8]> {
    let body = tlv::sole(TAG, file)?;
    tlv::take(body).filter(|(table, _)| table.tag == OFFSETS).map(|(_, rest)| rest)
}

impl std::fmt::Debug for CardAttributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardAttributes(..)")
    }
}

fn text(body: &[u8], tag: u16) -> Option<String> {
    String::from_utf8(field(body, tag)?.to_vec()).ok()
}

fn field(mut body: &[u8], tag: u16) -> Option<&[u8]> {
    loop {
        let (object, rest) = tlv::take(body)?;
        if object.tag == tag {
            return Some(object.value);
        }
        body = rest;
    }
}

/// JIS X 0303.
fn sex_digit(sex: Sex) -> u8 {
    match sex {
        Sex::Male => b'1',
        Sex::Female => b'2',
        Sex::Unknown => b'9',
    }
}

fn sex_of(digit: &[u8]) -> Sex {
    match digit {
        b"1" => Sex::Male,
        b"2" => Sex::Female,
        _ => Sex::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Bytes;
    use crate::testing::holder;

    #[test]
    fn the_file_is_byte_for_byte_that_of_the_published_test_card() {
        let published = "ff2065df2108000e002000590064df22\
                         0fe9bb92e6a190e38080e5b9b9e4b99f\
                         df2336e69db1e4baace983bde6b885e7\
                         80ace5b882e8a6b3e5b883e5ad90e58d\
                         97efbc91efbc92efbc8defbc97efbc8d\
                         efbc92efbc90efbc92df240831393830\
                         30323137df250131";
        let file = attributes_file(&holder());
        assert_eq!(String::from(Bytes(file)), published);
    }

    #[test]
    fn what_was_written_is_read_also_when_lengths_take_two_and_three_bytes() {
        for length in [1, 40, 43, 200] {
            let attributes = Attributes { address: "あ".repeat(length), ..holder() };
            let file = attributes_file(&attributes);
            let read = parse_attributes_file(&file).unwrap();
            assert_eq!(read.name, attributes.name);
            assert_eq!(read.address, attributes.address);
            assert_eq!((read.birth_date, read.sex == Sex::Male), (attributes.birth_date, true));
            let offsets = field(tlv::sole(TAG, &file).unwrap(), OFFSETS).unwrap();
            let starts: Vec<u16> =
                offsets.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            for (start, tag) in starts.into_iter().zip([NAME, ADDRESS, BIRTH_DATE, SEX]) {
                assert_eq!(tlv::take(&file[usize::from(start)..]).unwrap().0.tag, tag);
            }
        }
    }

    #[test]
    fn a_cut_or_foreign_file_is_not_read() {
        let file = attributes_file(&holder());
        for length in 0..file.len() {
            assert_eq!(parse_attributes_file(&file[..length]), None);
        }
        assert_eq!(parse_attributes_file(&[&[0xFF, 0x10], &file[2..]].concat()), None);
    }
}
