//! The validation service as a role: whom it trusts, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use inrou_api::client::Client;
use inrou_relying::{Issuers, StatusClient, TrustAnchors, Validator, anchors};
use inrou_validation::{Settings, Validation};
use serde::{Deserialize, Serialize};

use super::{Ground, RoleError, Server, certificates};

/// The validation service. It keeps nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationRole {
    /// Where it is served.
    pub server: Server,
    /// The address of the authority whose issuers are trusted, such as `http://127.0.0.1:8765`.
    pub authority: String,
    /// The address of the time-stamp authority whose issuers are trusted. Absent: no time-stamp counts but by
    /// `time_stamp_anchors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<String>,
    /// The address where the issuers of seals are published that are trusted. Absent: no seal counts but by
    /// `seal_anchors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seals: Option<String>,
    /// The certificates trusted for their TLS, PEM; if there are none, the operating system's.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
    /// The issuers' certificates, PEM or DER; if there are none, those that the authority publishes.
    #[serde(default)]
    pub anchors: Vec<PathBuf>,
    /// The certificates of time-stamps' issuers, PEM or DER; if there are none, those that the time-stamp
    /// authority publishes.
    #[serde(default)]
    pub time_stamp_anchors: Vec<PathBuf>,
    /// The certificates of seals' issuers, PEM or DER; if there are none, those that are published.
    #[serde(default)]
    pub seal_anchors: Vec<PathBuf>,
    /// Its settings.
    #[serde(default)]
    pub settings: Settings,
    /// How it judges certificates.
    #[serde(default)]
    pub relying: inrou_relying::Settings,
}

impl ValidationRole {
    /// Opens the service.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(&self, ground: &Ground) -> Result<Arc<Validation>, RoleError> {
        let roots = certificates(&self.roots)?;
        let client = |address: &str| {
            let (clock, entropy) = (ground.clock.clone(), ground.entropy.clone());
            Client::new(address.trim_end_matches('/'), &roots, clock, entropy)
        };
        let issuers = match &self.anchors[..] {
            [] => Issuers::published_by(client(&self.authority)?),
            files => anchors::from_files(files)?.into(),
        };
        let stamps = match (&self.time_stamp_anchors[..], &self.timestamps) {
            ([], Some(address)) => Issuers::of_time_stamps(client(address)?),
            ([], None) => TrustAnchors::default().into(),
            (files, _) => anchors::from_files(files)?.into(),
        };
        let seals = match (&self.seal_anchors[..], &self.seals) {
            ([], Some(address)) => Issuers::of_seals(client(address)?),
            ([], None) => TrustAnchors::default().into(),
            (files, _) => anchors::from_files(files)?.into(),
        };
        let status = StatusClient::new(&self.relying, ground.entropy.clone())?;
        let validator = Validator::new(issuers, self.relying.clone(), status);
        let validator = validator.with_time_stamp_issuers(stamps).with_seal_issuers(seals);
        Ok(Arc::new(Validation::new(validator, ground.clock.clone(), &self.settings)))
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self { roots, anchors, time_stamp_anchors, seal_anchors, server, .. } = self;
        let anchors = anchors.iter_mut().chain(time_stamp_anchors).chain(seal_anchors);
        roots.iter_mut().chain(anchors).chain(server.paths())
    }
}
