//! The data folder: what lies where, and that one sandbox at a time works in it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use inrou_chip::files::Folder;
use inrou_pki::Entropy;
use inrou_pki::keys::Passphrase;
use jiff::Timestamp;

use super::ScenarioName;
use crate::serve::passphrase_of;

/// What opens the key files.
const PASSPHRASE: &str = "passphrase";

/// Says when the first start began.
const BEGUN: &str = "begun";

/// Says at what time a new sandbox begins, if not at the present.
const START: &str = "start";

/// Says at which port the sandbox was reached first.
const PORT: &str = "port";

/// The residents' file as it was at the first start.
const RESIDENTS: &str = "residents-of-first-start.json";

/// Is there once the test residents have their cards.
const READY: &str = "ready";

/// Names the scenario that is being played: it is there until that is played to its end.
const PLAYING: &str = "playing";

/// The folders of the roles.
const AUTHORITY: &str = "authority";
const PORTAL: &str = "portal";
const PROVIDER: &str = "provider";
const DESK: &str = "desk";
const TIMESTAMPS: &str = "timestamps";
const MAKER: &str = "maker";
const ROLES: &str = "roles";
const CARDS: &str = "cards";
const PHONES: &str = "phones";
const PERSONAS: &str = "personas";
pub(super) const SITES: &str = "sites";

/// What the sandbox's state is made of: it is kept in a snapshot, and replaced as a whole. All else in the
/// folder is the user's own, or this computer's.
pub(super) const STATE: [&str; 18] = [
    AUTHORITY,
    PORTAL,
    PROVIDER,
    DESK,
    TIMESTAMPS,
    MAKER,
    ROLES,
    CARDS,
    PHONES,
    PERSONAS,
    SITES,
    PASSPHRASE,
    BEGUN,
    PORT,
    RESIDENTS,
    READY,
    PLAYING,
    "clock.json",
];

