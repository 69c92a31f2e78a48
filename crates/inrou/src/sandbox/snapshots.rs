//! Snapshots: the whole state of a sandbox under a name, as a folder. The roles are stopped meanwhile.
//!
//! A snapshot is there whole or not at all: it is written into a draft, which then gets its name. A state
//! takes another one's place in two moves, each of which is carried to its end at the next start if a
//! kill comes between ([`settle`]): the prepared one gets the name [`REPLACING`], whereupon the old state
//! is taken away; then the name [`MOVING_IN`], whereupon its parts are moved to their places.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use inrou_api::clock::{ClockState, SandboxClock};
use inrou_authority::store::{SqliteSettings, SqliteStore};
use inrou_pki::Entropy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ScenarioName;
use super::copying::{copy, remove_if_there, size_of, sync_folder};
use super::folder::{DataFolder, KEPT_AT_RESET, STATE};
use super::sites;
use crate::fault::Fault;
use crate::residents::Handle;
use crate::serve::RoleError;

/// How many snapshots are kept.
pub(crate) const MOST: usize = 20;

/// How long all of them are together at most, in bytes.
pub(crate) const LARGEST: u64 = 2 << 30;

/// A snapshot's description, and the state beside it.
const ABOUT: &str = "snapshot.json";
const INSIDE: &str = "state";

/// Names that no snapshot has.
const DRAFT: &str = ".draft";
const GOING: &str = ".going";

/// A state that is being prepared; one that takes the old one's place; one whose place is free.
const PREPARED: &str = ".prepared";
const REPLACING: &str = ".replacing";
const MOVING_IN: &str = ".moving-in";

/// A snapshot, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its name.
    pub name: Handle,
    /// What the sandbox's clock showed.
    pub at: Timestamp,
    /// How long it is, in bytes.
    pub size: u64,
}

/// What a snapshot's file says. *This type is stored.*
#[derive(Serialize, Deserialize)]
struct About {
    at: Timestamp,
    /// Whether the clock ran.
    running: bool,
    size: u64,
}

/// The snapshots of a data folder whose lock is held, and whose roles are stopped where that is said.
pub(super) struct Snapshots<'f>(pub(super) &'f DataFolder);

