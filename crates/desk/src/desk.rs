//! The desk: what it is made of.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_api::clock::Clock;
use inrou_api::problem::{OrInternal, Problem};
use inrou_pki::Entropy;
use jiff::{SignedDuration, Timestamp};

use crate::passkeys::Challenge;
use crate::reader::Reader;
use crate::settings::{Authority, Settings};
use crate::store::{Store, StoreError, problem};
use crate::writing::Writing;

/// What a desk is made of.
pub struct Parts {
    /// Its store.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The authority's API.
    pub authority: Authority,
    /// The counters' card reader, if there is one.
    pub reader: Option<Arc<dyn Reader>>,
    /// Its settings.
    pub settings: Settings,
}

/// The desk. Everything that lasts is in its store.
pub struct Desk {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) authority: Authority,
    pub(crate) reader: Option<Arc<dyn Reader>>,
    pub(crate) settings: Settings,
    writings: Mutex<Vec<Writing>>,
    challenges: Mutex<Vec<Challenge>>,
}

impl Desk {
    /// Opens the desk on its store. Blocks.
    pub fn open(parts: Parts) -> Self {
        let Parts { store, clock, entropy, authority, reader, settings } = parts;
        Self {
            store,
            clock,
            entropy,
            authority,
            reader,
            settings,
            writings: Mutex::default(),
            challenges: Mutex::default(),
        }
    }

    /// The present time, to the microsecond, as the store keeps it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// The time at which what begins now and lasts this long ends.
    pub(crate) fn until(&self, life: SignedDuration) -> Timestamp {
        self.now().saturating_add(life).unwrap_or(Timestamp::MAX)
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// The challenges that wait for their answers.
    pub(crate) fn challenges(&self) -> MutexGuard<'_, Vec<Challenge>> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cards that are being written.
    pub(crate) fn writings(&self) -> MutexGuard<'_, Vec<Writing>> {
        self.writings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with the store off the threads that serve requests.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.store.clone();
        let done = tokio::task::spawn_blocking(move || work(&*store));
        done.await.or_internal()?.map_err(problem)
    }
}
