//! Binary values in JSON.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Bytes as a base64 string (RFC 4648 §4, padded). `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, format = Byte)]
pub struct Base64(pub Vec<u8>);

/// Bytes as a string of upper-case hexadecimal digits; both cases are read. `Debug` shows only the
/// length: an APDU can carry a PIN.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, pattern = "^([0-9A-Fa-f]{2})*$")]
pub struct Hex(pub Vec<u8>);

/// A body that is bytes, for API documents: OpenAPI 3.1 has it as a string of any media type.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(());

impl From<Base64> for String {
    fn from(bytes: Base64) -> String {
        STANDARD.encode(bytes.0)
    }
}

impl TryFrom<String> for Base64 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self).map_err(|_| "not base64")
    }
}

impl From<Hex> for String {
    fn from(bytes: Hex) -> String {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        bytes
            .0
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
            .collect()
    }
}

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or("not hexadecimal")?;
        Ok(Self(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()))
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_in_both_cases_and_written_in_capitals() {
        let bytes: Hex = serde_json::from_str(r#""00a4FF""#).unwrap();
        assert_eq!(bytes.0, [0x00, 0xA4, 0xFF]);
        assert_eq!(serde_json::to_string(&bytes).unwrap(), r#""00A4FF""#);
        for wrong in [r#""0""#, r#""0g""#, r#""é""#] {
            assert!(serde_json::from_str::<Hex>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn debug_shows_no_bytes() {
        assert_eq!(format!("{:?}", Hex(vec![0x31; 4])), "Hex(4 bytes)");
        assert_eq!(format!("{:?}", Base64(vec![0x31; 4])), "Base64(4 bytes)");
    }
}
