//! The sandbox: every role in one process on loopback, over one data folder.

//!
//! - `house`: the roles over the folder, opened and closed; [`World`]: what there is while they run
//! - `gate`: where requests wait while they do not; `keeper`: who stops them for an [`Act`]
//! - `snapshots`, `scenario`: what such acts do; `home`: the page with all of it; `control`: the same for
//!   commands
//! - `first_start`, `setup`, `counter`: how the residents get their cards
//! - `sites`: the example sites
//! - `personas`: who answers relying parties in place of people; `stage`: where they are made
//! - `folder`, `inhabitants`, `own_information`, `role_keys`: what lies in the folder

mod act;
mod config;
mod control;
mod copying;
mod counter;
mod door;
mod error;
mod first_start;
mod folder;
mod gate;
mod home;
mod house;
mod inhabitants;
mod keeper;
mod own_information;
mod personas;
mod role_keys;
mod scenario;
mod screens;
mod setup;
mod sites;
mod snapshots;
mod stage;
mod tls;
mod world;

use std::sync::Arc;

use inrou_api::client::{Client, ClientError};
use inrou_api::clock::SandboxClock;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Trigger, shutdown};
use inrou_chip::observer::Observer;
use inrou_pki::{KeyAlgorithm, KeySource, SystemEntropy};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

pub use act::Act;
pub use config::{Addresses, of_processes};
pub use error::SandboxError;
pub use folder::{DataFolder, FolderError, FolderLock};
pub use inhabitants::{inhabitants, is_file_changed};
pub use role_keys::{Role, RoleKeys};
pub use scenario::ScenarioName;
pub use snapshots::Snapshot;
pub use tls::TlsError;
pub use world::World;

use crate::fault::Fault;
use crate::key_pool::KeyPool;
use crate::serve::until;
use control::{Control, Shelf};
use door::Door;
use house::Plan;
use keeper::Keeper;

/// The port of a sandbox when nobody names one.
pub const DEFAULT_PORT: u16 = 8765;

/// How many threads make keys ahead.
const KEY_MAKERS: usize = 2;

/// How a sandbox is started.
pub struct Options {
    /// The data folder.
    pub folder: DataFolder,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// At what time a new sandbox begins, now and when it begins anew: as was said last for the folder if
    /// `None`, or else at the present. The clock of one that has begun is turned there.
    pub start: Option<Timestamp>,
    /// Which test residents get cards at the first start; all if `None`.
    pub residents: Option<Vec<String>>,
}

/// What a sandbox has that others do not.
#[derive(Clone, Default)]
pub struct Extras {
    /// Who looks on at what is said to cards and phones, if anybody.
    pub observer: Option<Arc<dyn Observer>>,
    /// How long OCSP answers and CRLs hold; as the authority's settings say if `None`.
    pub status_life: Option<SignedDuration>,
    /// What kind of keys issuers and chips have.
    pub keys: KeyAlgorithm,
    /// Where new keys come from; made for this sandbox alone if `None`.
    pub key_source: Option<Arc<dyn KeySource>>,
    /// Whether it is served over TLS, under a certificate of a CA of its own.
    pub tls: bool,
}

/// A sandbox that runs.
pub struct Sandbox {
    /// Where it is reached: `http://localhost:PORT`.
    pub base: String,
    /// Its clock.
    pub clock: Arc<SandboxClock>,
    keeper: Arc<Keeper>,
    trigger: Trigger,
    serving: Vec<JoinHandle<()>>,
    _lock: FolderLock,
}

impl Sandbox {
    /// Starts a sandbox: opens what is in the folder, listens, and at the first start lets the test
    /// residents have their cards.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        Self::start_with(options, Extras::default()).await
    }

    /// As [`Sandbox::start`], with something extra.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub async fn start_with(options: Options, extras: Extras) -> Result<Self, SandboxError> {
        let Options { folder, port, start, residents } = options;
        let lock = folder.lock()?;
        snapshots::settle(folder.root())?;
        if let Some(start) = start {
            folder.note_start(start)?;
        }
        let door = Door::open(&folder, port, extras.tls).await?;
        let pool = extras.key_source.clone();
        let pool = pool.unwrap_or_else(|| Arc::new(KeyPool::start(KEY_MAKERS)));
        let plan = Plan {
            addresses: door.addresses.clone(),
            trusted: door.trusted(&folder),
            roots: door.roots(),
            certificate: door.certificate(),
            start: folder.start()?,
            folder,
            residents,
            extras,
            entropy: Arc::new(SystemEntropy),
            pool,
        };
        let base = plan.addresses.portal.clone();
        let keeper = Keeper::open(plan, start).await?;
        let (plan, clock) = (&keeper.plan, keeper.clock.clone());
        let control = Control::listen(&plan.folder)
            .map_err(|cause| SandboxError::Control { path: plan.folder.control_socket(), cause })?;
        let shelf = Arc::new(Shelf {
            keeper: keeper.clone(),
            publication: plan.anybody(&clock, "")?,
            base: base.clone(),
            published: plan.addresses.published.clone(),
        });
        let (trigger, told) = shutdown();
        let mut serving = door.serve(&keeper, &told)?;
        serving.push(tokio::spawn(until(told, control.serve(shelf))));
        Ok(Self { base, clock, keeper, trigger, serving, _lock: lock })
    }

    /// What there is in it; `None` while its roles are stopped for an act, and if they could not be
    /// started again.
    pub fn world(&self) -> Option<Arc<World>> {
        self.keeper.world()
    }

    /// A client of one of the sandbox's APIs, such as `/authority/v1`, that signs as `role`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client(&self, path: &str, role: Role) -> Result<Client, ClientError> {
        let stopped = || ClientError::Problem(Problem::new(Code::SERVICE_UNAVAILABLE).into());
        self.world().ok_or_else(stopped)?.client(path, role)
    }

    /// A client that does not sign.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn anybody(&self, path: &str) -> Result<Client, ClientError> {
        self.keeper.plan.anybody(&self.clock, path)
    }

    /// Carries out an act to its end.
    ///
    /// # Errors
    /// Why it was not done, or not whole.
    pub async fn carry_out(&self, act: Act) -> Result<(), Fault> {
        self.keeper.has_done(act).await
    }

    /// Ends the sandbox: requests under way are finished, everything is durable.
    pub async fn stop(self) {
        let Self { trigger, serving, keeper, .. } = self;
        trigger.pull();
        keeper.end().await;
        for task in serving {
            // A task that panicked has ended as well; the panic was logged.
            let _ = task.await;
        }
    }
}

impl Extras {
    fn settle(&self, roles: &mut config::Roles) {
        for issuer in [
            &mut roles.authority.settings.issuer,
            &mut roles.portal.relying.issuer,
            &mut roles.provider.relying.issuer,
            &mut roles.validation.relying.issuer,
        ] {
            *issuer = issuer.clone().with_keys(self.keys);
        }
        if let Some(life) = self.status_life {
            let settings = &mut roles.authority.settings;
            (settings.ocsp_life, settings.crl_life) = (life, life);
        }
    }
}
