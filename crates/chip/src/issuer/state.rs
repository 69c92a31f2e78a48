//! What the card manager remembers, and what it forgets.

use std::collections::BTreeMap;

use inrou_rules::{EnrolmentId, Use, Uses};
use serde::{Deserialize, Serialize};

use super::pins::{PinLeave, PinReference};
use crate::image::{Bytes, Pin, SecretBytes};
use crate::scp03::StaticKeys;

/// What the card manager remembers. *This type is stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerState {
    /// The secure channel's keys.
    pub(super) channel_keys: StaticKeys,
    /// Signs attestations and receipts: a P-256 key, PKCS#8 in DER.
    pub(super) attestation_key: SecretBytes,
    /// Its certificate under the maker's CA, in DER.
    pub(super) attestation_certificate: Bytes,
    /// The device key, once it is made.
    pub(super) device: Option<DeviceKey>,
    /// Keys that wait for their certificates.
    pub(super) staged: Option<Staged>,
    /// Which PINs may be set.
    pub(super) pin_leaves: BTreeMap<PinReference, PinLeave>,
    /// How many receipts were made.
    pub(super) receipts: u64,
    /// The receipt for the certificates that were stored last, while they are there.
    pub(super) storage: Option<StorageRecord>,
    /// The receipt for the last deletion, while nothing new is there of those uses.
    pub(super) deletion: Option<DeletionRecord>,
}

impl IssuerState {
    /// Whether there is a device key: the phone has begun to register.
    pub fn has_device_key(&self) -> bool {
        self.device.is_some()
    }

    /// Whether a PIN may be set without knowing the old one, by [`super::pin_to_set`]. The leave goes
    /// before a verified PIN: it may be for a new key, while the verified PIN is that of the old.
    pub fn gives_leave(&self, reference: PinReference) -> bool {
        self.pin_leaves.contains_key(&reference)
    }

    /// Gives up the keys that wait for certificates, and the leaves to set their PINs.
    pub(super) fn give_up_staged(&mut self) {
        self.staged = None;
        self.pin_leaves.retain(|_, leave| *leave == PinLeave::Once);
    }
}

/// The key with which a phone signs its requests. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeviceKey {
    /// P-256, PKCS#8 in DER.
    pub key: SecretBytes,
    /// The attestation that was asked for last.
    pub attestation: Bytes,
}

/// The keys made under one enrolment, beside those in use. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staged {
    pub enrolment: EnrolmentId,
    pub credentials: BTreeMap<Use, StagedCredential>,
}

/// A key without a certificate. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StagedCredential {
    /// PKCS#8 in DER.
    pub key: SecretBytes,
    /// What the attestation answers.
    pub challenge: Bytes,
    pub attestation: Bytes,
    pub pin: Pin,
}

/// A storage receipt and what it is for. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StorageRecord {
    pub enrolment: EnrolmentId,
    /// For which uses certificates were stored.
    pub uses: Uses,
    pub receipt: Bytes,
}

/// A deletion receipt and what it is for. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeletionRecord {
    /// The request that asked for it.
    pub request: Bytes,
    /// What was asked to be empty.
    pub uses: Uses,
    pub receipt: Bytes,
}
