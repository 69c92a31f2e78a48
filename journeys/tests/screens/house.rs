//! The sandbox that the screens belong to.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use inrou::sandbox::{DataFolder, Extras, Options, Sandbox};
use inrou_api::clock::{Clock, SystemClock};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::wire::portal::LoginBegun;
use inrou_chip::observer::{Exchange, Observer};
use inrou_journeys::hana;
use inrou_journeys::keys::SharedKeys;
use inrou_pki::SystemEntropy;
use tempfile::TempDir;

/// A sandbox with some residents.
pub struct House {
    pub sandbox: Sandbox,
    pub gate: Arc<Gate>,
    folder: TempDir,
}

impl House {
    /// On a Tuesday, at ten in the morning.
    pub async fn of(residents: &[&str]) -> Self {
        Self::at("2026-11-24T10:00:00+09:00", residents).await
    }

    /// At another time.
    pub async fn at(start: &str, residents: &[&str]) -> Self {
        Self::with(start, residents, Extras::default()).await
    }

    /// The same day, over TLS.
    pub async fn encrypted(residents: &[&str]) -> Self {
        let tls = Extras { tls: true, ..Extras::default() };
        Self::with("2026-11-24T10:00:00+09:00", residents, tls).await
    }

    async fn with(start: &str, residents: &[&str], extras: Extras) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: DataFolder::create(folder.path()).unwrap(),
            port: 0,
            start: Some(start.parse().unwrap()),
            residents: Some(residents.iter().map(ToString::to_string).collect()),
        };
        let gate = Arc::<Gate>::default();
        let keys = Arc::<SharedKeys>::default();
        let extras = Extras { observer: Some(gate.clone()), key_source: Some(keys), ..extras };
        let sandbox = Sandbox::start_with(options, extras).await.unwrap();
        Self { sandbox, gate, folder }
    }

    /// Hana has applied, and the notice has come.
    pub async fn where_hana_has_applied() -> Self {
        let house = Self::of(&["hana"]).await;
        hana::apply(&house.sandbox.anybody("/phone/v1").unwrap()).await;
        house.hana_hears().await;
        house
    }

    /// Hana has her certificates on her phone, and everybody knows them (HOURS-3).
    pub async fn where_hana_has_certificates() -> Self {
        let house = Self::of(&["hana"]).await;
        let phone = house.sandbox.anybody("/phone/v1").unwrap();
        hana::apply(&phone).await;
        hana::register(&phone).await;
        house.turns_to("2026-11-24T10:30:00+09:00");
        house
    }

    /// The same, by the clock that programs beside the sandbox go by.
    pub async fn of_now_where_hana_has_certificates() -> Self {
        let start = hana::yesterday_at_ten(SystemClock::new().now()).to_string();
        let house = Self::at(&start, &["hana"]).await;
        let phone = house.sandbox.anybody("/phone/v1").unwrap();
        hana::apply(&phone).await;
        hana::register(&phone).await;
        house.sandbox.clock.advance_to(SystemClock::new().now()).unwrap();
        house
    }

    /// Hana's phone has had the notice that she can register.
    pub async fn hana_hears(&self) {
        hana::hears(&self.sandbox.anybody("/phone/v1").unwrap()).await;
    }

    /// The link of a log-in that somebody began at the portal.
    pub async fn asks_for_a_log_in(&self) -> String {
        let portal = self.sandbox.anybody("/portal/v1").unwrap();
        let key = IdempotencyKey::new(&SystemEntropy);
        let begun: LoginBegun = portal.post("/logins").once(&key).answer().await.unwrap();
        begun.link
    }

    /// Turns the clock.
    pub fn turns_to(&self, time: &str) {
        self.sandbox.clock.advance_to(time.parse().unwrap()).unwrap();
    }

    /// The address of a phone's page.
    pub fn phone(&self, name: &str, page: &str) -> String {
        format!("{}/phones/{name}{page}", self.at_host("phone.localhost"))
    }

    /// The address of a page of the portal.
    pub fn portal(&self, page: &str) -> String {
        format!("{}/portal{page}", self.sandbox.base)
    }

    /// The address of a page on a host of its own.
    pub fn at_host(&self, host: &str) -> String {
        self.sandbox.base.replacen("localhost", host, 1)
    }

    /// Its data folder.
    #[allow(dead_code, reason = "the kiosk's journey needs it")]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub async fn ends(self) {
        self.gate.opens();
        self.sandbox.stop().await;
    }
}

/// Holds up what is said to chips, so that one can look at work that is under way.
#[derive(Default)]
pub struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub fn shuts(&self) {
        *self.shut.lock().unwrap() = true;
    }

    pub fn opens(&self) {
        *self.shut.lock().unwrap() = false;
        self.opened.notify_all();
    }
}

impl Observer for Gate {
    fn exchanged(&self, _: &Exchange) {
        let shut = self.shut.lock().unwrap();
        drop(self.opened.wait_while(shut, |shut| *shut).unwrap());
    }
}
