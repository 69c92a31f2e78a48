//! Who refers to what. A file can be prepared before it is signed so that an object which may be changed later,
//! or one that is not there yet, is seen from a page as well: what is changed must be seen from nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::PdfError;
use crate::document::{Container, View};
use crate::object::{Object, Reference};
use crate::xref::Entry;

/// How often the objects of a revision refer to each number, whether there is such an object or not.
pub(crate) struct Usage(BTreeMap<u32, usize>);

impl Usage {
    /// By all objects of a revision, those that nothing refers to included. What the file's `sections` (where
    /// they begin) name as a trailer does, the catalog and the information, is left out: that shows nothing.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) fn of(view: View<'_>, sections: &BTreeSet<usize>) -> Result<Self, PdfError> {
        let mut usage = Self(BTreeMap::new());
        let mut containers: BTreeMap<u32, Container> = BTreeMap::new();
        for (&number, entry) in &view.revision.table {
            let object = match *entry {
                Entry::Free => continue,
                Entry::At { offset, generation } => {
                    view.object_and_end(Reference { number, generation }, offset)?.0
                }
                Entry::InStream { stream, index } => {
                    let container = match containers.entry(stream) {
                        std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                        std::collections::btree_map::Entry::Vacant(place) => {
                            place.insert(view.container(stream)?)
                        }
                    };
                    container.object(number, index)?
                }
            };
            usage.count(&object);
            if !matches!(entry, Entry::At { offset, .. } if sections.contains(offset)) {
                continue;
            }
            for key in [&b"Info"[..], b"Root"] {
                let section = object.dictionary();
                if let Some(named) = section.and_then(|section| section.get(key)?.reference())
                    && let Some(times) = usage.0.get_mut(&named.number)
                {
                    *times -= 1;
                }
            }
        }
        Ok(usage)
    }

    /// How often a number is referred to.
    pub(crate) fn times(&self, number: u32) -> usize {
        self.0.get(&number).copied().unwrap_or(0)
    }

    /// Objects lie in each other only as deep as they are read.
    fn count(&mut self, object: &Object) {
        match object {
            Object::Reference(reference) => *self.0.entry(reference.number).or_default() += 1,
            Object::Array(elements) => elements.iter().for_each(|each| self.count(each)),
            Object::Dictionary(dictionary) | Object::Stream(dictionary, _) => {
                dictionary.values().for_each(|each| self.count(each));
            }
            _ => {}
        }
    }
}
