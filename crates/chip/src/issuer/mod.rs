//! The card manager (issuer security domain, AID A0000001510000).

use inrou_rules::{Use, Uses};
use serde::{Deserialize, Serialize};

use crate::apdu::{Command, Response, StatusWord};
use crate::chip::IssuerContext;

/// What the card manager remembers. *This type is stored.*
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerState {
    /// For which uses the issuer allows a new PIN to be set without the old one, once (PIN-2).
    pub pin_resets: Uses,
}

impl IssuerState {
    /// Whether a new PIN may be set without the old one (PIN-2).
    pub fn permits_pin_reset(&self, usage: Use) -> bool {
        self.pin_resets.contains(usage)
    }

    /// Takes the permission back: it was used.
    pub fn use_up_pin_reset(&mut self, usage: Use) {
        self.pin_resets = self.pin_resets.iter().filter(|&other| other != usage).collect();
    }
}

/// What the card manager forgets when another application is selected or the power goes.
#[derive(Default)]
pub struct Channel {}

/// Answers a command to the card manager. What it changes in the image is committed before the
/// answer leaves the chip.
pub fn process(_context: &mut IssuerContext<'_>, _command: &Command<'_>) -> Response {
    StatusWord::INSTRUCTION_NOT_SUPPORTED.into()
}
