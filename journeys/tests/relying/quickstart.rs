//! The quickstart for relying parties: its commands are run as they are printed, in a folder that looks
//! like a clone after the build; only the ports are other ones, so that tests do not meet.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const QUICKSTART: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/relying-parties/quickstart.md"));

/// The ports that the quickstart names.
const PORTS: [&str; 2] = ["8765", "3000"];

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command, and what it is to print.
struct Printed {
    command: String,
    output: Vec<String>,
}

/// The commands of the blocks `console`.
fn printed(text: &str) -> Vec<Printed> {
    let mut all: Vec<Printed> = Vec::new();
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => {
                    all.push(Printed { command: command.to_owned(), output: Vec::new() });
                }
                None => all.last_mut().unwrap().output.push(line.to_owned()),
            }
        }
    }
    all
}

/// What runs in the background, with all that it started, until the test ends.
struct Background(Vec<Child>);

impl Drop for Background {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Each is the leader of a group of its own.
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
            let _ = child.wait();
        }
    }
}

fn clone_after_the_build(folder: &Path) {
    let release = folder.join("target/release");
    std::fs::create_dir_all(&release).unwrap();
    symlink(env!("CARGO_BIN_EXE_inrou-for-journeys"), release.join("inrou")).unwrap();
    let site = folder.join("examples/log-in");
    std::fs::create_dir_all(&site).unwrap();
    for file in ["site.ts", "package.json", "package-lock.json"] {
        std::fs::copy(PathBuf::from(ROOT).join("examples/log-in").join(file), site.join(file))
            .unwrap();
    }
}

/// Waits until somebody listens: the sandbox is up once its first start is done.
fn wait_for(port: u16) {
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < end, "nobody listens at {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn the_quickstart_leads_to_a_log_in_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    clone_after_the_build(folder.path());
    let ports = PORTS.map(|_| free_port());
    let mut waited_for = VecDeque::from(ports);
    let mut place = folder.path().to_owned();
    let mut background = Background(Vec::new());
    for Printed { command, output } in printed(QUICKSTART) {
        let command = PORTS
            .iter()
            .zip(ports)
            .fold(command, |command, (named, free)| command.replace(named, &free.to_string()));
        if let Some(to) = command.strip_prefix("cd ") {
            place = place.join(to);
            continue;
        }
        let mut shell = Command::new("bash");
        match command.strip_suffix('&') {
            Some(command) => {
                shell.args(["-c", command]).current_dir(&place).process_group(0);
                background.0.push(shell.stdout(Stdio::null()).spawn().unwrap());
                wait_for(waited_for.pop_front().unwrap());
            }
            None => {
                let done = shell.args(["-c", &command]).current_dir(&place).output().unwrap();
                let said = String::from_utf8_lossy(&done.stdout).into_owned();
                assert!(done.status.success(), "{command}: {said}");
                for line in output {
                    assert!(said.contains(&line), "{command} prints {said:?}, not {line:?}");
                }
            }
        }
    }
}

#[test]
fn the_site_of_the_quickstart_is_short() {
    let site =
        std::fs::read_to_string(PathBuf::from(ROOT).join("examples/log-in/site.ts")).unwrap();
    assert!(site.lines().count() <= 60);
}
