//! Bundles of entries (C2SP tlog-tiles): each entry after its length, two bytes, the higher first.

/// An entry is longer than a bundle can hold: 65,535 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entry is longer than 65535 bytes")]
pub struct TooLong;

/// Adds an entry to a bundle.
///
/// # Errors
/// It is too long.
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TooLong> {
    let length = u16::try_from(entry.len()).map_err(|_| TooLong)?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle, in their order; `None` if it ends within one.
pub fn entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        all.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_read_as_it_was_written() {
        let longest = vec![7; 65_535];
        let mut bundle = Vec::new();
        for entry in [&b"one"[..], b"", &longest] {
            push(&mut bundle, entry).unwrap();
        }
        assert_eq!(bundle[..7], *b"\0\x03one\0\0");
        assert_eq!(entries(&bundle), Some(vec![&b"one"[..], b"", &longest]));
        assert_eq!(push(&mut bundle, &[0; 65_536]), Err(TooLong));
        for cut in [1, 2, 3, 4, 6, bundle.len() - 1] {
            assert_eq!(entries(&bundle[..cut]), None, "{cut}");
        }
        assert_eq!(entries(b""), Some(Vec::new()));
    }
}
