//! What a phone does with the card manager of its own chip: it carries the issuer's sessions, and
//! has requests signed.

use inrou_pki::digest::Digest;

use super::AID;
use super::command::{DEVICE_KEY, ins};
use crate::apdu::{Command, Response, SHORT_MAXIMUM, StatusWord};
use crate::client::CardError;
use crate::transport::{Transport, TransportError};

/// Plays a batch of a session's commands to the chip, up to the first that it does not answer with
/// `9000`; gives the answers.
///
/// # Errors
/// [`TransportError`]: the session cannot go on.
pub fn play<T: Transport + ?Sized>(
    chip: &mut T,
    commands: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, TransportError> {
    let mut answers = Vec::new();
    for command in commands {
        let answer = chip.transmit(command)?;
        let refused =
            Response::parse(&answer).is_none_or(|response| response.status != StatusWord::SUCCESS);
        answers.push(answer);
        if refused {
            break;
        }
    }
    Ok(answers)
}

/// Has the device key sign a SHA-256 digest; gives a DER `ECDSA-Sig-Value`. What was verified before
/// is forgotten, since the card manager is selected.
///
/// # Errors
/// [`CardError::NotSetUp`] before the device key is made.
pub fn sign_with_device_key<T: Transport + ?Sized>(
    chip: &mut T,
    digest: &Digest,
) -> Result<Vec<u8>, CardError> {
    let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&AID);
    let sign = Command::new(0x00, ins::INTERNAL_AUTHENTICATE, 0x00, DEVICE_KEY)
        .with_data(digest.as_bytes())
        .expecting(SHORT_MAXIMUM);
    let mut signature = Vec::new();
    for command in [select, sign] {
        let answer = chip.transmit(&command.to_bytes())?;
        let response = Response::parse(&answer).ok_or(CardError::Malformed)?;
        signature = match response.status {
            StatusWord::SUCCESS => response.data,
            StatusWord::FILE_NOT_FOUND => return Err(CardError::NotThisCard),
            StatusWord::DATA_NOT_FOUND => return Err(CardError::NotSetUp),
            other => return Err(CardError::Unexpected(other)),
        };
    }
    Ok(signature)
}
