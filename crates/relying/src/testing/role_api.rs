//! The authority's API for roles: holders and histories, and with `consents` persons and their consents.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::State as Shared;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use inrou_api::clock::Clock;
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Json, Path, Query, Trigger, listen, serve, shutdown};
use inrou_api::signature::{KeyDirectory, MemoryNonces, SignedBy, Verifier};
use inrou_api::wire::authority::{ConsentView, FindHolder, HistoryEntry, Holder};
use inrou_pki::{Certificate, PublicKey};
use inrou_rules::Attributes;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::consents;

/// The authority's API for roles, for one role.
pub struct RoleApi {
    base: String,
    state: Arc<State>,
    _serving: Trigger,
}

#[derive(Default)]
pub(super) struct State {
    known: Mutex<Known>,
    /// Tells that it answers again.
    speaks: Notify,
}

#[derive(Default)]
pub(super) struct Known {
    pub(super) holders: BTreeMap<Vec<u8>, (String, Attributes)>,
    pub(super) consents: Vec<ConsentView>,
    /// Told in place of the latest attributes.
    pub(super) untold: Option<Code>,
    /// For which no consent is taken.
    pub(super) refuses: Option<Code>,
    histories: BTreeMap<String, Vec<HistoryEntry>>,
    down: bool,
    secretive: bool,
    silent: bool,
    asked: usize,
    /// How many wait for an answer.
    waiting: usize,
}

impl RoleApi {
    /// Listens for the role of that name, such as `portal`, which signs with that key.
    pub async fn open(clock: Arc<dyn Clock>, role: &str, key: PublicKey) -> Self {
        let state = Arc::<State>::default();
        let caller = Caller { id: format!("role:{role}"), key };
        let verifier = Arc::new(Verifier::new(clock, caller, MemoryNonces::new()));
        let routes = Router::new()
            .route("/holders", post(find_holder))
            .route("/holders/{subject}/history", get(history))
            .merge(consents::router())
            .with_state(state.clone())
            .route_layer(from_fn_with_state(verifier, Verifier::<Caller, MemoryNonces>::check));
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (serving, told) = shutdown();
        tokio::spawn(serve(listener, Router::new().nest("/authority/v1", routes), told));
        Self { base, state, _serving: serving }
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.state.known()
    }

    /// The address below which it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Knows whose a certificate is.
    pub fn know(&self, certificate: &Certificate, subject: &str, attributes: &Attributes) {
        let mut known = self.known();
        let told = (subject.to_owned(), attributes.clone());
        known.holders.insert(certificate.as_der().to_vec(), told);
    }

    /// Does not know a certificate any more.
    pub fn forget(&self, certificate: &Certificate) {
        self.known().holders.remove(certificate.as_der());
    }

    /// Enters something into a resident's history.
    pub fn happened(&self, subject: &str, at: Timestamp, code: &str) {
        let entry = HistoryEntry {
            at,
            code: code.to_owned(),
            params: [("usage", "signature"), ("medium", "phone")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            actor: "service".to_owned(),
            index: None,
        };
        let mut known = self.known();
        known.histories.entry(subject.to_owned()).or_default().push(entry);
    }

    /// Does not answer for now.
    pub fn set_down(&self, down: bool) {
        self.known().down = down;
    }

    /// Takes requests, and answers none until it is no longer silent.
    pub fn set_silent(&self, silent: bool) {
        self.known().silent = silent;
        self.state.speaks.notify_waiters();
    }

    /// Returns once somebody waits for an answer.
    pub async fn is_waited_for(&self) {
        while self.known().waiting == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Does not tell attributes.
    pub fn set_secretive(&self, secretive: bool) {
        self.known().secretive = secretive;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.known().asked
    }
}

impl State {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }
}

async fn find_holder(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Json(request): Json<FindHolder>,
) -> Result<Json<Holder>, Problem> {
    loop {
        let speaks = state.speaks.notified();
        if !state.known().silent {
            break;
        }
        state.known().waiting += 1;
        speaks.await;
    }
    let mut known = state.known();
    known.answer()?;
    let found = known.holders.get(&request.certificate.0);
    let (subject, attributes) =
        found.cloned().ok_or_else(|| Problem::new(Code::CERTIFICATE_UNTRUSTED))?;
    let attributes = (!known.secretive).then_some(attributes);
    Ok(Json(Holder { subject, attributes }))
}

/// Pages by how many entries there are before an entry, as the authority does by its journal.
async fn history(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Path(subject): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let before: Option<usize> = query.position()?;
    let mut known = state.known();
    known.answer()?;
    let entries = known.histories.entry(subject).or_default();
    let rest = entries.iter().enumerate().take(before.unwrap_or(usize::MAX));
    let wanted = rest.rev().take(query.limit.count() + 1);
    let wanted = wanted.map(|(number, entry)| (number, entry.clone())).collect();
    let page = Page::of(wanted, query.limit, |(number, _)| *number).or_internal()?;
    let items = page.items.into_iter().map(|(_, entry)| entry).collect();
    Ok(Json(Page { items, next: page.next }))
}

impl Known {
    pub(super) fn answer(&mut self) -> Result<(), Problem> {
        self.asked += 1;
        if self.down { Err(Problem::new(Code::STORE_UNAVAILABLE)) } else { Ok(()) }
    }
}

struct Caller {
    id: String,
    key: PublicKey,
}

impl KeyDirectory for Caller {
    async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
        Ok((key_id == self.id).then(|| self.key.clone()))
    }
}
