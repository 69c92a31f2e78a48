//! BER-TLV data objects (ISO/IEC 7816-4 §5.2.2) with tags of one or two bytes.

/// One data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataObject<'a> {
    /// The tag, both bytes of it if there are two.
    pub tag: u16,
    /// The value.
    pub value: &'a [u8],
}

/// Takes the data object at the start of `bytes`; also gives what follows it. `None` if there is no
/// whole object.
pub fn take(bytes: &[u8]) -> Option<(DataObject<'_>, &[u8])> {
    let (tag, length, rest) = header(bytes)?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((DataObject { tag, value }, rest))
}

/// How many bytes the data object takes of which `head` is the start, header included. `None` if
/// `head` holds no whole header.
pub fn length_of_object(head: &[u8]) -> Option<usize> {
    let (_, length, rest) = header(head)?;
    Some(head.len() - rest.len() + length)
}

/// The value of the data object that `bytes` is, if it has that tag and nothing follows it.
pub fn sole(tag: u16, bytes: &[u8]) -> Option<&[u8]> {
    take(bytes)
        .filter(|(object, rest)| object.tag == tag && rest.is_empty())
        .map(|(object, _)| object.value)
}

/// Appends a data object; a value over 65 535 bytes is cut off there.
pub fn push(bytes: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    let [high, low] = tag.to_be_bytes();
    if high != 0 {
        bytes.push(high);
    }
    bytes.push(low);
    match value.len().to_be_bytes() {
        [.., 0, length @ ..=0x7F] => bytes.push(length),
        [.., 0, length] => bytes.extend([0x81, length]),
        [.., high, low] => bytes.extend([0x82, high, low]),
    }
    bytes.extend_from_slice(value);
}

/// A data object.
pub fn object(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len() + 6);
    push(&mut bytes, tag, value);
    bytes
}

/// Tag, length of the value, and what follows the header.
fn header(bytes: &[u8]) -> Option<(u16, usize, &[u8])> {
    let (tag, rest) = match *bytes {
        [first, second, ..] if first & 0x1F == 0x1F && second & 0x80 == 0 => {
            (u16::from_be_bytes([first, second]), &bytes[2..])
        }
        [first, ..] if first & 0x1F != 0x1F => (u16::from(first), &bytes[1..]),
        _ => return None,
    };
    match *rest {
        [length @ ..=0x7F, ..] => Some((tag, length.into(), &rest[1..])),
        [0x81, length, ..] => Some((tag, length.into(), &rest[2..])),
        [0x82, high, low, ..] => Some((tag, u16::from_be_bytes([high, low]).into(), &rest[3..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        for (length, header) in [
            (0x7F, [0xDF, 0x22, 0x7F].as_slice()),
            (0x80, &[0xDF, 0x22, 0x81, 0x80]),
            (0xFF, &[0xDF, 0x22, 0x81, 0xFF]),
            (0x100, &[0xDF, 0x22, 0x82, 0x01, 0x00]),
        ] {
            assert!(object(0xDF22, &vec![7; length]).starts_with(header), "{length}");
        }
    }

    #[test]
    fn what_follows_an_object_is_kept_apart() {
        let bytes = [object(0x80, b"ab"), vec![0xFF, 0xFF]].concat();
        let (object, rest) = take(&bytes).unwrap();
        assert_eq!((object.tag, object.value, rest), (0x80, &b"ab"[..], &[0xFF, 0xFF][..]));
        assert_eq!(sole(0x80, &bytes), None);
        assert_eq!(sole(0x80, &bytes[..4]), Some(&b"ab"[..]));
        assert_eq!(sole(0x81, &bytes[..4]), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            tag in prop::sample::select(vec![0x80, 0x86, 0xA0, 0x5F37, 0x7F21, 0xDF25, 0xFF10]),
            value in prop::collection::vec(any::<u8>(), 0..400),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = object(tag, &value);
            prop_assert_eq!(sole(tag, &bytes), Some(&*value));
            prop_assert_eq!(take(&bytes[..cut.index(bytes.len())]), None);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some((object, rest)) = take(&bytes) {
                prop_assert!(object.value.len() + rest.len() < bytes.len());
            }
        }
    }
}
