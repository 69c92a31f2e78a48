//! The part of a form that asks why: a reason to choose, and a short note.

use inrou_api::acting::Reason;
use inrou_api::problem::{Code, Problem};
use inrou_web::{Choice, Field, Kind, Visit};
use serde::Deserialize;

use crate::journal::Why;

/// What a form sends of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WhyForm {
    pub(super) reason: String,
    pub(super) note: String,
}

impl WhyForm {
    /// What was chosen and typed.
    ///
    /// # Errors
    /// `reason-missing`, `note-too-long`.
    pub(super) fn why(&self) -> Result<Why, Problem> {
        Why::of(&self.reason, &self.note)
    }

    /// The reasons to choose from.
    pub(super) fn reasons<'a>(
        &'a self,
        v: &'a Visit,
        offered: &'static [Reason],
        problem: Option<&Problem>,
    ) -> Vec<Choice<'a>> {
        let faulty = is_unreasoned(problem);
        let choice = |reason: &Reason| Choice {
            name: "reason",
            value: reason.as_str(),
            label: v.say(label(*reason)),
            support: None,
            checked: self.reason == reason.as_str(),
            one_of_several: true,
            faulty,
        };
        offered.iter().map(choice).collect()
    }

    /// The note.
    pub(super) fn note<'a>(&'a self, v: &'a Visit, problem: Option<&Problem>) -> Field<'a> {
        let codes = [Code::NOTE_TOO_LONG, Code::NOTE_NAMES_RESIDENT];
        let fault = problem.filter(|problem| codes.iter().any(|code| problem.is(*code)));
        let fault = fault.map(|problem| match problem.is(Code::NOTE_TOO_LONG) {
            true => v.say("why.note-too-long"),
            false => v.say("why.note-names-resident"),
        });
        Field::new(v, "note", Kind::Text, v.say("why.note"))
            .support(v.say("why.note-support"))
            .optional()
            .value(&self.note)
            .fault(fault)
    }
}

/// Whether the reason is what is missing.
pub(super) fn is_unreasoned(problem: Option<&Problem>) -> bool {
    problem.is_some_and(|problem| problem.is(Code::REASON_MISSING))
}

const fn label(reason: Reason) -> &'static str {
    match reason {
        Reason::Lost => "act-reason.lost",
        Reason::Stolen => "act-reason.stolen",
        Reason::Found => "act-reason.found",
        Reason::Asked => "act-reason.asked",
        Reason::Notified => "act-reason.notified",
        Reason::Corrected => "act-reason.corrected",
        Reason::Forgotten => "act-reason.forgotten",
        Reason::Expiring => "act-reason.expiring",
        Reason::Other => "act-reason.other",
    }
}