/// What stays when a sandbox begins anew: the models of phones that somebody chose, and the port that
/// certificates name. (So do the sites' registrations, which are parts of files.)
pub(super) const KEPT_AT_RESET: [&str; 2] = ["phones/models.json", PORT];

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// No sandbox has made it.
    #[error("no sandbox has used {0}")]
    Missing(PathBuf),
    /// Another sandbox works in it.
    #[error("another sandbox works in {0}")]
    InUse(PathBuf),
    /// It cannot be read or written.
    #[error("{path}: {cause}")]
    Io {
        /// What could not be read or written.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// A data folder that is there.
#[derive(Clone, Debug)]
pub struct DataFolder {
    root: PathBuf,
}

/// Holds off other sandboxes until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl DataFolder {
    /// Takes a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn create(root: &Path) -> Result<Self, FolderError> {
        let folder = Self { root: root.to_owned() };
        let root = folder.root.clone();
        for path in [root, folder.authority(), folder.portal(), folder.provider()] {
            fs::create_dir_all(&path).map_err(|cause| FolderError::Io { path, cause })?;
        }
        Ok(folder)
    }

    /// Takes a folder that a sandbox has made.
    ///
    /// # Errors
    /// [`FolderError::Missing`].
    pub fn find(root: &Path) -> Result<Self, FolderError> {
        let folder = Self { root: root.to_owned() };
        let made = folder.lock_file().exists();
        made.then_some(folder).ok_or_else(|| FolderError::Missing(root.to_owned()))
    }

    /// Holds off other sandboxes.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn lock(&self) -> Result<FolderLock, FolderError> {
        let path = self.lock_file();
        let io = |cause| FolderError::Io { path: path.clone(), cause };
        let file = File::options().create(true).append(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(self.root.clone())),
            Err(TryLockError::Error(cause)) => Err(io(cause)),
        }
    }

    /// What opens the key files: drawn at the first start, and kept beside them, since a sandbox has
    /// nobody to ask.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn passphrase(&self, entropy: &dyn Entropy) -> Result<Passphrase, FolderError> {
        if let Some(text) = self.read(PASSPHRASE)? {
            return Ok(passphrase_of(text));
        }
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let text = format!("{:032x}", u128::from_be_bytes(bytes));
        self.write(PASSPHRASE, &text)?;
        Ok(passphrase_of(text))
    }

    /// When the first start began, if it has: the day by which the test residents' ages and cards are
    /// told. A first start that was broken off goes on with the same residents on another day.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn begun(&self) -> Result<Option<Timestamp>, FolderError> {
        self.read_as(BEGUN)
    }

    /// Notes when the first start begins.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn note_begun(&self, at: Timestamp) -> Result<(), FolderError> {
        self.write(BEGUN, &at.to_string())
    }

    /// At what time a new sandbox begins here, if somebody said: the first one, and any that begins anew.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn start(&self) -> Result<Option<Timestamp>, FolderError> {
        self.read_as(START)
    }

    /// Notes at what time a new sandbox begins here.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn note_start(&self, at: Timestamp) -> Result<(), FolderError> {
        self.write(START, &at.to_string())
    }

    /// At which port the sandbox was reached first: the one that most of its certificates name for their
    /// status.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn port(&self) -> Result<Option<u16>, FolderError> {
        self.read_as(PORT)
    }

    /// Notes at which port the sandbox is reached, if it is the first.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn note_port(&self, port: u16) -> Result<(), FolderError> {
        if self.port()?.is_some() { Ok(()) } else { self.write(PORT, &port.to_string()) }
    }

    /// Notes what the residents' file says at the first start.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn note_residents(&self, text: &str) -> Result<(), FolderError> {
        self.write(RESIDENTS, text)
    }

    /// Where that is noted.
    pub fn residents_noted(&self) -> PathBuf {
        self.root.join(RESIDENTS)
    }

    /// Whether the test residents have their cards.
    pub fn is_ready(&self) -> bool {
        self.root.join(READY).exists()
    }

    /// Notes that the test residents have their cards.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn note_ready(&self) -> Result<(), FolderError> {
        self.write(READY, "")
    }

    /// The scenario that was begun here and did not come to its end, if there is one.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn playing(&self) -> Result<Option<ScenarioName>, FolderError> {
        self.read_as(PLAYING)
    }

    /// Notes which scenario is being played from now on.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn note_playing(&self, scenario: ScenarioName) -> Result<(), FolderError> {
        self.write(PLAYING, scenario.as_str())
    }

    /// Notes that it has come to its end.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn note_played(&self) -> Result<(), FolderError> {
        let folder = Folder::from(&self.root);
        let removed = folder.remove(PLAYING).and_then(|()| folder.sync());
        removed.map_err(|cause| FolderError::Io { path: self.root.join(PLAYING), cause })
    }

    /// The folder itself, in which the clock and the residents' file are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The authority's part.
    pub fn authority(&self) -> PathBuf {
        self.root.join(AUTHORITY)
    }

    /// The portal's part.
    pub fn portal(&self) -> PathBuf {
        self.root.join(PORTAL)
    }

    /// The provider's part.
    pub fn provider(&self) -> PathBuf {
        self.root.join(PROVIDER)
    }

    /// The time-stamp authority's part.
    pub fn timestamps(&self) -> PathBuf {
        self.root.join(TIMESTAMPS)
    }

    /// Where the desk lies.
    pub fn desk(&self) -> PathBuf {
        self.root.join(DESK)
    }

    /// The chip maker's keys.
    pub fn maker(&self) -> PathBuf {
        self.root.join(MAKER)
    }

    /// The keys by which roles sign their requests.
    pub fn roles(&self) -> PathBuf {
        self.root.join(ROLES)
    }

    /// The cards.
    pub fn cards(&self) -> PathBuf {
        self.root.join(CARDS)
    }

    /// The phones.
    pub fn phones(&self) -> PathBuf {
        self.root.join(PHONES)
    }

    /// The cards of the personas.
    pub fn personas(&self) -> PathBuf {
        self.root.join(PERSONAS)
    }

    /// The example sites' parts.
    pub fn sites(&self) -> PathBuf {
        self.root.join(SITES)
    }

    /// The snapshots.
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// The socket by which other commands ask the running sandbox for things.
    pub fn control_socket(&self) -> PathBuf {
        self.root.join("control.sock")
    }

    /// The CA for TLS on this computer.
    pub fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }

    /// Its certificate, for people to trust.
    pub fn tls_ca(&self) -> PathBuf {
        self.tls().join("ca.pem")
    }

    /// The file with what opens the key files.
    pub fn passphrase_file(&self) -> PathBuf {
        self.root.join(PASSPHRASE)
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    fn read(&self, name: &str) -> Result<Option<String>, FolderError> {
        let io = |cause| FolderError::Io { path: self.root.join(name), cause };
        match Folder::from(&self.root).read(name) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(io(io::ErrorKind::InvalidData.into())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(io(cause)),
        }
    }

    fn read_as<T: FromStr>(&self, name: &str) -> Result<Option<T>, FolderError> {
        let Some(text) = self.read(name)? else { return Ok(None) };
        let path = self.root.join(name);
        let malformed = |_| FolderError::Io { path, cause: io::ErrorKind::InvalidData.into() };
        text.parse().map(Some).map_err(malformed)
    }

    /// Writes a file whole and durably, for its owner alone.
    fn write(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let written = Folder::from(&self.root).replace(name, text.as_bytes());
        written.map_err(|cause| FolderError::Io { path: self.root.join(name), cause })
    }
}

#[cfg(test)]
mod tests {
    use inrou_pki::SeededEntropy;

    use super::*;

    #[test]
    fn one_sandbox_at_a_time_works_in_a_folder() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(DataFolder::find(root.path()), Err(FolderError::Missing(_))));
        let folder = DataFolder::create(root.path()).unwrap();
        let held = folder.lock().unwrap();
        assert!(matches!(folder.lock(), Err(FolderError::InUse(_))));
        drop(held);
        folder.lock().unwrap();
        DataFolder::find(root.path()).unwrap();
    }

    #[test]
    fn the_first_port_is_the_one_that_is_remembered() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        assert_eq!(folder.port().unwrap(), None);
        folder.note_port(8765).unwrap();
        folder.note_port(9000).unwrap();
        assert_eq!(folder.port().unwrap(), Some(8765));
        fs::write(root.path().join("port"), "many").unwrap();
        assert!(matches!(folder.port(), Err(FolderError::Io { .. })));
    }

    #[test]
    fn the_passphrase_stays_the_same_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        let first = folder.passphrase(&SeededEntropy::new(1)).unwrap();
        let second = folder.passphrase(&SeededEntropy::new(2)).unwrap();
        assert_eq!(first.as_bytes(), second.as_bytes());
        let mode = fs::metadata(root.path().join("passphrase")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
