//! Ways to a chip: in this process, through a PC/SC reader, as a virtual card.

pub mod pcsc;
pub mod vpcd;

use thiserror::Error;

use crate::chip::Chip;
use crate::memory::Medium;

/// Something that takes a command to a chip and brings the answer back, whatever its status.
pub trait Transport {
    /// Sends a command APDU; gives the response APDU.
    ///
    /// # Errors
    /// There is no answer: [`TransportError`].
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError>;

    /// Whether the last two tries of a PIN must not be spent, for it is a person's own card.
    fn spares_last_tries(&self) -> bool {
        false
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The card was taken away, or has no power.
    #[error("the card was removed")]
    Removed,
    /// Another program holds the card.
    #[error("another program holds the card")]
    Busy,
    /// The reader, or the way to it, failed.
    #[error("the reader failed: {0}")]
    Reader(String),
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(command)
    }

    fn spares_last_tries(&self) -> bool {
        (**self).spares_last_tries()
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(command)
    }

    fn spares_last_tries(&self) -> bool {
        (**self).spares_last_tries()
    }
}

/// In process.
impl<M: Medium> Transport for Chip<M> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let answer = self.process(command);
        if answer.is_empty() { Err(TransportError::Removed) } else { Ok(answer) }
    }
}
