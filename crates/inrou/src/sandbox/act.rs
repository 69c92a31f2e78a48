//! The acts that change the sandbox as a whole, how far one is, and how it went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::scenario::ScenarioName;
use crate::fault::Fault;
use crate::residents::Handle;

/// What is done with the sandbox as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Saves its state under a name.
    Save(Handle),
    /// Goes back to a saved state.
    Restore(Handle),
    /// Takes a saved state away.
    Delete(Handle),
    /// Begins anew. The sites that are registered stay so.
    Reset,
    /// Begins anew, and forgets the sites too.
    ResetAll,
    /// Begins anew, and plays a scenario.
    Play(ScenarioName),
}

/// How far an act is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Of a hundred.
    pub(super) percent: u8,
    /// The code of the words for what is done now.
    pub(super) doing: &'static str,
}

impl Progress {
    pub(super) const CLOSING: Self = Self { percent: 5, doing: "doing.closing" };
    pub(super) const COPYING: Self = Self { percent: 20, doing: "doing.copying" };
    pub(super) const OPENING: Self = Self { percent: 30, doing: "doing.opening" };

    /// At a first start: so many residents have their cards.
    pub(super) fn residents(entered: usize, all: usize) -> Self {
        Self { percent: between(30, 75, entered, all), doing: "doing.residents" }
    }

    /// While a scenario is played: so many of its steps are done.
    pub(super) fn playing(done: usize, all: usize) -> Self {
        Self { percent: between(75, 100, done, all), doing: "doing.playing" }
    }
}

/// The part of the way from one percentage to another.
fn between(from: u8, to: u8, done: usize, all: usize) -> u8 {
    let part = usize::from(to - from) * done / all.max(1);
    u8::try_from(part).map_or(to, |part| from.saturating_add(part).min(to))
}

/// How something went that was asked for.
#[derive(Debug)]
pub(super) struct Outcome {
    /// By which the page that tells it is addressed.
    pub(super) number: u64,
    pub(super) done: Result<Done, Fault>,
    /// What was typed, if it is to be typed once more.
    pub(super) typed: Typed,
}

/// What a form sent, by field.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed(pub(super) BTreeMap<&'static str, String>);

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// An act came to its end.
    Act(Act),
    /// The clock was turned to this time.
    Turned(jiff::Timestamp),
}
