//! Client and server at the two ends of a real connection.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use inrou_api::client::{Client, ClientError};
use inrou_api::clock::{Clock, TestClock};
use inrou_api::idempotency::{IdempotencyKey, KeyedJson};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{
    Hosts, Json, Shell, Trigger, listen, listen_tls, serve, shutdown, tls_config,
};
use inrou_api::signature::{KeyDirectory, MemoryNonces, RoleKey, SignedBy, Verifier};
use inrou_pki::{
    Entropy, FreshKeys, KeyAlgorithm, KeySource, PublicKey, SeededEntropy, Signer, SoftwareKey,
    SystemEntropy,
};
use inrou_rules::Refusal;
use inrou_words::Language;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Word {
    text: String,
}

/// Knows one phone.
struct OnePhone(PublicKey);

impl KeyDirectory for OnePhone {
    async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
        Ok((key_id == "phone").then(|| self.0.clone()))
    }
}

struct House {
    clock: Arc<TestClock>,
    key: Arc<SoftwareKey>,
    router: Router,
    /// How often the keyed route was reached.
    reached: Arc<AtomicU32>,
}

fn house() -> House {
    let clock = Arc::new(TestClock::at("2026-04-01T03:00:00Z".parse().unwrap()));
    let key = Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap());
    let reached = Arc::new(AtomicU32::new(0));
    type Check = Verifier<OnePhone, MemoryNonces>;
    let verifier =
        Verifier::new(clock.clone(), OnePhone(key.public_key().clone()), MemoryNonces::new());
    let keyed = async |State(reached): State<Arc<AtomicU32>>, keyed: KeyedJson<Word>| {
        reached.fetch_add(1, Ordering::SeqCst);
        (StatusCode::CREATED, Json(keyed.body))
    };
    let signed = Router::new()
        .route("/whoami", get(async |by: SignedBy| Json(by.key_id)))
        .route("/keyed", post(keyed))
        .route_layer(from_fn_with_state(Arc::new(verifier), Check::check))
        .with_state(reached.clone());
    let open = Router::new()
        .route("/echo", post(async |Json(word): Json<Word>| Json(word)))
        .route("/refuse", post(async || Problem::from(Refusal::NoneSelected)))
        .route("/empty", post(async || StatusCode::NO_CONTENT))
        .route("/text", get(async || "not JSON"))
        .route(
            "/credentials",
            get(async |headers: HeaderMap| headers["authorization"].to_str().unwrap().to_owned()),
        )
        .route("/teapot", get(async || (StatusCode::IM_A_TEAPOT, "not a problem")))
        .route("/busy", get(async || Problem::new(Code::STORE_UNAVAILABLE)))
        .route("/long", get(async || "a".repeat(17 * 1024 * 1024)));
    let router = Router::new().nest("/v1", signed.merge(open));
    let shell = Shell::new("test", Arc::new(SystemEntropy));
    House { clock, key, router: shell.wrap(router), reached }
}

impl House {
    /// Serves until the trigger is dropped. Answers the base address.
    async fn open(&self, name: &str) -> (String, Trigger) {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hosts = Hosts::new(Shell::new("test", Arc::new(SystemEntropy)))
            .at(["127.0.0.1", "localhost", "phone.localhost"], &self.router);
        let (trigger, told) = shutdown();
        tokio::spawn(serve(listener, hosts.into_router(), told));
        (format!("http://{name}:{port}/v1"), trigger)
    }

    fn client(&self, base: &str) -> Client {
        Client::new(base, &[], self.clock.clone(), entropy()).unwrap()
    }

    fn phone(&self, base: &str) -> Client {
        self.client(base).signing(Arc::new(RoleKey::new("phone", self.key.clone())))
    }
}

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(1))
}

fn word(text: &str) -> Word {
    Word { text: text.into() }
}

fn code(error: ClientError) -> String {
    error.problem().map_or_else(|| error.to_string(), |problem| problem.code().to_owned())
}

#[tokio::test]
async fn json_goes_there_and_back() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let client = house.client(&base);
    let answer: Word = client.post("/echo").json(&word("印籠")).answer().await.unwrap();
    assert_eq!(answer, word("印籠"));
    client.post("/empty").answer::<()>().await.unwrap();
    assert_eq!(&client.get("/text").bytes().await.unwrap()[..], b"not JSON");
}

#[tokio::test]
async fn a_bearer_token_is_shown_where_it_is_given() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let showing = |token: &str| house.client(&base).showing(token);
    let seen = showing("t0k3n").get("/credentials").bytes().await.unwrap();
    assert_eq!(&seen[..], b"Bearer t0k3n");
    let error = showing("t0k\n3n").get("/text").bytes().await.unwrap_err();
    assert!(matches!(&error, ClientError::Request(why) if !why.contains("t0k")));
}

