//! The authority as a role: where its things lie, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use inrou_api::server::Shutdown;
use inrou_authority::key_folder::{KeyFolder, KeyFolderError};
use inrou_authority::settings::Settings;
use inrou_authority::store::{SqliteSettings, SqliteStore};
use inrou_authority::{Authority, Parts};
use serde::{Deserialize, Serialize};

use super::{Ground, RoleError, Server, passphrase};
use crate::maker::Maker;

/// The registration and certification authority.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRole {
    /// Where it is served.
    pub server: Server,
    /// Its folder: the store, the issuers' encrypted keys, the CRLs while they are published.
    pub folder: PathBuf,
    /// The file with the passphrase that opens the key files.
    pub passphrase: PathBuf,
    /// The folder of the maker whose chips are trusted: its certificate, the channel keys' master.
    pub maker: PathBuf,
    /// The address that certificates name for OCSP, CRLs and the practice statement, such as
    /// `http://127.0.0.1:8765`; absent: what `settings.issuer` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Its settings.
    #[serde(default)]
    pub settings: Settings,
}

impl AuthorityRole {
    /// Opens the authority.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(&self, ground: &Ground) -> Result<Arc<Authority>, RoleError> {
        let passphrase = passphrase(&self.passphrase)?;
        let maker = Maker::trusted(&self.maker, passphrase.clone())?;
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| RoleError::file(&self.folder, error))?;
        let store = SqliteStore::open(&self.folder.join("store.db"), SqliteSettings::default())
            .map_err(|error| RoleError::store(&self.folder, error))?;
        let mut settings = self.settings.clone();
        if let Some(published) = &self.published {
            settings.issuer = settings.issuer.published_at(published)?;
        }
        let authority = Authority::open(Parts {
            store: Arc::new(store),
            clock: ground.clock.clone(),
            entropy: ground.entropy.clone(),
            key_source: ground.keys.clone(),
            key_folder: KeyFolder::open(self.folder.join("keys"), passphrase)
                .map_err(KeyFolderError::from)?,
            crl_folder: self.folder.join("crl"),
            log_folder: self.folder.join("log").into(),
            maker: maker.certificate,
            channel_master: maker.channel_master,
            settings,
        });
        Ok(Arc::new(authority.map_err(|failed| RoleError::Authority(failed.0))?))
    }

    /// All that it serves: its API, and its status services.
    pub fn router(authority: Arc<Authority>, told: Shutdown) -> Router {
        inrou_authority::http::router(authority.clone(), told)
            .merge(inrou_authority::http::publication(authority))
    }

    /// The status services alone, which certificates name.
    pub fn publication(authority: Arc<Authority>) -> Router {
        inrou_authority::http::publication(authority)
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.folder, &mut self.passphrase, &mut self.maker]
            .into_iter()
            .chain(self.server.paths())
    }
}
