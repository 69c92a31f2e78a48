//! What every role that relies on certificates stands on: how the authority is called, whom it trusts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use inrou_api::client::Client;
use inrou_api::signature::RoleKey;
use inrou_authority::key_folder::KeyFolder;
use inrou_relying::{Issuers, StatusClient, Validator, anchors};
use serde::{Deserialize, Serialize};

use super::{Ground, RoleError, certificates, passphrase};

/// How the authority is called.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityCalls {
    /// Its address, such as `http://127.0.0.1:8765`.
    pub address: String,
    /// The certificates trusted for its TLS, PEM; if there are none, the operating system's.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
    /// The name under which the authority knows the caller.
    pub caller: String,
    /// The folder of the callers' encrypted keys: `CALLER.key`.
    pub keys: PathBuf,
    /// The file with the passphrase that opens it.
    pub passphrase: PathBuf,
}

impl AuthorityCalls {
    /// A client of its API that signs.
    pub(super) fn signing_client(&self, ground: &Ground) -> Result<Client, RoleError> {
        Ok(self.client("/authority/v1", ground)?.signing(self.signer()?))
    }

    /// What judges certificates: by the issuers in those files, or if there are none, by those that the
    /// authority publishes.
    pub(crate) fn validator(
        &self,
        trusted: &[PathBuf],
        settings: &inrou_relying::Settings,
        ground: &Ground,
    ) -> Result<Validator, RoleError> {
        let issuers = if trusted.is_empty() {
            Issuers::published_by(self.client("", ground)?)
        } else {
            anchors::from_files(trusted)?.into()
        };
        let status = StatusClient::new(settings, ground.entropy.clone())?;
        Ok(Validator::new(issuers, settings.clone(), status))
    }

    /// The folder of the callers' keys.
    pub(super) fn key_folder(&self, folder: &Path) -> Result<KeyFolder, RoleError> {
        KeyFolder::open(folder.to_owned(), passphrase(&self.passphrase)?)
            .map_err(|error| RoleError::file(folder, error))
    }

    /// The paths in it.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self { roots, keys, passphrase, .. } = self;
        [keys, passphrase].into_iter().chain(roots)
    }

    fn client(&self, path: &str, ground: &Ground) -> Result<Client, RoleError> {
        let base = format!("{}{path}", self.address.trim_end_matches('/'));
        let roots = certificates(&self.roots)?;
        Ok(Client::new(&base, &roots, ground.clock.clone(), ground.entropy.clone())?)
    }

    fn signer(&self) -> Result<Arc<RoleKey>, RoleError> {
        let key = self.key_folder(&self.keys)?.read(&format!("{}.key", self.caller))?;
        Ok(Arc::new(RoleKey::new(format!("role:{}", self.caller), Arc::new(key))))
    }
}
