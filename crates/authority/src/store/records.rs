//! Rows with a version: residents, their attributes, phones, documents.

use std::fmt;

use inrou_rules::{Attributes, ChipId, Platform, RecordVersion, ResidentId};
use jiff::Timestamp;

/// Counts the changes of one row: 1 when it is first stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// A row with its version, which a unit that replaces the row has to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// How often the row was stored.
    pub version: Version,
    /// The row.
    pub value: T,
}

/// One version of a resident's attributes. This is the only place that has their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeVersion {
    /// Whose.
    pub resident: ResidentId,
    /// Which version.
    pub record: RecordVersion,
    /// The values.
    pub attributes: Attributes,
    /// The salt of the commitment that events carry.
    pub salt: Salt,
}

/// Keeps a commitment to attributes from being guessed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// A phone that made itself known: its device key signs every request it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRecord {
    /// Its chip.
    pub chip: ChipId,
    /// The device key, a DER SubjectPublicKeyInfo.
    pub device_key: Vec<u8>,
    /// The maker's name of the model.
    pub model: String,
    /// Its system.
    pub platform: Platform,
    /// The resident whom it serves. A resident has one phone at most (READY-3).
    pub resident: Option<ResidentId>,
}

/// Names a kind of document, in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentKind(pub &'static str);

/// Something kept whole under a key: an enrolment, a setting, an issuer's key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Which one of its kind.
    pub id: String,
    /// Whose it is, to list it by.
    pub owner: Option<String>,
    /// Since when it may be pruned.
    pub expires: Option<Timestamp>,
    /// The document, in a form that its kind decides. Must not hold attribute values.
    pub body: Opaque,
}

/// Bytes that the store keeps and does not read. `Debug` shows their number only.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(pub Vec<u8>);

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({} bytes)", self.0.len())
    }
}
