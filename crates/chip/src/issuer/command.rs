//! The commands, as the chip takes them.

use std::collections::BTreeMap;

use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_pki::{KeyAlgorithm, Signer};
use inrou_rules::{EnrolmentId, Use, Uses};
use zeroize::Zeroizing;

use super::attestation::Challenge;
use super::receipt::DeletionRequest;
use super::storage::{self, Incoming};
use super::{PinReference, READ_BLOCK, deletion, keys, pins};
use crate::apdu::{Answer, Command, Response, StatusWord};
use crate::chip::IssuerContext;
use crate::image::{FileId, Image};
use crate::scp03::{CardChannel, EXTERNAL_AUTHENTICATE, INITIALIZE_UPDATE};

/// INS bytes.
pub(super) mod ins {
    pub const ALLOW_PIN: u8 = 0x2C;
    pub const ACTIVATE: u8 = 0x44;
    pub const GENERATE_KEY_PAIR: u8 = 0x46;
    pub const INTERNAL_AUTHENTICATE: u8 = 0x88;
    pub const GET_DATA: u8 = 0xCA;
    pub const STORE_DATA: u8 = 0xE2;
    pub const DELETE: u8 = 0xE4;

    /// Those that need the secure channel.
    pub const THROUGH_CHANNEL: [u8; 6] =
        [ALLOW_PIN, ACTIVATE, GENERATE_KEY_PAIR, GET_DATA, STORE_DATA, DELETE];
}

/// What GET DATA reads through the channel, by its P1. A key attestation has its key's reference.
pub(super) mod object {
    pub const DEVICE_ATTESTATION: u8 = 0x01;
    pub const ATTESTATION_CERTIFICATE: u8 = 0x02;
    pub const STORAGE_RECEIPT: u8 = 0x03;
    pub const DELETION_RECEIPT: u8 = 0x04;
}

/// P2 that means the device key.
pub(super) const DEVICE_KEY: u8 = 0x01;
/// P1 of STORE DATA on the last block of a file.
pub(super) const LAST_BLOCK: u8 = 0x80;
/// P2 of DELETE for both uses.
pub(super) const BOTH_USES: u8 = 0x00;

/// How a command names the key of a use: `80` and the short identifier of its file in the JPKI
/// application, as COMPUTE DIGITAL SIGNATURE does.
pub(super) const fn key_reference(usage: Use) -> u8 {
    match usage {
        Use::Signature => 0x9A,
        Use::UserAuthentication => 0x97,
    }
}

/// P1 of GENERATE KEY PAIR: what kind of key is made for a certificate.
pub(super) const fn key_kind(algorithm: KeyAlgorithm) -> u8 {
    match algorithm {
        KeyAlgorithm::Rsa2048 => 0x00,
        KeyAlgorithm::EcP256 => 0x01,
        KeyAlgorithm::EcP384 => 0x02,
        // Kept free: no holder's key is of these kinds, and no chip makes them.
        KeyAlgorithm::Rsa3072 => 0x03,
        KeyAlgorithm::Rsa4096 => 0x04,
    }
}

/// How a command names a PIN: `80` and the short identifier of its file, as VERIFY does.
pub(super) const fn pin_reference(reference: PinReference) -> u8 {
    match reference {
        PinReference::Signature => 0x9B,
        PinReference::UserAuthentication => 0x98,
        PinReference::CardFace => 0x91,
    }
}

/// What the card manager forgets when another application is selected or the power goes.
#[derive(Default)]
pub struct Channel {
    secure: CardChannel,
    /// The file that is coming in.
    pub(super) incoming: Option<Incoming>,
    /// Certificates that wait for ACTIVATE, by the file they are for.
    pub(super) certificates: BTreeMap<FileId, Zeroizing<Vec<u8>>>,
}

/// Answers a command to the card manager. What it changes in the image is to be committed before
/// the answer leaves the chip; a command that fails changes nothing.
pub fn process(context: &mut IssuerContext<'_>, command: &Command<'_>) -> Response {
    match (command.class, command.instruction) {
        (0x80, INITIALIZE_UPDATE) => initialize_update(context, command).into(),
        (0x84, EXTERNAL_AUTHENTICATE) => {
            context.channel.secure.external_authenticate(command).map(|()| Vec::new()).into()
        }
        (0x00, ins::INTERNAL_AUTHENTICATE) => authenticate_device(context.image, command).into(),
        (0x00 | 0x80 | 0x84, instruction) if ins::THROUGH_CHANNEL.contains(&instruction) => {
            match context.channel.secure.open(command) {
                Ok(opened) => {
                    let answer = transact(context, command, &opened.data);
                    context.channel.secure.seal(&opened, answer.into())
                }
                Err(status) => status.into(),
            }
        }
        (0x00 | 0x80 | 0x84, _) => StatusWord::INSTRUCTION_NOT_SUPPORTED.into(),
        _ => StatusWord::CLASS_NOT_SUPPORTED.into(),
    }
}

fn initialize_update(context: &mut IssuerContext<'_>, command: &Command<'_>) -> Answer {
    *context.channel = Channel::default();
    let mut challenge = [0; 8];
    context.entropy.fill(&mut challenge);
    let Image { chip, issuer, .. } = &*context.image;
    context.channel.secure.initialize_update(command, chip, &issuer.channel_keys, challenge)
}

