//! What may be used again, in memory: answers and CRLs by their address, what they said by the certificate.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_pki::Status;
use jiff::Timestamp;

use super::StatusSource;

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

/// What was said of one certificate, and has passed its checks.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) status: Status,
    pub(super) source: StatusSource,
    /// What said it.
    pub(super) body: Arc<[u8]>,
    /// From when on it holds, and until when.
    pub(super) span: (Timestamp, Timestamp),
    /// When it was signed, of an OCSP response.
    pub(super) produced_at: Option<Timestamp>,
}

impl Verdict {
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        let (from, until) = self.span;
        from <= now && now < until
    }
}

/// What has a length in memory.
pub(super) trait Weigh {
    /// In bytes.
    fn weight(&self) -> usize;
}

impl Weigh for Kept {
    fn weight(&self) -> usize {
        self.body.len()
    }
}

impl Weigh for Verdict {
    fn weight(&self) -> usize {
        self.body.len()
    }
}

/// A memory of bounded size: what was kept longest ago goes first.
pub(super) struct Cache<K, V> {
    limit: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    by_key: HashMap<K, (u64, V)>,
    /// The keys in the order in which they were kept.
    by_turn: BTreeMap<u64, K>,
    bytes: usize,
    turn: u64,
}

impl<K: Clone + Eq + Hash, V: Clone + Weigh> Cache<K, V> {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        let entries =
            Entries { by_key: HashMap::new(), by_turn: BTreeMap::new(), bytes: 0, turn: 0 };
        Self { limit, entries: Mutex::new(entries) }
    }

    pub(super) fn find(&self, key: &K) -> Option<V> {
        let entries = self.lock();
        entries.by_key.get(key).map(|(_, value)| value.clone())
    }

    pub(super) fn keep(&self, key: K, value: V) {
        let mut entries = self.lock();
        entries.forget(&key);
        if value.weight() > self.limit {
            return;
        }
        entries.turn += 1;
        entries.bytes += value.weight();
        let turn = entries.turn;
        entries.by_turn.insert(turn, key.clone());
        entries.by_key.insert(key, (turn, value));
        while entries.bytes > self.limit {
            let Some(oldest) = entries.by_turn.values().next().cloned() else { return };
            entries.forget(&oldest);
        }
    }
}

impl<K, V> Cache<K, V> {
    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        // Nothing in here panics between two changes that belong together.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V: Weigh> Entries<K, V> {
    fn forget(&mut self, key: &K) {
        if let Some((turn, value)) = self.by_key.remove(key) {
            self.by_turn.remove(&turn);
            self.bytes -= value.weight();
        }
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
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
        let found = ["a", "b", "c"].map(|address| cache.find(&address).is_some());
        assert_eq!(found, [true, false, true]);
        cache.keep("d", kept(11));
        assert!(cache.find(&"d").is_none(), "too long to be kept at all");
        assert!(cache.find(&"c").is_some());
        cache.keep("c", kept(11));
        assert!(cache.find(&"c").is_none(), "the old one is not the present one");
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