impl Snapshots<'_> {
    /// Those that there are, by name.
    ///
    /// # Errors
    /// `file-access-denied`, `file-not-readable`.
    pub(super) fn list(&self) -> Result<Vec<Snapshot>, Fault> {
        let folder = self.0.snapshots();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| of_io(&folder, &error))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| of_io(&folder, &error))?;
            // Drafts have names that no snapshot has; so has whatever somebody put there.
            if let Some(name) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                let about = match self.about(&name) {
                    Err(fault) if fault.code() == "snapshot-unknown" => continue,
                    about => about?,
                };
                found.push(Snapshot { name, at: about.at, size: about.size });
            }
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// That a snapshot of that name can be saved.
    ///
    /// # Errors
    /// `snapshot-name-taken`, `snapshots-full`, those of [`Snapshots::list`].
    pub(super) fn check_room(&self, name: &Handle) -> Result<(), Fault> {
        let all = self.list()?;
        if all.iter().any(|snapshot| snapshot.name == *name) {
            return Err(Fault::new("snapshot-name-taken").with("name", name));
        }
        let state = STATE.iter().map(|part| self.0.root().join(part));
        let state: io::Result<u64> = state.map(|part| size_of(&part)).sum();
        let state = state.map_err(|error| of_io(self.0.root(), &error))?;
        let together = all.iter().map(|snapshot| snapshot.size).fold(state, u64::saturating_add);
        if all.len() >= MOST || together > LARGEST {
            let full = Fault::new("snapshots-full").with("count", MOST);
            return Err(full.with("size", LARGEST >> 20));
        }
        Ok(())
    }

    /// Saves the state. The roles are stopped.
    ///
    /// # Errors
    /// Those of [`Snapshots::check_room`]; `store-unavailable` if the disk is full.
    pub(super) fn save(&self, name: &Handle) -> Result<(), Fault> {
        self.check_room(name)?;
        let folder = self.0.snapshots();
        let (draft, path) = (folder.join(DRAFT), folder.join(name.as_str()));
        let saved = || -> io::Result<()> {
            remove_if_there(&draft)?;
            let inside = draft.join(INSIDE);
            fs::create_dir_all(&inside)?;
            copy_parts(&STATE, self.0.root(), &inside)?;
            // What it shows now; it goes on from there when it is restored.
            let clock = SandboxClock::open(&inside).map_err(io::Error::other)?;
            let running = clock.state().running;
            let ClockState { now, .. } = clock.stop().map_err(io::Error::other)?;
            let about = About { at: now, running, size: size_of(&inside)? };
            fs::write(draft.join(ABOUT), serde_json::to_vec(&about)?)?;
            File::open(draft.join(ABOUT))?.sync_all()?;
            sync_folder(&draft)?;
            fs::rename(&draft, &path)?;
            sync_folder(&folder)?;
            sync_folder(self.0.root())
        };
        saved().map_err(|error| of_io(&folder, &error))
    }

    /// Takes a snapshot away.
    ///
    /// # Errors
    /// `snapshot-unknown`, `file-access-denied`.
    pub(super) fn delete(&self, name: &Handle) -> Result<(), Fault> {
        self.about(name)?;
        let folder = self.0.snapshots();
        let going = folder.join(GOING);
        let removed = || {
            remove_if_there(&going)?;
            fs::rename(folder.join(name.as_str()), &going)?;
            remove_if_there(&going)
        };
        removed().map_err(|error| of_io(&folder, &error))
    }

    /// That there is a snapshot of that name.
    ///
    /// # Errors
    /// `snapshot-unknown`, `file-not-readable`.
    pub(super) fn check_there(&self, name: &Handle) -> Result<(), Fault> {
        self.about(name).map(|_| ())
    }

    /// Has a snapshot's state take the present one's place. What cannot be opened by this program is
    /// refused, and the present one stays. The roles are stopped.
    ///
    /// # Errors
    /// `snapshot-unknown`, `data-folder-newer`, `file-not-readable`, `file-access-denied`,
    /// `store-unavailable` if the disk is full.
    pub(super) fn restore(&self, name: &Handle, entropy: &dyn Entropy) -> Result<(), Fault> {
        let about = self.about(name)?;
        let inside = self.0.snapshots().join(name.as_str()).join(INSIDE);
        let prepared = self.prepare(&inside, &STATE)?;
        let checked = self.check(&prepared, &about, entropy);
        if checked.is_err() {
            // It is in nobody's way, and goes with the next one.
            let _ = remove_if_there(&prepared);
        }
        checked.and_then(|()| self.replace())
    }

    /// Has a state as before the first start take the present one's place, in which the sites are registered
    /// as they are now. The roles are stopped.
    ///
    /// # Errors
    /// `file-access-denied`, `store-unavailable` if the disk is full; the provider's store cannot be read.
    pub(super) fn reset(&self, entropy: &dyn Entropy) -> Result<(), Fault> {
        self.prepare_anew(entropy)?;
        self.replace()
    }

    /// The same, and no site is registered.
    ///
    /// # Errors
    /// `file-access-denied`, `store-unavailable` if the disk is full.
    pub(super) fn reset_all(&self) -> Result<(), Fault> {
        self.prepare(self.0.root(), &KEPT_AT_RESET)?;
        self.replace()
    }

    /// The same, for a scenario: until it is played to its end, the new state says so.
    ///
    /// # Errors
    /// Those of [`Snapshots::reset`].
    pub(super) fn reset_for(
        &self,
        scenario: ScenarioName,
        entropy: &dyn Entropy,
    ) -> Result<(), Fault> {
        let prepared = self.prepare_anew(entropy)?;
        DataFolder::create(&prepared)?.note_playing(scenario)?;
        self.replace()
    }

    /// Prepares a state as before the first start, in which the sites are registered as they are now: in the
    /// provider's store, and in what the example sites know of themselves.
    fn prepare_anew(&self, entropy: &dyn Entropy) -> Result<PathBuf, Fault> {
        let known = sites::registrations();
        let parts: Vec<&str> =
            KEPT_AT_RESET.into_iter().chain(known.iter().map(String::as_str)).collect();
        let prepared = self.prepare(self.0.root(), &parts)?;
        let [from, to] = [self.0.clone(), DataFolder::create(&prepared)?]
            .map(|folder| folder.provider().join("store.db"));
        if from.exists() {
            inrou_provider::store::SqliteStore::carry_registrations(&from, &to, entropy)
                .map_err(|error| RoleError::store(&self.0.provider(), error))?;
        }
        Ok(prepared)
    }

    /// Copies parts of a state to where the next one is prepared.
    fn prepare(&self, from: &Path, parts: &[&str]) -> Result<PathBuf, Fault> {
        let prepared = self.0.root().join(PREPARED);
        let done = || {
            remove_if_there(&prepared)?;
            fs::create_dir(&prepared)?;
            copy_parts(parts, from, &prepared)?;
            sync_folder(&prepared)
        };
        done().map_err(|error| of_io(self.0.root(), &error))?;
        Ok(prepared)
    }

    /// Opens what is prepared as the roles will, which brings an older form up to date, and lets the
    /// clock go on.
    fn check(&self, prepared: &Path, about: &About, entropy: &dyn Entropy) -> Result<(), Fault> {
        let folder = DataFolder::create(prepared)?;
        let [authority, portal, provider] =
            [folder.authority(), folder.portal(), folder.provider()];
        SqliteStore::open(&authority.join("store.db"), SqliteSettings::default())
            .map_err(|error| RoleError::store(&self.0.authority(), error))?;
        inrou_portal::store::SqliteStore::open(&portal.join("store.db"), entropy)
            .map_err(|error| RoleError::store(&self.0.portal(), error))?;
        inrou_provider::store::SqliteStore::open(&provider.join("store.db"), entropy)
            .map_err(|error| RoleError::store(&self.0.provider(), error))?;
        let clock = SandboxClock::open(prepared)?;
        if about.running {
            clock.run()?;
        }
        Ok(())
    }

    /// Has the prepared state take the present one's place.
    fn replace(&self) -> Result<(), Fault> {
        let root = self.0.root();
        let replaced = fs::rename(root.join(PREPARED), root.join(REPLACING));
        replaced.and_then(|()| settle(root)).map_err(|error| of_io(root, &error))
    }

    fn about(&self, name: &Handle) -> Result<About, Fault> {
        let path = self.0.snapshots().join(name.as_str()).join(ABOUT);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Fault::new("snapshot-unknown").with("name", name));
            }
            text => text.map_err(|error| of_io(&path, &error))?,
        };
        let unreadable = |_| Fault::new("file-not-readable").with("path", path.display());
        serde_json::from_slice(&text).map_err(unreadable)
    }
}

