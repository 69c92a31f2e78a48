//! Why a form was not taken, or that it was, told to whoever sent it: the page that the sender is led to asks for it by a
//! mark in its address. Another tab has another address, and a reload tells it again.

use std::collections::VecDeque;
use std::fmt;

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::StepProblem;

use crate::phone::Phone;
use crate::problem::kept;

/// As many are kept, for pages that are loaded again.
const MOST: usize = 16;

/// What pages are to tell, oldest first: why a form was not taken; nothing more, if it was.
#[derive(Default)]
pub(crate) struct Told(VecDeque<(Mark, Option<StepProblem>)>);

/// By which a page knows what it is to tell; a random number.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Phone {
    /// A mark under which nothing is told yet.
    pub(crate) fn mark(&self) -> Mark {
        let mut bytes = [0; 8];
        self.parts.entropy.fill(&mut bytes);
        Mark(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    /// Has the page with this mark say why a form was not taken. While something else is under way, the
    /// page of that says it all.
    pub(crate) fn tell(&self, mark: &Mark, problem: &Problem) {
        if problem.is(Code::PHONE_BUSY) && self.is_busy() {
            return;
        }
        self.note(mark, Some(kept(problem)));
    }

    /// Has the page with this mark say that the form was taken: nobody who types its address is told so.
    pub(crate) fn tell_done(&self, mark: &Mark) {
        self.note(mark, None);
    }

    fn note(&self, mark: &Mark, told: Option<StepProblem>) {
        let Told(all) = &mut self.live().told;
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back((mark.clone(), told));
    }

    /// What the page with this mark is to say.
    pub(crate) fn told(&self, mark: &str) -> Option<StepProblem> {
        self.noted(mark).flatten()
    }

    /// Whether the page with this mark is to say that the form was taken.
    pub(crate) fn is_told_done(&self, mark: &str) -> bool {
        self.noted(mark).is_some_and(|told| told.is_none())
    }

    fn noted(&self, mark: &str) -> Option<Option<StepProblem>> {
        let Told(told) = &self.live().told;
        told.iter().find(|(known, _)| known.0 == mark).map(|(_, told)| told.clone())
    }
}
