//! Rows with a version: residents, their attributes, phones, documents.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use inrou_rules::names::folded;
use inrou_rules::{Attributes, ChipId, Platform, RecordVersion, ResidentId};
use jiff::Timestamp;
use jiff::civil::Date;

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

/// A name with a birth date, as residents are found by it: a digest, so that the values stand in one place.
/// *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameKey(pub [u8; 16]);

impl NameKey {
    /// That of a name, however it is written, and a birth date.
    pub fn of(name: &str, birth_date: Date) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(birth_date.to_string().as_bytes());
        context.update(&[0]);
        context.update(folded(name).as_bytes());
        let mut key = [0; 16];
        key.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self(key)
    }

    /// Those by which a resident is found: the whole name and the family name, as written and in kana.
    pub fn all_of(attributes: &Attributes) -> Vec<Self> {
        let names = [&attributes.name, &attributes.name_reading];
        let family = |name: &str| name.split_whitespace().next().map(str::to_owned);
        let whole = names.iter().map(|name| (*name).clone());
        let mut keys: Vec<Self> = whole
            .chain(names.iter().filter_map(|name| family(name)))
            .filter(|name| !folded(name).is_empty())
            .map(|name| Self::of(&name, attributes.birth_date))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
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
