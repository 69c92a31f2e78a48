//! Commands and their answers over a transport, with what both clients need.

use super::CardError;
use crate::apdu::{Command, EXTENDED_MAXIMUM, Response, SHORT_MAXIMUM, StatusWord};
use crate::image::FileId;
use crate::tlv;
use crate::transport::Transport;

/// Tries that are spared on a person's own card.
const SPARED_TRIES: u8 = 2;

/// P2 for the current EF. Genuine cards were seen to take short identifiers too, but not in every
/// command.
pub(super) const CURRENT_FILE: u8 = 0x80;

const VERIFY_CURRENT: Command<'static> = Command::new(0x00, 0x20, 0x00, CURRENT_FILE);

/// A chip with an application selected.
pub(super) struct Link<'t, T: ?Sized> {
    transport: &'t mut T,
}

impl<'t, T: Transport + ?Sized> Link<'t, T> {
    /// Selects the application `aid`.
    pub(super) fn select(transport: &'t mut T, aid: &[u8]) -> Result<Self, CardError> {
        let mut link = Self { transport };
        let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(aid);
        match link.exchange(&select)?.status {
            StatusWord::SUCCESS => Ok(link),
            StatusWord::FILE_NOT_FOUND => Err(CardError::NotThisCard),
            other => Err(CardError::Unexpected(other)),
        }
    }

    /// Sends a command. `61xx` and `6Cxx`, as some readers show them, are followed up.
    fn exchange(&mut self, command: &Command<'_>) -> Result<Response, CardError> {
        let mut response = self.send(command)?;
        if let [0x6C, length] = response.status.0.to_be_bytes() {
            response = self.send(&command.expecting(short_length(length)))?;
        }
        while let [0x61, length] = response.status.0.to_be_bytes() {
            let more = Command::new(0x00, 0xC0, 0x00, 0x00).expecting(short_length(length));
            let next = self.send(&more)?;
            response.data.extend_from_slice(&next.data);
            if next.data.is_empty() || response.data.len() > EXTENDED_MAXIMUM {
                return Err(CardError::Malformed);
            }
            response.status = next.status;
        }
        Ok(response)
    }

    /// Sends a command that can only succeed or be refused for a general reason.
    pub(super) fn ask(&mut self, command: &Command<'_>) -> Result<Vec<u8>, CardError> {
        let response = self.exchange(command)?;
        match response.status {
            StatusWord::SUCCESS => Ok(response.data),
            StatusWord::SECURITY_STATUS_NOT_SATISFIED => Err(CardError::PinRequired),
            StatusWord::CONDITIONS_NOT_SATISFIED => Err(CardError::NotSetUp),
            StatusWord::FILE_NOT_FOUND => Err(CardError::NoFile),
            other => Err(CardError::Unexpected(other)),
        }
    }

    /// Selects an EF and reads it from its start: `length` bytes, or fewer if it ends before.
    pub(super) fn read(&mut self, id: FileId, length: usize) -> Result<Vec<u8>, CardError> {
        self.select_file(id)?;
        let mut content = Vec::new();
        self.read_on(&mut content, length)?;
        Ok(content)
    }

    /// Selects an EF and reads the data object at its start, without the filler that may follow.
    pub(super) fn read_object(&mut self, id: FileId) -> Result<Vec<u8>, CardError> {
        let mut content = self.read(id, SHORT_MAXIMUM)?;
        let length = tlv::length_of_object(&content).ok_or(CardError::Malformed)?;
        self.read_on(&mut content, length)?;
        content.truncate(length);
        if content.len() == length { Ok(content) } else { Err(CardError::Malformed) }
    }

    /// How many wrong entries a PIN still bears. Costs none.
    pub(super) fn tries_left(&mut self, pin: FileId) -> Result<u8, CardError> {
        self.select_file(pin)?;
        let status = self.exchange(&VERIFY_CURRENT)?.status;
        match status.as_tries_left() {
            Some(tries) => Ok(tries),
            None if status == StatusWord::BLOCKED => Ok(0),
            None => Err(CardError::Unexpected(status)),
        }
    }

    /// Verifies a PIN, unless that would risk a person's last tries.
    pub(super) fn verify(&mut self, pin: FileId, value: &[u8]) -> Result<(), CardError> {
        if self.transport.spares_last_tries() {
            let tries_left = self.tries_left(pin)?;
            if (1..=SPARED_TRIES).contains(&tries_left) {
                return Err(CardError::LastTries { tries_left });
            }
        }
        self.select_file(pin)?;
        let status = self.exchange(&VERIFY_CURRENT.with_data(value))?.status;
        match (status, status.as_tries_left()) {
            (StatusWord::SUCCESS, _) => Ok(()),
            (StatusWord::BLOCKED, _) | (_, Some(0)) => Err(CardError::Blocked),
            (_, Some(tries_left)) => Err(CardError::WrongPin { tries_left }),
            (StatusWord::CONDITIONS_NOT_SATISFIED, _) => Err(CardError::NotSetUp),
            (other, _) => Err(CardError::Unexpected(other)),
        }
    }

    /// Sets a PIN that was verified, or that the issuer gave leave to set.
    pub(super) fn set_pin(&mut self, pin: FileId, value: &[u8]) -> Result<(), CardError> {
        self.select_file(pin)?;
        let change = Command::new(0x00, 0x24, 0x01, CURRENT_FILE).with_data(value);
        match self.ask(&change) {
            Err(CardError::Unexpected(StatusWord::WRONG_DATA)) => Err(CardError::PinForm),
            other => other.map(drop),
        }
    }

    pub(super) fn select_file(&mut self, id: FileId) -> Result<(), CardError> {
        let id = id.0.to_be_bytes();
        let select = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(&id);
        self.ask(&select).map(drop)
    }

    /// Reads more of the current EF until `content` has `length` bytes or the EF ends.
    fn read_on(&mut self, content: &mut Vec<u8>, length: usize) -> Result<(), CardError> {
        while content.len() < length {
            let [p1 @ ..=0x7F, p2] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes()
            else {
                return Err(CardError::Malformed);
            };
            let wanted = (length - content.len()).min(SHORT_MAXIMUM);
            match self.ask(&Command::new(0x00, 0xB0, p1, p2).expecting(wanted)) {
                Ok(chunk) if !chunk.is_empty() => content.extend(chunk),
                Ok(_) | Err(CardError::Unexpected(StatusWord::OFFSET_OUT_OF_RANGE)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn send(&mut self, command: &Command<'_>) -> Result<Response, CardError> {
        let bytes = zeroize::Zeroizing::new(command.to_bytes());
        let answer = self.transport.transmit(&bytes)?;
        Response::parse(&answer).ok_or(CardError::Malformed)
    }
}

fn short_length(length: u8) -> usize {
    if length == 0 { SHORT_MAXIMUM } else { length.into() }
}
