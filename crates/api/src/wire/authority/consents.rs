//! Whose a certificate is, and what residents let sites have of their latest attributes.

use std::fmt;

use inrou_rules::{Attributes, Medium, Sex, Use};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consent::ConsentTerms;
use crate::wire::Base64;
use crate::wire::transaction::Attribute;

/// A role asks who is behind a certificate, having checked its signature, path and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"certificate": "MIIFajCCBFKgAwIBAgIB", "linked_to": "signature"}))]
pub struct FindLinkage {
    /// The certificate, DER.
    pub certificate: Base64,
    /// For what use the same person is to have a certificate as well, if that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_to: Option<Use>,
}

/// Who is behind a certificate (証明書の紐付け情報): one identifier for all certificates of a person, of
/// either use, on card and phone, before and after renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Linkage {
    /// The person: a pairwise identifier of the asking role, that of [`Holder`](super::Holder).
    pub person: String,
    /// What the certificate is for.
    pub usage: Use,
    /// On what it is.
    pub medium: Medium,
}

/// A role hands in a consent that a resident signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "terms": {
        "consent": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "client": "RP12345678",
        "site": "見本銀行", "host": "bank.example", "attributes": ["name", "address"],
        "purpose": "お届けの住所を新しくするため", "from": "2026-11-24", "until": "2027-11-23"
    },
    "document": "最新の利用者情報の提供への同意", "cms": "MIIFajCCBFKgAwIBAgIB"
}))]
pub struct GiveConsent {
    /// What was consented to.
    pub terms: ConsentTerms,
    /// The document in words that was shown, and signed.
    pub document: String,
    /// The signature over it: a detached CMS SignedData, DER.
    pub cms: Base64,
}

/// A consent, as the asking role may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsentView {
    /// What was consented to.
    pub terms: ConsentTerms,
    /// The document in words that was shown, and signed.
    pub document: String,
    /// By whom: a pairwise identifier of the asking role.
    pub person: String,
    /// How it stands.
    pub state: ConsentState,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    pub given: Timestamp,
    /// When it was withdrawn, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub withdrawn: Option<Timestamp>,
}

/// How a consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentState {
    /// It holds.
    Given,
    /// Its time is over.
    Expired,
    /// The resident took it back.
    Withdrawn,
}

/// Consents of one resident, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consents {
    /// All of them that are still known.
    pub consents: Vec<ConsentView>,
}

/// The latest of the attributes that a resident consented to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LatestAttributes {
    /// Whose: a pairwise identifier of the asking role.
    pub person: String,
    /// The serial number (発行番号) of the present signature certificate, in hexadecimal.
    pub serial: String,
    /// Their values.
    pub attributes: SharedAttributes,
}

/// Those of the four attributes that somebody is given. `Debug` shows none of the values.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedAttributes {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub birth_date: Option<Date>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
}

impl SharedAttributes {
    /// Those of `of` that are shared.
    pub fn of(of: &Attributes, shares: &[Attribute]) -> Self {
        let has = |attribute| shares.contains(&attribute);
        Self {
            name: has(Attribute::Name).then(|| of.name.clone()),
            address: has(Attribute::Address).then(|| of.address.clone()),
            birth_date: has(Attribute::Birthdate).then_some(of.birth_date),
            sex: has(Attribute::Gender).then_some(of.sex),
        }
    }
}

impl fmt::Debug for SharedAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedAttributes(..)")
    }
}
