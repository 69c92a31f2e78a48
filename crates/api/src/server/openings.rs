//! What anybody may begin without proof of who asks: bounded, so that nobody fills a store or a memory
//! with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::Source;
use crate::problem::{Code, Problem};

/// One source may have open one in so many of all.
const SHARE: usize = 10;

/// So many may be open at a time, each until it is closed or its time is over; and of these one source may
/// have a tenth, so that it shuts nobody else out. Counted in this process alone: a restart begins anew.
#[derive(Debug)]
pub struct Openings<K> {
    most: usize,
    open: Mutex<BTreeMap<K, Opening>>,
}

#[derive(Clone, Copy, Debug)]
struct Opening {
    source: Source,
    until: Timestamp,
}

impl<K: Ord> Openings<K> {
    /// At most `most` at a time.
    pub const fn new(most: usize) -> Self {
        Self { most, open: Mutex::new(BTreeMap::new()) }
    }

    /// Opens one for `source`, until `until`. One that is open already stays so.
    ///
    /// # Errors
    /// `too-many-requests`, with the seconds until the next one ends: as many are open as may be, of all or
    /// of that source.
    pub fn open(
        &self,
        key: K,
        source: Source,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Problem> {
        let mut open = self.lock();
        open.retain(|_, opening| opening.until > now);
        if !open.contains_key(&key) {
            check(open.values(), self.most, now)?;
            if source.is_known() {
                let own = open.values().filter(|opening| opening.source == source);
                check(own, self.most.div_ceil(SHARE), now)?;
            }
        }
        open.entry(key).or_insert(Opening { source, until });
        Ok(())
    }

    /// It is done, and another may be opened in its place.
    pub fn close(&self, key: &K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, Opening>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That there are fewer than `most`.
fn check<'o>(
    open: impl Iterator<Item = &'o Opening> + Clone,
    most: usize,
    now: Timestamp,
) -> Result<(), Problem> {
    if open.clone().count() < most {
        return Ok(());
    }
    let first = open.map(|opening| opening.until).min().unwrap_or(now);
    let wait = first.duration_since(now).as_secs().max(1);
    Err(Problem::new(Code::TOO_MANY_REQUESTS).with("wait", wait))
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
        openings.open("a", Source::ANY, NOW, after(60)).unwrap();
        openings.open("b", Source::ANY, NOW, after(90)).unwrap();
        openings.open("b", Source::ANY, NOW, after(999)).unwrap();
        let refused = openings.open("c", Source::ANY, after(20), after(80)).unwrap_err();
        assert!(refused.is(Code::TOO_MANY_REQUESTS));
        assert_eq!(refused.param("wait"), Some("40"));
        // One has ended by time.
        openings.open("c", Source::ANY, after(60), after(99)).unwrap();
        assert!(openings.open("d", Source::ANY, after(60), after(99)).is_err());
        // One is done.
        openings.close(&"b");
        openings.open("d", Source::ANY, after(60), after(99)).unwrap();
    }

    #[test]
    fn a_source_that_has_its_share_shuts_nobody_else_out() {
        let source = |address: &str| Source::of(address.parse().unwrap());
        let (noisy, quiet) = (source("2001:db8::1"), source("192.0.2.1"));
        let openings = Openings::new(20);
        openings.open(0, noisy, NOW, after(60)).unwrap();
        openings.open(1, source("2001:db8::2"), NOW, after(90)).unwrap();
        let refused = openings.open(2, noisy, NOW, after(60)).unwrap_err();
        assert!(refused.is(Code::TOO_MANY_REQUESTS));
        assert_eq!(refused.param("wait"), Some("60"));
        openings.open(3, quiet, NOW, after(30)).unwrap();
        // What is open stays so, and its end makes room.
        openings.open(1, noisy, NOW, after(60)).unwrap();
        openings.close(&1);
        openings.open(2, noisy, NOW, after(60)).unwrap();
        // Who cannot be told apart has what the others leave.
        for key in 4..21 {
            openings.open(key, Source::ANY, NOW, after(60)).unwrap();
        }
        let refused = openings.open(21, source("192.0.2.2"), NOW, after(60)).unwrap_err();
        assert_eq!(refused.param("wait"), Some("30"));
    }

    #[test]
    fn a_refusal_tells_clients_when_to_come_again() {
        let openings = Openings::new(0);
        let response = openings
            .open("a", Source::ANY, NOW, after(60))
            .unwrap_err()
            .response(Default::default());
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
