//! The card manager (issuer security domain, AID A0000001510000).

mod pins;
mod state;

pub use pins::{PinLeave, PinReference, pin_to_set};
pub use state::IssuerState;

use crate::apdu::{Command, Response, StatusWord};
use crate::chip::IssuerContext;

/// What the card manager forgets when another application is selected or the power goes.
#[derive(Default)]
pub struct Channel {}

/// Answers a command to the card manager. What it changes in the image is committed before the
/// answer leaves the chip.
pub fn process(_context: &mut IssuerContext<'_>, _command: &Command<'_>) -> Response {
    StatusWord::INSTRUCTION_NOT_SUPPORTED.into()
}
