//! What the card manager of a chip has when the chip leaves the factory.

use std::collections::BTreeMap;

use inrou_pki::certificate::IssueError;
use inrou_pki::keys::KeyError;
use inrou_pki::{KeyAlgorithm, KeySource, Signer};
use inrou_rules::ChipId;
use thiserror::Error;

use super::{IssuerState, MakerCa};
use crate::image::{Bytes, SecretBytes};
use crate::scp03::MasterKey;

/// Why a chip could not be made.
#[derive(Debug, Error)]
pub enum ManufactureError {
    /// There is no attestation key.
    #[error("no attestation key could be made")]
    Key(#[from] KeyError),
    /// The maker's CA did not certify it.
    #[error("the maker's CA did not sign")]
    Certificate(#[from] IssueError),
}

/// Makes the card manager's part of a new chip: the channel keys that `master` has for it, and an
/// attestation key with its certificate. There is no device key and nothing to attest yet.
///
/// # Errors
/// [`ManufactureError`].
pub fn manufacture(
    chip: &ChipId,
    master: &MasterKey,
    maker: &MakerCa,
    keys: &dyn KeySource,
) -> Result<IssuerState, ManufactureError> {
    let key = keys.generate(KeyAlgorithm::EcP256)?;
    let certificate = maker.certify(chip, key.public_key())?;
    Ok(IssuerState {
        channel_keys: master.diversify(chip),
        attestation_key: SecretBytes::new(key.to_pkcs8().to_vec()),
        attestation_certificate: Bytes(certificate),
        device: None,
        staged: None,
        pin_leaves: BTreeMap::new(),
        receipts: 0,
        storage: None,
        deletion: None,
    })
}
