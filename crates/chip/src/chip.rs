//! The chip as a state machine: one command in, one answer out.

mod application;
mod dispatch;
mod files;
mod pins;
mod secure_messaging;
mod session;
mod signing;

use std::fmt;
use std::sync::Arc;

use inrou_pki::{Entropy, KeySource};

use crate::apdu::{Command, Response};
use crate::image::Image;
use crate::issuer;
use crate::memory::{Medium, Memory};
use dispatch::Powered;
use session::Session;

/// What a powered chip answers to a reset: T=1 with an information field of 254 bytes. Clients know
/// a My Number card by it.
pub const ANSWER_TO_RESET: [u8; 9] = [0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14];

/// By which way a chip is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// Contacts, or the channel inside the phone.
    Local,
    /// The contactless link. A phone shows its JPKI application alone there (REG-4).
    Contactless,
}

/// A chip over its memory.
pub struct Chip<M> {
    memory: Memory<M>,
    entropy: Arc<dyn Entropy>,
    keys: Arc<dyn KeySource>,
    /// What the chip forgets without power; `None` while it has none.
    session: Option<Session>,
}

/// What the card manager may touch while it answers a command.
pub struct IssuerContext<'a> {
    /// The image. What is changed in it is committed before the answer leaves the chip; if the
    /// commit fails, nothing is changed, the channel is closed and the answer is `6581`.
    pub image: &'a mut Image,
    /// What the card manager forgets when another application is selected or the power goes.
    pub channel: &'a mut issuer::Channel,
    /// The chip's random numbers.
    pub entropy: &'a dyn Entropy,
    /// Where the chip's new key pairs come from.
    pub keys: &'a dyn KeySource,
}

impl<M: Medium> Chip<M> {
    /// A chip without power.
    pub fn new(memory: Memory<M>, entropy: Arc<dyn Entropy>, keys: Arc<dyn KeySource>) -> Self {
        Self {
            memory,
            entropy,
            keys,
            session: None,
        }
    }

    /// The present image.
    pub fn image(&self) -> &Image {
        self.memory.image()
    }

    /// Gives the chip power over `interface`, anew if it had it. Returns the answer to reset.
    pub fn power_on(&mut self, interface: Interface) -> Vec<u8> {
        self.session = Some(Session::new(interface));
        ANSWER_TO_RESET.to_vec()
    }

    /// Resets a chip that has power (a warm reset). Returns the answer to reset, empty without power.
    ///
    /// What was verified survives while no other application is selected (observed on a genuine
    /// card): only [`Chip::power_off`] is sure to end it.
    pub fn reset(&mut self) -> Vec<u8> {
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        session.reset();
        ANSWER_TO_RESET.to_vec()
    }

    /// Takes the power away: every security status is lost.
    pub fn power_off(&mut self) {
        self.session = None;
    }

    /// Answers a command. Without power the answer is empty.
    pub fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        let mut chip = Powered {
            memory: &mut self.memory,
            session,
            entropy: &*self.entropy,
            keys: &*self.keys,
        };
        match Command::parse(command) {
            Ok(command) => chip.answer(&command),
            Err(status) => Response::from(status),
        }
        .into_bytes()
    }
}

impl<M> fmt::Debug for Chip<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chip(..)")
    }
}
