//! Byte strings of the image: written as hexadecimal digits, never shown by `Debug`.

use std::fmt::{self, Write as _};
use std::ops::Deref;

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

/// The content of a file.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Bytes(pub Vec<u8>);

/// A secret, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the secret over.
    pub fn new(secret: Vec<u8>) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        to_hex(&bytes)
    }
}

impl Serialize for SecretBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(to_hex(self)))
    }
}

impl TryFrom<String> for Bytes {
    type Error = InvalidHex;

    fn try_from(text: String) -> Result<Self, InvalidHex> {
        from_hex(&text).map(Self)
    }
}

impl TryFrom<String> for SecretBytes {
    type Error = InvalidHex;

    fn try_from(text: String) -> Result<Self, InvalidHex> {
        let text = Zeroizing::new(text);
        from_hex(&text).map(Self::new)
    }
}

/// A stored text is not pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not pairs of hexadecimal digits")]
pub struct InvalidHex;

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Result<Vec<u8>, InvalidHex> {
    let (pairs, []) = text.as_bytes().as_chunks() else {
        return Err(InvalidHex);
    };
    // All the room at once, so that growing leaves no copies of a secret behind.
    let mut bytes = Vec::with_capacity(pairs.len());
    for &[high, low] in pairs {
        bytes.push(nibble(high)? << 4 | nibble(low)?);
    }
    Ok(bytes)
}

fn nibble(digit: u8) -> Result<u8, InvalidHex> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(InvalidHex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_stored_as_hexadecimal_digits_and_not_shown() {
        let bytes = Bytes(vec![0x00, 0x9A, 0xFF]);
        assert_eq!(serde_json::to_string(&bytes).unwrap(), r#""009aff""#);
        assert_eq!(serde_json::from_str::<Bytes>(r#""009AfF""#).unwrap(), bytes);
        assert_eq!(format!("{bytes:?}"), "Bytes(3)");
        let secret = SecretBytes::new(vec![1, 2, 3]);
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""010203""#);
        assert_eq!(format!("{secret:?}"), "SecretBytes(..)");
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["0", "0g", "00 0", "あ"] {
            assert_eq!(Bytes::try_from(text.to_owned()), Err(InvalidHex), "{text}");
        }
    }
}
