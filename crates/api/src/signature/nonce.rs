//! Nonces that were taken: a signature counts once.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::problem::Problem;

/// Remembers nonces for as long as the signatures that they stand in could be accepted. A role's
/// store keeps them over a restart.
pub trait NonceStore: Send + Sync {
    /// Takes a nonce of a key, to be remembered up to and including `until`. Answers whether it was
    /// new; of two that ask at once only one is told so. May forget whatever lies before `now`.
    ///
    /// # Errors
    /// The store's.
    fn take(
        &self,
        key_id: &str,
        nonce: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool, Problem>> + Send;
}

/// Nonces in memory: forgotten at a restart.
#[derive(Debug, Default)]
pub struct MemoryNonces(Mutex<Taken>);

/// Key and nonce.
type Pair = (String, String);

#[derive(Debug, Default)]
struct Taken {
    pairs: HashSet<Pair>,
    ends: BTreeSet<(Timestamp, Pair)>,
}

impl MemoryNonces {
    /// None taken yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl NonceStore for MemoryNonces {
    async fn take(
        &self,
        key_id: &str,
        nonce: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Problem> {
        // A panic elsewhere leaves the two sets in step: nothing in here panics.
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.ends.first().is_some_and(|(end, _)| *end < now) {
            if let Some((_, pair)) = taken.ends.pop_first() {
                taken.pairs.remove(&pair);
            }
        }
        let pair = (key_id.to_owned(), nonce.to_owned());
        let new = taken.pairs.insert(pair.clone());
        if new {
            taken.ends.insert((until, pair));
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[tokio::test]
    async fn a_nonce_is_taken_once_by_each_key_until_its_end() {
        let nonces = MemoryNonces::new();
        let start = Timestamp::UNIX_EPOCH;
        let end = start + SignedDuration::from_secs(10);
        let after = end + SignedDuration::from_secs(1);
        assert!(nonces.take("a", "1", start, end).await.unwrap());
        assert!(!nonces.take("a", "1", start, end).await.unwrap());
        assert!(nonces.take("b", "1", start, end).await.unwrap());
        assert!(nonces.take("a", "2", start, end).await.unwrap());
        assert!(!nonces.take("a", "1", end, after).await.unwrap());
        assert!(nonces.take("a", "1", after, after).await.unwrap());
        assert_eq!(nonces.0.lock().unwrap().pairs.len(), 1, "what has ended is forgotten");
    }
}
