//! The certificates that are not good, in memory, fed by the store's changes of status.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use inrou_pki::Status;
use inrou_pki::crl::CrlEntry;
use inrou_rules::{CertificateId, Serial, Use};
use jiff::Timestamp;

use super::entries::{Entries, Entry, PartitionCode};
use crate::store::{Partition, Precondition, StatusRecord, StatusVersion, Store, StoreError};

/// How many changes are read at a time.
const BATCH: u32 = 10_000;

/// The status of every certificate: those that are not good by serial number, and the highest serial
/// number, up to which all others are good. What is looked up never waits for the store.
#[derive(Default)]
pub struct StatusIndex {
    state: RwLock<State>,
    /// Held by who reads the feed: how far it was read; `None` before the first time.
    feed: Mutex<Option<StatusVersion>>,
    /// How far the feed was read, for who only wants to know.
    seen: AtomicU64,
    /// How far it is known to go.
    committed: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Up to which change it tells.
    version: StatusVersion,
    signature: Issuer,
    user_authentication: Issuer,
}

#[derive(Default)]
struct Issuer {
    /// The highest serial number that was ever reserved.
    last_serial: Option<Serial>,
    not_good: Entries,
    /// The last change of what a partition's CRL lists, later than `read_at`.
    changed: HashMap<PartitionCode, StatusVersion>,
    /// The version that was read as a whole: changes before it are not told apart.
    read_at: StatusVersion,
}

/// What a CRL is to list, as of one change. Later changes do not touch it.
pub(super) struct Listing {
    /// Up to which change it tells.
    pub(super) version: StatusVersion,
    partition: PartitionCode,
    /// When the last CRL was made.
    last: Option<Timestamp>,
    not_good: Entries,
}

impl Listing {
    /// What is held or revoked, by serial number. An entry stays until it was in a CRL that was made
    /// after its certificate had expired (RFC 5280 §3.3).
    pub(super) fn entries(&self) -> impl Iterator<Item = CrlEntry> + Clone + '_ {
        let stays = move |entry: &Entry| {
            entry.partition() == self.partition
                && !self.last.is_some_and(|last| entry.is_expired(last))
        };
        self.not_good.iter().filter(stays).filter_map(Entry::listed)
    }
}

impl StatusIndex {
    /// Takes over the changes since the last time, and everything at the first.
    ///
    /// # Errors
    /// The store's.
    pub fn catch_up(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.follow(&mut self.feed(), store)
    }

    /// Takes over the changes up to one that was committed, unless somebody else has: of many who
    /// call this at once, one reads for all.
    ///
    /// # Errors
    /// The store's; then the index knows that it is [behind](Self::is_behind).
    pub(crate) fn catch_up_to(
        &self,
        committed: StatusVersion,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        self.expect(committed);
        if self.seen() >= committed {
            return Ok(());
        }
        let mut feed = self.feed();
        if self.seen() >= committed {
            return Ok(());
        }
        self.follow(&mut feed, store)
    }

    /// Notes that a change is committed: without it nothing more is to be told.
    pub(crate) fn expect(&self, committed: StatusVersion) {
        self.committed.fetch_max(committed.0, Ordering::AcqRel);
    }

