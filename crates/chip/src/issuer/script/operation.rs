//! What an issuer can have a chip do, as commands in the clear; the channel protects them after.

use std::collections::BTreeMap;

use inrou_pki::KeyAlgorithm;
use inrou_rules::{EnrolmentId, Use};
use zeroize::Zeroizing;

use crate::issuer::attestation::{Attestation, Challenge};
use crate::issuer::command::{
    BOTH_USES, DEVICE_KEY, LAST_BLOCK, ins, key_kind, key_reference, object, pin_reference,
};
use crate::issuer::receipt::{
    CarriedCertificate, DeletionReceipt, DeletionRequest, StorageReceipt,
};
use crate::issuer::signed::SignedStatement;
use crate::issuer::storage::Target;
use crate::issuer::{PinReference, STORE_BLOCK};

/// How many blocks of an object are read. It cannot be known beforehand how long the object is; the
/// longest, the attestation of an RSA key, has under 500 bytes, and blocks beyond the end are empty.
const READ_BLOCKS: u8 = 3;

/// Something that an issuer has a chip do. Each may be repeated in another session and then has the
/// same outcome.
pub enum Operation {
    /// Makes the device key if it is not there, and attests it.
    MakeDeviceKey {
        /// Draw a new one each time.
        challenge: Challenge,
    },
    /// Makes the keys of an enrolment if they are not there, and attests them.
    MakeKeys {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// One an enrolment.
        challenge: Challenge,
        /// What the certificates are to be for, and the kind of each key.
        keys: BTreeMap<Use, KeyAlgorithm>,
    },
    /// Gives leave to set a PIN over the chip's local interface without knowing the old one.
    AllowPin {
        /// Which PIN.
        reference: PinReference,
        /// The enrolment whose new key it guards, until that has its certificate; `None` for the
        /// PIN in use, once.
        enrolment: Option<EnrolmentId>,
    },
    /// Stores certificates and brings the keys that were made for them into use.
    StoreCertificates {
        /// The enrolment under which the keys were made.
        enrolment: EnrolmentId,
        /// The certificates.
        certificates: Vec<CarriedCertificate>,
    },
    /// Writes a file of a card's applications.
    WriteFile {
        /// Which. Certificates go by [`Operation::StoreCertificates`].
        target: Target,
        /// Its content.
        content: Zeroizing<Vec<u8>>,
    },
    /// Deletes keys, certificates and PINs.
    Delete {
        /// One a deletion.
        request: DeletionRequest,
        /// Of which use; `None` is both.
        usage: Option<Use>,
    },
}

/// What came of an operation. What a chip signed is still to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The device key is there.
    DeviceKey(Attestation),
    /// The keys are there: an attestation for each use, signature first.
    Keys(Vec<Attestation>),
    /// The PIN may be set.
    PinAllowed,
    /// The certificates are stored.
    Stored(StorageReceipt),
    /// The file is written.
    Written,
    /// Everything asked for is deleted.
    Deleted(DeletionReceipt),
}

/// A command before it is protected.
pub(super) struct Plain {
    pub instruction: u8,
    pub p1: u8,
    pub p2: u8,
    pub data: Zeroizing<Vec<u8>>,
}