#[tokio::test]
async fn names_below_localhost_are_this_machine() {
    let house = house();
    for name in ["localhost", "phone.localhost"] {
        let (base, _serving) = house.open(name).await;
        let text = house.client(&base).get("/text").bytes().await.unwrap();
        assert_eq!(&text[..], b"not JSON");
    }
    let (base, _serving) = house.open("other.localhost").await;
    let error = house.client(&base).get("/text").bytes().await.unwrap_err();
    assert_eq!(code(error), "host-unknown");
}

#[tokio::test]
async fn apply_2_a_refusal_arrives_with_rule_and_trace() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let client = house.client(&base).speaking(Language::En);
    let error = client.post("/refuse").answer::<()>().await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!((problem.code(), problem.rule()), ("none-selected", Some("APPLY-2")));
    assert!(problem.trace().is_some());
    assert_eq!(Problem::from(error).status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_answer_of_another_form_is_an_error() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let client = house.client(&base);
    for path in ["/text", "/teapot", "/long"] {
        let error = client.get(path).answer::<Word>().await.unwrap_err();
        assert!(matches!(error, ClientError::Answer { .. }), "{path}: {error}");
        assert!(Problem::from(error).is(Code::INTERNAL_ERROR));
    }
    let error = client.get("/absent").answer::<Word>().await.unwrap_err();
    assert_eq!(code(error), "not-found");
}

#[tokio::test]
async fn a_service_that_is_busy_or_gone_is_unavailable() {
    let house = house();
    let (base, serving) = house.open("127.0.0.1").await;
    let client = house.client(&base);
    let error = client.get("/busy").answer::<Word>().await.unwrap_err();
    assert!(Problem::from(error).is(Code::STORE_UNAVAILABLE), "its own word stands");
    drop(serving);
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let error = house.client(&gone).get("/secret?token=1").bytes().await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(Problem::from(error).is(Code::SERVICE_UNAVAILABLE));
}

#[tokio::test]
async fn signed_requests_are_accepted_with_query_body_and_key() {
    let house = house();
    let (base, _serving) = house.open("localhost").await;
    let phone = house.phone(&base);
    let call = phone.get("/whoami?a=%20b").query([("c", "d e&f"), ("漢", "字")]);
    assert_eq!(call.answer::<String>().await.unwrap(), "phone");
    assert_eq!(phone.get("/whoami").answer::<String>().await.unwrap(), "phone");
    let key = IdempotencyKey::new(&*entropy());
    let answer: Word = phone.post("/keyed").json(&word("x")).once(&key).answer().await.unwrap();
    assert_eq!(answer, word("x"));
    let unsigned = house.client(&base).get("/whoami").answer::<String>().await.unwrap_err();
    assert_eq!(code(unsigned), "signature-missing");
    let stranger = house.client(&base).signing(Arc::new(RoleKey::new("other", house.key.clone())));
    let unknown = stranger.get("/whoami").answer::<String>().await.unwrap_err();
    assert_eq!(code(unknown), "phone-unknown");
}

/// Shows one time when it is first looked at, and a later one from then on: a clock that is turned
/// while a request is under way.
struct TurnedMeanwhile {
    looks: AtomicU32,
    late: Arc<TestClock>,
}

impl Clock for TurnedMeanwhile {
    fn now(&self) -> Timestamp {
        let first = self.looks.fetch_add(1, Ordering::SeqCst) == 0;
        self.late.now() - SignedDuration::from_hours(if first { 10 } else { 0 })
    }

    fn turns(&self) -> inrou_api::clock::Turns {
        self.late.turns()
    }

    fn rest(&self, due: Timestamp) -> Option<std::time::Duration> {
        self.late.rest(due)
    }
}

#[tokio::test]
async fn a_clock_that_is_turned_under_way_costs_one_more_try() {
    let house = house();
    let (base, _serving) = house.open("localhost").await;
    let clock = Arc::new(TurnedMeanwhile { looks: AtomicU32::new(0), late: house.clock.clone() });
    let key = Arc::new(RoleKey::new("phone", house.key.clone()));
    let phone = Client::new(&base, &[], clock.clone(), entropy()).unwrap().signing(key);
    assert_eq!(phone.get("/whoami").answer::<String>().await.unwrap(), "phone");
    assert_eq!(clock.looks.load(Ordering::SeqCst), 2);
}

