//! The roles, from the moment when the power comes on until it fails.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use inrou_api::client::Client;
use inrou_api::clock::{Clock, TestClock};
use inrou_api::server::{Shell, Shutdown, listen, serve, shutdown};
use inrou_api::signature::RoleKey;
use inrou_authority::key_folder::KeyFolder;
use inrou_authority::settings::{Caller, Permission, Settings};
use inrou_authority::store::testing::{Disk, DiskFiles, PowerCut, open_sqlite, vfs_path};
use inrou_authority::store::{SqliteSettings, Store};
use inrou_authority::{Authority, Parts};
use inrou_chip::files::Folder;
use inrou_chip::issuer::{IssuerState, ManufactureError, manufacture};
use inrou_chip::tray::Tray;
use inrou_phone::Fleet;
use inrou_phone::card::TableOfCards;
use inrou_pki::keys::{FreshKeys, KeyError};
use inrou_pki::{
    Certificate, IssuerSettings, KeyAlgorithm, KeySource, SeededEntropy, Signer, SoftwareKey, pem,
};
use inrou_portal::Portal;
use inrou_relying::{StatusClient, TrustAnchors, Validator};
use inrou_rules::ChipId;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::founding::Founding;
use crate::signatures::Signatures;

/// Pages until SQLite carries its log over: few, so that it does within the job.
const CHECKPOINT: u32 = 64;

/// A place where lives are lived, one after the other: its address, and who draws its random numbers.
pub struct Site {
    port: u16,
    lives: AtomicUsize,
}

/// What there is in one life.
pub struct House {
    pub power: PowerCut,
    pub clock: Arc<TestClock>,
    pub store: Arc<dyn Store>,
    pub anchors: TrustAnchors,
    pub phone: Client,
    pub portal: Client,
    pub office: Client,
    /// The authority's own address: status services.
    pub published: Client,
}

impl Site {
    /// A place with an address of its own.
    pub fn new() -> Self {
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { port: free.local_addr().unwrap().port(), lives: AtomicUsize::new(0) }
    }

    /// Opens every role on what is on the disk, and does the job. `None` if the power failed before
    /// it was done.
    pub fn live<T>(
        &self,
        disk: &Disk,
        power: &PowerCut,
        signatures: &Arc<Mutex<Signatures>>,
        job: impl AsyncFnOnce(&House) -> T,
    ) -> Option<T> {
        let told = signatures.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_start(move || Signatures::record_on_this_thread(&told))
            .build()
            .unwrap();
        let outage = Arc::new(Notify::new());
        let notify = outage.clone();
        power.tell(move || notify.notify_one());
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        let (_trigger, told) = shutdown();
        let done = runtime.block_on(async {
            let living = async {
                let house = self.open(disk, power, life as u64, told).await?;
                Some(job(&house).await)
            };
            tokio::select! {
                biased;
                () = outage.notified() => None,
                done = living => done,
            }
        });
        runtime.shutdown_background();
        done.filter(|_| !power.is_off())
    }

    async fn open(
        &self,
        disk: &Disk,
        power: &PowerCut,
        life: u64,
        told: Shutdown,
    ) -> Option<House> {
        let lit = |failed: &dyn std::fmt::Debug| {
            assert!(power.is_off(), "a role does not open: {failed:?}");
        };
        let opening =
            Opening::new(self.port, disk, life, told).map_err(|error| lit(&error)).ok()?;
        opening.house(power).await.map_err(|error| lit(&error)).ok()
    }
}

type Failed = Box<dyn std::error::Error>;

/// What the roles of one life are built from.
struct Opening<'a> {
    founding: &'static Founding,
    disk: &'a Disk,
    files: Arc<DiskFiles>,
    base: String,
    port: u16,
    clock: Arc<TestClock>,
    entropy: Arc<SeededEntropy>,
    keys: Arc<ReadyKeys>,
    told: Shutdown,
}

impl<'a> Opening<'a> {
    fn new(port: u16, disk: &'a Disk, life: u64, told: Shutdown) -> std::io::Result<Self> {
        let founding = Founding::laid();
        Ok(Self {
            founding,
            disk,
            files: Arc::new(DiskFiles::new(disk)?),
            base: format!("http://127.0.0.1:{port}"),
            port,
            clock: Arc::new(TestClock::at(founding.start)),
            entropy: Arc::new(SeededEntropy::new(life << 16 | u64::from(port))),
            keys: Arc::new(ReadyKeys {
                ready: founding.ready_keys.clone(),
                next: AtomicUsize::new(life as usize),
            }),
            told,
        })
    }

    async fn house(&self, power: &PowerCut) -> Result<House, Failed> {
        let store: Arc<dyn Store> =
            Arc::new(open_sqlite(self.disk, "authority/store.db", self.sqlite())?);
        let authority = Arc::new(self.authority(store.clone())?);
        let anchors = authority.trust_anchors().map_err(|failed| failed.0)?;
        let anchors: Vec<Certificate> =
            anchors.iter().map(|(_, key)| key.certificate.clone()).collect();
        let anchors = TrustAnchors::new(anchors)?;
        let router = axum::Router::new()
            .merge(inrou_authority::http::router(authority.clone(), self.told.clone()))
            .merge(inrou_authority::http::publication(authority.clone()))
            .merge(inrou_phone::http::router(self.fleet()?))
            .merge(inrou_portal::router(
                Arc::new(self.portal(anchors.clone())?),
                self.told.clone(),
            ));
        let router = Shell::new("power-cut", self.entropy.clone()).wrap(router);
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        tokio::spawn(serve(listener, router, self.told.clone()));
        tokio::spawn(authority.work(self.told.clone()));
        Ok(House {
            power: power.clone(),
            clock: self.clock.clone(),
            store,
            anchors,
            phone: self.client("/phone/v1")?,
            portal: self.client("/portal/v1")?,
            office: self.client("/office/v1")?.signing(signer("clerk", &self.founding.clerk_key)),
            published: self.client("")?,
        })
    }

