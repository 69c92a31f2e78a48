use der::asn1::{AnyRef, BitStringRef, Null, OctetStringRef, UintRef};
use der::{Decode, SliceReader, Tag, TagNumber, Tagged};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Reads one thing that is all of `bytes`.
fn all<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

#[test]
fn lengths_have_one_form() {
    let octets = |header: &[u8], length: usize| {
        let der = [&[OCTET_STRING], header, &vec![7; length]].concat();
        all(&der, Reader::octets).map(<[u8]>::len)
    };
    for (header, length) in [
        (&[0x00][..], 0),
        (&[0x7F], 0x7F),
        (&[0x81, 0x80], 0x80),
        (&[0x81, 0xFF], 0xFF),
        (&[0x82, 0x01, 0x00], 0x100),
        (&[0x82, 0xFF, 0xFF], 0xFFFF),
        (&[0x83, 0x01, 0x00, 0x00], 0x1_0000),
        (&[0x84, 0x01, 0x00, 0x00, 0x00], 0x100_0000),
    ] {
        assert_eq!(octets(header, length), Ok(length), "{header:02x?}");
        assert_eq!(octets(header, length + 1), Err(Malformed::Trailing), "{header:02x?}");
        if let Some(less) = length.checked_sub(1) {
            assert_eq!(octets(header, less), Err(Malformed::Incomplete), "{header:02x?}");
        }
    }
    for (header, length) in [
        (&[0x80][..], 0),
        (&[0x81, 0x00], 0),
        (&[0x81, 0x7F], 0x7F),
        (&[0x82, 0x00, 0xFF], 0xFF),
        (&[0x83, 0x00, 0x01, 0x00], 0x100),
        (&[0x84, 0x00, 0x01, 0x00, 0x00], 0x1_0000),
        (&[0x85, 0x00, 0x00, 0x00, 0x00, 0x01], 1),
        (&[0xFF], 0),
    ] {
        assert_eq!(octets(header, length), Err(Malformed::Length), "{header:02x?}");
    }
    for cut in [&[][..], &[OCTET_STRING], &[OCTET_STRING, 0x82, 0x01]] {
        assert_eq!(all(cut, Reader::octets), Err(Malformed::Incomplete), "{cut:02x?}");
    }
    // Nothing is set aside for what a length promises.
    assert_eq!(octets(&[0x84, 0xFF, 0xFF, 0xFF, 0xFF], 3), Err(Malformed::Incomplete));
}

#[test]
fn tags_are_of_one_octet_and_constructed_where_they_must_be() {
    let read = |tag| Element::from_der(&[tag, 0]).map(|element| element.tag);
    for tag in [0x05, SEQUENCE, SET, 0x40, 0x7E, 0x80, 0x9E, 0xA0, 0xBE, 0xC0, 0xFE] {
        assert_eq!(read(tag), Ok(tag), "{tag:02x}");
    }
    // End of contents, a reserved one, primitive SEQUENCE and SET, constructed strings, many octets.
    for tag in [0x00, 0x0F, 0x10, 0x11, 0x21, 0x23, 0x24, 0x2C, 0x1F, 0x3F, 0x5F, 0x9F, 0xBF, 0xFF]
    {
        assert_eq!(read(tag), Err(Malformed::Tag), "{tag:02x}");
    }
}

#[test]
fn an_element_is_read_whole_or_by_its_tag_and_tells_where_it_stood() {
    let der = b"\x30\x08\xA1\x03\x04\x01\x07\x02\x01\x05";
    let read = all(der, |reader| {
        reader.sequence(|fields| {
            assert!(fields.explicit(0, Reader::octets)?.is_none());
            let octets = fields.explicit(1, |inner| {
                assert_eq!(inner.position(), 4);
                inner.octets()
            })?;
            assert_eq!((octets, fields.position()), (Some(&[7][..]), 7));
            assert_eq!(fields.clone().take(OCTET_STRING), Err(Malformed::Unexpected));
            assert_eq!(fields.take_if(OCTET_STRING), Ok(None));
            assert_eq!(fields.clone().whole_of(OCTET_STRING), Err(Malformed::Unexpected));
            fields.whole_of(INTEGER)
        })
    });
    assert_eq!(read, Ok(&b"\x02\x01\x05"[..]));
    let left = all(der, |reader| reader.sequence(|fields| fields.whole()));
    assert_eq!(left, Err(Malformed::Trailing), "nothing may be left in what was opened");
}

