//! An authority in memory: the protocol whole, the rules not at all. It can be told to refuse, to lose
//! answers, to be out of reach, to forget its sessions, and it counts what it did.

mod calls;
mod sessions;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use inrou_api::clock::{Clock, TestClock};
use inrou_api::idempotency::Answer;
use inrou_api::problem::Problem;
use inrou_api::server::{Trigger, listen, serve, shutdown};
use inrou_api::signature::{KeyDirectory, MemoryNonces, SignedBy, Verifier};
use inrou_api::wire::authority::*;
use inrou_chip::issuer::{CarriedCertificate, Session};
use inrou_pki::PublicKey;
use inrou_rules::{
    CertificateStatus, ChipId, EnrolmentId, HoldCause, Medium, RevocationReason, Uses,
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::house::House;
use crate::world::soon;

/// How long challenges live.
const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(10);

#[derive(Clone)]
pub struct Authority {
    pub base: String,
    clock: Arc<TestClock>,
    house: Arc<House>,
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
    held: watch::Sender<bool>,
    _serving: Arc<Trigger>,
}

/// What happens to a request, counted from 0 over all that are not for notices or views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not arrive.
    Lost,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// The authority restarts before it: sessions are gone.
    SessionsForgotten,
}

#[derive(Default)]
struct State {
    seen: usize,
    fault: Option<(usize, usize, Fault, StatusCode)>,
    refusal: Option<(&'static str, Problem)>,
    phones: HashMap<ChipId, PublicKey>,
    enrolments: BTreeMap<EnrolmentId, Enrolment>,
    latest: Option<EnrolmentId>,
    requests: BTreeMap<String, Asked>,
    sessions: HashMap<String, Open>,
    kept: HashMap<(String, String), Answer>,
    notices: Vec<Notice>,
    certificates: Vec<CertificateView>,
    deletion_due: bool,
    resumption: Option<Resumption>,
    acts: Vec<&'static str>,
}

struct Enrolment {
    chip: ChipId,
    uses: Uses,
    change_of_phone: bool,
    challenge: Challenge,
    keys: Vec<AttestedKey>,
    certificates: Vec<CarriedCertificate>,
    stage: EnrolmentStage,
}

struct Asked {
    chip: ChipId,
    what: BeginRequest,
    challenge: Challenge,
    carried_out: bool,
}

struct Open {
    chip: ChipId,
    work: SessionWork,
    session: Session,
    last: Option<(SessionAnswer, SessionStep)>,
}

impl Authority {
    pub async fn start(house: Arc<House>, clock: Arc<TestClock>) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}/authority/v1", listener.local_addr().unwrap());
        let (trigger, told) = shutdown();
        let authority = Self {
            base,
            clock,
            house,
            state: Arc::default(),
            changed: watch::Sender::default(),
            held: watch::Sender::default(),
            _serving: Arc::new(trigger),
        };
        tokio::spawn(serve(listener, authority.router(), told));
        authority
    }

    /// From request number `at` on, so many fail, with this status.
    pub fn fail(&self, at: usize, times: usize, fault: Fault, status: StatusCode) {
        self.state().fault = Some((at, times, fault, status));
    }

    /// The next requests all fail as if nobody were there, until it is mended.
    pub fn out_of_reach(&self) {
        let seen = self.seen();
        self.fail(seen, usize::MAX, Fault::Lost, StatusCode::SERVICE_UNAVAILABLE);
    }

    /// Nothing fails any more.
    pub fn mend(&self) {
        let mut state = self.state();
        (state.fault, state.refusal) = (None, None);
    }

    /// Requests whose path contains `part` are refused.
    pub fn refuse(&self, part: &'static str, problem: impl Into<Problem>) {
        self.state().refusal = Some((part, problem.into()));
    }

    /// Requests wait at the door from now on.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets them in again.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Waits until request number `number` has come to the door.
    pub async fn came(&self, number: usize) {
        soon(async {
            while self.seen() <= number {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// The device keys of phones are forgotten.
    pub fn forget_phones(&self) {
        self.state().phones.clear();
    }

    /// How many requests came that can fail.
    pub fn seen(&self) -> usize {
        self.state().seen
    }

    /// What was done, in order.
    pub fn acts(&self) -> Vec<&'static str> {
        self.state().acts.clone()
    }

    /// The job: issues for the enrolment that is complete, once, and tells the phone (HOURS-2).
    pub fn issue(&self) {
        let now = self.clock.now();
        {
            let mut state = self.state();
            let enrolment = state.latest_mut();
            if !matches!(enrolment.stage, EnrolmentStage::Completed { .. }) {
                return;
            }
            enrolment.stage = EnrolmentStage::Ready { since: now };
            for key in enrolment.keys.clone() {
                let public = PublicKey::from_spki(&key.spki.0).unwrap();
                let certificate = self.house.certify(key.usage, Medium::Phone, &public, now);
                enrolment.certificates.push(CarriedCertificate {
                    usage: key.usage,
                    certificate: certificate.as_der().to_vec(),
                    issuer: self.house.issuer(key.usage).as_der().to_vec(),
                });
            }
            state.notify("registration-ready", now);
        }
        self.changed.send_replace(());
    }

    /// The certificates end elsewhere: the phone has to delete them, and is told (MOVE-3).
    pub fn revoke_elsewhere(&self) {
        let now = self.clock.now();
        {
            let mut state = self.state();
            state.deletion_due = true;
            for certificate in &mut state.certificates {
                let reason = RevocationReason::Superseded;
                certificate.status = CertificateStatus::Revoked { at: now, reason };
            }
            state.notify("certificates-revoked", now);
        }
        self.changed.send_replace(());
    }

    /// The phone's certificates are on hold, and resuming its use leads to this.
    pub fn put_on_hold(&self, resumption: Resumption) {
        let now = self.clock.now();
        {
            let mut state = self.state();
            state.resumption = Some(resumption);
            for certificate in &mut state.certificates {
                let cause = HoldCause::Loss;
                certificate.status =
                    CertificateStatus::Held { since: now, was_active: Some(now), cause };
            }
            state.notify("certificates-on-hold", now);
        }
        self.changed.send_replace(());
    }

    /// The phone is told something.
    pub fn tell(&self) {
        let now = self.clock.now();
        self.state().notify("certificates-registered", now);
        self.changed.send_replace(());
    }

    /// The job finds that nothing can be issued.
    pub fn reject(&self, code: &str) {
        let now = self.clock.now();
        {
            let mut state = self.state();
            state.latest_mut().stage = EnrolmentStage::Ended { code: code.to_owned() };
            state.notify("application-rejected", now);
        }
        self.changed.send_replace(());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn router(&self) -> Router {
        let keys = Keys(self.state.clone());
        let verifier = Arc::new(Verifier::new(self.clock.clone(), keys, MemoryNonces::new()));
        let check = from_fn_with_state(verifier.clone(), Verifier::<Keys, MemoryNonces>::check);
        let signed = calls::routes().route_layer(check);
        let sessions =
            sessions::routes().route_layer(from_fn_with_state(verifier, check_if_signed));
        let all = signed.merge(sessions).with_state(self.clone());
        Router::new()
            .nest("/authority/v1", all)
            .layer(from_fn_with_state(self.clone(), fail_as_told))
    }
}

impl State {
    fn latest_mut(&mut self) -> &mut Enrolment {
        let latest = self.latest.unwrap();
        self.enrolments.get_mut(&latest).unwrap()
    }

    fn notify(&mut self, code: &str, at: Timestamp) {
        let sequence = self.notices.len() as u64 + 1;
        self.notices.push(Notice { sequence, at, code: code.to_owned(), params: [].into() });
    }
}

async fn fail_as_told(
    Shared(authority): Shared<Authority>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    if path.ends_with("/notices") || path.ends_with("/phones/self") {
        return next.run(request).await;
    }
    let (fault, refusal) = {
        let mut state = authority.state();
        let number = state.seen;
        state.seen += 1;
        let fault =
            state.fault.filter(|&(at, times, ..)| (at..at.saturating_add(times)).contains(&number));
        let refusal = state.refusal.clone().filter(|(part, _)| path.contains(part));
        (fault, refusal)
    };
    authority.held.subscribe().wait_for(|held| !held).await.unwrap();
    match (fault, refusal) {
        (Some((_, _, Fault::SessionsForgotten, _)), _) => {
            authority.state().sessions.clear();
            next.run(request).await
        }
        (Some((_, _, Fault::Lost, status)), _) => status.into_response(),
        (Some((_, _, Fault::AnswerLost, status)), _) => {
            next.run(request).await;
            status.into_response()
        }
        (None, Some((_, problem))) => problem.into_response(),
        (None, None) => next.run(request).await,
    }
}

struct Keys(Arc<Mutex<State>>);

impl KeyDirectory for Keys {
    async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
        let chip = key_id.strip_prefix("phone:").and_then(|chip| chip.parse().ok());
        Ok(chip.and_then(|chip: ChipId| self.0.lock().unwrap().phones.get(&chip).cloned()))
    }
}

fn phone(by: &SignedBy) -> ChipId {
    by.key_id.strip_prefix("phone:").unwrap().parse().unwrap()
}

async fn check_if_signed(
    verifier: Shared<Arc<Verifier<Keys, MemoryNonces>>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.headers().contains_key("signature") {
        Verifier::check(verifier, request, next).await
    } else {
        Ok(next.run(request).await)
    }
}
