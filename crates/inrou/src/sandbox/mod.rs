//! The sandbox: every role in one process on loopback, over one data folder.

mod control;
mod counter;
mod folder;
mod home;
mod key_pool;
mod maker;
mod roles;
mod setup;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use inrou_api::client::{Client, ClientError};
use inrou_api::clock::{Clock, ClockError, SandboxClock, SystemClock};
use inrou_api::problem::Problem;
use inrou_api::server::{
    Hosts, ListenError, PlainListener, Shell, Shutdown, Trigger, listen, serve, shutdown,
};
use inrou_authority::key_folder::{KeyFolder, KeyFolderError};
use inrou_authority::settings::Settings as AuthoritySettings;
use inrou_authority::store::{SqliteSettings, SqliteStore, StoreError};
use inrou_authority::{Authority, Parts};
use inrou_chip::observer::Observer;
use inrou_chip::tray::{Tray, TrayError};
use inrou_phone::card::TableOfCards;
use inrou_phone::{Fleet, FleetError};
use inrou_pki::keys::Passphrase;
use inrou_pki::profile::InvalidUri;
use inrou_pki::{Entropy, IssuerSettings, KeyAlgorithm, KeySource, SystemEntropy};
use inrou_portal::Portal;
use inrou_relying::{StatusClient, Validator};
use inrou_rules::japan;
use jiff::{SignedDuration, Timestamp};

pub use folder::{DataFolder, FolderError, FolderLock};
pub use roles::Role;

use crate::residents::{self, ResidentsError, TestResident};
use control::{Control, Shelf};
use counter::Counter;
use key_pool::KeyPool;
use maker::{Maker, MakerError};
use roles::RoleKeys;
use setup::SetupError;

/// Who has the chips that a sandbox took, as other commands are told.
const OWNER: &str = "sandbox";

/// How many threads make keys ahead.
const KEY_MAKERS: usize = 2;

