//! The use history (USE-7): what was done at the portal, merged with what the authority knows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::store::Entry;

/// An act for a resident's history, named so that it is entered once.
pub(crate) fn entry(
    subject: &str,
    act: String,
    at: Timestamp,
    code: &'static str,
    actor: &'static str,
) -> Entry {
    Entry {
        subject: subject.to_owned(),
        act,
        at,
        code,
        params: BTreeMap::new(),
        actor,
    }
}

impl Entry {
    /// With a parameter; never an attribute value.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.params.insert(name.to_owned(), value.to_owned());
        self
    }
}
