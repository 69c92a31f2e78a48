//! `kill -9` of each role alone, at moments of every part of the job (REG-1): the role is started again,
//! the person carries on, and everything ends as if nothing had happened.
//!
//! A relay before each role takes its life when the n-th piece of a request or answer goes through it,
//! before the piece is passed on or just after. Which moments is drawn by `INROU_SEED`; a failure prints
//! the death, and `INROU_DEATH=role:moment` dies it again. `INROU_DEATHS` says how many a part and role.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod hana;
mod processes;
mod relay;

use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::sync::Arc;

use inrou::sandbox::{DataFolder, Options, Role, RoleKeys, Sandbox};
use inrou_api::client::Client;
use inrou_api::clock::SandboxClock;
use inrou_api::page::Page;
use inrou_api::wire::authority::{HistoryEntry, ResidentSummary, ResidentView};
use inrou_api::wire::portal::ReceivedApplication;
use inrou_pki::{Entropy, SeededEntropy, SystemEntropy};
use inrou_rules::{CertificateStatus, Medium, RevocationReason, Use};

use hana::{Hana, Part};
use processes::{Death, Life, Processes, ROLES};
use relay::Relay;

/// How many deaths each role dies in each part of the job that it takes part in.
const DEATHS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_whatever_role_is_killed_whenever_the_job_ends_as_if_nothing_had_happened() {
    let world = World::found().await;
    if let Some(death) = death_asked_for() {
        return drop(world.live(Some(death)).await);
    }
    let seed =
        env::var("INROU_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let mut bytes = [0; 8];
            SystemEntropy.fill(&mut bytes);
            u64::from_be_bytes(bytes)
        });
    let undisturbed = world.live(None).await;
    for death in draw(&undisturbed, seed) {
        println!("INROU_SEED={seed} INROU_DEATH={}:{}", ROLES[death.role], death.moment);
        world.live(Some(death)).await;
    }
}

/// The moments at which each part of the job ended, role by role.
type Ends = Vec<[usize; 3]>;

/// A sandbox as its first start left it, and the addresses that its certificates name.
struct World {
    folder: tempfile::TempDir,
    relays: [Relay; 3],
}

impl World {
    async fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            folder: DataFolder::create(folder.path()).unwrap(),
            port: 0,
            start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
            residents: Some(vec!["hana".to_owned()]),
        })
        .await
        .unwrap();
        let port = sandbox.base.rsplit_once(':').unwrap().1.parse().unwrap();
        sandbox.stop().await;
        let relays = [Relay::before(0, port), Relay::before(1, 0), Relay::before(2, 0)];
        Self { folder, relays }
    }

    /// The whole job, on a copy of the folder, with one death or none.
    async fn live(&self, death: Option<Death>) -> Ends {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        let ports = [0, 1, 2].map(|role| self.relays[role].port);
        let life = Life(Arc::new(Processes::start(copy.path(), ports, death)));
        let processes = &life.0;
        for relay in &self.relays {
            relay.watched_by(Some(processes.clone()));
        }
        let callers = Callers::new(copy.path(), ports);
        let mut hana = Hana {
            phone: callers.anybody(2, "/phone/v1"),
            portal: callers.anybody(1, "/portal/v1"),
            session: None,
        };
        let mut ends = Ends::new();
        for part in Part::ALL {
            hana.does(part).await;
            ends.push(processes.moments());
        }
        callers.judge(&hana).await;
        for relay in &self.relays {
            relay.watched_by(None);
        }
        ends
    }
}

/// Deaths in every part, for each role that takes part in it.
fn draw(ends: &Ends, seed: u64) -> Vec<Death> {
    let wanted = env::var("INROU_DEATHS").ok().and_then(|wanted| wanted.parse().ok());
    let entropy = SeededEntropy::new(seed);
    let number = || {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) >> 1).unwrap()
    };
    let mut deaths = BTreeSet::new();
    let mut begin = [0; 3];
    for end in ends {
        for role in 0..ROLES.len() {
            let moments = end[role] - begin[role];
            for _ in 0..wanted.unwrap_or(DEATHS).min(moments) {
                deaths.insert((role, begin[role] + number() % moments));
            }
        }
        begin = *end;
    }
    deaths.into_iter().map(|(role, moment)| Death { role, moment }).collect()
}

fn death_asked_for() -> Option<Death> {
    let asked = env::var("INROU_DEATH").ok()?;
    let (role, moment) = asked.split_once(':').unwrap();
    let role = ROLES.iter().position(|name| *name == role).unwrap();
    Some(Death { role, moment: moment.parse().unwrap() })
}

/// Who looks at the end.
struct Callers {
    ports: [u16; 3],
    clock: Arc<SandboxClock>,
    keys: RoleKeys,
}

impl Callers {
    fn new(folder: &Path, ports: [u16; 3]) -> Self {
        let data = DataFolder::find(folder).unwrap();
        let keys = RoleKeys::of(&data).unwrap();
        Self { ports, clock: Arc::new(SandboxClock::open(folder).unwrap()), keys }
    }

    fn anybody(&self, role: usize, path: &str) -> Client {
        let base = format!("http://localhost:{}{path}", self.ports[role]);
        Client::new(&base, &[], self.clock.clone(), Arc::new(SystemEntropy)).unwrap()
    }

    /// The job has left what it leaves undisturbed: one certificate a kind, revoked; each event once.
    async fn judge(&self, hana: &Hana) {
        let counter = self.anybody(0, "/authority/v1").signing(self.keys.signer(Role::Counter));
        let residents: Page<ResidentSummary> = counter.get("/residents").answer().await.unwrap();
        let [resident] = &residents.items[..] else { panic!("one resident") };
        let path = format!("/residents/{}", resident.resident);
        let resident: ResidentView = counter.get(&path).answer().await.unwrap();
        let mut kinds = Vec::new();
        for certificate in &resident.certificates {
            kinds.push((certificate.usage, certificate.medium));
            match (certificate.medium, &certificate.status) {
                (Medium::Card, CertificateStatus::Active { .. }) => {}
                (
                    Medium::Phone,
                    CertificateStatus::Revoked {
                        reason: RevocationReason::CessationOfOperation,
                        ..
                    },
                ) => {}
                other => panic!("{other:?}"),
            }
        }
        kinds.sort();
        let mut expected: Vec<_> = Use::ALL
            .into_iter()
            .flat_map(|usage| [(usage, Medium::Card), (usage, Medium::Phone)])
            .collect();
        expected.sort();
        assert_eq!(kinds, expected, "one certificate a kind");
        assert_eq!(resident.phone, None);

        let state = hana.state().await;
        assert!(
            state
                .certificates
                .iter()
                .all(|each| matches!(each.status, CertificateStatus::Revoked { .. }))
        );
        let history: Page<HistoryEntry> = hana.portal.get("/history").answer().await.unwrap();
        for code in ["phone-registered", "logged-in", "application-sent"] {
            let count = history.items.iter().filter(|entry| entry.code == code).count();
            assert_eq!(count, 1, "{code}");
        }
        let office = self.anybody(1, "/office/v1").signing(self.keys.signer(Role::Clerk));
        let received: Page<ReceivedApplication> =
            office.get("/applications").answer().await.unwrap();
        assert_eq!(received.items.len(), 1, "one application is received");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
