//! What a chip remembers: one [`Image`], stored whole by [`crate::memory`].
//!
//! *The types here are stored*, as JSON. A field may be added with a default; nothing is renamed.
//! Files and keys lie in the clear: this is a simulator, not a secure element.

mod bytes;
mod pin;

use std::collections::BTreeMap;
use std::fmt;

use inrou_rules::{ChipId, Use};
use serde::{Deserialize, Serialize};

pub use bytes::{Bytes, SecretBytes};
pub use pin::Pin;

use crate::issuer::IssuerState;

/// Everything that a chip remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What the chip passes for.
    pub personality: Personality,
    /// Its identity.
    pub chip: ChipId,
    /// Data objects that GET DATA gives while no application is selected.
    pub data_objects: BTreeMap<FileId, Bytes>,
    /// The JPKI application.
    pub jpki: JpkiState,
    /// The face-input application (券面入力補助AP); a card's only.
    pub face_input: Option<FaceInputState>,
    /// The card manager: secure channel, device key, permissions, receipts.
    pub issuer: IssuerState,
}

/// What a chip passes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Personality {
    /// The plastic My Number card.
    Card,
    /// The secure element of an Android phone (GP-SE).
    Android,
    /// The secure element of an iPhone.
    Ios,
}

impl Personality {
    /// Whether the chip is a phone's.
    pub fn is_phone(self) -> bool {
        self != Self::Card
    }

    /// The token label with which EF 0006 of the JPKI application begins.
    pub fn token_label(self) -> &'static str {
        match self {
            Self::Card => "JPKIAPICCTOKEN2",
            Self::Android => "JPKIAPGPSETOKEN",
            Self::Ios => "JPKIAPIOSTOKEN",
        }
    }
}

/// A file identifier, or the tag of a data object. Written as four hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FileId(pub u16);

/// The JPKI application (公的個人認証AP).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JpkiState {
    /// Transparent EFs by identifier: certificates and token information.
    pub files: BTreeMap<FileId, Bytes>,
    /// Key and password of the signature certificate.
    pub signature: Credential,
    /// Key and PIN of the user-authentication certificate.
    pub user_authentication: Credential,
}

impl JpkiState {
    /// Key and PIN of one use.
    pub fn credential(&self, usage: Use) -> &Credential {
        match usage {
            Use::Signature => &self.signature,
            Use::UserAuthentication => &self.user_authentication,
        }
    }

    /// Key and PIN of one use.
    pub fn credential_mut(&mut self, usage: Use) -> &mut Credential {
        match usage {
            Use::Signature => &mut self.signature,
            Use::UserAuthentication => &mut self.user_authentication,
        }
    }
}

/// A private key and the PIN that guards it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The PIN.
    pub pin: Pin,
    /// The private key, PKCS#8 in DER; absent until one is made.
    pub(crate) key: Option<SecretBytes>,
}

impl Credential {
    /// Whether there is a private key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }
}

/// The face-input application (券面入力補助AP).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceInputState {
    /// Transparent EFs by identifier.
    pub files: BTreeMap<FileId, Bytes>,
    /// The PINs by EF: see [`crate::face_input`].
    pub pins: BTreeMap<FileId, Pin>,
    /// The key for challenges (EF 0013), PKCS#8 in DER.
    pub(crate) signing_key: SecretBytes,
    /// The key to which session keys are encrypted, PKCS#8 in DER.
    pub(crate) session_key: SecretBytes,
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

impl From<FileId> for String {
    fn from(id: FileId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for FileId {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u16::from_str_radix(&text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_stays_readable() {
        // All fields, with values that are short and not always sensible.
        let stored = include_str!("../tests/fixtures/image-1.json");
        let image: Image = serde_json::from_str(stored).unwrap();
        assert!(image.jpki.signature.pin.matches(b"ABC123"));
        assert!(!image.jpki.user_authentication.pin.is_set());
        assert_eq!(&image.data_objects[&FileId(0x00F0)][..], b"13221");
        let written: serde_json::Value = serde_json::to_value(&image).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(stored).unwrap());
    }

    #[test]
    fn a_file_identifier_is_written_as_four_digits() {
        assert_eq!(serde_json::to_string(&FileId(0x000A)).unwrap(), r#""000A""#);
        assert_eq!(serde_json::from_str::<FileId>(r#""5F51""#).unwrap(), FileId(0x5F51));
        assert!(serde_json::from_str::<FileId>(r#""10000""#).is_err());
        assert!(serde_json::from_str::<FileId>(r#""xyz""#).is_err());
    }
}
