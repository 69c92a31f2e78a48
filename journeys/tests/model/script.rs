//! What happens in a town: who lives there, and step by step what they do. A script is all that it takes
//! to live it again.

use inrou_oracle::{Act, Municipality, Platform};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::gate::Mishap;

/// When every town begins: ten in the morning in Japan, on a Saturday.
pub const START: &str = "2026-11-21T01:00:00Z";

#[derive(Clone, Debug)]
pub struct Script {
    pub residents: Vec<(Date, Municipality)>,
    pub phones: Vec<Platform>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The clock is turned.
    Turn(Timestamp),
    /// Somebody does something, and something may befall one of the requests that it takes.
    Act { act: Act, mishap: Option<(usize, Mishap)>, repeats: bool },
    /// Two do something at once.
    Together(Act, Act),
    /// The authority crashes between two acts.
    Crash,
}
