//! What each of a resident's phones still holds (MOVE-3).

use inrou_rules::{ChipId, Platform, Uses};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CertificateView;
use crate::wire::{Base64, Hex};

/// A resident's phones, the one last used first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holdings {
    /// The phones that carry the resident's certificates, or carried them.
    pub phones: Vec<HoldingPhone>,
}

/// A phone that carries certificates, or carried them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldingPhone {
    /// Its chip.
    pub chip: ChipId,
    /// Its system.
    pub platform: Platform,
    /// Its model.
    pub model: String,
    /// The resident's certificates that were issued for it, the newest of each use.
    pub certificates: Vec<CertificateView>,
    /// Whether its data are deleted.
    #[serde(flatten)]
    pub deletion: Deletion,
}

/// Whether the data of the certificates are deleted on a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "deletion", rename_all = "kebab-case")]
pub enum Deletion {
    /// The phone is the one that the resident uses: nothing has to be deleted.
    NotDue,
    /// Once the phone is on the network, they are.
    Due {
        /// Since when they have to be.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// The phone was not on the network in time: they are still there as far as anybody knows.
    Unconfirmed {
        /// Since when they have to be.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// The chip has proved that they are.
    Confirmed {
        /// Since when that is known.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
}

/// Asks what a chip's deletion receipt proves: for whoever is shown one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "chip": "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "receipt": "MIIBAg==", "certificate": "MIIBAQ=="
}))]
pub struct JudgeDeletion {
    /// Whose receipt it is said to be.
    pub chip: ChipId,
    /// The signed receipt, DER.
    pub receipt: Base64,
    /// The certificate of the key that signed it, DER.
    pub certificate: Base64,
}

/// What a deletion receipt proves: its signature is the chip's, and the chip is by a maker that is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionJudged {
    /// The number of the receipt among the chip's.
    pub number: u64,
    /// The uses of which the chip then held no key, no certificate and no PIN.
    pub empty: Uses,
    /// SHA-256 of the certificates that were deleted, hexadecimal.
    pub deleted: Vec<Hex>,
    /// When the authority had the chip's last receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed: Option<Timestamp>,
    /// Whether certificates were issued for the chip since, or it has again something to delete.
    pub used_since: bool,
}
