//! A reader of DER (X.690) that borrows all it gives: no length field can make it allocate.

use const_oid::ObjectIdentifier;

use crate::encode::{
    BIT_STRING, BOOLEAN, ENUMERATED, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, constructed,
};

/// The bytes are not DER of the structure that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// They end within an element.
    #[error("malformed DER: an element is cut off")]
    Incomplete,
    /// A tag that no type here has: of many octets, reserved, or constructed where it must be primitive.
    #[error("malformed DER: there is no such tag")]
    Tag,
    /// A length that is indefinite, not in its shortest form, or of more than four octets.
    #[error("malformed DER: a length is not in its one form")]
    Length,
    /// Another element stands there, or none.
    #[error("malformed DER: another element is expected")]
    Unexpected,
    /// An element has bytes after the last that belongs into it.
    #[error("malformed DER: there is more than belongs there")]
    Trailing,
    /// A value that its type, or the structure, does not have.
    #[error("malformed DER: a value is not in its one form")]
    Value,
}

/// One element: its tag, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads one element that is all of `bytes`.
    pub(crate) fn from_der(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let element = reader.element()?;
        reader.finish()?;
        Ok(element)
    }

    /// The content, if the tag is this one.
    pub(crate) fn expect(self, tag: u8) -> Result<&'a [u8], Malformed> {
        if self.tag == tag { Ok(self.content) } else { Err(Malformed::Unexpected) }
    }

    pub(crate) fn is_null(self) -> bool {
        self == Element { tag: NULL, content: &[] }
    }
}

/// A BIT STRING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits<'a> {
    unused: u8,
    bytes: &'a [u8],
}

impl<'a> Bits<'a> {
    pub(crate) fn of(content: &'a [u8]) -> Result<Self, Malformed> {
        match content.split_first() {
            Some((0, bytes)) => Ok(Self { unused: 0, bytes }),
            Some((&unused @ 1..=7, bytes @ [_, ..])) => Ok(Self { unused, bytes }),
            _ => Err(Malformed::Value),
        }
    }

    /// How many there are.
    pub(crate) fn len(self) -> usize {
        self.bytes.len() * 8 - usize::from(self.unused)
    }

    /// Whether that one is there and set.
    pub(crate) fn is_set(self, bit: usize) -> bool {
        bit < self.len() && self.bytes[bit / 8] & (0x80 >> (bit % 8)) != 0
    }
}

/// Goes through the elements in a piece of DER, one after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, position: 0 }
    }

    /// How far it has come, in bytes from the start of the whole input, also inside of an element.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.is_finished() { Ok(()) } else { Err(Malformed::Trailing) }
    }

    /// Whether an element with this tag comes next.
    pub(crate) fn comes_next(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    /// The next element.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let (&tag, rest) = self.rest.split_first().ok_or(Malformed::Incomplete)?;
        if !is_tag(tag) {
            return Err(Malformed::Tag);
        }
        let (length, rest) = split_length(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(Malformed::Incomplete)?;
        self.position += self.rest.len() - rest.len();
        self.rest = rest;
        Ok(Element { tag, content })
    }

    /// The next element as it stands there: tag, length, content.
    pub(crate) fn whole(&mut self) -> Result<&'a [u8], Malformed> {
        let before = self.rest;
        self.element()?;
        Ok(&before[..before.len() - self.rest.len()])
    }

    /// The same of an element that must have this tag.
    pub(crate) fn whole_of(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        if self.comes_next(tag) { self.whole() } else { Err(Malformed::Unexpected) }
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        self.element()?.expect(tag)
    }

    /// The content of the next element, if it has this tag.
    pub(crate) fn take_if(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.comes_next(tag) { self.take(tag).map(Some) } else { Ok(None) }
    }

    /// Reads all that is in the next element, which must have this tag.
    pub(crate) fn nest<T, E: From<Malformed>>(
        &mut self,
        tag: u8,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let content = self.take(tag)?;
        let mut inner = Self { rest: content, position: self.position - content.len() };
        let value = read(&mut inner)?;
        inner.finish()?;
        Ok(value)
    }

    pub(crate) fn sequence<T, E: From<Malformed>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.nest(SEQUENCE, read)
    }

    /// Reads `[number]` EXPLICIT, or IMPLICIT over what has elements inside, if it comes next.
    pub(crate) fn explicit<T, E: From<Malformed>>(
        &mut self,
        number: u8,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let tag = constructed(number);
        if self.comes_next(tag) { self.nest(tag, read).map(Some) } else { Ok(None) }
    }

    /// Calls `each` until nothing is left.
    pub(crate) fn each<E: From<Malformed>>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.is_finished() {
            each(self)?;
        }
        Ok(())
    }

    /// Passes over all that is left, which must be elements.
    pub(crate) fn skip_all(&mut self) -> Result<(), Malformed> {
        self.each(|rest| rest.element().map(drop))
    }

    pub(crate) fn oid(&mut self) -> Result<ObjectIdentifier, Malformed> {
        oid(self.take(OID)?)
    }

    pub(crate) fn octets(&mut self) -> Result<&'a [u8], Malformed> {
        self.take(OCTET_STRING)
    }

    /// A BIT STRING of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Result<&'a [u8], Malformed> {
        match Bits::of(self.take(BIT_STRING)?)? {
            Bits { unused: 0, bytes } => Ok(bytes),
            _ => Err(Malformed::Value),
        }
    }

    pub(crate) fn bits(&mut self) -> Result<Bits<'a>, Malformed> {
        Bits::of(self.take(BIT_STRING)?)
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Malformed> {
        boolean(self.take(BOOLEAN)?)
    }

    /// A small INTEGER that is not negative.
    pub(crate) fn unsigned<T: TryFrom<u32>>(&mut self) -> Result<T, Malformed> {
        unsigned(self.take(INTEGER)?)
    }

    /// An ENUMERATED of one byte.
    pub(crate) fn enumerated(&mut self) -> Result<u8, Malformed> {
        match self.take(ENUMERATED)? {
            &[code] => Ok(code),
            _ => Err(Malformed::Value),
        }
    }

    pub(crate) fn null(&mut self) -> Result<(), Malformed> {
        if self.element()?.is_null() { Ok(()) } else { Err(Malformed::Unexpected) }
    }
}