/// Takes connections, answers the first with silence, and passes the others on to `to`.
async fn lose_the_first_answer(to: String) -> (String, Arc<AtomicU32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://127.0.0.1:{}/v1", listener.local_addr().unwrap().port());
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = tokio::net::TcpStream::connect(&to).await.unwrap();
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                // The request arrives; its answer is lost.
                let (mut request, mut answer) = ([0; 4096], [0; 4096]);
                let length = near.read(&mut request).await.unwrap();
                far.write_all(&request[..length]).await.unwrap();
                assert!(far.read(&mut answer).await.unwrap() > 0);
            } else {
                tokio::spawn(
                    async move { tokio::io::copy_bidirectional(&mut near, &mut far).await },
                );
            }
        }
    });
    (base, count)
}

#[tokio::test]
async fn a_keyed_request_whose_answer_is_lost_is_repeated_under_its_key_with_a_new_nonce() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let server = base.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let (proxy, connections) = lose_the_first_answer(server).await;
    // What is signed is the proxy's name, as it passes the header Host on.
    let key = IdempotencyKey::new(&*entropy());
    let call = house.phone(&proxy).post("/keyed").json(&word("x")).once(&key).answer::<Word>();
    assert_eq!(call.await.unwrap(), word("x"));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    assert_eq!(house.reached.load(Ordering::SeqCst), 2, "both were accepted as signed");
}

#[tokio::test]
async fn a_keyed_request_is_repeated_when_the_service_is_busy_for_a_moment() {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let busy_at_first = async move || {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(Problem::new(Code::STORE_UNAVAILABLE));
        }
        Ok("done")
    };
    let house = House { router: Router::new().route("/v1/busy", post(busy_at_first)), ..house() };
    let (base, _serving) = house.open("127.0.0.1").await;
    let key = IdempotencyKey::new(&*entropy());
    let answer = house.client(&base).post("/busy").once(&key).bytes().await.unwrap();
    assert_eq!((&answer[..], tries.load(Ordering::SeqCst)), (&b"done"[..], 2));
}

#[tokio::test]
async fn a_request_without_a_key_is_not_repeated() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let server = base.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let (proxy, connections) = lose_the_first_answer(server).await;
    let call = house.client(&proxy).post("/echo").json(&word("x")).answer::<Word>();
    assert!(matches!(call.await, Err(ClientError::Unavailable(_))));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_keyed_request_is_given_up_in_the_end() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let key = IdempotencyKey::new(&*entropy());
    let call = house().client(&gone).post("/").once(&key).bytes().await;
    assert!(matches!(call, Err(ClientError::Unavailable(_))));
}

#[tokio::test]
async fn a_key_that_does_not_sign_sends_nothing() {
    let house = house();
    let (base, _serving) = house.open("127.0.0.1").await;
    let wrong = Arc::new(FreshKeys.generate(KeyAlgorithm::EcP384).unwrap());
    let client = house.client(&base).signing(Arc::new(RoleKey::new("phone", wrong)));
    let error = client.get("/whoami").bytes().await.unwrap_err();
    assert!(matches!(error, ClientError::Signing(_)));
}

struct Tls {
    root: Vec<u8>,
    base: String,
    _serving: Trigger,
}

async fn tls(house: &House) -> Tls {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "phone.localhost".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let config =
        tls_config(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap());
    let listener = listen_tls("127.0.0.1:0".parse().unwrap(), config.unwrap()).await.unwrap();
    let base = format!("https://phone.localhost:{}/v1", listener.local_addr().port());
    let (trigger, told) = shutdown();
    tokio::spawn(serve(listener, house.router.clone(), told));
    Tls { root: ca.der().to_vec(), base, _serving: trigger }
}

#[tokio::test]
async fn tls_is_spoken_with_the_roots_that_are_given_and_no_others() {
    let house = house();
    let (served, other) = (tls(&house).await, tls(&house).await);
    let client = |roots: &[Vec<u8>]| {
        let key = Arc::new(RoleKey::new("phone", house.key.clone()));
        Client::new(&served.base, roots, house.clock.clone(), entropy()).unwrap().signing(key)
    };
    let answer = client(slice::from_ref(&served.root)).get("/whoami").answer::<String>().await;
    assert_eq!(answer.unwrap(), "phone");
    let error =
        client(slice::from_ref(&other.root)).get("/whoami").answer::<String>().await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn language_and_headers_go_along() {
    let house = house();
    let router = Router::new().route(
        "/",
        get(async |headers: HeaderMap| {
            headers["accept-language"].to_str().unwrap_or_default().to_owned()
        }),
    );
    let house = House { router, ..house };
    let (base, _serving) = house.open("127.0.0.1").await;
    let client = house.client(base.trim_end_matches("/v1"));
    let asked = client.speaking(Language::JaEasy).get("/").bytes().await.unwrap();
    assert_eq!(&asked[..], b"ja-x-easy");
}
