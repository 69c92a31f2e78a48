//! The sandbox: every role in one process on loopback, over one data folder.

mod config;
mod control;
mod counter;
mod error;
mod first_start;
mod folder;
mod home;
mod inhabitants;
mod own_information;
mod role_keys;
mod screens;
mod setup;
mod tls;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use inrou_api::client::{Client, ClientError};
use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_api::server::{
    Hosts, PlainListener, Shell, Shutdown, Trigger, listen, listen_tls_and_plain, serve, shutdown,
};
use inrou_chip::observer::Observer;
use inrou_chip::tray::Tray;
use inrou_phone::Fleet;
use inrou_phone::card::TableOfCards;
use inrou_pki::{Entropy, KeyAlgorithm, SystemEntropy};
use inrou_rules::{Municipality, japan};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

pub use config::{Addresses, of_processes};
pub use error::SandboxError;
pub use folder::{DataFolder, FolderError, FolderLock};
pub use inhabitants::{inhabitants, is_file_changed};
pub use role_keys::{Role, RoleKeys};
pub use tls::TlsError;

use crate::key_pool::KeyPool;
use crate::maker::Maker;
use crate::residents::TestResident;
use crate::serve::{AuthorityRole, Ground, until};
use control::{Control, Shelf};
use first_start::FirstStart;
use own_information::OwnFile;
use screens::Screens;
use tls::Tls;

/// The port of a sandbox when nobody names one.
pub const DEFAULT_PORT: u16 = 8765;

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
    /// Whether it is served over TLS, under a certificate of a CA of its own.
    pub tls: bool,
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
    keys: RoleKeys,
    entropy: Arc<dyn Entropy>,
    /// The certificates to trust for TLS, DER.
    roots: Vec<Vec<u8>>,
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
        let folder = &options.folder;
        let lock = folder.lock()?;
        let door = Door::open(&options, extras.tls).await?;
        let present = options.start.unwrap_or_else(|| SystemClock::new().now());
        let (now, mut residents) = inhabitants::first_start(folder, present)?;
        if let Some(wanted) = &options.residents {
            residents.retain(|resident| wanted.iter().any(|name| name == resident.handle.as_str()));
        }
        folder.note_port(door.addresses.ports[0])?;
        let begins = first_start::beginning(&residents, now);
        let clock = Arc::new(SandboxClock::open_starting_at(folder.root(), begins)?);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let pool = Arc::new(KeyPool::start(KEY_MAKERS));
        let ground = Ground { clock: clock.clone(), entropy: entropy.clone(), keys: pool };

        let passphrase = folder.passphrase(&*entropy)?;
        let maker = Arc::new(Maker::open(
            folder.maker(),
            passphrase.clone(),
            begins,
            entropy.clone(),
            ground.keys.clone(),
        )?);
        let keys = RoleKeys::open(folder.roles(), passphrase, &*entropy, &*ground.keys)?;
        let mut roles = config::roles(folder, &keys, &door.addresses, &door.trusted(folder));
        extras.settle(&mut roles);
        let tray = Tray::open(folder.cards(), OWNER, entropy.clone(), ground.keys.clone())?;
        let tray = Arc::new(tray.observed_by(extras.observer.clone()));

        let (trigger, told) = shutdown();
        let authority = roles.authority.open(&ground)?;
        let cards = Arc::new(TableOfCards(tray.clone()));
        let fleet =
            roles.phone.open_with(&ground, maker.clone(), cards, extras.observer, told.clone())?;
        let portal = roles.portal.open(&ground)?;
        let tidied = portal.clone();
        if folder.is_ready() {
            if let Some(start) = options.start.filter(|start| clock.state().now < *start) {
                clock.advance_to(start)?;
            }
        } else {
            let first =
                FirstStart { folder, residents: &residents, clock: &clock, ground: &ground };
            first.issue_cards(now, &authority, &maker, &tray, &keys).await?;
            first.buy_phones(fleet.clone()).await?;
            first.finish(options.start)?;
        }
        let status = AuthorityRole::publication(authority.clone());
        let house = Router::new()
            .merge(AuthorityRole::router(authority.clone(), told.clone()))
            .merge(inrou_phone::http::router(fleet.clone()))
            .merge(inrou_portal::router(portal.clone(), told.clone()))
            .merge(home::router(clock.clone(), authority.clone()));
        let (base, roots) = (door.addresses.portal.clone(), door.roots());
        let control = Control::listen(folder)
            .map_err(|cause| SandboxError::Control { path: folder.control_socket(), cause })?;
        let shelf = Arc::new(Shelf {
            tray: tray.clone(),
            fleet: fleet.clone(),
            publication: Client::new(&base, &roots, clock.clone(), entropy.clone())?,
            base: base.clone(),
            published: door.addresses.published.clone(),
        });
        let own = OwnFile {
            file: folder.root().join(own_information::FILE),
            residents: residents.clone(),
            begun: japan::day(now),
        };
        let screens = Screens {
            phone: fleet.clone(),
            portal,
            own: Arc::new(own),
            municipalities: municipalities(&residents),
            told: told.clone(),
        };
        let shown: Arc<dyn Clock> = clock.clone();
        let mut serving = door.serve(house, screens, status, &entropy, &shown, &told)?;
        serving.push(tokio::spawn(until(told.clone(), control.serve(shelf))));
        serving.push(tokio::spawn(tidied.tidy(told.clone())));
        serving.push(tokio::spawn(authority.work(told)));
        Ok(Self {
            base,
            clock,
            tray,
            fleet,
            residents,
            keys,
            entropy,
            roots,
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
        Ok(self.anybody(path)?.signing(self.keys.signer(role)))
    }

    /// A client that does not sign.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn anybody(&self, path: &str) -> Result<Client, ClientError> {
        let base = format!("{}{path}", self.base);
        Client::new(&base, &self.roots, self.clock.clone(), self.entropy.clone())
    }

    /// Ends the sandbox: requests under way are finished, everything is durable.
    pub async fn stop(self) {
        let Self { trigger, serving, fleet, tray, .. } = self;
        // What is told of the end lives as long as somebody has it.
        drop((fleet, tray));
        trigger.finish().await;
        for task in serving {
            // A task that panicked has ended as well; the panic was logged.
            let _ = task.await;
        }
    }
}