    fn authority(&self, store: Arc<dyn Store>) -> Result<Authority, Failed> {
        let keys = Folder::on(self.files.clone(), "authority/keys");
        let permissions = vec![Permission::Holders, Permission::Attributes, Permission::History];
        let portal = Caller {
            public_key: public_key(&self.founding.portal_key),
            permissions,
            municipality: None,
        };
        let authority = Authority::open(Parts {
            store,
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            key_source: self.keys.clone(),
            key_folder: KeyFolder::open(keys, Founding::passphrase())?,
            crl_folder: self.founding.crl_folder.path().to_owned(),
            log_folder: Folder::on(self.files.clone(), "authority/log"),
            maker: self.founding.maker_certificate(),
            channel_master: self.founding.channel_master(),
            settings: Settings {
                issuer: IssuerSettings::default().published_at(&self.base)?,
                callers: [("portal".to_owned(), portal)].into(),
                ..Settings::default()
            },
        });
        Ok(authority.map_err(|failed| failed.0)?)
    }

    fn fleet(&self) -> Result<Arc<Fleet>, Failed> {
        let cards = Folder::on(self.files.clone(), "cards");
        let cards = Tray::open(cards, "sandbox", self.entropy.clone(), self.keys.clone())?;
        let folder = Folder::on(self.files.clone(), "phones");
        let settings = inrou_phone::Settings {
            directory: PathBuf::new(),
            authority: format!("{}/authority/v1", self.base),
            askers: vec![format!("{}/portal/v1", self.base)],
            roots: self.roots(),
        };
        let parts = inrou_phone::Parts {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            keys: self.keys.clone(),
            maker: Arc::new(Maker(self.founding)),
            cards: Arc::new(TableOfCards::new(Arc::new(cards))),
            observer: None,
            shutdown: self.told.clone(),
        };
        Ok(Fleet::open_in(folder, &settings, parts)?)
    }

    fn portal(&self, anchors: TrustAnchors) -> Result<Portal, Failed> {
        let (layer, file) = vfs_path(self.disk, "portal/store.db")?;
        let store = inrou_portal::store::SqliteStore::open_through(layer, &file, &*self.entropy)?;
        let relying = inrou_relying::Settings {
            issuer: IssuerSettings::default().published_at(&self.base)?,
            ..inrou_relying::Settings::default()
        };
        let status = StatusClient::trusting(&self.roots(), &relying, self.entropy.clone())?;
        let clerk = inrou_portal::settings::Caller {
            public_key: public_key(&self.founding.clerk_key),
            permissions: vec![inrou_portal::settings::Permission::Clerk],
            municipality: None,
        };
        let authority = self.client("/authority/v1")?;
        Ok(Portal::open(inrou_portal::Parts {
            store: Arc::new(store),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            authority: authority.signing(signer("portal", &self.founding.portal_key)),
            validator: Validator::new(anchors, relying, status),
            own: None,
            settings: inrou_portal::settings::Settings {
                public_base: self.base.clone(),
                callers: [("clerk".to_owned(), clerk)].into(),
                ..inrou_portal::settings::Settings::default()
            },
        })?)
    }

    fn client(&self, path: &str) -> Result<Client, Failed> {
        let base = format!("{}{path}", self.base);
        let clock: Arc<dyn Clock> = self.clock.clone();
        Ok(Client::new(&base, &self.roots(), clock, self.entropy.clone())?)
    }

    /// Nobody speaks TLS here; without roots every client would read the operating system's.
    fn roots(&self) -> Vec<Vec<u8>> {
        vec![self.founding.maker_ca().certificate().to_vec()]
    }

    fn sqlite(&self) -> SqliteSettings {
        SqliteSettings { checkpoint_pages: CHECKPOINT, ..SqliteSettings::default() }
    }
}

/// RSA keys that are there, handed out in turn; another one comes first in another life.
struct ReadyKeys {
    ready: Arc<Vec<zeroize::Zeroizing<Vec<u8>>>>,
    next: AtomicUsize,
}

impl KeySource for ReadyKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        if algorithm != KeyAlgorithm::Rsa2048 {
            return FreshKeys.generate(algorithm);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        SoftwareKey::from_pkcs8(&self.ready[turn % self.ready.len()])
    }
}

struct Maker(&'static Founding);

impl inrou_phone::Maker for Maker {
    fn manufacture(&self, chip: &ChipId) -> Result<IssuerState, ManufactureError> {
        manufacture(chip, &self.0.channel_master(), &self.0.maker_ca(), &FreshKeys)
    }
}

fn signer(role: &str, key: &Arc<SoftwareKey>) -> Arc<RoleKey> {
    Arc::new(RoleKey::new(format!("role:{role}"), key.clone()))
}

fn public_key(key: &SoftwareKey) -> String {
    pem::encode("PUBLIC KEY", key.public_key().spki())
}