/// The object identifier with these content octets.
pub(crate) fn oid(content: &[u8]) -> Result<ObjectIdentifier, Malformed> {
    ObjectIdentifier::from_bytes(arcs(content)?).map_err(|_| Malformed::Value)
}

/// The content octets of an OBJECT IDENTIFIER: no arc is longer than it need be, or than 32 bits; the first
/// two are in one octet.
pub(crate) fn arcs(content: &[u8]) -> Result<&[u8], Malformed> {
    let mut arc = 0_u64;
    for &octet in content {
        arc = arc << 7 | u64::from(octet & 0x7F);
        if octet == 0x80 && arc == 0 || arc > u32::MAX.into() {
            return Err(Malformed::Value);
        }
        if octet < 0x80 {
            arc = 0;
        }
    }
    match content {
        [0..=119, ..]
            if content.len() <= ObjectIdentifier::MAX_SIZE && content.last() < Some(&0x80) =>
        {
            Ok(content)
        }
        _ => Err(Malformed::Value),
    }
}

pub(crate) fn boolean(content: &[u8]) -> Result<bool, Malformed> {
    match content {
        [0x00] => Ok(false),
        [0xFF] => Ok(true),
        _ => Err(Malformed::Value),
    }
}

/// The content octets of an INTEGER, which must be in their shortest form.
pub(crate) fn integer(content: &[u8]) -> Result<&[u8], Malformed> {
    match content {
        [] | [0x00, 0x00..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] => Err(Malformed::Value),
        _ => Ok(content),
    }
}

/// The octets of an INTEGER that is not negative, without a leading zero.
pub(crate) fn digits(content: &[u8]) -> Result<&[u8], Malformed> {
    match integer(content)? {
        [0x80..=0xFF, ..] => Err(Malformed::Value),
        [0x00, digits @ ..] if !digits.is_empty() => Ok(digits),
        digits => Ok(digits),
    }
}

/// The small number with these content octets.
pub(crate) fn unsigned<T: TryFrom<u32>>(content: &[u8]) -> Result<T, Malformed> {
    let digits = digits(content)?;
    if digits.len() > 4 {
        return Err(Malformed::Value);
    }
    let number = digits.iter().fold(0, |number: u32, digit| number << 8 | u32::from(*digit));
    T::try_from(number).map_err(|_| Malformed::Value)
}

/// Whether a tag is one that an element may have here: of one octet, and constructed if it must be.
fn is_tag(tag: u8) -> bool {
    match tag {
        // The universal types that are in use (X.680 table 1).
        0x01..=0x06 | 0x09 | 0x0A | 0x0C | 0x0D | 0x12..=0x18 | 0x1A | 0x1B | 0x1E => true,
        SEQUENCE | SET => true,
        0x00..=0x3F => false,
        _ => tag & 0x1F != 0x1F,
    }
}

/// A length in its shortest form, and what follows it.
fn split_length(bytes: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let (&first, rest) = bytes.split_first().ok_or(Malformed::Incomplete)?;
    let octets = match first {
        0..=0x7F => return Ok((first.into(), rest)),
        0x81..=0x84 => usize::from(first & 0x7F),
        _ => return Err(Malformed::Length),
    };
    let (length, rest) = rest.split_at_checked(octets).ok_or(Malformed::Incomplete)?;
    let length = length.iter().fold(0, |length: usize, octet| length << 8 | usize::from(*octet));
    let is_shortest = length >= 0x80 && length >> (8 * (octets - 1)) != 0;
    if is_shortest { Ok((length, rest)) } else { Err(Malformed::Length) }
}

#[cfg(test)]
mod tests;
