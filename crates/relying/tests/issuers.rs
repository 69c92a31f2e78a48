//! Issuers that are learnt of from where they are published.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use inrou_api::client::Client;
use inrou_api::clock::{Clock, TestClock};
use inrou_api::server::{Trigger, listen, serve, shutdown};
use inrou_api::wire::transaction::Purpose;
use inrou_pki::path::PathError;
use inrou_pki::{KeyAlgorithm, SystemEntropy};
use inrou_relying::testing::{Holder, TestAuthority, resident};
use inrou_relying::{Invalid, Issuers, StatusClient, Validator};
use inrou_rules::{Medium, Use};
use jiff::SignedDuration;

/// Publishes a list of anchors that changes, and counts who asks.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<(String, usize)>>);

impl Published {
    fn add(&self, authority: &TestAuthority) {
        let certificates = authority.anchors();
        let pem = certificates.certificates().iter().map(|each| each.to_pem());
        self.0.lock().unwrap().0.extend(pem);
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().1
    }

    async fn serve(&self) -> (String, Trigger) {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let answer = async |State(Published(inner)): State<Published>| {
            let mut inner = inner.lock().unwrap();
            inner.1 += 1;
            inner.0.clone()
        };
        let router = Router::new().route("/ca/anchors.pem", get(answer)).with_state(self.clone());
        let (trigger, told) = shutdown();
        tokio::spawn(serve(listener, router, told));
        (base, trigger)
    }
}

struct World {
    clock: Arc<TestClock>,
    published: Published,
    validator: Validator,
    _serving: Trigger,
}

impl World {
    async fn open(clock: Arc<TestClock>, first: &TestAuthority) -> Self {
        let published = Published::default();
        let (base, serving) = published.serve().await;
        let client = Client::new(&base, &[], clock.clone(), Arc::new(SystemEntropy)).unwrap();
        let settings = first.relying_settings();
        let status = StatusClient::new(&settings, Arc::new(SystemEntropy)).unwrap();
        let validator = Validator::new(Issuers::published_by(client), settings, status);
        Self { clock, published, validator, _serving: serving }
    }

    async fn judge(&self, holder: &Holder) -> Result<(), Invalid> {
        let judged =
            self.validator.validate(&holder.certificate, self.clock.now(), Purpose::LogIn).await;
        judged.map(drop)
    }
}

fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()))
}

async fn holder(authority: &TestAuthority) -> Holder {
    let attributes = resident("印籠　花子", "東京都清瀬市");
    authority.issue(Use::UserAuthentication, Medium::Phone, &attributes)
}

#[tokio::test]
async fn a_new_key_of_an_issuer_is_learnt_of_with_its_first_certificate() {
    let clock = clock();
    let (old, new) = (
        TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await,
        TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await,
    );
    let world = World::open(clock, &old).await;
    world.published.add(&old);
    let (by_old, by_new) = (holder(&old).await, holder(&new).await);
    world.judge(&by_old).await.unwrap();
    world.judge(&by_old).await.unwrap();
    assert_eq!(world.published.asked(), 1, "what is known is not asked for");

    world.published.add(&new);
    world.clock.advance_by(SignedDuration::from_hours(1));
    world.judge(&by_new).await.unwrap();
    world.judge(&by_old).await.unwrap();
    assert_eq!(world.published.asked(), 2);
}

#[tokio::test]
async fn certificates_of_strangers_do_not_make_it_ask_again_and_again() {
    let clock = clock();
    let (known, stranger) = (
        TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await,
        TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await,
    );
    let world = World::open(clock, &known).await;
    world.published.add(&known);
    world.judge(&holder(&known).await).await.unwrap();
    let strange = holder(&stranger).await;
    let refused = Err(Invalid::Untrusted(PathError::UnknownGeneration));
    for _ in 0..3 {
        assert_eq!(world.judge(&strange).await, refused);
    }
    assert_eq!(world.published.asked(), 1);
    world.clock.advance_by(SignedDuration::from_mins(1));
    for _ in 0..3 {
        assert_eq!(world.judge(&strange).await, refused);
    }
    assert_eq!(world.published.asked(), 2);
}

#[tokio::test]
async fn issuers_that_could_not_be_had_are_asked_for_again() {
    let clock = clock();
    let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
    let world = World::open(clock, &authority).await;
    let holder = holder(&authority).await;
    assert_eq!(
        world.judge(&holder).await,
        Err(Invalid::IssuersUnavailable),
        "an empty list is none, and may pass"
    );
    world.published.add(&authority);
    world.clock.advance_by(SignedDuration::from_secs(1));
    world.judge(&holder).await.unwrap();
}

#[tokio::test]
async fn tries_that_fail_are_as_few_as_those_that_do_not() {
    let clock = clock();
    let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
    let world = World::open(clock, &authority).await;
    let holder = holder(&authority).await;
    for tried in 1..4 {
        for _ in 0..3 {
            assert_eq!(world.judge(&holder).await, Err(Invalid::IssuersUnavailable));
        }
        assert_eq!(world.published.asked(), tried);
        world.clock.advance_by(SignedDuration::from_secs(1));
    }
}
