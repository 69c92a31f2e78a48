//! A provider in this process, the authority that it asks, residents with their phones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use inrou_api::client::Client;
use inrou_api::clock::{Clock, TestClock};
use inrou_api::server::{Shell, Trigger, shutdown};
use inrou_api::signature::RoleKey;
use inrou_api::wire::transaction::{
    Answering, PhoneSecret, Taking, Transaction, TransactionAnswer,
};
use inrou_pki::{
    Entropy, FreshKeys, KeyAlgorithm, KeySource, PublicKey, Signer, SystemEntropy, pem,
};
use inrou_provider::settings::Settings;
use inrou_provider::store::SqliteStore;
use inrou_provider::{Issuer, OPEN_TO_OTHERS, Parts, Provider, router, screens};
use inrou_relying::testing::{Holder, RoleApi, TestAuthority, resident};
use inrou_rules::{Medium, Use};
use inrou_web::ProblemPages;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::browser::{Answer, Browser};
use crate::site::{Form, Site};

/// 10:00 in Japan.
const START: &str = "2026-11-21T01:00:00Z";

/// Under which address the provider is reached.
pub const BASE: &str = "http://localhost:8080";

/// Who issues its tokens.
pub const ISSUER: &str = "http://localhost:8080/api/realms/main";

/// The secret of the phone that is used.
pub const PHONE: PhoneSecret = PhoneSecret([9; 32]);

/// The path of an endpoint.
pub fn path(endpoint: &str) -> String {
    format!("/api/realms/main/protocol/openid-connect/{endpoint}")
}

/// The address of an endpoint.
pub fn address(endpoint: &str) -> String {
    format!("{BASE}{}", path(endpoint))
}

pub struct House {
    pub clock: Arc<TestClock>,
    pub authority: TestAuthority,
    pub role_api: RoleApi,
    router: Router,
    provider: Weak<Provider>,
    /// What was scanned last, by transaction.
    pub scanned: Mutex<BTreeMap<String, String>>,
    token_key: Arc<dyn Signer>,
    /// By which it has signed before.
    pub former: Vec<PublicKey>,
    role_key: Arc<dyn Signer>,
    /// Of the staff who approve sites.
    pub staff_key: Arc<dyn Signer>,
    settings: Settings,
    pub folder: TempDir,
    trigger: Trigger,
}

impl House {
    /// Every site is approved at once.
    pub async fn new() -> Self {
        Self::that_approves_at_once(true).await
    }

    pub async fn that_approves_at_once(approves_at_once: bool) -> Self {
        Self::with(Settings { approves_at_once, ..Settings::default() }).await
    }

    /// As the operator sets it.
    pub async fn with(settings: Settings) -> Self {
        // With RUST_LOG set, a failing test tells what the service logged.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let clock = Arc::new(TestClock::at(START.parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
        let (token_key, role_key) = (key(), key());
        let public = role_key.public_key().clone();
        let role_api = RoleApi::open(clock.clone(), "provider", public).await;
        let mut house = Self {
            clock,
            authority,
            role_api,
            router: Router::new(),
            provider: Weak::new(),
            scanned: Mutex::default(),
            token_key,
            former: Vec::new(),
            role_key,
            staff_key: key(),
            settings,
            folder: tempfile::tempdir().unwrap(),
            trigger: shutdown().0,
        };
        house.open();
        house
    }

    /// Opens the provider anew on what it left.
    pub fn restart(&mut self) {
        self.trigger = shutdown().0;
        self.router = Router::new();
        assert!(self.provider.upgrade().is_none(), "its file is closed");
        self.open();
    }

    /// Opens it anew with another key that signs.
    pub fn rotate(&mut self) {
        self.former.push(self.token_key.public_key().clone());
        self.token_key = key();
        self.restart();
    }

