//! A fleet with a table of cards, an authority and a site; and a person who does as the phone asks.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use inrou_api::clock::{Clock, TestClock};
use inrou_api::problem::Problem;
use inrou_api::problem::ProblemDocument;
use inrou_api::server::{Shell, Trigger, shutdown};
use inrou_api::wire::phone::{NextStep, PhoneState};
use inrou_chip::memory::FileMedium;
use inrou_chip::transport::{Transport, TransportError};
use inrou_chip::tray::Tray;
use inrou_phone::card::{CardSource, TableOfCards};
use inrou_phone::{Fleet, Parts, Settings, http, screens};
use inrou_pki::SystemEntropy;
use inrou_rules::ChipId;
use inrou_web::ProblemPages;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::authority::Authority;
use crate::house::{CARD_PASSWORD, House, ReadyKeys};
use crate::portal::Portal;

pub const PHONE_PASSWORD: &str = "PHONE567";
pub const PHONE_PIN: &str = "0417";

/// 10:00 in Japan.
pub const START: &str = "2026-11-21T01:00:00Z";

/// So often a person does as the phone asks, at most.
const MOST_TURNS: usize = 200;

/// So long is waited for what has to come by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what has to come by itself.
///
/// # Panics
/// It does not come.
pub async fn soon(comes: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, comes).await.expect("it comes");
}

/// Called with the number of a command to a card, before it goes there.
pub type Watch = Box<dyn FnMut(usize) + Send>;

pub struct World {
    pub watch: Arc<Mutex<Option<Watch>>>,
    pub clock: Arc<TestClock>,
    pub house: Arc<House>,
    pub authority: Authority,
    pub portal: Portal,
    pub cards: Arc<Tray>,
    directory: tempfile::TempDir,
    running: Mutex<Option<Running>>,
    /// How often a person did as the phone asks.
    turns: AtomicUsize,
}

#[derive(Clone)]
struct Running {
    fleet: Arc<Fleet>,
    router: Router,
    screens: Router,
    trigger: Arc<Trigger>,
}

impl World {
    /// A world with the cards `hanako` and `other` and a phone `p`.
    pub async fn new() -> Self {
        let start: Timestamp = START.parse().unwrap();
        let clock = Arc::new(TestClock::at(start));
        let house = House::new(start);
        let authority = Authority::start(house.clone(), clock.clone()).await;
        let directory = tempfile::tempdir().unwrap();
        let table = directory.path().join("cards");
        let cards =
            Tray::open(&table, "test", Arc::new(SystemEntropy), Arc::new(ReadyKeys)).unwrap();
        for (number, card) in ["hanako", "other"].into_iter().enumerate() {
            let chip = ChipId::from_bytes([number as u8; 16]);
            cards.create(&card.parse().unwrap(), house.card(chip, true, start)).unwrap();
        }
        let world = Self {
            clock,
            house,
            authority,
            portal: Portal::start().await,
            cards: Arc::new(cards),
            directory,
            running: Mutex::default(),
            turns: AtomicUsize::default(),
            watch: Arc::default(),
        };
        world.reopen().await;
        let bought = json!({"name": "p", "platform": "android", "model": "Sandbox Phone 8"});
        world.post::<PhoneState>("/phones", bought).await.unwrap();
        world
    }

