//! Names of chips in a tray.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A chip's name: 1 to 40 lower-case letters, digits and hyphens, no hyphen first. It is also the
/// name of its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChipName(String);

/// The text is no name of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a chip's name is 1 to 40 lower-case letters, digits and hyphens, no hyphen first")]
pub struct InvalidChipName;

impl ChipName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChipName {
    type Err = InvalidChipName;

    fn from_str(text: &str) -> Result<Self, InvalidChipName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let well_formed =
            (1..=40).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidChipName) }
    }
}

impl fmt::Display for ChipName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_tray() {
        for name in ["hanako", "taro-phone", "0"] {
            assert_eq!(name.parse::<ChipName>().unwrap().to_string(), name);
        }
        let long = "a".repeat(41);
        for name in ["", "..", "../a", "a/b", "a.b", "-a", "Hanako", "花子", "a b", &long] {
            assert_eq!(name.parse::<ChipName>(), Err(InvalidChipName), "{name}");
        }
    }
}