/// How a sandbox is started.
pub struct Options {
    /// The data folder.
    pub folder: DataFolder,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// At what time a new sandbox begins; the present if nobody said.
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
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The residents' file.
    #[error(transparent)]
    Residents(#[from] ResidentsError),
    /// The maker of chips.
    #[error(transparent)]
    Maker(#[from] MakerError),
    /// The key files.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// The cards' folder.
    #[error(transparent)]
    Tray(#[from] TrayError),
    /// The phones' folder.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The authority's store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The portal's store.
    #[error(transparent)]
    PortalStore(#[from] inrou_portal::store::StoreError),
    /// The trust anchors.
    #[error(transparent)]
    Anchors(#[from] inrou_relying::anchors::AnchorError),
    /// The client of status services.
    #[error(transparent)]
    Status(#[from] inrou_relying::FetchError),
    /// The authority.
    #[error(transparent)]
    Authority(Problem),
    /// The address under which status is published.
    #[error(transparent)]
    Address(#[from] InvalidUri),
    /// A client of a role.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The first start.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The control socket.
    #[error("{path}: {cause}")]
    Control {
        /// Where it is to be.
        path: std::path::PathBuf,
        /// Why it cannot be made.
        cause: std::io::Error,
    },
    /// A file of the data folder.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A sandbox that runs.
pub struct Sandbox {
    /// Where it is reached: `http://localhost:PORT`.
    pub base: String,
    /// Its clock.
    pub clock: Arc<SandboxClock>,
    /// Its cards.
    pub tray: Arc<Tray>,
    /// Its phones.
    pub fleet: Arc<Fleet>,
    /// The test residents.
    pub residents: Vec<TestResident>,
    roles: RoleKeys,
    entropy: Arc<dyn Entropy>,
    trigger: Trigger,
    serving: Vec<tokio::task::JoinHandle<()>>,
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
        let lock = options.folder.lock()?;
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let keys: Arc<dyn KeySource> = Arc::new(KeyPool::start(KEY_MAKERS));
        let listener = bind(options.port).await?;
        let port = listener.local_addr()?.port();
        let base = format!("http://localhost:{port}");

        let now = options.start.unwrap_or_else(|| SystemClock::new().now());
        let residents = test_residents(&options, now)?;
        let begins = setup::beginning(&residents, now);
        let clock = Arc::new(SandboxClock::open_starting_at(options.folder.root(), begins)?);
        let building = Building {
            folder: &options.folder,
            base: &base,
            // A certificate names an address by number: RFC 5280 §4.2.1.6 wants a full host name.
            published: &format!("http://127.0.0.1:{port}"),
            clock: clock.clone(),
            entropy: entropy.clone(),
            keys,
            passphrase: options.folder.passphrase(&*entropy)?,
            extras,
        };
        let foundation = building.foundation(begins)?;
        let anchors = {
            // The authority alone, at an address that nobody else knows, until the house stands.
            let site = foundation.open_site(&building).await?;
            if !options.folder.ready_mark().exists() {
                clock.stop()?;
                let client = site.api.clone().signing(foundation.roles.signer(Role::Counter));
                let counter = |resident: &TestResident| Counter {
                    client: client.clone(),
                    municipality: resident.municipality,
                };
                let (maker, tray) = (&foundation.maker, &foundation.tray);
                setup::enter_residents(&residents, now, &clock, maker, tray, counter).await?;
            }
            site.anchors().await?
        };
        let (trigger, told) = shutdown();
        let house = building.house(&foundation, &anchors, told.clone())?;
        if !options.folder.ready_mark().exists() {
            setup::buy_phones(&residents, house.fleet.clone()).await?;
            let present = options.start.unwrap_or_else(|| SystemClock::new().now());
            if clock.state().now < present {
                clock.advance_to(present)?;
            }
            clock.run()?;
            fs::write(options.folder.ready_mark(), b"")?;
        } else if let Some(start) = options.start
            && clock.state().now < start
        {
            clock.advance_to(start)?;
        }
        let control = Control::listen(&options.folder).map_err(|cause| SandboxError::Control {
            path: options.folder.control_socket(),
            cause,
        })?;
        let shelf = Arc::new(Shelf {
            tray: foundation.tray.clone(),
            fleet: house.fleet.clone(),
            publication: Client::new(&base, &[], clock.clone(), entropy.clone())?,
        });
        let serving = vec![
            tokio::spawn(until(told.clone(), control.serve(shelf))),
            tokio::spawn(serve(listener, house.router, told.clone())),
            tokio::spawn(until(told, foundation.authority.clone().work())),
        ];
        Ok(Self {
            base,
            clock,
            tray: foundation.tray,
            fleet: house.fleet,
            residents,
            roles: foundation.roles,
            entropy,
            trigger,
            serving,
            _lock: lock,
        })
    }

    /// A client of one of the sandbox's APIs, such as `/authority/v1`, that signs as `role`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client(&self, path: &str, role: Role) -> Result<Client, ClientError> {
        Ok(self.anybody(path)?.signing(self.roles.signer(role)))
    }

    /// A client that does not sign.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn anybody(&self, path: &str) -> Result<Client, ClientError> {
        let base = format!("{}{path}", self.base);
        Client::new(&base, &[], self.clock.clone(), self.entropy.clone())
    }

    /// Ends the sandbox: requests under way are finished, everything is durable.
    pub async fn stop(self) {
        self.trigger.pull();
        for task in self.serving {
            // A task that panicked has ended as well; the panic was logged.
            let _ = task.await;
        }
    }
}

/// What the roles are built from.
struct Building<'a> {
    folder: &'a DataFolder,
    base: &'a str,
    published: &'a str,
    clock: Arc<SandboxClock>,
    entropy: Arc<dyn Entropy>,
    keys: Arc<dyn KeySource>,
    passphrase: Passphrase,
    extras: Extras,
}

/// What the roles stand on: the authority, and the chips around it.
struct Foundation {
    authority: Arc<Authority>,
    maker: Arc<Maker>,
    roles: RoleKeys,
    tray: Arc<Tray>,
}

/// The roles under one roof.
struct House {
    router: Router,
    fleet: Arc<Fleet>,
}

impl Building<'_> {
    fn foundation(&self, since: Timestamp) -> Result<Foundation, SandboxError> {
        let maker = Arc::new(Maker::open(
            self.folder.maker(),
            self.passphrase.clone(),
            since,
            self.entropy.clone(),
            self.keys.clone(),
        )?);
        let roles = RoleKeys::open(
            self.folder.roles(),
            self.passphrase.clone(),
            &*self.entropy,
            &*self.keys,
        )?;
        let (entropy, keys) = (self.entropy.clone(), self.keys.clone());
        let tray = Tray::open(self.folder.cards(), OWNER, entropy, keys)?;
        let tray = Arc::new(tray.observed_by(self.extras.observer.clone()));
        let authority = self.authority(&maker, &roles)?;
        Ok(Foundation { authority, maker, roles, tray })
    }

    fn house(
        &self,
        foundation: &Foundation,
        anchors: &[u8],
        told: Shutdown,
    ) -> Result<House, SandboxError> {
        let fleet = Fleet::open(
            &inrou_phone::Settings {
                directory: self.folder.phones(),
                authority: format!("{}/authority/v1", self.base),
                askers: vec![format!("{}/portal/v1", self.base)],
                roots: Vec::new(),
            },
            inrou_phone::Parts {
                clock: self.clock.clone(),
                entropy: self.entropy.clone(),
                keys: self.keys.clone(),
                maker: foundation.maker.clone(),
                cards: Arc::new(TableOfCards(foundation.tray.clone())),
                observer: self.extras.observer.clone(),
                shutdown: told.clone(),
            },
        )?;
        let portal = self.portal(foundation, anchors)?;
        let shell = || Shell::new("sandbox", self.entropy.clone());
        let authority = foundation.authority.clone();
        let all = Router::new()
            .merge(inrou_authority::http::router(authority.clone(), told.clone()))
            .merge(inrou_authority::http::publication(authority))
            .merge(inrou_phone::http::router(fleet.clone()))
            .merge(inrou_portal::router(portal, told))
            .merge(home::router(self.clock.clone()));
        let all = shell().wrap(all);
        let names = ["localhost", "127.0.0.1"];
        let router = Hosts::new(shell()).at(names, &all).into_router();
        Ok(House { router, fleet })
    }

    fn issuer(&self) -> Result<IssuerSettings, InvalidUri> {
        IssuerSettings::default().with_keys(self.extras.keys).published_at(self.published)
    }

    fn portal(&self, foundation: &Foundation, anchors: &[u8]) -> Result<Arc<Portal>, SandboxError> {
        let relying = inrou_relying::Settings {
            issuer: self.issuer()?,
            ..inrou_relying::Settings::default()
        };
        let status = StatusClient::new(&relying, self.entropy.clone())?;
        let validator =
            Validator::new(inrou_relying::anchors::from_bytes(anchors)?, relying, status);
        let authority = Client::new(
            &format!("{}/authority/v1", self.base),
            &[],
            self.clock.clone(),
            self.entropy.clone(),
        )?;
        let clerk = inrou_portal::settings::Caller {
            public_key: foundation.roles.public_key(Role::Clerk),
            permissions: vec![inrou_portal::settings::Permission::Clerk],
            municipality: None,
        };
        let portal = Portal::open(inrou_portal::Parts {
            store: Arc::new(inrou_portal::store::SqliteStore::open(
                &self.folder.portal().join("store.db"),
                &*self.entropy,
            )?),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            authority: authority.signing(foundation.roles.signer(Role::Portal)),
            validator,
            settings: inrou_portal::settings::Settings {
                public_base: self.base.to_owned(),
                callers: [(Role::Clerk.name().to_owned(), clerk)].into(),
                ..inrou_portal::settings::Settings::default()
            },
        })?;
        Ok(Arc::new(portal))
    }

    fn authority(&self, maker: &Maker, roles: &RoleKeys) -> Result<Arc<Authority>, SandboxError> {
        let folder = self.folder.authority();
        let store = SqliteStore::open(&folder.join("store.db"), SqliteSettings::default())?;
        let defaults = AuthoritySettings::default();
        let authority = Authority::open(Parts {
            store: Arc::new(store),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            key_source: self.keys.clone(),
            key_folder: KeyFolder::open(folder.join("keys"), self.passphrase.clone())
                .map_err(KeyFolderError::from)?,
            crl_folder: folder.join("crl"),
            maker: maker.certificate()?,
            channel_master: maker.channel_master(),
            settings: AuthoritySettings {
                issuer: self.issuer()?,
                callers: roles.callers(),
                ocsp_life: self.extras.status_life.unwrap_or(defaults.ocsp_life),
                crl_life: self.extras.status_life.unwrap_or(defaults.crl_life),
                ..defaults
            },
        });
        Ok(Arc::new(authority.map_err(|failed| SandboxError::Authority(failed.0))?))
    }
}

/// The authority at a loopback address of its own, while the sandbox is being started.
struct Site {
    root: Client,
    api: Client,
    trigger: Trigger,
}

impl Foundation {
    async fn open_site(&self, building: &Building<'_>) -> Result<Site, SandboxError> {
        let listener = bind(0).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let (trigger, told) = shutdown();
        let router = Router::new()
            .merge(inrou_authority::http::router(self.authority.clone(), told.clone()))
            .merge(inrou_authority::http::publication(self.authority.clone()));
        let shell = Shell::new("first-start", building.entropy.clone());
        tokio::spawn(serve(listener, shell.wrap(router), told));
        let client =
            |base: &str| Client::new(base, &[], building.clock.clone(), building.entropy.clone());
        let api = client(&format!("{base}/authority/v1"))?;
        Ok(Site { root: client(&base)?, api, trigger })
    }
}

impl Site {
    /// The issuers' certificates, PEM.
    async fn anchors(&self) -> Result<Vec<u8>, ClientError> {
        Ok(self.root.get("/ca/anchors.pem").bytes().await?.to_vec())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.trigger.pull();
    }
}

async fn bind(port: u16) -> Result<PlainListener, ListenError> {
    listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

fn test_residents(options: &Options, now: Timestamp) -> Result<Vec<TestResident>, ResidentsError> {
    let mut all = residents::load(options.folder.root(), japan::day(now))?;
    if let Some(wanted) = &options.residents {
        all.retain(|resident| wanted.iter().any(|handle| handle == resident.handle.as_str()));
    }
    Ok(all)
}

/// Runs `work` until the shutdown.
async fn until(told: Shutdown, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = told.triggered() => {}
    }
}