    /// Ends the service and starts it anew: all that was in memory is gone.
    pub async fn reopen(&self) {
        self.running.lock().unwrap().take();
        // What was in use a moment ago is let go of at the next opportunity.
        soon(async {
            while FileMedium::open(&self.chip_file("p"))
                .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let (trigger, told) = shutdown();
        let entropy = Arc::new(SystemEntropy);
        let parts = Parts {
            clock: self.clock.clone(),
            entropy: entropy.clone(),
            keys: Arc::new(ReadyKeys),
            maker: self.house.clone(),
            cards: Arc::new(WatchedTable {
                table: TableOfCards::new(self.cards.clone())
                    .of_holders([("p".to_owned(), "hanako".to_owned())].into()),
                watch: self.watch.clone(),
            }),
            observer: None,
            shutdown: told,
        };
        let settings = Settings {
            directory: self.fleet_directory(),
            authority: self.authority.base.clone(),
            askers: vec![self.portal.base.clone()],
            roots: Vec::new(),
        };
        let fleet = Fleet::open(&settings, parts).unwrap();
        let router = Shell::new("phone", entropy).wrap(http::router(fleet.clone()));
        let shell = Shell::new("phone", Arc::new(SystemEntropy));
        let shell = shell.with_pages(Arc::new(ProblemPages(screens::site(&fleet))));
        let screens = shell.wrap(screens::router(fleet.clone()));
        let running = Running { fleet, router, screens, trigger: Arc::new(trigger) };
        *self.running.lock().unwrap() = Some(running);
    }

    pub fn fleet(&self) -> Arc<Fleet> {
        self.running.lock().unwrap().as_ref().unwrap().fleet.clone()
    }

    pub fn screens(&self) -> Router {
        self.running.lock().unwrap().as_ref().unwrap().screens.clone()
    }

    /// Tells the service that it is to end.
    pub fn shut_down(&self) {
        self.running.lock().unwrap().as_ref().unwrap().trigger.pull();
    }

    pub fn fleet_directory(&self) -> PathBuf {
        self.directory.path().join("phones")
    }

    pub fn chip_file(&self, phone: &str) -> PathBuf {
        self.fleet_directory().join(phone).join(format!("{phone}.chip"))
    }

    pub fn advance(&self, span: SignedDuration) {
        self.clock.advance_by(span);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Vec<u8>, ProblemDocument> {
        let router = self.running.lock().unwrap().as_ref().unwrap().router.clone();
        let request = Request::builder().method(method).uri(format!("/phone/v1{path}"));
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let response = router.oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        if status.is_success() {
            Ok(body)
        } else {
            let problem: ProblemDocument = serde_json::from_slice(&body).unwrap();
            assert_eq!(status, StatusCode::from_u16(problem.status).unwrap());
            Err(problem)
        }
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Value,
    ) -> Result<T, ProblemDocument> {
        let answer = self.call(Method::POST, path, Some(body)).await?;
        let answer: &[u8] = if answer.is_empty() { b"null" } else { &answer };
        Ok(serde_json::from_slice(answer).unwrap())
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ProblemDocument> {
        let answer = self.call(Method::GET, path, None).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    /// Where the phone `p` keeps what it remembers.
    pub fn phone_folder(&self) -> PathBuf {
        self.fleet_directory().join("p")
    }

    pub async fn state(&self) -> PhoneState {
        self.get("/phones/p").await.unwrap()
    }

    /// The next step of the procedure under way.
    pub async fn next(&self) -> NextStep {
        self.state().await.procedure.unwrap().next
    }

    /// The code of the last problem.
    pub async fn noted(&self) -> Option<String> {
        Some(self.state().await.procedure?.problem?.code)
    }

    pub async fn step(&self, step: Value) -> Result<PhoneState, ProblemDocument> {
        self.post("/phones/p/steps", step).await
    }

    /// The code with which a step is refused.
    pub async fn refused(&self, step: Value) -> String {
        self.step(step).await.unwrap_err().code
    }

    pub async fn put_card(&self, card: &str) -> Result<PhoneState, ProblemDocument> {
        let answer = self.call(Method::PUT, "/phones/p/card", Some(json!({"card": card}))).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    pub async fn take_card_away(&self) {
        self.call(Method::DELETE, "/phones/p/card", None).await.unwrap();
    }

    /// Waits until the phone has heard `count` notices.
    pub async fn hear(&self, count: u64) {
        let notices: Value =
            self.get(&format!("/phones/p/notices?since={}&wait=30", count - 1)).await.unwrap();
        assert_eq!(notices["next"], count, "{notices}");
    }

    /// Does what the phone asks for next, as a person would. `false` when nothing is left to do.
    ///
    /// # Panics
    /// There is no end to it.
    pub async fn obey(&self) -> Result<bool, ProblemDocument> {
        assert!(self.turns.fetch_add(1, Ordering::Relaxed) < MOST_TURNS, "no end to it");
        let step = match self.next().await {
            NextStep::CardPassword => card_password(CARD_PASSWORD),
            NextStep::Choose => choose(true, true),
            NextStep::ReadCard => {
                self.put_card("hanako").await.unwrap();
                json!({"step": "read-card"})
            }
            NextStep::ConsentToReplacement => json!({"step": "consent-to-replacement"}),
            NextStep::ConfirmResumption => json!({"step": "confirm-resumption"}),
            NextStep::NewSignaturePassword { .. } => new_password(PHONE_PASSWORD),
            NextStep::NewUserAuthenticationPin { .. } => new_pin(PHONE_PIN),
            NextStep::Complete => json!({"step": "complete"}),
            NextStep::Wait { .. } => {
                self.authority.issue();
                self.hear(1).await;
                return Ok(true);
            }
            NextStep::Register => json!({"step": "register"}),
            NextStep::ConfirmRevocation => {
                json!({"step": "confirm-revocation", "confirmed": true, "with_card": false})
            }
            NextStep::PhonePassword => phone_password(PHONE_PASSWORD),
            NextStep::Delete => json!({"step": "delete"}),
            NextStep::Done { .. } => return Ok(false),
        };
        self.step(step).await.map(|_| true)
    }

    /// Applies, and does what the phone asks for until it waits for the authority.
    pub async fn obey_until_it_waits(&self) {
        self.step(begin("apply")).await.unwrap();
        while !matches!(self.next().await, NextStep::Wait { .. }) {
            self.obey().await.unwrap();
        }
    }

    /// Does what the phone asks for to the end.
    pub async fn obey_to_the_end(&self) {
        while self.obey().await.unwrap() {}
    }

    /// Applies for both certificates, and registers them.
    pub async fn carry_certificates(&self) {
        self.step(begin("apply")).await.unwrap();
        self.obey_to_the_end().await;
    }
}

pub fn begin(procedure: &str) -> Value {
    json!({"step": "begin", "procedure": procedure})
}

pub fn card_password(password: &str) -> Value {
    json!({"step": "card-password", "password": password})
}

pub fn phone_password(password: &str) -> Value {
    json!({"step": "phone-password", "password": password})
}

pub fn choose(signature: bool, user_authentication: bool) -> Value {
    let uses = json!({"signature": signature, "user_authentication": user_authentication});
    json!({"step": "choose", "uses": uses, "confirmed": true})
}

pub fn new_password(password: &str) -> Value {
    json!({"step": "new-signature-password", "password": password, "again": password})
}

pub fn new_pin(pin: &str) -> Value {
    json!({"step": "new-user-authentication-pin", "pin": pin, "again": pin})
}

/// The table of cards, with somebody who watches.
struct WatchedTable {
    table: TableOfCards,
    watch: Arc<Mutex<Option<Watch>>>,
}

impl CardSource for WatchedTable {
    fn cards(&self) -> Result<Vec<String>, Problem> {
        self.table.cards()
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem> {
        let card = self.table.connect(name)?;
        Ok(Box::new(WatchedCard { card, watch: self.watch.clone(), commands: 0 }))
    }

    fn card_of_holder(&self, phone: &str) -> Option<&str> {
        self.table.card_of_holder(phone)
    }
}

struct WatchedCard {
    card: Box<dyn Transport + Send>,
    watch: Arc<Mutex<Option<Watch>>>,
    commands: usize,
}

impl Transport for WatchedCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if let Some(watch) = &mut *self.watch.lock().unwrap() {
            watch(self.commands);
        }
        self.commands += 1;
        self.card.transmit(command)
    }
}
