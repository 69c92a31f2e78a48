//! ISO 7816 chips: the My Number card and the secure element of a phone, and those who talk to them.
//!
//! A chip is one state machine, [`Chip::process`], over a transactional [`memory`]. Which files and
//! applications it shows follows from its [`image::Personality`].

pub mod apdu;
pub mod chip;
pub mod client;
pub mod face_input;
pub mod files;
pub mod image;
pub mod issuer;
pub mod jpki;
pub mod memory;
pub mod observer;
pub mod personalisation;
pub mod scp03;
pub mod tlv;
pub mod transport;
pub mod tray;

#[cfg(test)]
mod testing;

pub use chip::{Chip, Interface};