    fn open(&mut self) {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let api = format!("{}/authority/v1", self.role_api.base());
        let client = Client::new(&api, &[], self.clock.clone(), entropy.clone()).unwrap();
        let signer = Arc::new(RoleKey::new("role:provider", self.role_key.clone()));
        let file = self.folder.path().join("provider.db");
        let provider = Provider::open(Parts {
            store: Arc::new(SqliteStore::open(&file, &SystemEntropy).unwrap()),
            clock: self.clock.clone(),
            entropy: entropy.clone(),
            authority: client.signing(signer),
            validator: self.authority.validator(self.authority.relying_settings()),
            issuer: Issuer::new(self.token_key.clone()).unwrap().with_former(&self.former).unwrap(),
            settings: Settings {
                public_base: BASE.to_owned(),
                staff: [("staff".to_owned(), public_key(&*self.staff_key))].into(),
                app: Some("http://phone.localhost:8080/open".to_owned()),
                ..self.settings.clone()
            },
            personas: None,
        });
        let provider = Arc::new(provider.unwrap());
        let (trigger, told) = shutdown();
        let shell = || Shell::new("provider", entropy.clone()).open_to_others(OPEN_TO_OTHERS);
        let site = screens::site(&provider);
        let pages = screens::router(provider.clone(), told);
        let pages =
            shell().with_pages(Arc::new(ProblemPages(site.clone()))).wrap(site.visit(pages));
        self.provider = Arc::downgrade(&provider);
        self.trigger = trigger;
        self.router = shell().wrap(router(provider)).merge(pages);
    }

    pub fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// So many seconds go by.
    pub fn wait(&self, seconds: i64) {
        self.clock.advance_by(jiff::SignedDuration::from_secs(seconds));
    }

    /// A resident, known to the authority, with a phone.
    pub fn person(&self, name: &str) -> Holder {
        let attributes = resident(name, "東京都清瀬市中里１－２－３");
        let holder = self.authority.issue(Use::UserAuthentication, Medium::Phone, &attributes);
        self.role_api.know(&holder.certificate, &format!("subject of {name}"), &attributes);
        holder
    }

    /// A site by the profile `digital-auth` or `fapi2`.
    pub async fn site(&self, profile: &str) -> Site {
        self.site_with(json!({"profile": profile})).await
    }

    /// A site whose registration has these members as well.
    pub async fn site_with(&self, more: Value) -> Site {
        let mut site = Site::new();
        let mut registration = site.registration();
        for (name, value) in more.as_object().unwrap() {
            match (name.as_str(), value.as_array()) {
                ("more_keys", Some(keys)) => {
                    registration["jwks"]["keys"].as_array_mut().unwrap().extend(keys.clone());
                }
                _ => registration[name] = value.clone(),
            }
        }
        let request = Request::post("/provider/v1/clients");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request.body(registration.to_string().into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        site.is_registered(&answer.json());
        site
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Posts a form to an endpoint, as a site's server does.
    pub async fn post(&self, endpoint: &str, form: &Form) -> Answer {
        self.post_with(endpoint, form, &[]).await
    }

    /// The same with headers.
    pub async fn post_with(&self, endpoint: &str, form: &Form, more: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path(endpoint))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.send(request.body(form.encoded().into()).unwrap()).await
    }

    /// A GET with headers.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The nonce that proofs must have now.
    pub async fn nonce(&self) -> String {
        let answer = self.get(&path("userinfo"), &[]).await;
        answer.headers["dpop-nonce"].to_str().unwrap().to_owned()
    }

    /// `userinfo` with a token, as the site's profile has it.
    pub async fn userinfo(&self, site: &Site, access_token: &str) -> Answer {
        if !site.is_bound() {
            let bearer = format!("Bearer {access_token}");
            return self.get(&path("userinfo"), &[("authorization", &bearer)]).await;
        }
        let proof = site.proof(self, "GET", "userinfo", Some(access_token)).await;
        let shown = format!("DPoP {access_token}");
        let headers = [("authorization", shown.as_str()), ("dpop", proof.as_str())];
        self.get(&path("userinfo"), &headers).await
    }

    /// Posts a form to the token endpoint, with a proof if the site's tokens are bound.
    pub async fn token(&self, site: &Site, form: &Form) -> Answer {
        if !site.is_bound() {
            return self.post("token", form).await;
        }
        let proof = site.proof(self, "POST", "token", None).await;
        self.post_with("token", form, &[("dpop", &proof)]).await
    }

    /// What a browser is sent with: for FAPI 2.0, the request is pushed first.
    pub async fn asks(&self, site: &Site, request: &Form) -> Form {
        match site.is_bound() {
            false => request.clone(),
            true => {
                let pushed = self.post("ext/par/request", &site.proven(self, request)).await;
                assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text);
                let name = pushed.json()["request_uri"].as_str().unwrap().to_owned();
                Form::default().set("client_id", &site.id).set("request_uri", &name)
            }
        }
    }