impl Extras {
    fn settle(&self, roles: &mut config::Roles) {
        for issuer in [&mut roles.authority.settings.issuer, &mut roles.portal.relying.issuer] {
            *issuer = issuer.clone().with_keys(self.keys);
        }
        if let Some(life) = self.status_life {
            let settings = &mut roles.authority.settings;
            (settings.ocsp_life, settings.crl_life) = (life, life);
        }
    }
}

/// Where test residents live, each once.
fn municipalities(residents: &[TestResident]) -> Vec<Municipality> {
    let all: BTreeSet<_> = residents.iter().map(|resident| resident.municipality).collect();
    all.into_iter().collect()
}

/// Where the sandbox is reached.
struct Door {
    listener: PlainListener,
    addresses: Addresses,
    tls: Option<Tls>,
}

impl Door {
    async fn open(options: &Options, tls: bool) -> Result<Self, SandboxError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = listen(address).await?;
        let port = listener.local_addr()?.port();
        let scheme = if tls { "https" } else { "http" };
        let tls = match tls {
            true => Some(Tls::open(&options.folder, SystemClock::new().now())?),
            false => None,
        };
        Ok(Self { listener, addresses: Addresses::of_one_port(scheme, port), tls })
    }

    /// The certificates to trust for its TLS.
    fn roots(&self) -> Vec<Vec<u8>> {
        self.tls.iter().map(|tls| tls.ca.clone()).collect()
    }

    /// The files with them.
    fn trusted(&self, folder: &DataFolder) -> Vec<PathBuf> {
        self.tls.iter().map(|_| folder.tls_ca()).collect()
    }

    /// Serves the house; over TLS if it has that, and then over plain HTTP what certificates name by
    /// such addresses, since status that is needed to trust TLS must be had without it.
    fn serve(
        self,
        house: Router,
        screens: Screens,
        status: Router,
        entropy: &Arc<dyn Entropy>,
        clock: &Arc<dyn Clock>,
        told: &Shutdown,
    ) -> Result<Vec<JoinHandle<()>>, SandboxError> {
        let shell = || Shell::new("sandbox", entropy.clone()).telling(clock.clone());
        let local =
            |router: Router| Hosts::new(shell()).at(["localhost", "127.0.0.1", "[::1]"], &router);
        let house = shell().wrap(house).merge(screens.of_portal(shell()));
        let whole = screens.show(local(house), shell).into_router();
        Ok(match self.tls {
            None => vec![tokio::spawn(serve(self.listener, whole, told.clone()))],
            Some(tls) => {
                let (secure, plain) = listen_tls_and_plain(self.listener, tls.config)?;
                let elsewhere = tls::elsewhere(self.addresses.portal);
                let status = local(shell().wrap(status.merge(elsewhere))).into_router();
                vec![
                    tokio::spawn(serve(secure, whole, told.clone())),
                    tokio::spawn(serve(plain, status, told.clone())),
                ]
            }
        })
    }
}
