//! The certificates that are not good, in memory, fed by the store's changes.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use inrou_rules::CertificateId;

use crate::store::{Status, StatusRecord, StatusVersion, Store, StoreError};

/// How many changes are read at a time.
const BATCH: u32 = 10_000;

/// Every serial number that is not good.
#[derive(Default)]
pub struct StatusIndex(RwLock<State>);

#[derive(Default)]
struct State {
    version: StatusVersion,
    not_good: BTreeMap<CertificateId, StatusRecord>,
}

impl StatusIndex {
    /// Takes over the changes since the last time.
    ///
    /// # Errors
    /// The store's.
    pub fn catch_up(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        loop {
            let changes = store.status_changes(state.version, BATCH)?;
            let Some(last) = changes.last() else { return Ok(()) };
            state.version = last.version;
            for change in changes {
                match change.status {
                    Status::Good => state.not_good.remove(&change.id),
                    _ => state.not_good.insert(change.id, change),
                };
            }
        }
    }
}
