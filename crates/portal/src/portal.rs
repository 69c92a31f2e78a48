//! The portal: what it is made of.

use std::sync::Arc;

use inrou_api::client::Client;
use inrou_api::clock::Clock;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Openings;
use inrou_api::wire::transaction::TransactionId;
use inrou_pki::Entropy;
use inrou_relying::{Links, Validator};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::own::OwnInformation;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::{Store, StoreError, problem};

/// What a portal is made of.
pub struct Parts {
    /// Its store.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The authority's API, called with the portal's role key.
    pub authority: Client,
    /// Judges certificates and signatures.
    pub validator: Validator,
    /// Who has the residents' own information, if anybody does.
    pub own: Option<Arc<dyn OwnInformation>>,
    /// Its settings.
    pub settings: Settings,
}

/// The residents' portal and the receiving office. Everything that lasts is in its store.
pub struct Portal {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) authority: Client,
    pub(crate) validator: Validator,
    pub(crate) own: Option<Arc<dyn OwnInformation>>,
    pub(crate) settings: Settings,
    pub(crate) secrets: Secrets,
    /// Makes and judges the links by which phones are asked.
    pub(crate) links: Links,
    /// The log-ins that wait for their phones.
    pub(crate) open_logins: Openings<TransactionId>,
    changes: watch::Sender<()>,
}

impl Portal {
    /// Opens the portal on its store. Blocks.
    ///
    /// # Errors
    /// The store's.
    pub fn open(parts: Parts) -> Result<Self, StoreError> {
        let secret = parts.store.secret()?;
        let secrets = Secrets::new(&secret);
        Ok(Self {
            open_logins: Openings::new(parts.settings.open_logins),
            links: Links::new(&secrets.links(), parts.settings.code_freshness),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            authority: parts.authority,
            validator: parts.validator,
            own: parts.own,
            settings: parts.settings,
            secrets,
            changes: watch::Sender::new(()),
        })
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

    /// Sixteen random bytes.
    pub(crate) fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Tells of every change in the store, for long polls.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
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

    /// Changes the store, and wakes who waits for changes.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        act: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let (store, changes) = (self.store.clone(), self.changes.clone());
        // In a task of its own, so that a caller who goes away does not keep others from being woken.
        let changed = tokio::task::spawn_blocking(move || {
            let done = act(&*store);
            changes.send_replace(());
            done
        });
        changed.await.or_internal()?.map_err(problem)
    }
}
