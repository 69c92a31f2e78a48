//! What a resident typed and did not send yet: kept in memory for an hour, so that neither the end of the
//! session, nor another page, nor another language loses it. The same resident finds it again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use inrou_api::wire::portal::Procedure;
use jiff::{SignedDuration, Timestamp};

use super::apply::Fields;

/// How many residents' drafts are kept; one each.
const MOST: usize = 1_000;

/// How long the fields are together at most, in bytes: what is longer is no form's.
const LONGEST: usize = 8 * 1024;

/// How long.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// The drafts, by resident.
#[derive(Default)]
pub(super) struct Drafts(Mutex<BTreeMap<String, Draft>>);

struct Draft {
    procedure: Procedure,
    fields: Fields,
    until: Timestamp,
}

impl Drafts {
    /// Keeps what a resident typed, in place of what was kept before. With too many of them the oldest
    /// is forgotten.
    pub(super) fn keep(&self, subject: &str, procedure: Procedure, fields: Fields, now: Timestamp) {
        let length: usize = fields.values().map(String::len).sum();
        if length > LONGEST {
            return;
        }
        let mut drafts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.retain(|_, draft| draft.until > now);
        if drafts.len() >= MOST {
            let oldest = drafts.iter().min_by_key(|(_, draft)| draft.until);
            let oldest = oldest.map(|(subject, _)| subject.clone());
            oldest.map(|subject| drafts.remove(&subject));
        }
        let until = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        drafts.insert(subject.to_owned(), Draft { procedure, fields, until });
    }

    /// What is kept of a resident's.
    pub(super) fn of(&self, subject: &str, now: Timestamp) -> Option<(Procedure, Fields)> {
        let drafts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let draft = drafts.get(subject).filter(|draft| draft.until > now)?;
        Some((draft.procedure, draft.fields.clone()))
    }

    /// Forgets it: it was sent, or given up.
    pub(super) fn forget(&self, subject: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(subject);
    }
}
