//! The time-stamp authority as a role: where its things lie, and how it is opened.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use inrou_api::problem::{OrInternal, Problem};
use inrou_authority::key_folder::{KeyFolder, KeyFolderError};
use inrou_pki::{KeyAlgorithm, Signer};
use inrou_timestamps::{Keys, Parts, Settings, Store, TimeStamps};
use serde::{Deserialize, Serialize};

use super::{Ground, RoleError, Server, passphrase};

/// The time-stamp authority.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStampRole {
    /// Where it is served.
    pub server: Server,
    /// Its folder: the store, and the units' keys.
    pub folder: PathBuf,
    /// The file with the passphrase that opens the keys.
    pub passphrase: PathBuf,
    /// Its settings.
    #[serde(default)]
    pub settings: Settings,
}

impl TimeStampRole {
    /// Opens the authority.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(&self, ground: &Ground) -> Result<Arc<TimeStamps>, RoleError> {
        let file = |error| RoleError::file(&self.folder, error);
        std::fs::create_dir_all(&self.folder).map_err(file)?;
        let store = Store::open(&self.folder.join("store.db"))
            .map_err(|error| RoleError::store(&self.folder, error))?;
        let folder = KeyFolder::open(self.folder.join("keys"), passphrase(&self.passphrase)?);
        let keys = UnitKeys { folder: folder.map_err(file)?, ground: ground.clone() };
        let authority = TimeStamps::open(Parts {
            store,
            clock: ground.clock.clone(),
            keys: Box::new(keys),
            source: ground.keys.clone(),
            settings: self.settings.clone(),
        });
        Ok(Arc::new(authority?))
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.folder, &mut self.passphrase].into_iter().chain(self.server.paths())
    }
}

/// The units' keys, each in an encrypted file: `unit-GENERATION.key`.
struct UnitKeys {
    folder: KeyFolder,
    ground: Ground,
}

impl Keys for UnitKeys {
    fn unit(&self, generation: u32) -> Result<Arc<dyn Signer>, Problem> {
        let file = format!("unit-{generation}.key");
        match self.folder.read(&file) {
            Err(KeyFolderError::Io(error)) if error.kind() == ErrorKind::NotFound => {
                let made = self.ground.keys.generate(KeyAlgorithm::EcP256).or_internal()?;
                self.folder.write(&file, &made, &*self.ground.entropy).or_internal()?;
                Ok(Arc::new(made))
            }
            read => Ok(Arc::new(read.or_internal()?)),
        }
    }
}
