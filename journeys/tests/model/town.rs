//! An authority that listens behind a gate, its clock, and who may call it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use axum::Router;
use inrou_api::client::Client;
use inrou_api::clock::TestClock;
use inrou_api::server::{Shell, Trigger, listen, serve, shutdown};
use inrou_api::signature::RoleKey;
use inrou_authority::key_folder::KeyFolder;
use inrou_authority::settings::{Caller, Permission, Settings};
use inrou_authority::store::{SqliteSettings, SqliteStore, StoreError};
use inrou_authority::{Authority, Parts, http};
use inrou_chip::issuer::{MakerCa, MakerCertificate};
use inrou_chip::scp03::MasterKey;
use inrou_oracle::Municipality;
use inrou_pki::keys::Passphrase;
use inrou_pki::profile::IssuerSettings;
use inrou_pki::{KeyAlgorithm, KeySource, Signer, SoftwareKey, SystemEntropy, pem};
use jiff::Timestamp;

use crate::gate::Gate;
use crate::keys::ReadyKeys;

/// The municipalities that there are; each has a counter of its own.
pub const PLACES: [Municipality; 2] = [Municipality(13221), Municipality(13211)];

/// How long, in real time, an authority that has crashed may hold on to its store.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Town {
    pub clock: Arc<TestClock>,
    pub gate: Arc<Gate>,
    /// Where certificates' statuses are told.
    pub published: Client,
    pub hotline: Client,
    counters: BTreeMap<u32, Client>,
    base: String,
    /// The authority that is open now.
    open: Arc<Mutex<Weak<Authority>>>,
    // Both end with the town.
    _serving: Trigger,
    _folder: tempfile::TempDir,
}

impl Town {
    pub async fn at(start: Timestamp) -> Self {
        let folder = memory();
        let clock = Arc::new(TestClock::at(start));
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (trigger, told) = shutdown();
        let open = Arc::new(Mutex::new(Weak::new()));
        let opening = {
            let (path, clock, base) = (folder.path().to_owned(), clock.clone(), base.clone());
            let (open, told) = (open.clone(), told.clone());
            move || {
                let authority = Arc::new(authority(&path, clock.clone(), &base));
                *open.lock().unwrap() = Arc::downgrade(&authority);
                let router: Router = http::router(authority.clone(), told.clone())
                    .merge(http::publication(authority));
                Shell::new("authority", Arc::new(SystemEntropy)).wrap(router)
            }
        };
        let gate = Gate::new(Box::new(opening));
        tokio::spawn(serve(listener, gate.router(), told));
        let published = client(&base, "", &clock);
        let role = |name: &str| {
            let signer = RoleKey::new(format!("role:{name}"), role_key().clone());
            client(&base, "/authority/v1", &clock).signing(Arc::new(signer))
        };
        let counters = PLACES.map(|Municipality(place)| (place, role(&format!("counter-{place}"))));
        Self {
            hotline: role("hotline"),
            counters: counters.into(),
            clock,
            gate,
            published,
            base,
            open,
            _serving: trigger,
            _folder: folder,
        }
    }

    pub fn counter(&self, place: Municipality) -> &Client {
        &self.counters[&place.0]
    }

    /// A client of the authority who signs nothing yet.
    pub fn anybody(&self) -> Client {
        client(&self.base, "/authority/v1", &self.clock)
    }

    /// The jobs that are due are done, as the role's worker does them when it wakes.
    pub fn work(&self) {
        let authority = self.open.lock().unwrap().upgrade();
        let authority = authority.expect("an authority is open between acts");
        authority.run_due_jobs().unwrap_or_else(|failed| panic!("{}", failed.0));
    }
}

/// The maker of all chips.
pub fn maker() -> &'static MakerCa {
    static MAKER: OnceLock<MakerCa> = OnceLock::new();
    MAKER.get_or_init(|| {
        let key = ReadyKeys.generate(KeyAlgorithm::EcP256).unwrap();
        MakerCa::found(Box::new(key), Timestamp::UNIX_EPOCH).unwrap()
    })
}

pub fn channel_master() -> MasterKey {
    MasterKey::from_bytes([9; 16])
}

fn client(base: &str, path: &str, clock: &Arc<TestClock>) -> Client {
    // Nobody speaks TLS here; without roots every client would read the operating system's.
    let roots = [maker().certificate().to_vec()];
    let entropy = Arc::new(SystemEntropy);
    Client::new(&format!("{base}{path}"), &roots, clock.clone(), entropy).unwrap()
}

/// The key of every role: whose a request is, its name says.
fn role_key() -> &'static Arc<SoftwareKey> {
    static KEY: OnceLock<Arc<SoftwareKey>> = OnceLock::new();
    KEY.get_or_init(|| Arc::new(ReadyKeys.generate(KeyAlgorithm::EcP256).unwrap()))
}

fn authority(folder: &Path, clock: Arc<TestClock>, base: &str) -> Authority {
    let passphrase = Passphrase::new("drawn at random".to_owned());
    let keys = KeyFolder::open(
        folder.join("keys"),
        passphrase.stretched_by(1.try_into().expect("one is not zero")),
    );
    let store = store(&folder.join("store.db"));
    let issuer = IssuerSettings::default().with_keys(KeyAlgorithm::EcP256);
    let opened = Authority::open(Parts {
        store: Arc::new(store),
        clock,
        entropy: Arc::new(SystemEntropy),
        key_source: Arc::new(ReadyKeys),
        key_folder: keys.unwrap(),
        crl_folder: folder.join("crl"),
        log_folder: folder.join("log").into(),
        maker: MakerCertificate::from_der(maker().certificate()).unwrap(),
        channel_master: channel_master(),
        settings: Settings {
            callers: callers(),
            issuer: issuer.published_at(base).unwrap(),
            ..Settings::default()
        },
    });
    opened.unwrap_or_else(|failed| panic!("{}", failed.0))
}

/// Opens the store. One that was there before holds its lock until its writer has ended.
fn store(file: &Path) -> SqliteStore {
    let begun = Instant::now();
    loop {
        match SqliteStore::open(file, SqliteSettings::default()) {
            Err(StoreError::InUse) if begun.elapsed() < PATIENCE => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

/// A folder in memory, where there is one: no power fails in this test, and disks are slow to say that
/// what they keep is safe.
fn memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn callers() -> BTreeMap<String, Caller> {
    let caller = |permission, municipality| Caller {
        public_key: pem::encode("PUBLIC KEY", role_key().public_key().spki()),
        permissions: vec![permission],
        municipality,
    };
    let counters = PLACES.map(|Municipality(place)| {
        let of = Some(place.to_string().parse().expect("a municipality's code"));
        (format!("counter-{place}"), caller(Permission::Counter, of))
    });
    let hotline = ("hotline".to_owned(), caller(Permission::Hotline, None));
    counters.into_iter().chain([hotline]).collect()
}