impl Operation {
    /// The commands of the operation.
    pub(super) fn commands(&self) -> Vec<Plain> {
        match self {
            Self::MakeDeviceKey { challenge } => {
                let make = plain(ins::GENERATE_KEY_PAIR, 0x00, DEVICE_KEY, &challenge.0);
                [make].into_iter().chain(read_proof(object::DEVICE_ATTESTATION)).collect()
            }
            Self::MakeKeys { enrolment, challenge, keys } => {
                let asked = [enrolment.as_bytes().as_slice(), &challenge.0].concat();
                let keys = keys.iter().flat_map(|(&usage, &algorithm)| {
                    let key = key_reference(usage);
                    let make = plain(ins::GENERATE_KEY_PAIR, key_kind(algorithm), key, &asked);
                    [make].into_iter().chain(read_object(key))
                });
                keys.chain(read_object(object::ATTESTATION_CERTIFICATE)).collect()
            }
            Self::AllowPin { reference, enrolment } => {
                let reference = pin_reference(*reference);
                vec![match enrolment {
                    Some(enrolment) => plain(ins::ALLOW_PIN, 0x01, reference, enrolment.as_bytes()),
                    None => plain(ins::ALLOW_PIN, 0x00, reference, &[]),
                }]
            }
            Self::StoreCertificates { enrolment, certificates } => {
                let files = certificates.iter().flat_map(|carried| {
                    let holder = Target::Certificate(carried.usage);
                    let issuer = Target::IssuerCertificate(carried.usage);
                    store(holder, &carried.certificate)
                        .into_iter()
                        .chain(store(issuer, &carried.issuer))
                });
                let activate = plain(ins::ACTIVATE, 0x00, 0x00, enrolment.as_bytes());
                files.chain([activate]).chain(read_proof(object::STORAGE_RECEIPT)).collect()
            }
            Self::WriteFile { target, content } => store(*target, content),
            Self::Delete { request, usage } => {
                let reference = usage.map_or(BOTH_USES, key_reference);
                let delete = plain(ins::DELETE, 0x00, reference, &request.0);
                [delete].into_iter().chain(read_proof(object::DELETION_RECEIPT)).collect()
            }
        }
    }

    /// The outcome, from the data of the answers to the commands above.
    pub(super) fn outcome(&self, answers: Vec<Vec<u8>>) -> Outcome {
        match self {
            Self::MakeDeviceKey { .. } => {
                let [signed, certificate] = last_objects(&answers);
                Outcome::DeviceKey(Attestation(SignedStatement { signed, certificate }))
            }
            Self::MakeKeys { keys, .. } => {
                let [certificate] = last_objects(&answers);
                // Each use has the answer to GENERATE KEY PAIR, which is empty, and an object.
                let keys = answers.chunks(1 + usize::from(READ_BLOCKS)).zip(keys);
                let attestation = |(blocks, _): (&[Vec<u8>], _)| {
                    let certificate = certificate.clone();
                    Attestation(SignedStatement { signed: blocks.concat(), certificate })
                };
                Outcome::Keys(keys.map(attestation).collect())
            }
            Self::AllowPin { .. } => Outcome::PinAllowed,
            Self::StoreCertificates { .. } => {
                let [signed, certificate] = last_objects(&answers);
                Outcome::Stored(StorageReceipt(SignedStatement { signed, certificate }))
            }
            Self::WriteFile { .. } => Outcome::Written,
            Self::Delete { .. } => {
                let [signed, certificate] = last_objects(&answers);
                Outcome::Deleted(DeletionReceipt(SignedStatement { signed, certificate }))
            }
        }
    }
}

fn plain(instruction: u8, p1: u8, p2: u8, data: &[u8]) -> Plain {
    Plain { instruction, p1, p2, data: Zeroizing::new(data.to_vec()) }
}

fn read_object(object: u8) -> impl Iterator<Item = Plain> {
    (0..READ_BLOCKS).map(move |block| plain(ins::GET_DATA, object, block, &[]))
}

/// Reads something that was signed, and the certificate that proves it.
fn read_proof(object: u8) -> impl Iterator<Item = Plain> {
    read_object(object).chain(read_object(object::ATTESTATION_CERTIFICATE))
}

/// STORE DATA of a whole file. What is too long for 256 blocks the chip refuses at the last.
fn store(target: Target, content: &[u8]) -> Vec<Plain> {
    let file = Zeroizing::new([&target.to_bytes(), content].concat());
    let blocks = file.chunks(STORE_BLOCK);
    let last = blocks.len() - 1;
    let block = |(number, data)| {
        let p1 = if number == last { LAST_BLOCK } else { 0x00 };
        plain(ins::STORE_DATA, p1, u8::try_from(number).unwrap_or(u8::MAX), data)
    };
    blocks.enumerate().map(block).collect()
}

/// The objects that were read at the end of an operation.
fn last_objects<const N: usize>(answers: &[Vec<u8>]) -> [Vec<u8>; N] {
    let blocks = usize::from(READ_BLOCKS);
    let first = answers.len().saturating_sub(N * blocks);
    std::array::from_fn(|object| {
        answers.iter().skip(first + object * blocks).take(blocks).flatten().copied().collect()
    })
}