#[test]
fn values_have_one_form() {
    let value = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
    let boolean = |content: &[u8]| all(&value(BOOLEAN, content), Reader::boolean);
    assert_eq!((boolean(&[0]), boolean(&[0xFF])), (Ok(false), Ok(true)));
    for wrong in [&[][..], &[1], &[0, 0]] {
        assert_eq!(boolean(wrong), Err(Malformed::Value), "{wrong:02x?}");
    }

    let number = |content: &[u8]| all(&value(INTEGER, content), Reader::unsigned::<u32>);
    assert_eq!(number(&[0]), Ok(0));
    assert_eq!(number(&[0, 0x80]), Ok(0x80));
    assert_eq!(number(&[0, 0xFF, 0xFF, 0xFF, 0xFF]), Ok(u32::MAX));
    for wrong in [&[][..], &[0, 0], &[0, 0x7F], &[0x80], &[0xFF, 0x80], &[1, 0, 0, 0, 0]] {
        assert_eq!(number(wrong), Err(Malformed::Value), "{wrong:02x?}");
    }
    assert_eq!(all(&value(INTEGER, &[1, 0]), Reader::unsigned::<u8>), Err(Malformed::Value));
    assert_eq!(integer(&[0xFF]), Ok(&[0xFF][..]), "minus one");
    assert_eq!(integer(&[0xFF, 0xFF]), Err(Malformed::Value));

    let bits = |content: &[u8]| all(&value(BIT_STRING, content), Reader::bits).map(Bits::len);
    assert_eq!((bits(&[0]), bits(&[7, 0x80]), bits(&[0, 1, 2])), (Ok(0), Ok(1), Ok(16)));
    for wrong in [&[][..], &[1], &[8, 0]] {
        assert_eq!(bits(wrong), Err(Malformed::Value), "{wrong:02x?}");
    }
    let flags = Bits::of(&[4, 0b1010_0000]).unwrap();
    assert_eq!(
        [0, 1, 2, 3, 4, 9].map(|bit| flags.is_set(bit)),
        [true, false, true, false, false, false]
    );
    let whole = |content: &[u8]| {
        all(&value(BIT_STRING, content), |reader| reader.bit_string().map(<[u8]>::to_vec))
    };
    assert_eq!((whole(&[0, 9]), whole(&[1, 2])), (Ok(vec![9]), Err(Malformed::Value)));

    let enumerated = |content: &[u8]| all(&value(ENUMERATED, content), Reader::enumerated);
    assert_eq!((enumerated(&[3]), enumerated(&[0, 3])), (Ok(3), Err(Malformed::Value)));
    assert_eq!(all(&[NULL, 0], Reader::null), Ok(()));
    assert_eq!(all(&[NULL, 1, 0], Reader::null), Err(Malformed::Unexpected));
}

#[test]
fn arcs_are_not_longer_than_they_need_be() {
    let known = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.1");
    assert_eq!(oid(known.as_bytes()), Ok(known));
    for wrong in [
        &[][..],
        &[0x2A, 0x80, 0x01],
        &[0x2A, 0x03, 0x80, 0x01],
        // An arc that does not end, one beyond 32 bits, a first arc that there is not.
        &[0x2A, 0x83],
        &[0x2A, 0x90, 0x80, 0x80, 0x80, 0x00],
        &[0xFF, 0x01],
        &[0x2A; 40],
    ] {
        assert_eq!(oid(wrong), Err(Malformed::Value), "{wrong:02x?}");
    }
    assert!(oid(&[0x2A, 0x81, 0x80, 0x01]).is_ok(), "a zero within an arc is a digit");
}

