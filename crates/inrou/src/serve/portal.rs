//! The portal as a role: where its things lie, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use inrou_api::server::{Shell, Shutdown};
use inrou_portal::own::OwnInformation;
use inrou_portal::screens;
use inrou_portal::settings::Settings;
use inrou_portal::store::SqliteStore;
use inrou_portal::{Parts, Portal};
use inrou_web::{ForwardedBy, ProblemPages, Reached, Site};
use serde::{Deserialize, Serialize};

use super::{AuthorityCalls, Ground, RoleError, Server, own_certificate};

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
            .map_err(|error| RoleError::store(&self.folder, error))?;
        let portal = Portal::open(Parts {
            store: Arc::new(store),
            clock: ground.clock.clone(),
            entropy: ground.entropy.clone(),
            authority: self.authority.signing_client(ground)?,
            validator: self.authority.validator(&self.anchors, &self.relying, ground)?,
            own,
            settings: self.settings.clone(),
        });
        Ok(Arc::new(portal.map_err(|error| RoleError::store(&self.folder, error))?))
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
        let own = [&mut self.folder].into_iter().chain(self.authority.paths());
        own.chain(&mut self.anchors).chain(self.server.paths())
    }
}