/// Executes on a copy, so that a command that fails half-way has changed nothing.
fn transact(context: &mut IssuerContext<'_>, command: &Command<'_>, data: &[u8]) -> Answer {
    let mut image = context.image.clone();
    let mut changed = IssuerContext {
        image: &mut image,
        channel: context.channel,
        entropy: context.entropy,
        keys: context.keys,
    };
    let answer = execute(&mut changed, command, data)?;
    *context.image = image;
    Ok(answer)
}

fn execute(context: &mut IssuerContext<'_>, command: &Command<'_>, data: &[u8]) -> Answer {
    let IssuerContext { image, channel, keys: source, .. } = context;
    match (command.instruction, command.p1, command.p2) {
        (ins::GET_DATA, object, block) => {
            no_data(data)?;
            return read(image, object, block);
        }
        (ins::GENERATE_KEY_PAIR, 0x00, DEVICE_KEY) => {
            keys::make_device_key(image, *source, &challenge(data)?)
        }
        (ins::GENERATE_KEY_PAIR, kind, reference) => {
            let (algorithm, usage) = (algorithm_of(kind)?, usage_of(reference)?);
            let (enrolment, rest) = data.split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;
            let enrolment = EnrolmentId::from_bytes(*enrolment);
            keys::make_credential_key(
                image,
                *source,
                algorithm,
                usage,
                enrolment,
                &challenge(rest)?,
            )
        }
        (ins::ALLOW_PIN, 0x00, reference) => {
            let reference = pin_of(reference)?;
            no_data(data)?;
            pins::allow_once(image, reference)
        }
        (ins::ALLOW_PIN, 0x01, reference) => {
            pins::allow_while_staged(image, pin_of(reference)?, enrolment(data)?)
        }
        (ins::STORE_DATA, 0x00, block) => storage::take_block(channel, block, data),
        (ins::STORE_DATA, LAST_BLOCK, block) => {
            storage::take_block(channel, block, data)?;
            storage::finish_file(context)
        }
        (ins::ACTIVATE, 0x00, 0x00) => storage::activate(context, enrolment(data)?),
        (ins::DELETE, 0x00, reference) => {
            let request = data.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
            deletion::delete(image, uses_of(reference)?, DeletionRequest(request))
        }
        _ => Err(StatusWord::WRONG_P1_P2),
    }?;
    Ok(Vec::new())
}

/// GET DATA: block number `block` of an object, empty beyond its end.
fn read(image: &Image, object: u8, block: u8) -> Answer {
    let issuer = &image.issuer;
    let staged = |usage| issuer.staged.as_ref()?.credentials.get(&usage);
    let content = match object {
        object::DEVICE_ATTESTATION => issuer.device.as_ref().map(|device| &device.attestation),
        object::ATTESTATION_CERTIFICATE => Some(&issuer.attestation_certificate),
        object::STORAGE_RECEIPT => issuer.storage.as_ref().map(|record| &record.receipt),
        object::DELETION_RECEIPT => issuer.deletion.as_ref().map(|record| &record.receipt),
        reference => staged(usage_of(reference)?).map(|credential| &credential.attestation),
    };
    let content = content.ok_or(StatusWord::DATA_NOT_FOUND)?;
    let blocks = content.chunks(READ_BLOCK);
    Ok(blocks.map(<[u8]>::to_vec).nth(block.into()).unwrap_or_default())
}

/// INTERNAL AUTHENTICATE: signs a SHA-256 digest with the device key; without the secure channel.
fn authenticate_device(image: &Image, command: &Command<'_>) -> Answer {
    if (command.p1, command.p2) != (0x00, DEVICE_KEY) {
        return Err(StatusWord::WRONG_P1_P2);
    }
    let digest =
        Digest::from_bytes(HashAlgorithm::Sha256, command.data).ok_or(StatusWord::WRONG_LENGTH)?;
    let device = image.issuer.device.as_ref().ok_or(StatusWord::DATA_NOT_FOUND)?;
    keys::read(&device.key)?.sign_digest(&digest).map_err(|_| keys::FAILED)
}

fn algorithm_of(kind: u8) -> Result<KeyAlgorithm, StatusWord> {
    let found = KeyAlgorithm::ALL.into_iter().find(|&algorithm| key_kind(algorithm) == kind);
    found.ok_or(StatusWord::WRONG_P1_P2)
}

fn usage_of(reference: u8) -> Result<Use, StatusWord> {
    let found = Use::ALL.into_iter().find(|&usage| key_reference(usage) == reference);
    found.ok_or(StatusWord::WRONG_P1_P2)
}

fn uses_of(reference: u8) -> Result<Uses, StatusWord> {
    match reference {
        BOTH_USES => Ok(Uses::BOTH),
        reference => Ok(Uses::from_iter([usage_of(reference)?])),
    }
}

fn pin_of(reference: u8) -> Result<PinReference, StatusWord> {
    let found = PinReference::ALL.into_iter().find(|&pin| pin_reference(pin) == reference);
    found.ok_or(StatusWord::WRONG_P1_P2)
}

fn no_data(data: &[u8]) -> Result<(), StatusWord> {
    if data.is_empty() { Ok(()) } else { Err(StatusWord::WRONG_LENGTH) }
}

fn challenge(data: &[u8]) -> Result<Challenge, StatusWord> {
    data.try_into().map(Challenge).map_err(|_| StatusWord::WRONG_LENGTH)
}

fn enrolment(data: &[u8]) -> Result<EnrolmentId, StatusWord> {
    data.try_into().map(EnrolmentId::from_bytes).map_err(|_| StatusWord::WRONG_LENGTH)
}
