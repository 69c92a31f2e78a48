//! What the page's forms send, and that each is taken once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use serde::Deserialize;

use crate::sandbox::act::Typed;

/// How many forms are remembered as sent.
const REMEMBERED: usize = 200;

/// The longest text that is kept to be corrected, in bytes: what is longer is no form's.
const LONGEST: usize = 200;

/// The fields of all forms.
#[derive(Default, Deserialize)]
pub(super) struct Sent {
    /// Under which it is taken once.
    pub(super) key: Option<String>,
    /// How the clock is to be turned.
    pub(super) turn: Option<String>,
    pub(super) number: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) date: Option<String>,
    pub(super) time: Option<String>,
    pub(super) event: Option<String>,
    /// The scenario that was chosen.
    pub(super) scenario: Option<String>,
    /// The name of a new snapshot.
    pub(super) name: Option<String>,
    /// The snapshot that was chosen, and what is to be done with it.
    pub(super) snapshot: Option<String>,
    pub(super) act: Option<String>,
    /// That the present state may be lost.
    pub(super) confirmed: Option<String>,
}

impl Sent {
    /// What was typed, to be typed no second time. `form` is the one that sent it.
    pub(super) fn typed(&self, form: &'static str) -> Typed {
        let fields = [
            ("turn", &self.turn),
            ("number", &self.number),
            ("unit", &self.unit),
            ("date", &self.date),
            ("time", &self.time),
            ("event", &self.event),
            ("scenario", &self.scenario),
            ("name", &self.name),
            ("snapshot", &self.snapshot),
        ];
        let fields = fields.into_iter().filter_map(|(name, typed)| Some((name, typed.clone()?)));
        let mut kept: Typed = fields.filter(|(_, typed)| typed.len() <= LONGEST).collect();
        kept.insert("form", form.to_owned());
        kept
    }
}

/// The forms that were sent, and the number of what each led to.
#[derive(Default)]
pub(super) struct Once(Mutex<VecDeque<(IdempotencyKey, u64)>>);

impl Once {
    /// Does what a form asks for, if no form with its key did: the number of what it led to. Blocks.
    ///
    /// # Errors
    /// `idempotency-key-missing`, `idempotency-key-malformed`.
    pub(super) fn take(
        &self,
        key: Option<&str>,
        work: impl FnOnce() -> u64,
    ) -> Result<u64, Problem> {
        let key = key.ok_or_else(|| Problem::new(Code::IDEMPOTENCY_KEY_MISSING))?;
        let key: IdempotencyKey =
            key.parse().map_err(|_| Problem::new(Code::IDEMPOTENCY_KEY_MALFORMED))?;
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, number)) = sent.iter().find(|(known, _)| *known == key) {
            return Ok(*number);
        }
        let number = work();
        if sent.len() >= REMEMBERED {
            sent.pop_front();
        }
        sent.push_back((key, number));
        Ok(number)
    }
}
