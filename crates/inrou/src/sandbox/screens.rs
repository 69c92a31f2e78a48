//! Which name shows which screens.

use std::sync::Arc;

use axum::Router;
use inrou_api::server::{Hosts, Shell, Shutdown};
use inrou_desk::{Desk, screens as desk};
use inrou_phone::{Fleet, screens as phone};
use inrou_pki::Certificate;
use inrou_portal::{Portal, screens as portal};
use inrou_provider::{Provider, screens as provider};
use inrou_rules::Municipality;
use inrou_web::{ProblemPages, Reached, Site};

use super::sites::ExampleSite;
use crate::serve::{PortalRole, ProviderRole};

/// What has screens at a name of its own.
pub(super) struct Screens {
    pub phone: Arc<Fleet>,
    pub portal: Arc<Portal>,
    pub provider: Arc<Provider>,
    pub desk: Arc<Desk>,
    /// Whose clerks the receiving office has.
    pub municipalities: Vec<Municipality>,
    /// The example sites.
    pub sites: Vec<ExampleSite>,
    /// The sandbox's home.
    pub home: Arc<str>,
    /// The certificate under which it is served, if it is over TLS (USE-6).
    pub certificate: Option<Arc<Certificate>>,
    pub told: Shutdown,
}

/// The names of their own.
pub(super) const ELSEWHERE: [&str; 4] =
    ["phone.localhost", "office.localhost", "hotline.localhost", "desk.localhost"];

impl Screens {
    /// Shows them beside what `hosts` answers to already.
    pub(super) fn show(&self, hosts: Hosts, shell: impl Fn() -> Shell) -> Hosts {
        let [phone_host, office_host, hotline_host, desk_host] = ELSEWHERE;
        let phone = phone::router(self.phone.clone());
        let office = portal::office(self.portal.clone(), self.municipalities.clone());
        // Style sheet and script go with them.
        let hotline = desk::hotline(self.desk.clone()).merge(inrou_web::assets());
        let counter = desk::counter(self.desk.clone()).merge(inrou_web::assets());
        let at_home = |site: Site, router| {
            let site = site.at_home(self.home.clone());
            let router =
                inrou_web::connection(Reached::under(self.certificate.clone())).merge(router);
            pages(shell(), site.clone()).wrap(site.visit(router))
        };
        let sites = self.sites.iter().fold(hosts, |hosts, one| {
            hosts.at([one.host], &at_home(one.site.clone(), one.router.clone()))
        });
        sites
            .at([phone_host], &at_home(phone::site(&self.phone), phone))
            .at([hotline_host], &at_home(desk::hotline_site(&self.desk), hotline))
            .at([desk_host], &at_home(desk::counter_site(&self.desk), counter))
            .at([office_host], &at_home(portal::office_site(&self.portal), office))
    }

    /// The portal's, which lie on the house's own name beside its APIs.
    pub(super) fn of_portal(&self, shell: Shell) -> Router {
        let portal = self.portal.clone();
        let site = portal::site(&portal).at_home(self.home.clone());
        let reached = Reached::under(self.certificate.clone());
        PortalRole::screens(portal, site, shell, reached, self.told.clone())
    }

    /// The provider's, likewise.
    pub(super) fn of_provider(&self, shell: Shell) -> Router {
        let provider = self.provider.clone();
        let site = provider::site(&provider).at_home(self.home.clone());
        ProviderRole::screens(provider, site, shell, self.told.clone())
    }
}

/// A shell that shows problems as pages of that place.
pub(super) fn pages(shell: Shell, site: Site) -> Shell {
    shell.with_pages(Arc::new(ProblemPages(site)))
}
