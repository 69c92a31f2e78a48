//! A site that asks a phone for log-ins and signatures.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path, Trigger, listen, serve, shutdown};
use inrou_api::wire::Base64;
use inrou_api::wire::portal::{LoginBegun, LoginView};
use inrou_api::wire::transaction::{
    Answering, Flow, PhoneSecret, Purpose, Taking, Transaction, TransactionAnswer, TransactionId,
    TransactionState,
};
use jiff::Timestamp;
use tokio::sync::watch;

#[derive(Clone)]
pub struct Portal {
    pub base: String,
    state: Arc<Mutex<State>>,
    held: watch::Sender<bool>,
    _serving: Arc<Trigger>,
}

#[derive(Default)]
struct State {
    transactions: Vec<Transaction>,
    answers: Vec<TransactionAnswer>,
    phones: Vec<PhoneSecret>,
    log_outs: usize,
    /// The answer is taken, and its taking is not told.
    lose_answers: bool,
}

impl Portal {
    pub async fn start() -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}/portal/v1", listener.local_addr().unwrap());
        let (trigger, told) = shutdown();
        let (state, held) = (Arc::default(), watch::Sender::default());
        let portal = Self { base, state, held, _serving: Arc::new(trigger) };
        let routes = Router::new()
            .route("/logins", post(log_in))
            .route("/logins/{login}", get(logged_in))
            .route("/logout", post(log_out))
            .route("/transactions/{id}/taking", post(take))
            .route("/transactions/{id}/answer", post(answer))
            .with_state(portal.clone());
        tokio::spawn(serve(listener, Router::new().nest("/portal/v1", routes), told));
        portal
    }

    /// Asks for something; gives the link.
    pub fn ask(&self, purpose: Purpose, text: &str, expires: Timestamp) -> (TransactionId, String) {
        let mut state = self.state.lock().unwrap();
        let mut bytes = [0; 16];
        bytes[15] = state.transactions.len() as u8 + 1;
        let id = TransactionId::from_random(bytes);
        let link = format!("{}/transactions/{}?m=a-mac", self.base, id.as_str());
        state.transactions.push(Transaction {
            id: id.clone(),
            asker: self.base.trim_end_matches("/portal/v1").to_owned(),
            asker_name: "マイナポータル".to_owned(),
            site: None,
            purpose,
            digest: None,
            reason: None,
            flow: Some(Flow::SameDevice),
            begun: Timestamp::UNIX_EPOCH,
            origin: None,
            afterwards: None,
            text: text.to_owned(),
            shares: Vec::new(),
            proof: false,
            challenge: Base64(vec![5; 32]),
            expires,
            state: TransactionState::Open,
            result: None,
        });
        (id, link)
    }

    /// Changes a transaction behind the person's back.
    pub fn change(&self, id: &TransactionId, change: impl FnOnce(&mut Transaction)) {
        let mut state = self.state.lock().unwrap();
        change(state.transactions.iter_mut().find(|found| found.id == *id).unwrap());
    }

    pub fn lose_answers(&self, lose: bool) {
        self.state.lock().unwrap().lose_answers = lose;
    }

    /// Log-ins wait at the door from now on.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets them in again.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    pub fn log_outs(&self) -> usize {
        self.state.lock().unwrap().log_outs
    }

    pub fn answers(&self) -> Vec<TransactionAnswer> {
        self.state.lock().unwrap().answers.clone()
    }
}

async fn log_in(Shared(portal): Shared<Portal>) -> Json<LoginBegun> {
    portal.held.subscribe().wait_for(|held| !held).await.unwrap();
    let expires = Timestamp::MAX;
    let (transaction, link) = portal.ask(Purpose::LogIn, "ログイン", expires);
    Json(LoginBegun { login: "secret".to_owned(), transaction, link, expires })
}

async fn logged_in(Path(login): Path<String>) -> Json<LoginView> {
    assert_eq!(login, "secret");
    let session = Some("token".to_owned());
    Json(LoginView { state: TransactionState::Done, result: None, session })
}

async fn log_out(Shared(portal): Shared<Portal>, headers: HeaderMap) -> StatusCode {
    assert_eq!(headers[header::AUTHORIZATION], "Bearer token");
    portal.state.lock().unwrap().log_outs += 1;
    StatusCode::NO_CONTENT
}

async fn take(
    Shared(portal): Shared<Portal>,
    Path(id): Path<TransactionId>,
    Json(taking): Json<Taking>,
) -> Result<Json<Transaction>, Problem> {
    let mut state = portal.state.lock().unwrap();
    if taking.mac != "a-mac" {
        return Err(Problem::new(Code::HANDOVER_FORGED));
    }
    state.phones.push(taking.phone);
    let found = state.transactions.iter().find(|found| found.id == id).cloned();
    found.map(Json).ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))
}

async fn answer(
    Shared(portal): Shared<Portal>,
    Path(id): Path<TransactionId>,
    Json(Answering { phone, answer }): Json<Answering>,
) -> Result<Json<Transaction>, Problem> {
    let mut state = portal.state.lock().unwrap();
    if state.phones.last() != Some(&phone) {
        return Err(Problem::new(Code::HANDOVER_TAKEN));
    }
    let found = state.transactions.iter_mut().find(|found| found.id == id);
    let found = found.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
    if found.state != TransactionState::Open {
        return Err(Problem::new(Code::TRANSACTION_DONE));
    }
    found.state = match answer {
        TransactionAnswer::Refused => TransactionState::Refused,
        TransactionAnswer::Cannot { .. } => TransactionState::Failed,
        _ => TransactionState::Done,
    };
    let answered = found.clone();
    let reason = match answer {
        TransactionAnswer::Cannot { reason } => Some(reason.code()),
        _ => None,
    };
    state.answers.push(answer);
    if let Some(code) = reason {
        return Err(Problem::new(code));
    }
    if state.lose_answers { Err(Problem::new(Code::INTERNAL_ERROR)) } else { Ok(Json(answered)) }
}
