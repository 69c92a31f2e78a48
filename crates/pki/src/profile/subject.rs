//! What stands in a holder's subject name, in the forms observed on a genuine test card.

use std::fmt;

use inrou_rules::{Municipality, japan};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entropy::Entropy;

/// Ends every common name; what it stands for is not public.
const SUFFIX: &str = "003A";

/// Length of the opaque part of a user-authentication certificate's common name.
const OPAQUE_LENGTH: usize = 14;

/// A municipality, as certificates name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its code, such as `13221`.
    pub code: Municipality,
    /// The prefecture's name in Roman letters, such as `Tokyo-to`.
    pub prefecture: String,
    /// The municipality's name in Roman letters, such as `Kiyose-shi`.
    pub municipality: String,
}

/// A holder's common name: 28 characters for signature, 23 for user authentication.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommonName(String);

impl CommonName {
    /// `yyyyMMddHHmmss` of the application in Japan time, a counter of five digits (it wraps around),
    /// the municipality, and the suffix.
    pub fn for_signature(applied_at: Timestamp, counter: u32, municipality: Municipality) -> Self {
        let time = japan::civil(applied_at).strftime("%Y%m%d%H%M%S");
        Self(format!("{time}{:05}{municipality}{SUFFIX}", counter % 100_000))
    }

    /// 14 opaque letters and digits, the municipality, and the suffix.
    pub fn for_user_authentication(entropy: &dyn Entropy, municipality: Municipality) -> Self {
        Self(format!("{}{municipality}{SUFFIX}", opaque(entropy)))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a common name that a certificate can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a common name is 1 to 64 letters and digits")]
pub struct InvalidCommonName;

impl TryFrom<String> for CommonName {
    type Error = InvalidCommonName;

    fn try_from(text: String) -> Result<Self, InvalidCommonName> {
        let fits =
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text)) } else { Err(InvalidCommonName) }
    }
}

impl From<CommonName> for String {
    fn from(name: CommonName) -> String {
        name.0
    }
}

fn opaque(entropy: &dyn Entropy) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    // Bytes from 252 on would favour the first letters.
    const FAIR: u8 = 252;
    let mut text = String::with_capacity(OPAQUE_LENGTH);
    while text.len() < OPAQUE_LENGTH {
        let mut bytes = [0; OPAQUE_LENGTH];
        entropy.fill(&mut bytes);
        let letters = bytes.iter().filter(|&&byte| byte < FAIR);
        let letters = letters.map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        text.extend(letters.take(OPAQUE_LENGTH - text.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn signature_common_name_has_the_observed_form() {
        let applied_at = "2025-10-16T17:26:00+09:00".parse().unwrap();
        let name = CommonName::for_signature(applied_at, 134, "13221".parse().unwrap());
        assert_eq!(name.as_str(), "202510161726000013413221003A");
        let wrapped = CommonName::for_signature(applied_at, 100_134, "13221".parse().unwrap());
        assert_eq!(wrapped, name);
    }

    #[test]
    fn user_authentication_common_name_has_the_observed_form() {
        let entropy = SeededEntropy::new(1);
        let kiyose = "13221".parse().unwrap();
        let name = CommonName::for_user_authentication(&entropy, kiyose);
        assert_eq!(name.as_str().len(), "997794E9AGCIEG13221003A".len());
        assert!(name.as_str().ends_with("13221003A"));
        assert_ne!(name, CommonName::for_user_authentication(&entropy, kiyose));
        assert_eq!(CommonName::try_from(name.to_string()), Ok(name));
    }

    #[test]
    fn other_texts_are_no_common_names() {
        for text in ["", "黒桐", "a b", &"A".repeat(65)] {
            assert_eq!(CommonName::try_from(text.to_owned()), Err(InvalidCommonName));
        }
    }
}
