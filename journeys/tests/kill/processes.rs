//! The roles as processes of their own, each of which can be killed and started again.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use inrou::sandbox::{Addresses, DataFolder, RoleKeys, of_processes};

use super::relay::Watcher;

/// The roles by number.
pub const ROLES: [&str; 3] = ["authority", "portal", "phone"];

/// When a role dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// Which role.
    pub role: usize,
    /// At which of the moments that the relay before it tells of.
    pub moment: usize,
}

/// Three processes over one data folder.
pub struct Processes {
    config: PathBuf,
    death: Option<Death>,
    moments: [AtomicUsize; 3],
    running: [Mutex<Running>; 3],
}

struct Running {
    child: Child,
    address: SocketAddr,
}

impl Processes {
    /// Starts the roles of the sandbox in `folder`. Others call them at the relays' `ports`.
    pub fn start(folder: &Path, ports: [u16; 3], death: Option<Death>) -> Self {
        let config = write_config(folder, ports);
        let running = [0, 1, 2].map(|role| Mutex::new(spawn(&config, role)));
        Self { config, death, moments: Default::default(), running }
    }

    /// How many moments each relay has told of.
    pub fn moments(&self) -> [usize; 3] {
        [0, 1, 2].map(|role| self.moments[role].load(Ordering::SeqCst))
    }

    /// Kills a role and starts it again. Returns when it listens.
    pub fn kill(&self, role: usize) {
        let mut running = self.running[role].lock().unwrap();
        end(&mut running.child);
        *running = spawn(&self.config, role);
    }
}

impl Watcher for Processes {
    fn passes(&self, role: usize) {
        let moment = self.moments[role].fetch_add(1, Ordering::SeqCst);
        if self.death == Some(Death { role, moment }) {
            self.kill(role);
        }
    }

    fn backend(&self, role: usize) -> SocketAddr {
        self.running[role].lock().unwrap().address
    }
}

/// Ends the processes when it is dropped: relays that still wait for a client hold on to the rest.
pub struct Life(pub Arc<Processes>);

impl Drop for Life {
    fn drop(&mut self) {
        for running in &self.0.running {
            // A lock that is poisoned belongs to a test that has failed already.
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            end(&mut running.child);
        }
    }
}

/// SIGKILL, which no process can heed.
fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn write_config(folder: &Path, ports: [u16; 3]) -> PathBuf {
    let data = DataFolder::find(folder).unwrap();
    let keys = RoleKeys::of(&data).unwrap();
    let [authority, portal, _] = ports.map(|port| format!("http://localhost:{port}"));
    let addresses = Addresses {
        // They listen where they like; the relays find them.
        ports: [0; 8],
        authority,
        provider: portal.clone(),
        timestamps: portal.clone(),
        portal,
        app: None,
        published: format!("http://127.0.0.1:{}", ports[0]),
    };
    let file = folder.join("serve.toml");
    std::fs::write(&file, of_processes(&data, &keys, &addresses).to_toml()).unwrap();
    file
}

fn spawn(config: &Path, role: usize) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inrou-for-journeys"))
        .args(["--lang", "en", "serve", "--config"])
        .arg(config)
        .arg(ROLES[role])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().expect("it says where it listens").unwrap();
    let address = line.strip_prefix(&format!("{}: http://", ROLES[role])).unwrap().parse().unwrap();
    // What it says later is read away, so that it never has to wait.
    std::thread::spawn(move || lines.for_each(drop));
    Running { child, address }
}