    /// Takes over every change that is known to be committed.
    ///
    /// # Errors
    /// The store's; [`StoreError::Busy`] if it does not show them: nothing is to be told then.
    pub(crate) fn settle(&self, store: &dyn Store) -> Result<(), StoreError> {
        let expected = StatusVersion(self.committed.load(Ordering::Acquire));
        self.catch_up_to(expected, store)?;
        if self.seen() >= expected { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// Whether a change is known to be committed that was not taken over yet.
    pub(crate) fn is_behind(&self) -> bool {
        self.seen().0 < self.committed.load(Ordering::Acquire)
    }

    /// Up to which change the index tells.
    pub(crate) fn seen(&self) -> StatusVersion {
        StatusVersion(self.seen.load(Ordering::Acquire))
    }

    /// The status of a certificate. Unknown: never reserved, not issued, or not on its chip yet.
    pub fn status(&self, id: CertificateId) -> Status {
        let state = self.state();
        let issuer = state.issuer(id.usage);
        if id.serial == Serial(0) || Some(id.serial) > issuer.last_serial {
            return Status::Unknown;
        }
        match issuer.not_good.find(id.serial) {
            None => Status::Good,
            Some(entry) => entry
                .withdrawal()
                .map_or(Status::Unknown, |(since, withdrawal)| withdrawal.status(since)),
        }
    }

    /// The last change of what a partition's CRL lists, or a later one.
    pub(super) fn changed(&self, partition: Partition) -> StatusVersion {
        let state = self.state();
        let issuer = state.issuer(partition.usage());
        let changed = issuer.changed.get(&partition.into()).copied();
        changed.unwrap_or_default().max(issuer.read_at)
    }

    /// What a partition's CRL lists, if its last one was made at `last`.
    pub(super) fn listing(&self, partition: Partition, last: Option<Timestamp>) -> Listing {
        let state = self.state();
        Listing {
            version: state.version,
            partition: partition.into(),
            last,
            not_good: state.issuer(partition.usage()).not_good.clone(),
        }
    }

    /// How many certificates are not good, and how many bytes it takes to know them.
    pub fn size(&self) -> (usize, usize) {
        let state = self.state();
        let issuers = [&state.signature, &state.user_authentication];
        let entries = issuers.iter().map(|issuer| issuer.not_good.len()).sum();
        (entries, issuers.iter().map(|issuer| issuer.not_good.footprint()).sum())
    }

    fn follow(
        &self,
        feed: &mut Option<StatusVersion>,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        loop {
            let Some(since) = *feed else {
                let whole = State::read(store)?;
                let version = whole.version;
                *self.state.write().unwrap_or_else(PoisonError::into_inner) = whole;
                self.set_seen(feed, version);
                continue;
            };
            let changes = match store.status_changes(since, BATCH) {
                Err(StoreError::Precondition(Precondition::FeedForgotten)) => {
                    *feed = None;
                    continue;
                }
                changes => changes?,
            };
            let Some(last) = changes.last().map(|change| change.version) else { return Ok(()) };
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            for change in &changes {
                state.apply(change);
            }
            drop(state);
            self.set_seen(feed, last);
            if changes.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    fn set_seen(&self, feed: &mut Option<StatusVersion>, version: StatusVersion) {
        *feed = Some(version);
        self.seen.fetch_max(version.0, Ordering::AcqRel);
    }

    fn feed(&self) -> MutexGuard<'_, Option<StatusVersion>> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Everything that is not good. What changes meanwhile is seen again in the feed.
    fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut state = Self::default();
        for usage in Use::ALL {
            let last = store.last_serial(usage)?;
            state.issuer_mut(usage).last_serial = Some(last);
        }
        let version = store.status_version()?;
        for usage in Use::ALL {
            let mut after = None;
            loop {
                let page = store.statuses(usage, after, BATCH)?;
                page.iter().for_each(|record| state.apply(record));
                after = page.last().map(|record| record.id.serial);
                if page.len() < BATCH as usize {
                    break;
                }
            }
            let issuer = state.issuer_mut(usage);
            (issuer.changed, issuer.read_at) = (HashMap::new(), version);
        }
        state.version = version;
        Ok(state)
    }

    fn apply(&mut self, change: &StatusRecord) {
        self.version = change.version;
        let issuer = self.issuer_mut(change.id.usage);
        issuer.last_serial = issuer.last_serial.max(Some(change.id.serial));
        let after = Entry::of(change);
        let before = match after {
            Some(entry) => issuer.not_good.insert(entry),
            None => issuer.not_good.remove(change.id.serial),
        };
        if before.and_then(Entry::listed) != after.and_then(Entry::listed) {
            issuer.changed.insert(change.partition.into(), change.version);
        }
    }

    fn issuer(&self, usage: Use) -> &Issuer {
        match usage {
            Use::Signature => &self.signature,
            Use::UserAuthentication => &self.user_authentication,
        }
    }

    fn issuer_mut(&mut self, usage: Use) -> &mut Issuer {
        match usage {
            Use::Signature => &mut self.signature,
            Use::UserAuthentication => &mut self.user_authentication,
        }
    }
}