/// Ends what a kill interrupted while one state took another one's place.
///
/// # Errors
/// The folder cannot be written; the next try goes on where this one stopped.
pub(super) fn settle(root: &Path) -> io::Result<()> {
    let (replacing, moving_in) = (root.join(REPLACING), root.join(MOVING_IN));
    // What was left of an earlier one is in nobody's way.
    move_in(root, &moving_in)?;
    if replacing.exists() {
        sync_folder(root)?;
        for part in STATE {
            remove_if_there(&root.join(part))?;
        }
        sync_folder(root)?;
        fs::rename(&replacing, &moving_in)?;
        move_in(root, &moving_in)?;
    }
    Ok(())
}

/// Moves the parts of a state to their places, if it waits for that.
fn move_in(root: &Path, moving_in: &Path) -> io::Result<()> {
    if moving_in.exists() {
        for part in STATE {
            let from = moving_in.join(part);
            if from.exists() {
                remove_if_there(&root.join(part))?;
                fs::rename(from, root.join(part))?;
            }
        }
        sync_folder(root)?;
        remove_if_there(moving_in)?;
    }
    Ok(())
}

/// Copies those of the parts that are there.
fn copy_parts(parts: &[&str], from: &Path, to: &Path) -> io::Result<()> {
    for part in parts {
        let (from, to) = (from.join(part), to.join(part));
        if from.exists() {
            if let Some(above) = to.parent() {
                fs::create_dir_all(above)?;
            }
            copy(&from, &to)?;
        }
    }
    Ok(())
}

fn of_io(path: &Path, error: &io::Error) -> Fault {
    tracing::error!(%error, path = %path.display(), "a snapshot failed");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Fault::new("store-unavailable")
        }
        _ => Fault::of_folder(path, error),
    }
}

#[cfg(test)]
mod tests;
