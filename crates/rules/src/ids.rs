//! Identifiers. Each is a type of its own, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text given for an identifier does not have its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an identifier of this kind")
    }
}

impl std::error::Error for InvalidId {}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Sixteen opaque bytes, written as 32 lower-case hexadecimal digits.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[0-9a-f]{32}$",
            example = "0123456789abcdef0123456789abcdef"))]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes sixteen bytes, which the caller has drawn or derived.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_hex(text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
    };
}

hex_id!(
    /// A resident, as this service knows one. Never the My Number.
    ResidentId
);
hex_id!(
    /// A plastic My Number card.
    CardId
);
hex_id!(
    /// A chip: a card's, or a phone's secure element.
    ChipId
);
hex_id!(
    /// One application for certificates on a phone, from its first step to registration.
    EnrolmentId
);
hex_id!(
    /// A member of a desk's staff, by a name that says nothing of whom.
    MemberId
);
hex_id!(
    /// One operation of the operator over many residents' certificates.
    OperationId
);

/// A municipality's five-digit code (全国地方公共団体コード, without its check digit).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[0-9]{5}$", example = "13221"))]
pub struct Municipality([u8; 5]);

impl Municipality {
    /// The five ASCII digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Municipality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Municipality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Municipality({self})")
    }
}

impl FromStr for Municipality {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits: [u8; 5] = text.as_bytes().try_into().map_err(|_| InvalidId)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(InvalidId) }
    }
}

impl From<Municipality> for String {
    fn from(code: Municipality) -> String {
        code.to_string()
    }
}

impl TryFrom<String> for Municipality {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

/// Which version of a resident's attributes (name, address, birth date, sex) is meant.
///
/// Events carry this number, never the values.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct RecordVersion(pub u32);

impl RecordVersion {
    /// The version with which a resident is admitted.
    pub const FIRST: RecordVersion = RecordVersion(1);

    /// The version after this one.
    pub fn next(self) -> RecordVersion {
        RecordVersion(self.0.saturating_add(1))
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex(text: &str) -> Result<[u8; 16], InvalidId> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return Err(InvalidId);
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks().0) {
        let [high, low] = *pair;
        *byte = nibble(high)? * 16 + nibble(low)?;
    }
    Ok(bytes)
}

fn nibble(digit: u8) -> Result<u8, InvalidId> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(InvalidId),
    }
}
