//! What anybody may begin without proof of who asks: bounded, so that nobody fills a store or a memory
//! with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::problem::{Code, Problem};

/// So many may be open at a time, each until it is closed or its time is over. Counted in this process
/// alone: a restart begins anew.
#[derive(Debug)]
pub struct Openings<K> {
    most: usize,
    /// Until when each is open.
    open: Mutex<BTreeMap<K, Timestamp>>,
}

impl<K: Ord> Openings<K> {
    /// At most `most` at a time.
    pub const fn new(most: usize) -> Self {
        Self { most, open: Mutex::new(BTreeMap::new()) }
    }

    /// Opens one, until `until`. One that is open already stays so.
    ///
    /// # Errors
    /// `too-many-requests`, with the seconds until the next one ends: as many are open as may be.
    pub fn open(&self, key: K, now: Timestamp, until: Timestamp) -> Result<(), Problem> {
        let mut open = self.lock();
        open.retain(|_, &mut until| until > now);
        if open.len() >= self.most && !open.contains_key(&key) {
            let first = open.values().min().copied().unwrap_or(now);
            let wait = first.duration_since(now).as_secs().max(1);
            return Err(Problem::new(Code::TOO_MANY_REQUESTS).with("wait", wait));
        }
        open.entry(key).or_insert(until);
        Ok(())
    }

    /// It is done, and another may be opened in its place.
    pub fn close(&self, key: &K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, Timestamp>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn no_more_are_open_than_may_be_and_the_refusal_says_when_the_next_one_ends() {
        let openings = Openings::new(2);
        openings.open("a", NOW, after(60)).unwrap();
        openings.open("b", NOW, after(90)).unwrap();
        openings.open("b", NOW, after(999)).unwrap();
        let refused = openings.open("c", after(20), after(80)).unwrap_err();
        assert!(refused.is(Code::TOO_MANY_REQUESTS));
        assert_eq!(refused.param("wait"), Some("40"));
        // One has ended by time.
        openings.open("c", after(60), after(99)).unwrap();
        assert!(openings.open("d", after(60), after(99)).is_err());
        // One is done.
        openings.close(&"b");
        openings.open("d", after(60), after(99)).unwrap();
    }

    #[test]
    fn a_refusal_tells_clients_when_to_come_again() {
        let openings = Openings::new(0);
        let response = openings.open("a", NOW, after(60)).unwrap_err().response(Default::default());
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
