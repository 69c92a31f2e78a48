//! All roles of the sandbox, open over its data folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use example_site::Ground as SiteGround;
use inrou_api::client::{Client, ClientError};
use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_api::server::{Hosts, Shell, Trigger, shutdown};
use inrou_authority::Authority;
use inrou_chip::tray::Tray;
use inrou_desk::Desk;
use inrou_phone::card::TableOfCards;
use inrou_pki::{Certificate, Entropy, KeySource};
use inrou_portal::Portal;
use inrou_provider::Provider;
use inrou_rules::{Municipality, japan};
use inrou_timestamps::TimeStamps;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::config::{self, Addresses};
use super::first_start::{self, FirstStart};
use super::gate::Opened;
use super::inhabitants;
use super::own_information::{self, OwnFile};
use super::personas::{self, Cast};
use super::screens::Screens;
use super::sites;
use super::stage::Props;
use super::tls;
use super::world::World;
use super::{DataFolder, Extras, RoleKeys, SandboxError};
use crate::maker::Maker;
use crate::residents::{Source, TestResident};
use crate::serve::{AuthorityRole, Ground};

/// Who has the chips that a sandbox took, as other commands are told.
const OWNER: &str = "sandbox";

/// How long, in real time, the last users of the files are waited for, and how often it is looked.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// By what the roles are opened, again and again.
pub(super) struct Plan {
    pub(super) folder: DataFolder,
    pub(super) addresses: Addresses,
    /// The files with the certificates to trust for TLS, and what is in them, DER.
    pub(super) trusted: Vec<PathBuf>,
    pub(super) roots: Vec<Vec<u8>>,
    /// The server's own certificate, if it has TLS.
    pub(super) certificate: Option<Arc<Certificate>>,
    /// At what time a new sandbox begins; the present if nobody said.
    pub(super) start: Option<Timestamp>,
    /// Which test residents get cards at a first start; all if `None`.
    pub(super) residents: Option<Vec<String>>,
    pub(super) extras: Extras,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) pool: Arc<dyn KeySource>,
}

/// Roles that run.
pub(super) struct House {
    pub(super) world: Arc<World>,
    /// What the world does not have, and has files open.
    portal: Weak<Portal>,
    provider: Weak<Provider>,
    desk: Weak<Desk>,
    timestamps: Weak<TimeStamps>,
    trigger: Trigger,
    working: [JoinHandle<()>; 4],
}

impl Plan {
    /// The shell around every handler.
    pub(super) fn shell(&self, clock: &Arc<SandboxClock>) -> Shell {
        Shell::new("sandbox", self.entropy.clone())
            .telling(clock.clone())
            .open_to_others(inrou_provider::OPEN_TO_OTHERS)
    }

