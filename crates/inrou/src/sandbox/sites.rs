//! The example sites that the sandbox serves: relying parties, which call the provider over HTTP as any
//! other does.

use std::sync::Arc;

use axum::Router;
use example_kiosk::{Kiosk, Machine, Reader, Registers};
use example_site::Ground;
use inrou_api::clock::SandboxClock;
use inrou_api::problem::Problem;
use inrou_chip::transport::Transport;
use inrou_chip::tray::Tray;
use inrou_phone::card::{CardSource, TableOfCards};
use inrou_relying::{Issuers, TimeStampClient, Validator};
use inrou_web::Site;

use super::folder::SITES;
use super::house::Plan;
use super::{Role, RoleKeys, SandboxError};
use crate::serve::{ProviderRole, RoleError};

/// A site, and the name under which it is reached.
pub(super) struct ExampleSite {
    pub host: &'static str,
    pub site: Site,
    pub router: Router,
}

/// The sites, and what is published of the kiosk's seals on the house's own name.
pub(super) struct Sites {
    pub all: Vec<ExampleSite>,
    pub seals: Router,
}

/// The names of the sites, and what leads to each on the sandbox's home.
pub(super) const LINKS: [(&str, &str); 4] = [
    (example_pay::HOST, "home-site.pay"),
    (example_bank::HOST, "home-site.bank"),
    (example_clinic::HOST, "home-site.clinic"),
    (example_kiosk::HOST, "home-site.kiosk"),
];

/// The names of the sites.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LINKS.into_iter().map(|(host, _)| host)
}

/// Where, in the data folder, each site keeps what it is registered as.
pub(super) fn registrations() -> Vec<String> {
    names().map(|host| format!("{SITES}/{host}/{}", example_site::REGISTRATION)).collect()
}

/// Opens the sites: `ground` tells what each of them stands on, by its name, `validator` is for those that
/// judge signatures themselves, and the kiosk is built of the `machine`.
///
/// # Errors
/// A folder cannot be read.
pub(super) fn open(
    ground: impl Fn(&str) -> Ground,
    validator: Validator,
    machine: Machine,
) -> std::io::Result<Sites> {
    let [pay, bank, clinic, kiosk] =
        [example_pay::HOST, example_bank::HOST, example_clinic::HOST, example_kiosk::HOST]
            .map(ground);
    let kiosk_site = example_kiosk::site(&kiosk);
    let Kiosk { pages, published } = Kiosk::open(kiosk, machine)?;
    let all = vec![
        ExampleSite {
            host: example_pay::HOST,
            site: example_pay::site(&pay),
            router: example_pay::router(pay)?,
        },
        ExampleSite {
            host: example_bank::HOST,
            site: example_bank::site(&bank),
            router: example_bank::router(bank, validator)?,
        },
        ExampleSite {
            host: example_clinic::HOST,
            site: example_clinic::site(&clinic),
            router: example_clinic::router(clinic)?,
        },
        ExampleSite { host: example_kiosk::HOST, site: kiosk_site, router: pages },
    ];
    Ok(Sites { all, seals: published })
}

/// The kiosk's reader, on which the cards of the sandbox's table are put.
struct Table(TableOfCards);

impl Reader for Table {
    fn cards(&self) -> Result<Vec<String>, Problem> {
        self.0.cards()
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem> {
        self.0.connect(name)
    }
}

impl inrou_desk::reader::Reader for Table {
    fn cards(&self) -> Result<Vec<String>, Problem> {
        self.0.cards()
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem> {
        self.0.connect(name)
    }
}

/// The reader of the counters, on which the cards of the sandbox's table are put.
pub(super) fn reader(tray: Arc<Tray>) -> Arc<dyn inrou_desk::reader::Reader> {
    Arc::new(Table(TableOfCards::new(tray)))
}

impl Plan {
    /// What the kiosk is built of.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub(super) fn kiosk(
        &self,
        clock: &Arc<SandboxClock>,
        tray: &Arc<Tray>,
        keys: &RoleKeys,
        judge: &ProviderRole,
        validator: Validator,
    ) -> Result<Machine, SandboxError> {
        let settings = &judge.relying;
        let anybody = |path: &str| self.anybody(clock, path);
        let stamps = format!("{}/timestamps", self.addresses.timestamps);
        let stamps = TimeStampClient::trusting(&self.roots, stamps, settings);
        let validator = validator
            .with_time_stamp_issuers(Issuers::of_time_stamps(anybody("")?))
            .with_seal_issuers(Issuers::of_seals(anybody("")?));
        let registers = Registers::read(&self.folder.root().join(example_kiosk::FILE));
        Ok(Machine {
            reader: Box::new(Table(TableOfCards::new(tray.clone()))),
            authority: anybody("/authority/v1")?.signing(keys.signer(Role::Kiosk)),
            validator,
            stamps: stamps.map_err(RoleError::from)?,
            registers: registers.map_err(std::io::Error::other)?,
            published: self.addresses.published.clone(),
        })
    }
}
