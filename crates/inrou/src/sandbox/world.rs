//! The sandbox while its roles run, for whoever acts in it.

use std::sync::{Arc, Weak};

use inrou_api::client::{Client, ClientError};
use inrou_api::clock::SandboxClock;
use inrou_authority::Authority;
use inrou_chip::tray::Tray;
use inrou_phone::Fleet;
use inrou_pki::{Entropy, Status};
use inrou_rules::{CertificateId, Serial, Use};

use super::personas::Cast;
use super::role_keys::{Role, RoleKeys};
use crate::residents::TestResident;

/// What there is in a sandbox whose roles run. Who holds it keeps the roles from ending.
pub struct World {
    /// Where it is reached: `http://localhost:PORT`.
    pub base: String,
    /// Its clock.
    pub clock: Arc<SandboxClock>,
    /// Its cards.
    pub tray: Arc<Tray>,
    /// The test residents.
    pub residents: Vec<TestResident>,
    pub(super) fleet: Arc<Fleet>,
    pub(super) authority: Arc<Authority>,
    pub(super) keys: RoleKeys,
    pub(super) entropy: Arc<dyn Entropy>,
    /// The certificates to trust for TLS, DER.
    pub(super) roots: Vec<Vec<u8>>,
    /// Its personas, for as long as the provider has them.
    pub(super) cast: Weak<Cast>,
}

impl World {
    /// The test resident of that name.
    pub fn resident(&self, handle: &str) -> Option<&TestResident> {
        self.residents.iter().find(|resident| resident.handle.as_str() == handle)
    }

    /// How a certificate stands, as the authority tells relying parties.
    pub(super) fn status(&self, usage: Use, serial: Serial) -> Status {
        self.authority.status_index().status(CertificateId { usage, serial })
    }

    /// A client of one of the sandbox's APIs, such as `/authority/v1`, that signs as `role`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client(&self, path: &str, role: Role) -> Result<Client, ClientError> {
        Ok(self.anybody(path)?.signing(self.keys.signer(role)))
    }

    /// A client that does not sign.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn anybody(&self, path: &str) -> Result<Client, ClientError> {
        let base = format!("{}{path}", self.base);
        Client::new(&base, &self.roots, self.clock.clone(), self.entropy.clone())
    }
}
