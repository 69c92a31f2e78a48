//! The issuer security domain (card manager, AID A0000001510000): what an issuer does with a chip,
//! through the secure channel; and the issuer's own end of it.
//!
//! How phones are provisioned is not public. These commands are an assumption, written down in
//! `docs/chip.md`; they keep to ISO/IEC 7816 and GlobalPlatform where those have a fitting command.
//!
//! On the chip: [`process`]. In the phone: [`play`] and [`sign_with_device_key`]. On the host:
//! [`Session`] turns [`Operation`]s into batches of commands and answers into [`Outcome`]s, which
//! [`Attestation::verify`], [`StorageReceipt::verify`] and [`DeletionReceipt::verify`] judge.

mod attestation;
mod command;
mod deletion;
mod keys;
mod local;
mod maker;
mod manufacture;
mod pins;
mod receipt;
mod script;
mod signed;
mod state;
mod storage;

pub use attestation::{Attestation, AttestedKey, Challenge};
pub use command::{Channel, process};
pub use local::{play, sign_with_device_key};
pub use maker::{MakerCa, MakerCertificate};
pub use manufacture::{ManufactureError, manufacture};
pub use pins::{PinReference, pin_to_set};
pub use receipt::{
    CarriedCertificate, DeletionRead, DeletionReceipt, DeletionRequest, StorageReceipt,
};
pub use script::{Operation, Outcome, ScriptError, Session, Step};
pub use signed::{ProofError, SignedStatement};
pub use state::IssuerState;
pub use storage::Target;

/// The application identifier (AID) of the issuer security domain.
pub const AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];

/// The most content bytes of one STORE DATA command.
pub const STORE_BLOCK: usize = 223;

/// The bytes of one answer to GET DATA; a shorter answer is the last.
pub const READ_BLOCK: usize = 239;
