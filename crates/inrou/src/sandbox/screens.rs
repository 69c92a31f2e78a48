//! Which name shows which screens.

use std::sync::Arc;

use axum::Router;
use inrou_api::server::{Hosts, Shell, Shutdown};
use inrou_phone::{Fleet, screens as phone};
use inrou_portal::{Portal, screens as portal};
use inrou_rules::Municipality;
use inrou_web::{ProblemPages, Site};

use super::own_information::OwnFile;
use crate::serve::PortalRole;

/// What has screens at a name of its own.
pub(super) struct Screens {
    pub phone: Arc<Fleet>,
    pub portal: Arc<Portal>,
    pub own: Arc<OwnFile>,
    /// Whose clerks the receiving office has.
    pub municipalities: Vec<Municipality>,
    pub told: Shutdown,
}

impl Screens {
    /// Shows them beside what `hosts` answers to already.
    pub(super) fn show(&self, hosts: Hosts, shell: impl Fn() -> Shell) -> Hosts {
        let phone = phone::router(self.phone.clone());
        let office = portal::office(self.portal.clone(), self.municipalities.clone());
        hosts.at(["phone.localhost"], &pages(shell(), phone::site(&self.phone)).wrap(phone)).at(
            ["office.localhost"],
            &pages(shell(), portal::office_site(&self.portal)).wrap(office),
        )
    }

    /// The portal's, which lie on the house's own name beside its APIs.
    pub(super) fn of_portal(&self, shell: Shell) -> Router {
        let (portal, own) = (self.portal.clone(), self.own.clone());
        PortalRole::screens(portal, shell, Some(own), self.told.clone())
    }
}

/// A shell that shows problems as pages of that place.
fn pages(shell: Shell, site: Site) -> Shell {
    shell.with_pages(Arc::new(ProblemPages(site)))
}
