//! What relying roles ask of the authority.

use std::collections::BTreeMap;

use inrou_rules::{Attributes, RevocationReason, Use};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{Base64, Hex};

/// A role asks who holds a certificate, having checked its signature, path and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"certificate": "MIIFajCCBFKgAwIBAgIB"}))]
pub struct FindHolder {
    /// The certificate, DER.
    pub certificate: Base64,
}

/// The holder of a certificate, as the asking role may know one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// A pairwise identifier: stable for this role over renewals and phones, useless to another.
    pub subject: String,
    /// Name, address, birth date, sex, for roles that may have them.
    pub attributes: Option<Attributes>,
}

/// One act in a resident's history (USE-7). The text is in `words`, by code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened: the event's type.
    pub code: String,
    /// Its parameters; never attribute values.
    pub params: BTreeMap<String, String>,
    /// Who acted: `holder`, `counter`, `hotline`, `service`, or a role.
    pub actor: String,
    /// Its place in the log of the journal, by which its proof is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
}

/// The proof that an entry of a resident's history is in the log of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogProof {
    /// The entry's bytes, whose hash is the leaf: JSON.
    pub entry: String,
    /// The proof with its signed checkpoint (C2SP tlog-proof).
    pub proof: String,
    /// The key by which the checkpoint is verified (C2SP signed-note): `name+id+key`.
    pub key: String,
}

/// A certificate's status as the status services tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum PublishedStatus {
    /// Not revoked, not held, known.
    Good,
    /// On hold since.
    OnHold {
        /// Since when.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// Revoked.
    Revoked {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
    /// Never issued, or not yet on its chip.
    Unknown,
}

/// An issuer's certificate that relying parties may trust: one generation of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrustAnchor {
    /// What it issues certificates for.
    pub usage: Use,
    /// Which generation of the issuer's key. The generations share one name.
    pub generation: u32,
    /// The issuer's name (RFC 4514).
    pub subject: String,
    /// First second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: Timestamp,
    /// Last second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// SHA-256 of the certificate.
    pub sha256: Hex,
    /// The certificate, DER.
    pub certificate: Base64,
}
