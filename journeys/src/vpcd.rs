//! A smart-card reader made of software (pcscd with vsmartcard's vpcd), in which PC/SC programs find
//! our chips.
//!
//! vpcd listens on every address, and there is one pcscd a machine. So a test that wants a reader
//! runs again in a process with a network and a `/run` of its own: see [`isolated`].

use std::env;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use inrou_chip::memory::Medium;
use inrou_chip::transport::pcsc::{LastTries, Pcsc, PcscError};
use inrou_chip::transport::vpcd::{DEFAULT_ADDRESS, Eject, Slot};
use inrou_chip::{Chip, Interface};

/// Set in the process that is on its own.
const ISOLATED: &str = "INROU_ISOLATED";

/// Debian's packages that the tests with a reader need.
const PACKAGES: &str = "pcscd vsmartcard-vpcd opensc opensc-pkcs11 openssl iproute2 util-linux";

/// How long pcscd may take to start and to see the card.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Whether this process is on its own. If not, runs the test of that name in one that is, and fails
/// unless it passes there.
///
/// # Panics
/// The other process cannot be started, or the test fails in it.
pub fn isolated(test: &str) -> bool {
    if env::var_os(ISOLATED).is_some() {
        return true;
    }
    let own_run =
        "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && ip link set lo up && exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", own_run, "sh"])
        .arg(env::current_exe().expect("a test knows its own program"))
        .args([test, "--exact", "--nocapture"])
        .env(ISOLATED, "1")
        .output()
        .unwrap_or_else(|error| panic!("unshare: {error}; install {PACKAGES}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{test} failed in a process of its own. It needs a system that lets this user make \
         namespaces, and Debian's packages {PACKAGES}. It wrote:\n{}",
        String::from_utf8_lossy(&text)
    );
    false
}

/// The PC/SC service with an empty virtual reader. Dropping it stops the service.
pub struct Pcscd(Child);

impl Pcscd {
    /// Starts the service.
    ///
    /// # Panics
    /// It is not installed.
    pub fn start() -> Self {
        let pcscd = Command::new("pcscd").args(["--foreground", "--critical"]).spawn();
        Self(pcscd.unwrap_or_else(|error| panic!("pcscd: {error}; install {PACKAGES}")))
    }

    /// Waits until PC/SC programs see a card in the reader.
    ///
    /// # Panics
    /// They do not within a minute.
    pub fn wait_for_card(&self) {
        until(find_card);
    }

    /// Waits until the service has noticed that the reader is empty. A card that is put in before is
    /// taken for the old one, gone mute.
    ///
    /// # Panics
    /// It does not within a minute.
    pub fn wait_until_empty(&self) {
        until(|| {
            let list = Command::new("opensc-tool").arg("--list-readers").output();
            let list = list.map_err(|error| format!("opensc-tool: {error}"))?;
            let list = String::from_utf8_lossy(&list.stdout).into_owned();
            let is_empty = |line: &str| line.starts_with("0    No ");
            if list.lines().any(is_empty) { Ok(()) } else { Err(list) }
        });
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        // The test has passed or failed already: nothing that fails here changes it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A chip of a sandbox in the reader: `inrou card attach` in a process of its own. Dropping it kills the
/// process; the reader is empty then.
pub struct Attached<'p>(Child, &'p Pcscd);

impl<'p> Attached<'p> {
    /// Attaches the chip of that name of the sandbox in `data`, by the command `program`. Tries again while
    /// vpcd does not listen yet, or the chip is on its way back from the last one.
    ///
    /// # Panics
    /// It is not in the reader within a minute.
    pub fn new(pcscd: &'p Pcscd, program: &str, data: &Path, name: &[&str]) -> Self {
        let attached = until(|| {
            let mut process = Command::new(program)
                .args(["--lang", "en", "--data"])
                .arg(data)
                .args(["card", "attach"])
                .args(name)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("the command can be run");
            let out = process.stdout.take().expect("its output is piped");
            let mut line = String::new();
            let read = BufReader::new(out).read_line(&mut line);
            let attached = Self(process, pcscd);
            read.map_err(|error| error.to_string())?;
            if line.contains("is in the virtual reader") {
                Ok(attached)
            } else {
                Err("not yet".to_owned())
            }
        });
        pcscd.wait_for_card();
        attached
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        // One that has ended already has left the reader as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
        if !thread::panicking() {
            self.1.wait_until_empty();
        }
    }
}

/// A reader with a chip in it. Dropping it takes the chip out and stops pcscd.
pub struct Reader<M> {
    _pcscd: Pcscd,
    eject: Eject,
    card: Option<JoinHandle<io::Result<Chip<M>>>>,
}

impl<M: Medium + Send + 'static> Reader<M> {
    /// Starts pcscd, puts `chip` into its reader and waits until PC/SC programs see it.
    ///
    /// # Panics
    /// pcscd does not start or does not see the card within a minute.
    pub fn holding(mut chip: Chip<M>) -> Self {
        let pcscd = Pcscd::start();
        let slot = until(|| Slot::connect(DEFAULT_ADDRESS));
        let eject = slot.eject().expect("a connection can be shared");
        let card = thread::spawn(move || {
            slot.serve(&mut chip, Interface::Contactless)?;
            Ok(chip)
        });
        pcscd.wait_for_card();
        Self { _pcscd: pcscd, eject, card: Some(card) }
    }

    /// Takes the card out, while pcscd goes on.
    pub fn take_out(&self) {
        self.eject.eject();
    }

    /// Ends the reader and gives the chip back.
    ///
    /// # Panics
    /// The connection to vpcd had failed.
    pub fn into_chip(mut self) -> Chip<M> {
        self.eject.eject();
        let card = self.card.take().expect("it is taken here and in drop alone");
        card.join().expect("the card's thread does not panic").expect("vpcd kept the connection")
    }
}

impl<M> Drop for Reader<M> {
    fn drop(&mut self) {
        self.eject.eject();
        // The test has passed or failed already: nothing that fails here changes it.
        let _ = self.card.take().map(JoinHandle::join);
    }
}

/// Tries until it succeeds: pcscd looks after its readers some times a second.
///
/// # Panics
/// It does not within a minute.
pub fn until<T, E: fmt::Display>(attempt: impl Fn() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(done) => return done,
            Err(error) => assert!(start.elapsed() < START_LIMIT, "pcscd: {error}"),
        }
        thread::yield_now();
    }
}

/// Finds the card as a PC/SC program does, and leaves it without power.
fn find_card() -> Result<(), PcscError> {
    let service = Pcsc::open()?;
    let readers = service.readers()?;
    let reader = readers.first().ok_or(PcscError::NoReader)?;
    service.connect(reader, LastTries::Spare).map(drop)
}
