//! What the page's forms send.

use serde::Deserialize;

use crate::sandbox::act::Typed;

/// The longest text that is kept to be corrected, in bytes: what is longer is no form's.
const LONGEST: usize = 200;

/// The fields of all forms.
#[derive(Default, Deserialize)]
pub(super) struct Sent {
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
    /// That the registered sites are to be forgotten too.
    pub(super) all: Option<String>,
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
        let fields = fields.filter(|(_, typed)| typed.len() <= LONGEST);
        Typed(fields.chain([("form", form.to_owned())]).collect())
    }
}
