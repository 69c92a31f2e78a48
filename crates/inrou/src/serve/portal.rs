//! The portal as a role: where its things lie, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use inrou_api::client::Client;
use inrou_api::server::{Shell, Shutdown};
use inrou_api::signature::RoleKey;
use inrou_authority::key_folder::KeyFolder;
use inrou_portal::own::OwnInformation;
use inrou_portal::screens;
use inrou_portal::settings::Settings;
use inrou_portal::store::SqliteStore;
use inrou_portal::{Parts, Portal};
use inrou_relying::{Issuers, StatusClient, Validator, anchors};
use inrou_web::{ForwardedBy, ProblemPages, Reached, Site};
use serde::{Deserialize, Serialize};

use super::{Ground, RoleError, Server, certificates, own_certificate, passphrase};

/// The residents' portal, with the receiving office behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalRole {
    /// Where it is served.
    pub server: Server,
    /// The header by which a proxy on this computer, before a server without TLS, says how it was reached
    /// itself. Absent: nobody's word is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ForwardedBy>,
    /// Its folder: the store.
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

impl PortalRole {
    /// What in its section cannot be so together.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        // Whoever reaches a server over TLS may be anywhere: nobody's header is believed there.
        (self.proxy.is_some() && self.server.tls.is_some())
            .then_some("portal.proxy: a server with TLS of its own believes no proxy")
    }

    /// How it is reached.
    ///
    /// # Errors
    /// [`RoleError::file`]: the certificate cannot be read.
    pub(super) fn reached(&self) -> Result<Reached, RoleError> {
        Ok(match (own_certificate(&self.server)?, self.proxy) {
            (Some(certificate), _) => Reached::Encrypted(certificate),
            (None, Some(by)) => Reached::Behind(by),
            (None, None) => Reached::Plain,
        })
    }

    /// Opens the portal; `own` has the residents' own information, if anybody does.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(
        &self,
        ground: &Ground,
        own: Option<Arc<dyn OwnInformation>>,
    ) -> Result<Arc<Portal>, RoleError> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| RoleError::file(&self.folder, error))?;
        let store = SqliteStore::open(&self.folder.join("store.db"), &*ground.entropy)
            .map_err(|error| RoleError::portal_store(&self.folder, error))?;
        let authority = self.authority.client("", ground)?;
        let issuers = if self.anchors.is_empty() {
            Issuers::published_by(authority)
        } else {
            anchors::from_files(&self.anchors)?.into()
        };
        let status = StatusClient::new(&self.relying, ground.entropy.clone())?;
        let portal = Portal::open(Parts {
            store: Arc::new(store),
            clock: ground.clock.clone(),
            entropy: ground.entropy.clone(),
            authority: self
                .authority
                .client("/authority/v1", ground)?
                .signing(self.authority.signer()?),
            validator: Validator::new(issuers, self.relying.clone(), status),
            own,
            settings: self.settings.clone(),
        });
        Ok(Arc::new(portal.map_err(|error| RoleError::portal_store(&self.folder, error))?))
    }

    /// The portal's screens where they stand, in their shell, with style sheet and script; `reached` is
    /// told by the page `/connection`.
    pub(crate) fn screens(
        portal: Arc<Portal>,
        site: Site,
        shell: Shell,
        reached: Reached,
        told: Shutdown,
    ) -> Router {
        let pages = ProblemPages(site.clone());
        let screens = screens::router(portal, told)
            .merge(inrou_web::assets())
            .merge(inrou_web::connection(reached));
        shell.with_pages(Arc::new(pages)).wrap(site.visit(screens))
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let AuthorityCalls { roots, keys, passphrase, .. } = &mut self.authority;
        let own = [&mut self.folder, keys, passphrase].into_iter();
        own.chain(&mut self.anchors).chain(roots).chain(self.server.paths())
    }
}

impl AuthorityCalls {
    fn client(&self, path: &str, ground: &Ground) -> Result<Client, RoleError> {
        let base = format!("{}{path}", self.address.trim_end_matches('/'));
        let roots = certificates(&self.roots)?;
        Ok(Client::new(&base, &roots, ground.clock.clone(), ground.entropy.clone())?)
    }

    fn signer(&self) -> Result<Arc<RoleKey>, RoleError> {
        let folder = KeyFolder::open(self.keys.clone(), passphrase(&self.passphrase)?)
            .map_err(|error| RoleError::file(&self.keys, error))?;
        let key = folder.read(&format!("{}.key", self.caller))?;
        Ok(Arc::new(RoleKey::new(format!("role:{}", self.caller), Arc::new(key))))
    }
}
