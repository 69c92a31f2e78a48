//! The provider: what it is made of.

use std::sync::Arc;

use inrou_api::client::Client as HttpClient;
use inrou_api::clock::Clock;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Openings;
use inrou_api::wire::transaction::TransactionId;
use inrou_pki::Entropy;
use inrou_relying::{Links, Validator};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::clients::{Client, ClientId};
use crate::dpop::Proofs;
use crate::jwt::Issuer;
use crate::personas::Personas;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::{Store, StoreError, problem};

/// What a provider is made of.
pub struct Parts {
    /// Its store.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The authority's API, called with the provider's role key.
    pub authority: HttpClient,
    /// Judges certificates and signatures.
    pub validator: Validator,
    /// Signs ID tokens.
    pub issuer: Issuer,
    /// Its settings.
    pub settings: Settings,
    /// Who answers in place of people with phones: in a sandbox.
    pub personas: Option<Arc<dyn Personas>>,
}

/// The OpenID provider. Everything that lasts is in its store.
pub struct Provider {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) authority: HttpClient,
    pub(crate) validator: Validator,
    pub(crate) issuer: Issuer,
    pub(crate) settings: Settings,
    pub(crate) personas: Option<Arc<dyn Personas>>,
    pub(crate) secrets: Secrets,
    pub(crate) proofs: Proofs,
    /// Makes and judges the links by which phones are asked.
    pub(crate) links: Links,
    /// The log-ins that wait for their phones.
    pub(crate) open_logins: Openings<TransactionId>,
    changes: watch::Sender<()>,
}

impl Provider {
    /// Opens the provider on its store. Blocks.
    ///
    /// # Errors
    /// The store's.
    pub fn open(parts: Parts) -> Result<Self, StoreError> {
        let secrets = Secrets::new(&*parts.store.secret()?);
        let mut nonces = [0; 32];
        parts.entropy.fill(&mut nonces);
        Ok(Self {
            open_logins: Openings::new(parts.settings.open_logins),
            links: Links::new(&secrets.links(), parts.settings.code_freshness),
            secrets,
            proofs: Proofs::new(&nonces),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            authority: parts.authority,
            validator: parts.validator,
            issuer: parts.issuer,
            settings: parts.settings,
            personas: parts.personas,
            changes: watch::Sender::new(()),
        })
    }

    /// A client, whether it may ask or not.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn client(&self, id: &ClientId) -> Result<Option<Client>, Problem> {
        let id = id.clone();
        self.store(move |store| store.client(&id)).await
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

    /// The latest time of a client whose clock is right enough (FAPI 2.0 §5.3.2.1-13).
    pub(crate) fn latest(&self) -> Timestamp {
        self.until(self.settings.skew)
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
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
