//! The authority: a generation of issuer and unit after the other, and tokens by the latest.

use std::sync::{Arc, Mutex, PoisonError};

use inrou_api::clock::Clock;
use inrou_api::problem::Problem;
use inrou_pki::certificate::IssueError;
use inrou_pki::keys::KeyError;
use inrou_pki::profile::ProfileError;
use inrou_pki::tsp::{TimeStampRequest, TimeStampUnit, UnitInvalid};
use inrou_pki::{Certificate, KeyAlgorithm, KeySource, Signer};
use inrou_rules::Serial;
use jiff::Timestamp;

use crate::store::{Certificates, problem};
use crate::{Settings, Store, StoreError};

/// Where the keys of units lie, by the number of their generation.
pub trait Keys: Send + Sync {
    /// The key of a unit; made durably if there is none.
    ///
    /// # Errors
    /// It cannot be read or written.
    fn unit(&self, generation: u32) -> Result<Arc<dyn Signer>, Problem>;
}

/// What the authority is made of.
pub struct Parts {
    /// Its file.
    pub store: Store,
    /// The time in its tokens.
    pub clock: Arc<dyn Clock>,
    /// Where its units' keys lie.
    pub keys: Box<dyn Keys>,
    /// Where its issuers' keys come from, which sign one certificate each and are not kept.
    pub source: Arc<dyn KeySource>,
    /// Names and policy.
    pub settings: Settings,
}

/// A time-stamp authority.
pub struct TimeStamps {
    store: Store,
    clock: Arc<dyn Clock>,
    keys: Box<dyn Keys>,
    source: Arc<dyn KeySource>,
    settings: Settings,
    generations: Mutex<Generations>,
}

struct Generations {
    issuers: Vec<Certificate>,
    latest: u32,
    unit: Arc<TimeStampUnit>,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its keys.
    #[error("the keys of the time-stamp authority cannot be had")]
    Keys(#[source] Problem),
    /// A new key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate of its names and keys.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A certificate that was not signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A unit's key that is not its certificate's.
    #[error(transparent)]
    Unit(#[from] UnitInvalid),
}

impl TimeStamps {
    /// Opens the authority; a new one makes its first issuer and unit.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(parts: Parts) -> Result<Self, OpenError> {
        let Parts { store, clock, keys, source, settings } = parts;
        let mut kept = store.generations()?;
        let now = clock.now();
        let latest = match kept.last() {
            Some(latest) => latest.clone(),
            None => {
                let first = make(1, &settings, &*keys, &*source, now)?;
                store.keep(&first)?;
                kept.push(first.clone());
                first
            }
        };
        let unit = unit(&latest, &settings, &*keys)?;
        let issuers = kept.into_iter().map(|each| each.issuer).collect();
        let generations = Mutex::new(Generations { issuers, latest: latest.number, unit });
        Ok(Self { store, clock, keys, source, settings, generations })
    }

    /// The answer to a DER request: a token with the present time, or a rejection.
    ///
    /// # Errors
    /// `store-unavailable`: no number could be drawn for the token.
    pub(crate) async fn answer(self: Arc<Self>, request: Vec<u8>) -> Result<Vec<u8>, Problem> {
        // What is rejected has no number.
        if let Err(rejection) = TimeStampRequest::from_der(&request) {
            return Ok(rejection.to_der());
        }
        let number = self.store.next_number().await.map_err(problem)?;
        let answer = move || {
            let now = self.clock.now();
            let unit = self.unit_at(now).map_err(Problem::internal)?;
            Ok(unit.answer(&request, now, number.into()))
        };
        tokio::task::spawn_blocking(answer).await.map_err(Problem::internal)?
    }

    /// The certificates of all its issuers, the oldest first.
    pub fn issuers(&self) -> Vec<Certificate> {
        self.lock().issuers.clone()
    }

    /// The unit that stamps at that time: a new one, of a new issuer, once the latest has ended.
    fn unit_at(&self, now: Timestamp) -> Result<Arc<TimeStampUnit>, OpenError> {
        let mut generations = self.lock();
        if now > generations.unit.certificate().not_after() {
            let number = generations.latest + 1;
            let Self { settings, keys, source, .. } = self;
            let made = make(number, settings, &**keys, &**source, now)?;
            let unit = unit(&made, settings, &**keys)?;
            self.store.keep(&made)?;
            generations.issuers.push(made.issuer);
            generations.latest = number;
            generations.unit = unit;
        }
        Ok(generations.unit.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        // Each change is the last thing that can fail in it.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new issuer with its one unit. The issuer's key is gone when it has signed the unit's certificate.
fn make(
    number: u32,
    settings: &Settings,
    keys: &dyn Keys,
    source: &dyn KeySource,
    now: Timestamp,
) -> Result<Certificates, OpenError> {
    // Every issuer has the same name: no serial number comes twice under it.
    let [first, second] = [1, 0].map(|less| Serial(u64::from(number) * 2 - less));
    let own = source.generate(KeyAlgorithm::EcP256)?;
    let names = &settings.issuer;
    let issuer = names.time_stamp_issuer(own.public_key(), first, now)?.sign(&own)?;
    let key = keys.unit(number).map_err(OpenError::Keys)?;
    let unit = names.time_stamp_unit(&issuer, key.public_key(), second, now)?.sign(&own)?;
    Ok(Certificates { number, issuer, unit })
}

fn unit(
    certificates: &Certificates,
    settings: &Settings,
    keys: &dyn Keys,
) -> Result<Arc<TimeStampUnit>, OpenError> {
    let key = keys.unit(certificates.number).map_err(OpenError::Keys)?;
    Ok(Arc::new(TimeStampUnit::new(certificates.unit.clone(), key, settings.policy)?))
}
