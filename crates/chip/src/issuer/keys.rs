//! Keys that are made in the chip, and their attestations.

use std::collections::BTreeMap;

use inrou_pki::{KeyAlgorithm, KeySource, PublicKey, Signer, SoftwareKey};
use inrou_rules::{EnrolmentId, Use};

use super::attestation::{AttestedKey, Challenge, KeyAttestation};
use super::signed::{self, Content};
use super::state::{DeviceKey, Staged, StagedCredential};
use crate::apdu::StatusWord;
use crate::image::{Bytes, Image, Pin, SecretBytes};
use crate::jpki;

/// The chip could not compute: no memory was changed.
pub(super) const FAILED: StatusWord = StatusWord(0x6400);

/// Makes the device key unless it is there, and attests it on this challenge.
pub(super) fn make_device_key(
    image: &mut Image,
    source: &dyn KeySource,
    challenge: &Challenge,
) -> Result<(), StatusWord> {
    let key = match image.issuer.device.take() {
        Some(device) => device.key,
        None => generate(source, KeyAlgorithm::EcP256)?,
    };
    let attestation = attest(image, &AttestedKey::Device, challenge, &key)?;
    image.issuer.device = Some(DeviceKey { key, attestation });
    Ok(())
}

/// Makes the key of one use under an enrolment, beside the one in use. Keys staged under another
/// enrolment are given up. Asked again, it makes and changes nothing.
pub(super) fn make_credential_key(
    image: &mut Image,
    source: &dyn KeySource,
    algorithm: KeyAlgorithm,
    usage: Use,
    enrolment: EnrolmentId,
    challenge: &Challenge,
) -> Result<(), StatusWord> {
    if image.issuer.storage.as_ref().is_some_and(|record| record.enrolment == enrolment) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    let staged = image.issuer.staged.as_ref().filter(|staged| staged.enrolment == enrolment);
    if let Some(made) = staged.and_then(|staged| staged.credentials.get(&usage)) {
        let same = *made.challenge == challenge.0 && public(&made.key)?.algorithm() == algorithm;
        return if same { Ok(()) } else { Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    }
    if staged.is_none() {
        image.issuer.give_up_staged();
    }
    let key = generate(source, algorithm)?;
    let attested = AttestedKey::Credential { enrolment, usage };
    let credential = StagedCredential {
        attestation: attest(image, &attested, challenge, &key)?,
        challenge: Bytes(challenge.0.to_vec()),
        pin: Pin::unset(jpki::tries(usage)),
        key,
    };
    let none_yet = || Staged { enrolment, credentials: BTreeMap::new() };
    let staged = image.issuer.staged.get_or_insert_with(none_yet);
    staged.credentials.insert(usage, credential);
    let deletion = image.issuer.deletion.take();
    image.issuer.deletion = deletion.filter(|record| !record.uses.contains(usage));
    Ok(())
}

/// Reads a key that the chip remembers.
pub(super) fn read(key: &SecretBytes) -> Result<SoftwareKey, StatusWord> {
    SoftwareKey::from_pkcs8(key).map_err(|_| FAILED)
}

/// The public half of a key that the chip remembers.
pub(super) fn public(key: &SecretBytes) -> Result<PublicKey, StatusWord> {
    read(key).map(|key| key.public_key().clone())
}

/// Signs a statement with the chip's attestation key.
pub(super) fn sign<C: Content>(image: &Image, content: &C) -> Result<Bytes, StatusWord> {
    let key = read(&image.issuer.attestation_key)?;
    signed::sign(content, &image.chip, &key).map(Bytes).map_err(|_| FAILED)
}

fn generate(source: &dyn KeySource, algorithm: KeyAlgorithm) -> Result<SecretBytes, StatusWord> {
    let key = source.generate(algorithm).map_err(|_| FAILED)?;
    Ok(SecretBytes::new(key.to_pkcs8().to_vec()))
}

fn attest(
    image: &Image,
    key: &AttestedKey,
    challenge: &Challenge,
    private_key: &SecretBytes,
) -> Result<Bytes, StatusWord> {
    sign(image, &KeyAttestation::of(key, challenge, &public(private_key)?))
}