    /// A client of one of the sandbox's APIs that does not sign.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) fn anybody(
        &self,
        clock: &Arc<SandboxClock>,
        path: &str,
    ) -> Result<Client, ClientError> {
        let base = format!("{}{path}", self.addresses.portal);
        Client::new(&base, &self.roots, clock.clone(), self.entropy.clone())
    }

    /// Opens the roles over what is in the folder; at the first start the test residents get their
    /// cards, and `tell` is told. `clock` is the one of the time before, which goes on with the folder's.
    /// A clock before `start` is turned there; a first start is at that time, or else at the plan's.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub(super) async fn open(
        &self,
        clock: Option<Arc<SandboxClock>>,
        start: Option<Timestamp>,
        tell: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(House, Opened), SandboxError> {
        let folder = &self.folder;
        let start = start.or_else(|| self.start.filter(|_| !folder.is_ready()));
        let present = start.unwrap_or_else(|| SystemClock::new().now());
        let (now, mut residents) = inhabitants::first_start(folder, present)?;
        if let Some(wanted) = &self.residents {
            residents.retain(|resident| wanted.iter().any(|name| name == resident.handle.as_str()));
        }
        folder.note_port(self.addresses.ports[0])?;
        let own = Source::read(&folder.root().join(personas::FILE))?;
        let persona_files = personas::files(own, japan::day(now))?;
        // The history of a few residents is as short as theirs, and their first start as quick.
        let first_personas = match self.residents {
            None => personas::of_first_start(&persona_files, japan::day(now))?,
            Some(_) => Vec::new(),
        };
        let begins = first_start::beginning(residents.iter().chain(&first_personas), now);
        let clock = match clock {
            None => Arc::new(SandboxClock::open_starting_at(folder.root(), begins)?),
            Some(clock) => {
                clock.begin_anew(begins)?;
                clock
            }
        };
        let (entropy, pool) = (self.entropy.clone(), self.pool.clone());
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
        let mut roles = config::roles(folder, &keys, &self.addresses, &self.trusted);
        self.extras.settle(&mut roles);
        roles.validation.seals = Some(self.addresses.portal.clone());
        let observer = self.extras.observer.clone();
        let tray = Tray::open(folder.cards(), OWNER, entropy.clone(), ground.keys.clone())?;
        let tray = Arc::new(tray.observed_by(observer.clone()));

        let (trigger, told) = shutdown();
        let authority = roles.authority.open(&ground)?;
        let cards = TableOfCards::new(tray.clone()).of_holders(holders(&residents));
        let fleet = roles.phone.open_with(
            &ground,
            maker.clone(),
            Arc::new(cards),
            observer,
            told.clone(),
        )?;
        let own = OwnFile {
            file: folder.root().join(own_information::FILE),
            residents: residents.clone(),
            begun: japan::day(now),
        };
        let portal = roles.portal.open(&ground, Some(Arc::new(own)))?;
        let cards = Tray::open(folder.personas(), OWNER, entropy.clone(), ground.keys.clone())?;
        let cast = Arc::new(Cast {
            props: Props {
                clock: clock.clone(),
                ground: ground.clone(),
                maker: maker.clone(),
                authority: authority.clone(),
                keys: keys.clone(),
                tray: Arc::new(cards),
                phones: folder.personas().join("phones"),
            },
            folder: (&folder.personas()).into(),
            files: persona_files,
            busy: tokio::sync::Mutex::default(),
        });
        let weak_cast = Arc::downgrade(&cast);
        let provider = roles.provider.open(&ground, Some(cast.clone()))?;
        roles.desk.settings.founders = inhabitants::staff(&municipalities(&residents));
        let desk = roles.desk.open(&ground, Some(sites::reader(tray.clone())))?;
        let timestamps = roles.timestamps.open(&ground)?;
        if folder.is_ready() {
            if let Some(start) = start.filter(|start| clock.state().now < *start) {
                clock.advance_to(start)?;
            }
        } else {
            let first = FirstStart {
                folder,
                residents: &residents,
                personas: &first_personas,
                cast: &cast,
                clock: &clock,
                tell,
            };
            first.issue_cards(now, &tray).await?;
            first.buy_phones(fleet.clone()).await?;
            first.finish(start)?;
        }
        let judge = &roles.provider;
        let validator = judge.authority.validator(&judge.anchors, &judge.relying, &ground)?;
        let of_kiosk = judge.authority.validator(&judge.anchors, &judge.relying, &ground)?;
        let machine = self.kiosk(&clock, &tray, &keys, judge, of_kiosk)?;
        let sites = sites::open(|host| self.site(&clock, host), validator, machine)?;
        let screens = Screens {
            sites: sites.all,
            phone: fleet.clone(),
            portal: portal.clone(),
            provider: provider.clone(),
            desk: desk.clone(),
            municipalities: municipalities(&residents),
            home: self.addresses.portal.as_str().into(),
            certificate: self.certificate.clone(),
            told: told.clone(),
        };
        let house = Router::new()
            .merge(AuthorityRole::router(authority.clone(), told.clone()))
            .merge(inrou_phone::http::router(fleet.clone()))
            .merge(inrou_portal::router(portal.clone(), told.clone()))
            .merge(inrou_provider::router(provider.clone()))
            .merge(inrou_timestamps::router(timestamps.clone()))
            .merge(inrou_validation::router(roles.validation.open(&ground)?));
        let house = house.merge(sites.seals.clone());
        let opened = self.opened(house, &screens, &authority, sites.seals, &clock);
        let (weak_portal, weak_provider) = (Arc::downgrade(&portal), Arc::downgrade(&provider));
        let weak_desk = Arc::downgrade(&desk);
        let working = [
            tokio::spawn(desk.tidy(told.clone())),
            tokio::spawn(portal.tidy(told.clone())),
            tokio::spawn(provider.tidy(told.clone())),
            tokio::spawn(authority.clone().work(told)),
        ];
        let world = World {
            base: self.addresses.portal.clone(),
            clock,
            tray,
            residents,
            fleet,
            authority,
            keys,
            entropy,
            roots: self.roots.clone(),
            cast: weak_cast,
        };
        Ok((
            House {
                world: Arc::new(world),
                portal: weak_portal,
                provider: weak_provider,
                desk: weak_desk,
                timestamps: Arc::downgrade(&timestamps),
                trigger,
                working,
            },
            opened,
        ))
    }

    /// What an example site stands on.
    fn site(&self, clock: &Arc<SandboxClock>, host: &str) -> SiteGround {
        SiteGround {
            provider: self.addresses.provider.clone(),
            own: self.addresses.provider.replacen("localhost", host, 1),
            roots: self.roots.clone(),
            folder: self.folder.sites().join(host),
            clock: clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    /// What the roles answer with, in their shells and by host.
    fn opened(
        &self,
        house: Router,
        screens: &Screens,
        authority: &Arc<Authority>,
        seals: Router,
        clock: &Arc<SandboxClock>,
    ) -> Opened {
        let shell = || self.shell(clock);
        let house = shell()
            .wrap(house)
            .merge(screens.of_portal(shell()))
            .merge(screens.of_provider(shell()));
        let local = |router: &Router| Hosts::new(shell()).at(LOCAL, router);
        let elsewhere = tls::elsewhere(self.addresses.portal.clone());
        let status = AuthorityRole::publication(authority.clone()).merge(seals).merge(elsewhere);
        let status = shell().wrap(status);
        Opened { whole: screens.show(local(&house), shell).into_router(), status }
    }
}

/// The names of the house itself.
pub(super) const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl House {
    /// Ends the roles: work under way is finished, everything is durable. Whether every file is closed.
    pub(super) async fn close(self) -> bool {
        let Self { world, portal, provider, desk, timestamps, trigger, working } = self;
        let (authority, tray) = (Arc::downgrade(&world.authority), Arc::downgrade(&world.tray));
        let cast = world.cast.clone();
        // What is told of the end lives as long as somebody has it.
        drop(world);
        trigger.finish().await;
        for task in working {
            // A task that panicked has ended as well; the panic was logged.
            let _ = task.await;
        }
        // Work on a thread of its own goes on when whoever asked for it has left.
        let roles = || {
            portal.strong_count()
                + provider.strong_count()
                + desk.strong_count()
                + cast.strong_count()
                + timestamps.strong_count()
        };
        let held = || authority.strong_count() + tray.strong_count() + roles() > 0;
        let end = Instant::now() + PATIENCE;
        while held() && Instant::now() < end {
            tokio::time::sleep(PAUSE).await;
        }
        let is_held = held();
        if is_held {
            tracing::warn!("files of the sandbox are still in use");
        }
        !is_held
    }
}

/// The card of the holder of each phone.
fn holders(residents: &[TestResident]) -> BTreeMap<String, String> {
    let of = |resident: &TestResident| {
        let card = resident.handle.to_string();
        let phones =
            resident.phones.iter().map(move |phone| (phone.name.to_string(), card.clone()));
        phones.collect::<Vec<_>>()
    };
    residents.iter().flat_map(of).collect()
}

/// Where test residents live, each once.
fn municipalities(residents: &[TestResident]) -> Vec<Municipality> {
    let all: BTreeSet<_> = residents.iter().map(|resident| resident.municipality).collect();
    all.into_iter().collect()
}