    /// Somebody logs in with a new browser: the code.
    pub async fn code(&self, site: &Site, person: &Holder) -> String {
        let asked = self.asks(site, &site.request()).await;
        let back = self.browser().log_in(&asked, person).await;
        back.get("code").unwrap_or_else(|| panic!("{back:?}")).clone()
    }

    /// Somebody logs in: the tokens.
    pub async fn tokens(&self, site: &Site, person: &Holder) -> Value {
        let code = self.code(site, person).await;
        let answer = self.token(site, &site.exchange(self, &code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    /// A browser that has been nowhere.
    pub fn browser(&self) -> Browser<'_> {
        Browser { house: self, cookie: None, console: None }
    }

    /// What the phone is asked that has scanned the code of a page.
    pub async fn transaction(&self, id: &str) -> Transaction {
        let link = self.scanned.lock().unwrap().get(id).cloned().unwrap_or_default();
        let answer = self.take(&link, PHONE).await;
        serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{}", answer.text))
    }

    /// A phone brings a link.
    pub async fn take(&self, link: &str, phone: PhoneSecret) -> Answer {
        let (address, query) = link.split_once('?').unwrap_or_else(|| panic!("{link}"));
        let (second, mac) = match query.strip_prefix("t=") {
            Some(rest) => {
                let (second, mac) = rest.split_once("&m=").unwrap();
                (second.parse().ok(), mac)
            }
            None => (None, query.strip_prefix("m=").unwrap()),
        };
        let taking = Taking { second, mac: mac.to_owned(), phone };
        let path = address.strip_prefix(BASE).unwrap();
        self.post_json(&format!("{path}/taking"), &taking).await
    }

    /// The phone that has scanned the code of a page answers.
    pub async fn answer(&self, id: &str, answer: &TransactionAnswer) -> Answer {
        let link = self.scanned.lock().unwrap().get(id).cloned().unwrap_or_default();
        self.take(&link, PHONE).await;
        self.answer_as(id, answer, PHONE).await
    }

    /// A phone answers.
    pub async fn answer_as(
        &self,
        id: &str,
        answer: &TransactionAnswer,
        phone: PhoneSecret,
    ) -> Answer {
        let answering = Answering { phone, answer: answer.clone() };
        self.post_json(&format!("/provider/v1/transactions/{id}/answer"), &answering).await
    }

    /// What is over is forgotten.
    pub async fn tidies(&self) {
        let (trigger, told) = shutdown();
        trigger.pull();
        self.provider.upgrade().unwrap().tidy(told).await;
    }

    /// A request with JSON, if it has a body, for whoever has that token.
    pub async fn with_token(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Posts JSON.
    pub async fn post_json(&self, path: &str, body: &impl serde::Serialize) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let body = serde_json::to_string(body).unwrap();
        self.send(request.body(body.into()).unwrap()).await
    }
}

fn public_key(of: &dyn Signer) -> String {
    pem::encode("PUBLIC KEY", of.public_key().spki())
}

fn key() -> Arc<dyn Signer> {
    Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap())
}