/// DER, more or less: elements within elements, of which some bytes were changed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop::sample::select(vec![1, 2, 3, 4, 5, 6, 10, 12, 0x18, 0x80, 0x81, 0x30, 0xA0]);
    let leaf = (tag, vec(any::<u8>(), 0..5)).prop_map(|(tag, content)| element(tag, &content));
    let tree = leaf.prop_recursive(4, 60, 4, |inner| {
        let tag = prop::sample::select(vec![SEQUENCE, SET, constructed(0), constructed(1), 0x24]);
        (tag, vec(inner, 0..4)).prop_map(|(tag, parts)| element(tag, &parts.concat()))
    });
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (tree, changes).prop_map(|(mut der, changes)| {
        for (at, byte) in changes {
            *at.get_mut(&mut der) = byte;
        }
        der
    })
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    crate::encode::encode(|out| out.value(tag, content))
}

/// Every tag and content in DER, in order, by this reader; primitive ones are read as what they are.
fn outline(bytes: &[u8], told: &mut Vec<(u8, Vec<u8>)>) -> Result<(), Malformed> {
    Reader::new(bytes).each(|reader| {
        let whole = reader.whole()?;
        let Element { tag, content } = Element::from_der(whole)?;
        told.push((tag, content.to_vec()));
        match tag {
            BOOLEAN => all(whole, Reader::boolean).map(drop),
            INTEGER => digits(content).map(drop),
            BIT_STRING => all(whole, Reader::bits).map(drop),
            NULL => all(whole, Reader::null),
            OID => all(whole, Reader::oid).map(drop),
            _ if tag & 0x20 != 0 => outline(content, told),
            _ => Ok(()),
        }
    })
}

/// The same by the der crate.
fn outline_by_der(bytes: &[u8], told: &mut Vec<(u8, Vec<u8>)>) -> der::Result<()> {
    let mut reader = SliceReader::new(bytes)?;
    while !der::Reader::is_finished(&reader) {
        let whole = der::Reader::tlv_bytes(&mut reader)?;
        let element = AnyRef::from_der(whole)?;
        told.push((whole[0], element.value().to_vec()));
        match element.tag() {
            Tag::Boolean => bool::from_der(whole).map(drop)?,
            Tag::Integer => UintRef::from_der(whole).map(drop)?,
            Tag::BitString => BitStringRef::from_der(whole).map(drop)?,
            Tag::Null => Null::from_der(whole).map(drop)?,
            Tag::ObjectIdentifier => <ObjectIdentifier>::from_der(whole).map(drop)?,
            tag if tag.is_constructed() => outline_by_der(element.value(), told)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether the der crate takes what is refused here on purpose: tags of many octets, arcs with leading
/// zeros.
fn is_stricter(bytes: &[u8]) -> bool {
    let Ok(mut reader) = SliceReader::new(bytes) else { return false };
    while let Ok(whole) = der::Reader::tlv_bytes(&mut reader) {
        let Ok(element) = AnyRef::from_der(whole) else { return false };
        let is_one = match element.tag() {
            Tag::ObjectIdentifier => oid(element.value()) == Err(Malformed::Value),
            tag if tag.number() > TagNumber(30) => true,
            tag if tag.is_constructed() => is_stricter(element.value()),
            _ => false,
        };
        if is_one {
            return true;
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_der_crate_reads_the_same(bytes in prop_oneof![mutated(), vec(any::<u8>(), 0..40)]) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let read = outline(&bytes, &mut ours);
        let by_der = outline_by_der(&bytes, &mut theirs);
        match (read, by_der) {
            (Ok(()), Ok(())) => prop_assert_eq!(ours, theirs),
            (Err(_), Err(_)) => {}
            (read, by_der) => prop_assert!(
                read.is_err() && is_stricter(&bytes),
                "{:02x?}: {:?}, {:?}", bytes, read, by_der,
            ),
        }
    }

    #[test]
    fn arcs_that_are_taken_are_an_object_identifier(bytes in vec(prop_oneof![any::<u8>(), 0x7F_u8..0x83], 0..45)) {
        let taken = arcs(&bytes).map(<[u8]>::to_vec);
        let known = oid(&bytes).map(|oid| oid.as_bytes().to_vec());
        prop_assert_eq!(taken, known);
    }

    #[test]
    fn octets_are_those_of_the_der_crate(bytes in vec(any::<u8>(), 0..20)) {
        let theirs = <&OctetStringRef>::from_der(&bytes).map(OctetStringRef::as_bytes);
        prop_assert_eq!(all(&bytes, Reader::octets).ok(), theirs.ok());
    }
}
