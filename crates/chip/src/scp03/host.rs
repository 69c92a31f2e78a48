//! The off-card end of the channel.

use std::collections::VecDeque;

use inrou_rules::ChipId;
use thiserror::Error;

use super::keys::{Challenges, StaticKeys};
use super::session::{MAC, Place, Session, equal};
use super::{
    CLASS, DIVERSIFICATION, EXTERNAL_AUTHENTICATE, INITIALIZE_UPDATE, KEY_INFORMATION, KEY_VERSION,
    MAXIMUM_DATA, PROTECTED_CLASS, SECURITY_LEVEL,
};
use crate::apdu::{Command, Response, StatusWord};

/// Why the host gave up a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// The answer to INITIALIZE UPDATE does not have its form, or names other keys or another
    /// protocol.
    #[error("the chip does not offer this channel")]
    NotOffered,
    /// Another chip answered.
    #[error("another chip answered")]
    WrongChip,
    /// The card cryptogram is wrong: the chip does not have the keys that it should have.
    #[error("the chip does not have the keys of the chip that it says it is")]
    WrongKeys,
    /// An answer is not authentic.
    #[error("an answer of the chip was altered, or belongs to another command")]
    WrongMac,
    /// More answers than commands.
    #[error("an answer came to no command")]
    Unasked,
}

/// The first half of opening a channel: INITIALIZE UPDATE is out.
pub struct Handshake {
    chip: ChipId,
    keys: StaticKeys,
    host: [u8; 8],
}

impl Handshake {
    /// Begins with the keys of `chip` and eight random bytes, and gives the bytes of
    /// INITIALIZE UPDATE.
    pub fn new(chip: ChipId, keys: StaticKeys, host: [u8; 8]) -> (Self, Vec<u8>) {
        let command = Command::new(CLASS, INITIALIZE_UPDATE, KEY_VERSION, 0).with_data(&host);
        let bytes = command.expecting(256).to_bytes();
        (Self { chip, keys, host }, bytes)
    }

    /// Checks the data that INITIALIZE UPDATE was answered with, and gives the bytes of
    /// EXTERNAL AUTHENTICATE. Its answer is a bare status word; further commands may follow it
    /// without waiting.
    ///
    /// # Errors
    /// [`ChannelError::NotOffered`], [`ChannelError::WrongChip`], [`ChannelError::WrongKeys`].
    pub fn finish(self, answer: &[u8]) -> Result<(HostChannel, Vec<u8>), ChannelError> {
        let (diversification, rest) =
            answer.split_first_chunk::<DIVERSIFICATION>().ok_or(ChannelError::NotOffered)?;
        let (information, rest) = rest.split_first_chunk().ok_or(ChannelError::NotOffered)?;
        let (card, rest) = rest.split_first_chunk().ok_or(ChannelError::NotOffered)?;
        let cryptogram = rest.try_into().map_err(|_| ChannelError::NotOffered)?;
        if *information != KEY_INFORMATION {
            return Err(ChannelError::NotOffered);
        }
        if !self.chip.as_bytes().starts_with(diversification) {
            return Err(ChannelError::WrongChip);
        }
        let challenges = Challenges { host: self.host, card: *card };
        let keys = self.keys.session(&challenges);
        if !equal(cryptogram, &keys.card_cryptogram(&challenges)) {
            return Err(ChannelError::WrongKeys);
        }
        let host_cryptogram = keys.host_cryptogram(&challenges);
        let mut session = Session::new(keys);
        let command = Command::new(PROTECTED_CLASS, EXTERNAL_AUTHENTICATE, SECURITY_LEVEL, 0);
        let authenticate = append_mac(&mut session, command, host_cryptogram.to_vec());
        Ok((HostChannel { session, pending: VecDeque::new() }, authenticate))
    }
}

/// An open channel as the host sees it. Since the C-MACs hang on the commands alone, many commands
/// may be protected before the first answer comes; the answers are taken in the same order.
pub struct HostChannel {
    session: Session,
    pending: VecDeque<Place>,
}

impl HostChannel {
    /// Protects a command: `84 instruction p1 p2`. Data over [`MAXIMUM_DATA`] makes it extended.
    pub fn protect(&mut self, instruction: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
        self.session.advance();
        let encrypted = match data {
            [] => Vec::new(),
            data => self.session.encrypt_command(data),
        };
        let command = Command {
            extended: data.len() > MAXIMUM_DATA,
            ..Command::new(PROTECTED_CLASS, instruction, p1, p2).expecting(256)
        };
        let bytes = append_mac(&mut self.session, command, encrypted);
        self.pending.push_back(self.session.place());
        bytes
    }

    /// Checks the answer to the oldest command that has none yet, and decrypts its data.
    ///
    /// An error status word comes without protection: it is believed only in so far as the work
    /// then counts as not done.
    ///
    /// # Errors
    /// [`ChannelError::WrongMac`], [`ChannelError::Unasked`].
    pub fn accept(&mut self, answer: &[u8]) -> Result<Response, ChannelError> {
        let place = self.pending.pop_front().ok_or(ChannelError::Unasked)?;
        let Response { data, status } = Response::parse(answer).ok_or(ChannelError::WrongMac)?;
        if status != StatusWord::SUCCESS {
            return Ok(status.into());
        }
        let (data, mac) = data.split_last_chunk::<MAC>().ok_or(ChannelError::WrongMac)?;
        if !equal(mac, &self.session.answer_mac(&place, data, status)) {
            return Err(ChannelError::WrongMac);
        }
        let data = match data {
            [] => Vec::new(),
            data => {
                self.session.decrypt_answer(&place, data).ok_or(ChannelError::WrongMac)?.to_vec()
            }
        };
        Ok(Response::success(data))
    }
}

fn append_mac(session: &mut Session, command: Command<'_>, mut data: Vec<u8>) -> Vec<u8> {
    let mac = session.command_mac(&command, &data);
    data.extend_from_slice(&mac);
    command.with_data(&data).to_bytes()
}
