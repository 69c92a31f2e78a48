//! Reading objects. Nothing is repaired: what another reader might take otherwise is refused.

use crate::PdfError;
use crate::object::{Dictionary, Object, Reference};

/// How deep arrays and dictionaries may lie in each other.
const MAX_DEPTH: usize = 64;

/// Reads forward through bytes.
pub(crate) struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How far it has come.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// On to a byte.
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at;
    }

    pub(crate) fn malformed(&self) -> PdfError {
        PdfError::Malformed { at: self.at }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Past white space, not comments.
    pub(crate) fn skip_white(&mut self) {
        while self.peek().is_some_and(is_white) {
            self.at += 1;
        }
    }

    /// Past white space and comments.
    fn skip(&mut self) {
        self.skip_white();
        while self.peek() == Some(b'%') {
            while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                self.at += 1;
            }
            self.skip_white();
        }
    }

    /// Past these bytes, if they come next.
    pub(crate) fn take(&mut self, literal: &[u8]) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    /// Past a word that must come next, after white space and comments.
    pub(crate) fn expect(&mut self, word: &[u8]) -> Result<(), PdfError> {
        self.skip();
        let ends = |byte: &u8| is_white(*byte) || is_delimiter(*byte);
        if self.take(word) && self.rest().first().is_none_or(ends) {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// A non-negative number without a point.
    pub(crate) fn number(&mut self) -> Result<usize, PdfError> {
        self.skip();
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = self.rest().get(..digits).unwrap_or_default();
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| self.malformed())?;
        self.at += digits;
        Ok(number)
    }

    /// `n g obj`: the number.
    pub(crate) fn object_header(&mut self) -> Result<Reference, PdfError> {
        let reference = self.reference_numbers()?;
        self.expect(b"obj")?;
        Ok(reference)
    }

    fn reference_numbers(&mut self) -> Result<Reference, PdfError> {
        let number = u32::try_from(self.number()?).map_err(|_| self.malformed())?;
        let generation = u16::try_from(self.number()?).map_err(|_| self.malformed())?;
        Ok(Reference { number, generation })
    }

    /// An object, without a stream's data.
    pub(crate) fn object(&mut self) -> Result<Object, PdfError> {
        self.object_within(MAX_DEPTH)
    }

    fn object_within(&mut self, depth: usize) -> Result<Object, PdfError> {
        let inner = depth.checked_sub(1).ok_or_else(|| self.malformed())?;
        self.skip();
        match self.peek().ok_or_else(|| self.malformed())? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal_string().map(Object::String),
            b'<' if self.rest().starts_with(b"<<") => {
                self.dictionary(inner).map(Object::Dictionary)
            }
            b'<' => self.hex_string().map(Object::String),
            b'[' => self.elements(inner).map(Object::Array),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.numeric(),
            _ => [
                (&b"true"[..], Object::Boolean(true)),
                (b"false", Object::Boolean(false)),
                (b"null", Object::Null),
            ]
            .into_iter()
            .find_map(|(word, object)| self.expect(word).is_ok().then_some(object))
            .ok_or_else(|| self.malformed()),
        }
    }

    fn name(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| !is_white(*byte) && !is_delimiter(*byte)) {
            self.at += 1;
            if byte != b'#' {
                name.push(byte);
                continue;
            }
            let (high, low) = (self.hex_digit()?, self.hex_digit()?);
            name.push(high * 16 + low);
        }
        Ok(name)
    }

    fn hex_digit(&mut self) -> Result<u8, PdfError> {
        let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
        digit.map(|digit| digit as u8).ok_or_else(|| self.malformed())
    }

    fn hex_string(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let mut digits = Vec::new();
        loop {
            self.skip_white();
            if self.take(b">") {
                break;
            }
            digits.push(self.hex_digit()?);
        }
        // An odd digit at the end stands before a zero.
        Ok(digits.chunks(2).map(|pair| pair[0] * 16 + pair.get(1).unwrap_or(&0)).collect())
    }

    fn literal_string(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1_usize);
        loop {
            let byte = self.next().ok_or_else(|| self.malformed())?;
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'\\' => {
                    self.escaped(&mut text)?;
                    continue;
                }
                b'\r' => {
                    // An end of line of any kind is read as a line feed.
                    self.take(b"\n");
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            if open == 0 {
                return Ok(text);
            }
            text.push(byte);
        }
    }

    fn escaped(&mut self, text: &mut Vec<u8>) -> Result<(), PdfError> {
        let byte = self.next().ok_or_else(|| self.malformed())?;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => {
                self.take(b"\n");
            }
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    self.at += 1;
                    code = code * 8 + u32::from(digit - b'0');
                }
                text.push((code & 0xFF) as u8);
            }
            other => text.push(other),
        }
        Ok(())
    }

    fn elements(&mut self, depth: usize) -> Result<Vec<Object>, PdfError> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.skip();
            if self.take(b"]") {
                return Ok(elements);
            }
            elements.push(self.object_within(depth)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Dictionary, PdfError> {
        self.at += 2;
        let mut dictionary = Dictionary::new();
        loop {
            self.skip();
            if self.take(b">>") {
                return Ok(dictionary);
            }
            if self.peek() != Some(b'/') {
                return Err(self.malformed());
            }
            let key = self.name()?;
            let value = self.object_within(depth)?;
            // Of two values one reader takes the first, another the last.
            if dictionary.insert(key, value).is_some() {
                return Err(self.malformed());
            }
        }
    }

    /// A number, or a reference.
    fn numeric(&mut self) -> Result<Object, PdfError> {
        let mut ahead = Parser::new(self.bytes, self.at);
        if let Ok(reference) = ahead.reference_numbers()
            && ahead.expect(b"R").is_ok()
        {
            self.at = ahead.at;
            return Ok(Object::Reference(reference));
        }
        let is_part = |byte: &&u8| byte.is_ascii_digit() || b"+-.".contains(byte);
        let length = self.rest().iter().take_while(is_part).count();
        let text = self.rest().get(..length).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| self.malformed())?;
        let object = match text.parse::<i64>() {
            Ok(number) => Object::Integer(number),
            Err(_) if text.contains('.') && text.parse::<f64>().is_ok() => {
                Object::Real(text.as_bytes().to_vec())
            }
            Err(_) => return Err(self.malformed()),
        };
        self.at += length;
        Ok(object)
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    b"()<>[]{}/%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::{dictionary, name};

    fn read(text: &[u8]) -> Result<Object, PdfError> {
        Parser::new(text, 0).object()
    }

    #[test]
    fn objects_are_read_as_iso_32000_has_them() {
        let string = |text: &[u8]| Ok(Object::String(text.to_vec()));
        assert_eq!(read(b" % a comment\n 12"), Ok(Object::Integer(12)));
        assert_eq!(read(b"-.5"), Ok(Object::Real(b"-.5".to_vec())));
        assert_eq!(read(b"(a\\(b(c)\\051\\\nd)"), string(b"a(b(c))d"));
        assert_eq!(read(b"<48 65 7>"), string(b"Hep"));
        assert_eq!(read(b"/A#42C"), Ok(name("ABC")));
        let reference = Object::Reference(Reference { number: 7, generation: 0 });
        let array = Object::Array(vec![Object::Integer(1), reference.clone(), Object::Null]);
        assert_eq!(read(b"[1 7 0 R null]"), Ok(array));
        let inner = Object::Dictionary(dictionary([("B", Object::Boolean(true))]));
        let outer = Object::Dictionary(dictionary([("A", inner), ("C", reference)]));
        assert_eq!(read(b"<</A<</B true>>/C 7 0 R>>"), Ok(outer));
    }

    #[test]
    fn what_readers_could_take_in_two_ways_is_refused() {
        let deep = [vec![b'['; 100], vec![b']'; 100]].concat();
        for text in
            [&b"<< /A 1 /A 2 >>"[..], b"<< /A >>", b"(open", b"<4g>", b"[1", b"1.2.3", &deep]
        {
            assert!(read(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes: Vec<u8>, number: i64) {
            let object = Object::Array(vec![
                Object::String(bytes.clone()),
                Object::Name(bytes),
                Object::Integer(number),
            ]);
            let mut text = Vec::new();
            object.write(&mut text);
            prop_assert_eq!(read(&text), Ok(object));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
