//! Log-ins to a site, from the browser's arrival to `userinfo`, beside the limit that their parts give:
//! signing and verifying, and five durable group commits.
//!
//! All is in one process: the provider behind its HTTP layers, the authority that it asks, the phones'
//! and the site's keys.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use inrou_api::client::Client;
use inrou_api::clock::{Clock, SystemClock};
use inrou_api::server::{Shell, Trigger, shutdown};
use inrou_api::signature::RoleKey;
use inrou_api::wire::transaction::{Answering, PhoneSecret, Taking, Transaction};
use inrou_pki::keys::ecdsa;
use inrou_pki::{
    Entropy, FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey, SystemEntropy, digest,
};
use inrou_provider::settings::Settings;
use inrou_provider::store::SqliteStore;
use inrou_provider::{Issuer, Parts, Provider, router, screens};
use inrou_relying::testing::{Holder, RoleApi, TestAuthority, resident};
use inrou_rules::{Medium, Use};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::group_file::GroupFile;
use crate::report::Row;
use crate::rounds::Compared;

const ROUNDS: usize = 9;
/// Log-ins a round.
const BATCH: usize = 600;
/// So many are under way at a time.
const AT_ONCE: usize = 64;
/// People who log in, each again and again.
const PEOPLE: usize = 32;
/// A log-in's durable writes: begun, taken by a phone, granted, the code given, exchanged.
const WRITES: usize = 5;
/// What is signed in a log-in: by the phone, by the site, in the ID token, in the question to the
/// authority; each is verified by somebody but the ID token, and so is the phone's certificate.
const SIGNATURES: usize = 4;
const VERIFICATIONS: usize = 4;
/// About as long as what one of those writes stores.
const RECORD: [u8; 700] = [7; 700];

/// The secret of everybody's phone.
const PHONE: PhoneSecret = PhoneSecret([9; 32]);

const CALLBACK: &str = "https://bank.example/callback";
const PROTOCOL: &str = "/api/realms/main/protocol/openid-connect";
const ISSUER: &str = "http://localhost:8080/api/realms/main";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-4";

pub fn run() -> Vec<Row> {
    println!("logins: {ROUNDS} rounds of {BATCH} log-ins, {AT_ONCE} at once");
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let house = Arc::new(runtime.block_on(House::open()));
    let file = GroupFile::create(&house.folder.path().join("limit.log"));
    let mut latencies = Vec::new();
    let compared = Compared::of(ROUNDS, || {
        let limit = limit(&house, &file);
        let (rate, mut took) = round(&runtime, &house);
        latencies.append(&mut took);
        (limit, rate)
    });
    latencies.sort_unstable();
    let percentile = |percent: usize| latencies[latencies.len() * percent / 100];
    let [p50, p95, p99] = [50, 95, 99].map(percentile);
    println!("  p50 {p50:.1?}, p95 {p95:.1?}, p99 {p99:.1?}");
    vec![compared.row("logins", "ES256, eight requests each".to_owned(), "≥ 300 /s on 2 cores")]
}

/// So many log-ins, `AT_ONCE` at a time: how many a second, and how long each took.
fn round(runtime: &Runtime, house: &Arc<House>) -> (f64, Vec<Duration>) {
    let start = Instant::now();
    let left = Arc::new(AtomicUsize::new(BATCH));
    let took = runtime.block_on(async {
        let visitors = (0..AT_ONCE).map(|number| {
            let (house, left) = (house.clone(), left.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok()
                {
                    let begun = Instant::now();
                    house.log_in(&house.people[number % PEOPLE]).await;
                    took.push(begun.elapsed());
                }
                took
            })
        });
        let mut all = Vec::new();
        for visitor in visitors.collect::<Vec<_>>() {
            all.extend(visitor.await.unwrap());
        }
        all
    });
    (BATCH as f64 / start.elapsed().as_secs_f64(), took)
}

/// The same with nothing but what no log-in can do without.
fn limit(house: &House, file: &GroupFile) -> f64 {
    let key = &house.site;
    let signature = key.sign(&RECORD).unwrap();
    let left = AtomicUsize::new(BATCH);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok()
                {
                    (0..SIGNATURES).for_each(|_| drop(black_box(key.sign(black_box(&RECORD)))));
                    for _ in 0..VERIFICATIONS {
                        let public = key.public_key();
                        black_box(public.verify(key.algorithm(), &RECORD, &signature)).unwrap();
                    }
                    (0..WRITES).for_each(|_| file.append(&RECORD));
                }
            });
        }
    });
    BATCH as f64 / start.elapsed().as_secs_f64()
}

struct House {
    router: Router,
    clock: Arc<SystemClock>,
    people: Vec<Holder>,
    site: SoftwareKey,
    client: String,
    folder: TempDir,
    number: AtomicU64,
    _authority: (TestAuthority, RoleApi),
    _open: Trigger,
}

