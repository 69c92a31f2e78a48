//! Answers and CRLs that may be used again, in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// What was fetched from one address and has passed its checks.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) body: Arc<[u8]>,
    /// By which the service tells whether there is something newer.
    pub(super) etag: Option<String>,
    /// Until when the service need not be asked; without it until the body's own end.
    pub(super) fresh_until: Option<Timestamp>,
}

impl Kept {
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.fresh_until.is_none_or(|until| now < until)
    }
}

/// A memory of bounded size: what was kept longest ago goes first.
pub(super) struct Cache {
    limit: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_address: HashMap<String, (u64, Kept)>,
    bytes: usize,
    turn: u64,
}

impl Cache {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, entries: Mutex::default() }
    }

    pub(super) fn find(&self, address: &str) -> Option<Kept> {
        let entries = self.lock();
        entries.by_address.get(address).map(|(_, kept)| kept.clone())
    }

    pub(super) fn keep(&self, address: &str, kept: Kept) {
        let mut entries = self.lock();
        entries.forget(address);
        if kept.body.len() > self.limit {
            return;
        }
        entries.turn += 1;
        entries.bytes += kept.body.len();
        let turn = entries.turn;
        entries.by_address.insert(address.to_owned(), (turn, kept));
        while entries.bytes > self.limit {
            let oldest = entries.by_address.iter().min_by_key(|(_, (turn, _))| *turn);
            let Some(address) = oldest.map(|(address, _)| address.clone()) else {
                return;
            };
            entries.forget(&address);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing in here panics between two changes that belong together.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn forget(&mut self, address: &str) {
        if let Some((_, kept)) = self.by_address.remove(address) {
            self.bytes -= kept.body.len();
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes kept", self.lock().bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(length: usize) -> Kept {
        Kept { body: vec![0; length].into(), etag: None, fresh_until: None }
    }

    #[test]
    fn what_was_kept_longest_ago_gives_way() {
        let cache = Cache::new(10);
        for (address, length) in [("a", 4), ("b", 4), ("a", 5), ("c", 4)] {
            cache.keep(address, kept(length));
        }
        let found = ["a", "b", "c"].map(|address| cache.find(address).is_some());
        assert_eq!(found, [true, false, true]);
        cache.keep("d", kept(11));
        assert!(cache.find("d").is_none(), "too long to be kept at all");
        assert!(cache.find("c").is_some());
        cache.keep("c", kept(11));
        assert!(cache.find("c").is_none(), "the old one is not the present one");
        assert_eq!(format!("{cache:?}"), "5 bytes kept");
    }

    #[test]
    fn freshness_ends_at_its_moment() {
        let until = Timestamp::UNIX_EPOCH;
        let kept = Kept { fresh_until: Some(until), ..kept(1) };
        assert!(!kept.is_fresh(until));
        assert!(kept.is_fresh(until - jiff::SignedDuration::from_secs(1)));
    }
}
