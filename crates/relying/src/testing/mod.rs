//! An authority on a table, for tests: issuers of both uses, holders with their keys, status services
//! that listen on loopback and can be made to fail in every way, and the API for roles.
//!
//! Nothing here is for a service: keys are in memory, and what goes wrong panics.

mod consents;
mod holder;
mod issuer;
mod role_api;
mod service;
pub mod xml;

use std::sync::Arc;

use inrou_api::clock::Clock;
use inrou_api::server::{Trigger, listen, serve, shutdown};
use inrou_pki::certificate::Certificate;
use inrou_pki::path::TrustAnchors;
use inrou_pki::{IssuerSettings, KeyAlgorithm, Status, SystemEntropy};
use inrou_rules::{Attributes, Medium, Sex, Use};
use jiff::civil::date;

use crate::{Settings, StatusClient, Validator};

pub use holder::Holder;
pub use issuer::Issuer;
pub use role_api::RoleApi;
pub use service::Fault;

/// An authority on a table. Its status services end with it.
pub struct TestAuthority {
    settings: IssuerSettings,
    issuers: Vec<Issuer>,
    service: Arc<service::Service>,
    base: String,
    _serving: Trigger,
}

impl TestAuthority {
    /// Opens an authority whose keys, and whose holders', are all of that algorithm, and has its status
    /// services listen. Needs a Tokio runtime of several threads or one that is driven.
    pub async fn open(clock: Arc<dyn Clock>, algorithm: KeyAlgorithm) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let settings = issuer::settings(&base, algorithm);
        let issuers: Vec<_> = Use::ALL
            .iter()
            .map(|&usage| Issuer::new(settings.clone(), usage, clock.now()))
            .collect();
        let service = Arc::new(service::Service::new(clock, issuers.clone()));
        let (trigger, told) = shutdown();
        tokio::spawn(serve(listener, service::router(service.clone()), told));
        Self { settings, issuers, service, base, _serving: trigger }
    }

    /// The address below which everything is published.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The settings by which certificates are made.
    pub fn issuer_settings(&self) -> &IssuerSettings {
        &self.settings
    }

    /// The issuers' certificates.
    pub fn anchors(&self) -> TrustAnchors {
        let certificates = self.issuers.iter().map(|issuer| issuer.certificate.clone());
        TrustAnchors::new(certificates.collect()).unwrap()
    }

    /// The issuer of that use.
    pub fn issuer(&self, usage: Use) -> &Issuer {
        self.issuers.iter().find(|issuer| issuer.usage == usage).unwrap()
    }

    /// Issues a certificate, valid from now on, whose status is good.
    pub fn issue(&self, usage: Use, medium: Medium, attributes: &Attributes) -> Holder {
        let issuer = self.issuer(usage);
        let serial = self.service.next_serial();
        let holder = issuer.issue(medium, serial, attributes, self.service.now());
        self.set_status(&holder.certificate, Status::Good);
        holder
    }

    /// From now on tells this of a certificate.
    pub fn set_status(&self, certificate: &Certificate, status: Status) {
        self.service.set_status(certificate, status);
    }

    /// From now on fails in this way; `None`: not at all.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.service.set_fault(fault);
    }

    /// How many requests have come in, of the path that begins so; how many were answered with 304.
    pub fn requests(&self, prefix: &str) -> usize {
        self.service.requests(prefix)
    }

    /// Settings of a relying party of this authority: addresses are taken from certificates.
    pub fn relying_settings(&self) -> Settings {
        let mut issuer = self.settings.clone();
        issuer.crl_base_uri = None;
        issuer.signature.ocsp_uri = None;
        issuer.user_authentication.ocsp_uri = None;
        Settings { issuer, ..Settings::default() }
    }

    /// A relying party of this authority.
    pub fn validator(&self, settings: Settings) -> Validator {
        let client = StatusClient::new(&settings, Arc::new(SystemEntropy)).unwrap();
        Validator::new(self.anchors(), settings, client)
    }
}

/// A woman of that name and address, born in 1980.
pub fn resident(name: &str, address: &str) -> Attributes {
    Attributes {
        name: name.to_owned(),
        name_reading: "いんろう　はなこ".to_owned(),
        name_substitutes: "0".repeat(name.chars().count()),
        address: address.to_owned(),
        address_reading: "とうきょうときよせし".to_owned(),
        address_substitutes: "0".repeat(address.chars().count()),
        birth_date: date(1980, 2, 17),
        sex: Sex::Female,
    }
}
