//! The provider as a role: where its things lie, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use inrou_api::server::{Shell, Shutdown};
use inrou_provider::personas::Personas;
use inrou_provider::settings::Settings;
use inrou_provider::store::SqliteStore;
use inrou_provider::{Parts, Provider, screens};
use inrou_web::{ProblemPages, Site};
use serde::{Deserialize, Serialize};

use super::token_keys::TokenKeys;
use super::{AuthorityCalls, Ground, RoleError, Server};

/// The OpenID provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderRole {
    /// Where it is served.
    pub server: Server,
    /// Its folder: the store, and the keys that sign ID tokens.
    pub folder: PathBuf,
    /// Whom it asks.
    pub authority: AuthorityCalls,
    /// The issuers' certificates, PEM or DER; if there are none, those that the authority publishes.
    #[serde(default)]
    pub anchors: Vec<PathBuf>,
    /// Its settings.
    #[serde(default)]
    pub settings: Settings,
    /// How it judges certificates.
    #[serde(default)]
    pub relying: inrou_relying::Settings,
}

impl ProviderRole {
    /// Opens the provider; in a sandbox, `personas` answer in place of people with phones.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(
        &self,
        ground: &Ground,
        personas: Option<Arc<dyn Personas>>,
    ) -> Result<Arc<Provider>, RoleError> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| RoleError::file(&self.folder, error))?;
        let store = SqliteStore::open(&self.folder.join("store.db"), &*ground.entropy)
            .map_err(|error| RoleError::store(&self.folder, error))?;
        let provider = Provider::open(Parts {
            store: Arc::new(store),
            clock: ground.clock.clone(),
            entropy: ground.entropy.clone(),
            authority: self.authority.signing_client(ground)?,
            validator: self.authority.validator(&self.anchors, &self.relying, ground)?,
            issuer: self.token_keys()?.issuer(&*ground.keys, &*ground.entropy)?,
            settings: self.settings.clone(),
            personas,
        });
        Ok(Arc::new(provider.map_err(|error| RoleError::store(&self.folder, error))?))
    }

    /// The provider's screens where they stand, in their shell, with style sheet and script.
    pub(crate) fn screens(
        provider: Arc<Provider>,
        site: Site,
        shell: Shell,
        told: Shutdown,
    ) -> Router {
        let pages = ProblemPages(site.clone());
        shell.with_pages(Arc::new(pages)).wrap(site.visit(screens::router(provider, told)))
    }

    /// The keys that sign ID tokens.
    ///
    /// # Errors
    /// [`RoleError`].
    fn token_keys(&self) -> Result<TokenKeys, RoleError> {
        let folder = self.key_folder();
        TokenKeys::open(&folder, self.authority.key_folder(&folder)?)
    }

    /// The same; `None` before the provider has made them.
    ///
    /// # Errors
    /// [`RoleError`].
    pub(crate) fn made_token_keys(&self) -> Result<Option<TokenKeys>, RoleError> {
        TokenKeys::are_in(&self.key_folder()).then(|| self.token_keys()).transpose()
    }

    fn key_folder(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let own = [&mut self.folder].into_iter().chain(self.authority.paths());
        own.chain(&mut self.anchors).chain(self.server.paths())
    }
}
