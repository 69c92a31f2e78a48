//! A portal that is stopped between any two steps goes on as if nothing had happened.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use axum::http::{HeaderMap, Method};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::signature::{Target, sign};
use inrou_api::wire::authority::{HistoryEntry, Notices};
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationDrawnUp, ApplicationState, Decision, LoginBegun,
    ReceivedApplication,
};
use inrou_api::wire::transaction::TransactionState;
use inrou_rules::Medium;
use jiff::SignedDuration;
use support::{House, MOVING_OUT, code, form, key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A house whose portal is restarted when the count of steps has come to one of the chosen ones.
struct Restless {
    house: House,
    step: u32,
    restart_before: u32,
}

impl Restless {
    /// The next step begins.
    async fn step(&mut self) -> &House {
        if self.step == self.restart_before {
            self.house.restart().await;
        }
        self.step += 1;
        &self.house
    }
}

#[tokio::test]
async fn the_whole_job_bears_a_restart_before_each_step_and_every_request_twice() {
    for restart_before in 0..12 {
        let house = House::new().await;
        let mut restless = Restless { house, step: 0, restart_before };
        job(&mut restless).await;
        assert_eq!(restless.step, 12, "every step was restarted before");
    }
}

async fn job(restless: &mut Restless) {
    let person = restless.house.person("印籠　花子", Medium::Phone);
    let (login_key, draw_up_key, decision_key) = (key(), key(), key());

    let login = begin(restless.step().await, &login_key).await;
    assert_eq!(begin(restless.step().await, &login_key).await, login);
    let asked = restless.step().await.open(&login.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    for _ in 0..2 {
        let house = restless.step().await;
        let told = house.answer(&login.transaction, &answer).await.unwrap();
        assert_eq!(told.state, TransactionState::Done);
    }
    let token = restless.step().await.poll(&login).await.session.unwrap();
    assert_eq!(restless.step().await.poll(&login).await.session.as_ref(), Some(&token));

    let drawn_up = draw_up(restless.step().await, &token, &draw_up_key).await;
    assert!(draw_up(restless.step().await, &token, &draw_up_key).await == drawn_up);
    let house = restless.step().await;
    let signed = house.sign(&person, &drawn_up).await;
    house.answer(&drawn_up.transaction, &signed).await.unwrap();

    let path = format!("/applications/{}/decision", drawn_up.application);
    let house = restless.step().await;
    for _ in 0..2 {
        let call = house.clerk().post(&path).json(&Decision::Accept).once(&decision_key);
        let decided: ReceivedApplication = call.answer().await.unwrap();
        assert!(matches!(decided.state, ApplicationState::Accepted { .. }));
    }

    let house = restless.step().await;
    let client = house.resident(&token);
    let path = format!("/applications/{}", drawn_up.application);
    let seen: ApplicationDetail = client.get(&path).answer().await.unwrap();
    assert!(matches!(seen.view.state, ApplicationState::Accepted { .. }));
    let told: Notices = client.get("/notices").answer().await.unwrap();
    let codes: Vec<_> = told.notices.iter().map(|notice| notice.code.as_str()).collect();
    assert_eq!(codes, ["application-received", "application-accepted"]);
    let history: Page<HistoryEntry> = client.get("/history").answer().await.unwrap();
    let codes: Vec<_> = history.items.iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(
        codes,
        ["application-accepted", "application-sent", "application-drawn-up", "logged-in"]
    );
    client.post("/logout").answer::<()>().await.unwrap();
    assert_eq!(code(client.get("/sessions").bytes().await), "login-required");
}

async fn begin(house: &House, key: &IdempotencyKey) -> LoginBegun {
    let begun: LoginBegun = house.anybody().post("/logins").once(key).answer().await.unwrap();
    support::links::note(&begun.link);
    begun
}

async fn draw_up(house: &House, token: &str, key: &IdempotencyKey) -> ApplicationDrawnUp {
    let call = house.resident(token).post("/applications").json(&form(MOVING_OUT));
    let drawn_up: ApplicationDrawnUp = call.once(key).answer().await.unwrap();
    support::links::note(&drawn_up.link);
    drawn_up
}

#[tokio::test]
async fn a_signed_request_counts_once_even_over_a_restart() {
    let mut house = House::new().await;
    let request = signed_request(&house).await;
    assert!(send(&house, &request).await.starts_with("HTTP/1.1 200"));
    assert!(send(&house, &request).await.contains("nonce-replayed"));
    house.restart().await;
    assert!(send(&house, &request).await.contains("nonce-replayed"));
    house.clock.advance_by(SignedDuration::from_mins(6));
    assert!(send(&house, &request).await.contains("signature-expired"));
}

/// A clerk's request as it goes over the wire, to be sent more than once.
async fn signed_request(house: &House) -> String {
    let (path, host) = ("/office/v1/applications", "office.example");
    let target = Target { method: &Method::GET, authority: host, path, query: None };
    let mut headers = HeaderMap::new();
    let (key, now, entropy) = (house.clerk_role(), house.now(), support::entropy());
    sign(&target, &mut headers, b"", &key, now, &*entropy).await.unwrap();
    let lines =
        headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
    let lines: String = lines.collect();
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{lines}connection: close\r\n\r\n")
}

async fn send(house: &House, request: &str) -> String {
    let address = house.portal.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