impl House {
    async fn open() -> Self {
        let clock = Arc::new(SystemClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let folder = tempfile::tempdir().unwrap();
        let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
        let role: Arc<dyn Signer> = Arc::new(key());
        let public = role.public_key().clone();
        let role_api = RoleApi::open(clock.clone(), "provider", public).await;
        let api = format!("{}/authority/v1", role_api.base());
        let api = Client::new(&api, &[], clock.clone(), entropy.clone()).unwrap();
        let provider = Provider::open(Parts {
            store: Arc::new(
                SqliteStore::open(&folder.path().join("store.db"), &SystemEntropy).unwrap(),
            ),
            clock: clock.clone(),
            entropy: entropy.clone(),
            authority: api.signing(Arc::new(RoleKey::new("role:provider", role))),
            validator: authority.validator(authority.relying_settings()),
            issuer: Issuer::new(Arc::new(key())).unwrap(),
            settings: Settings { approves_at_once: true, ..Settings::default() },
            personas: None,
        });
        let provider = Arc::new(provider.unwrap());
        let (open, told) = shutdown();
        let shell = || Shell::new("provider", entropy.clone());
        let pages = screens::site(&provider).visit(screens::router(provider.clone(), told));
        let people = (0..PEOPLE).map(|number| {
            let attributes = resident(&format!("見本　{number}"), "東京都清瀬市中里１－２－３");
            let holder = authority.issue(Use::UserAuthentication, Medium::Phone, &attributes);
            role_api.know(&holder.certificate, &number.to_string(), &attributes);
            holder
        });
        let people = people.collect();
        let mut house = Self {
            router: shell().wrap(router(provider)).merge(shell().wrap(pages)),
            clock,
            people,
            site: key(),
            client: String::new(),
            folder,
            number: AtomicU64::new(0),
            _authority: (authority, role_api),
            _open: open,
        };
        house.register().await;
        house
    }

    async fn register(&mut self) {
        let point = self.site.public_key().subject_public_key();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": base64url(&point[1..33]),
            "y": base64url(&point[33..])});
        let registration = json!({"client_name": "見本銀行", "redirect_uris": [CALLBACK],
            "jwks": {"keys": [jwk]}, "scope": "openid name address birthdate gender",
            "sector": "bank.example"});
        let answer =
            self.post("/provider/v1/clients", "application/json", registration.to_string()).await;
        let client: Value = serde_json::from_str(&answer).unwrap();
        self.client = client["client_id"].as_str().unwrap().to_owned();
    }

    async fn log_in(&self, person: &Holder) {
        let challenge =
            base64url(digest::HashAlgorithm::Sha256.digest(VERIFIER.as_bytes()).as_bytes());
        let query = format!(
            "response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid+name+address\
             &state=s&nonce=n&code_challenge={challenge}&code_challenge_method=S256",
            self.client
        );
        let begun =
            self.send(Request::get(format!("{PROTOCOL}/auth?{query}")), String::new()).await;
        let cookie = begun.1.split(';').next().unwrap().to_owned();
        let page = begun.0;
        let look = || Request::get(&page).header(header::COOKIE, &cookie);
        let shown = self.send(look(), String::new()).await.2;
        let (link, taking) = scanned(&shown);
        let taking = serde_json::to_string(&taking).unwrap();
        let asked = self.post(&format!("{link}/taking"), "application/json", taking).await;
        let asked: Transaction = serde_json::from_str(&asked).unwrap();
        let answer = Answering { phone: PHONE, answer: person.log_in(&asked) };
        let answer = serde_json::to_string(&answer).unwrap();
        self.post(&format!("{link}/answer"), "application/json", answer).await;
        let back = self.send(look(), String::new()).await.0;
        let code = back.split("code=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}\
             &code_verifier={VERIFIER}&client_assertion={}&client_assertion_type=\
             urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            self.assertion()
        );
        let form_type = "application/x-www-form-urlencoded";
        let tokens = self.post(&format!("{PROTOCOL}/token"), form_type, form).await;
        let tokens: Value = serde_json::from_str(&tokens).unwrap();
        let shown = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let userinfo = Request::get(format!("{PROTOCOL}/userinfo"));
        self.send(userinfo.header(header::AUTHORIZATION, shown), String::new()).await;
    }

    fn assertion(&self) -> String {
        let now = self.clock.now().as_second();
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let claims = json!({"iss": self.client, "sub": self.client, "aud": ISSUER,
            "jti": number.to_string(), "iat": now, "exp": now + 60});
        let part = |value: Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(json!({"alg": "ES256"})), part(claims));
        let signature = ecdsa::to_raw(&self.site.sign(signed.as_bytes()).unwrap()).unwrap();
        format!("{signed}.{}", base64url(&signature))
    }

    async fn post(&self, path: &str, content_type: &str, body: String) -> String {
        let request = Request::post(path).header(header::CONTENT_TYPE, content_type);
        self.send(request, body).await.2
    }

    /// Where it leads, the cookie that it sets, the body.
    async fn send(
        &self,
        request: axum::http::request::Builder,
        body: String,
    ) -> (String, String, String) {
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let [to, cookie] =
            [header::LOCATION, header::SET_COOKIE].map(|name| text(response.headers().get(name)));
        let is_good = [StatusCode::OK, StatusCode::CREATED, StatusCode::SEE_OTHER]
            .contains(&response.status());
        let body = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(is_good, "{body}");
        (to, cookie, body)
    }
}

/// The address of the transaction whose code a page shows, and what a phone sends that scans it.
fn scanned(page: &str) -> (String, Taking) {
    let (_, code) = page.split_once("<code class=\"long\">").unwrap();
    let link = code.split_once('<').unwrap().0.replace("&#38;", "&");
    let (address, query) = link.split_once("?t=").unwrap();
    let (second, mac) = query.split_once("&m=").unwrap();
    let taking = Taking { second: second.parse().ok(), mac: mac.to_owned(), phone: PHONE };
    (address.strip_prefix("http://localhost:8080").unwrap().to_owned(), taking)
}

fn text(header: Option<&HeaderValue>) -> String {
    header.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn key() -> SoftwareKey {
    FreshKeys.generate(KeyAlgorithm::EcP256).unwrap()
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
