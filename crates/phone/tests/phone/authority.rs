//! An authority in memory: the protocol whole, the rules not at all. It can be told to refuse, to lose
//! answers, to be out of reach, to forget its sessions, and it counts what it did.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use inrou_api::clock::{Clock, TestClock};
use inrou_api::idempotency::{Answer, KeyedJson};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path, Query, Trigger, listen, serve, shutdown};
use inrou_api::signature::{KeyDirectory, MemoryNonces, SignedBy, Verifier};
use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::authority::*;
use inrou_api::wire::{Base64, Hex};
use inrou_chip::issuer::{
    AttestedKey as KeyName, CarriedCertificate, Challenge as ChipChallenge, DeletionRequest,
    Operation, Outcome, PinReference, Session, Step,
};
use inrou_pki::cms::SignedMessage;
use inrou_pki::{PublicKey, SystemEntropy};
use inrou_rules::{
    CertificateStatus, ChipId, EnrolmentId, Medium, Refusal, RevocationReason, Use, Uses,
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::house::{House, hanako};

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
    acts: Vec<&'static str>,
}

struct Enrolment {
    chip: ChipId,
    uses: Uses,
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
        while self.seen() <= number {
            tokio::task::yield_now().await;
        }
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
        let signed = Router::new()
            .route("/phones/self", get(view))
            .route("/notices", get(notices))
            .route("/enrolments", post(begin_enrolment))
            .route("/enrolments/{id}/application", post(take_application))
            .route("/enrolments/{id}/completion", post(complete))
            .route("/requests", post(begin_request))
            .route("/requests/{id}", post(carry_out))
            .route_layer(check);
        let sessions = Router::new()
            .route("/sessions", post(open_session))
            .route("/sessions/{id}", post(answer_session))
            .route_layer(from_fn_with_state(verifier, check_if_signed));
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

async fn view(Shared(authority): Shared<Authority>, by: SignedBy) -> Json<PhoneView> {
    let state = authority.state();
    let latest = state.latest.filter(|id| state.enrolments[id].chip == phone(&by));
    Json(PhoneView {
        chip: phone(&by),
        platform: inrou_rules::Platform::Android,
        model: "Test phone".to_owned(),
        enrolment: latest.map(|id| view_of(id, &state.enrolments[&id])),
        certificates: state.certificates.clone(),
        deletion_due: state.deletion_due.then(|| authority.clock.now()),
    })
}

fn view_of(enrolment: EnrolmentId, found: &Enrolment) -> EnrolmentView {
    EnrolmentView { enrolment, uses: found.uses, stage: found.stage.clone() }
}

#[derive(serde::Deserialize)]
struct Since {
    since: u64,
    wait: u64,
}

async fn notices(
    Shared(authority): Shared<Authority>,
    Query(Since { since, wait }): Query<Since>,
) -> Json<Notices> {
    let mut changes = authority.changed.subscribe();
    let look = || {
        let state = authority.state();
        let new = state.notices.iter().filter(|notice| notice.sequence > since);
        new.cloned().collect::<Vec<_>>()
    };
    let mut new = look();
    if new.is_empty() {
        let _ = tokio::time::timeout(Duration::from_secs(wait), changes.changed()).await;
        new = look();
    }
    let next = new.last().map_or(since, |last| last.sequence);
    Json(Notices { notices: new, next })
}

/// Does what creates something once a key.
fn once<T>(
    authority: &Authority,
    by: &SignedBy,
    body: KeyedJson<T>,
    create: impl FnOnce(&mut State, T) -> Answer,
) -> Answer {
    let (keyed, body) = body.by(by.key_id.clone());
    let mut state = authority.state();
    let name = (keyed.caller, keyed.key.as_str().to_owned());
    if let Some(answer) = state.kept.get(&name) {
        return answer.clone();
    }
    let answer = create(&mut state, body);
    state.kept.insert(name, answer.clone());
    answer
}

fn challenge(authority: &Authority) -> Challenge {
    let value = Base64(random::<32>().to_vec());
    Challenge { value, expires: authority.clock.now() + CHALLENGE_LIFE }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    inrou_pki::Entropy::fill(&SystemEntropy, &mut bytes);
    bytes
}

async fn begin_enrolment(
    Shared(authority): Shared<Authority>,
    by: SignedBy,
    body: KeyedJson<BeginEnrolment>,
) -> Answer {
    once(&authority, &by, body, |state, begin| {
        let id = EnrolmentId::from_bytes(random());
        let enrolment = Enrolment {
            chip: phone(&by),
            uses: begin.uses,
            challenge: challenge(&authority),
            keys: Vec::new(),
            certificates: Vec::new(),
            stage: EnrolmentStage::Begun,
        };
        let challenge = enrolment.challenge.clone();
        state.enrolments.insert(id, enrolment);
        state.latest = Some(id);
        state.acts.push("enrolment");
        let begun = EnrolmentBegun { enrolment: id, challenge, terms: "2024-02".to_owned() };
        Answer::json(StatusCode::OK, &begun).unwrap()
    })
}

async fn take_application(
    Shared(authority): Shared<Authority>,
    by: SignedBy,
    Path(id): Path<EnrolmentId>,
    Json(statement): Json<SignedStatement>,
) -> Result<Json<ApplicationAccepted>, Problem> {
    let mut state = authority.state();
    let now = authority.clock.now();
    let enrolment =
        state.enrolments.get_mut(&id).ok_or_else(|| Problem::new(Code::ENROLMENT_UNKNOWN))?;
    let begun = enrolment.stage == EnrolmentStage::Begun;
    if begun && enrolment.challenge.expires <= now {
        return Err(Problem::new(Code::CHALLENGE_EXPIRED));
    }
    let expected = Statement::Application {
        challenge: enrolment.challenge.value.clone(),
        chip: phone(&by),
        enrolment: id,
        keys: keys_digest(&enrolment.keys),
        terms: "2024-02".to_owned(),
        uses: enrolment.uses,
    };
    check_statement(&statement, &expected, authority.house.issuer(Use::Signature).issuer())?;
    let uses = enrolment.uses;
    if begun {
        enrolment.stage = EnrolmentStage::Signed;
        state.acts.push("application");
    }
    Ok(Json(ApplicationAccepted { enrolment: id, applicant: hanako(), uses }))
}

fn check_statement(
    statement: &SignedStatement,
    expected: &Statement,
    issuer: &inrou_pki::Name,
) -> Result<(), Problem> {
    let message = SignedMessage::from_der(&statement.cms.0).unwrap();
    let signed = message.verify().unwrap();
    assert_eq!(signed.signer.issuer(), issuer);
    if signed.content == expected.to_bytes() {
        Ok(())
    } else {
        Err(Problem::new(Code::APPLICATION_CONTENT_MISMATCH))
    }
}

async fn complete(
    Shared(authority): Shared<Authority>,
    Path(id): Path<EnrolmentId>,
) -> Result<Json<EnrolmentView>, Problem> {
    let mut state = authority.state();
    let enrolment =
        state.enrolments.get_mut(&id).ok_or_else(|| Problem::new(Code::ENROLMENT_UNKNOWN))?;
    if enrolment.stage == EnrolmentStage::Signed {
        let at = authority.clock.now();
        enrolment.stage = EnrolmentStage::Completed { at, due: at };
        let view = view_of(id, enrolment);
        state.acts.push("completion");
        return Ok(Json(view));
    }
    Ok(Json(view_of(id, enrolment)))
}

async fn begin_request(
    Shared(authority): Shared<Authority>,
    by: SignedBy,
    body: KeyedJson<BeginRequest>,
) -> Answer {
    once(&authority, &by, body, |state, what| {
        let id = format!("{:032x}", u128::from_be_bytes(random()));
        let challenge = challenge(&authority);
        let asked =
            Asked { chip: phone(&by), what, challenge: challenge.clone(), carried_out: false };
        state.requests.insert(id.clone(), asked);
        state.acts.push("request");
        Answer::json(StatusCode::OK, &RequestBegun { request: id, challenge }).unwrap()
    })
}

async fn carry_out(
    Shared(authority): Shared<Authority>,
    Path(id): Path<String>,
    Json(statement): Json<SignedStatement>,
) -> Result<Json<RequestDone>, Problem> {
    let mut state = authority.state();
    let now = authority.clock.now();
    let State { requests, certificates, deletion_due, acts, .. } = &mut *state;
    let asked = requests.get_mut(&id).ok_or_else(|| Problem::new(Code::REQUEST_UNKNOWN))?;
    let (challenge, chip) = (asked.challenge.value.clone(), asked.chip);
    if !asked.carried_out && asked.challenge.expires <= now {
        return Err(Problem::new(Code::CHALLENGE_EXPIRED));
    }
    let expected = match asked.what {
        BeginRequest::Revocation { with } => {
            Statement::Revocation { challenge, chip, request: id, with }
        }
        BeginRequest::PinReset { usage } => {
            Statement::PinReset { challenge, chip, request: id, usage }
        }
    };
    check_statement(&statement, &expected, authority.house.issuer(Use::Signature).issuer())?;
    let first = !std::mem::replace(&mut asked.carried_out, true);
    Ok(Json(match asked.what {
        BeginRequest::Revocation { .. } => {
            if first {
                acts.push("revocation");
                *deletion_due = true;
            }
            for certificate in certificates.iter_mut() {
                let reason = RevocationReason::CessationOfOperation;
                certificate.status = CertificateStatus::Revoked { at: now, reason };
            }
            RequestDone::Revocation { certificates: certificates.clone() }
        }
        BeginRequest::PinReset { .. } => {
            if first {
                acts.push("reset");
            }
            RequestDone::PinReset
        }
    }))
}

async fn open_session(
    Shared(authority): Shared<Authority>,
    by: Option<axum::Extension<SignedBy>>,
    Json(work): Json<SessionWork>,
) -> Result<Json<SessionStep>, Problem> {
    let mut state = authority.state();
    let challenge = ChipChallenge([7; 32]);
    let by = by.map(|by| phone(&by));
    let (chip, operations) = match (&work, by) {
        (SessionWork::RegisterPhone { chip, .. }, None) => {
            (*chip, vec![Operation::MakeDeviceKey { challenge }])
        }
        (SessionWork::MakeKeys { enrolment }, Some(chip)) => {
            let Some(found) = state.enrolments.get(enrolment) else {
                return Err(Problem::new(Code::ENROLMENT_UNKNOWN));
            };
            if !found.keys.is_empty() {
                let outcome = SessionOutcome::KeysAttested { keys: found.keys.clone() };
                return Ok(Json(SessionStep::Done { outcome }));
            }
            let (enrolment, uses) = (*enrolment, found.uses);
            let leaves = uses.iter().map(|usage| Operation::AllowPin {
                reference: PinReference::from(usage),
                enrolment: Some(enrolment),
            });
            let make = Operation::MakeKeys { enrolment, challenge, uses };
            (chip, [make].into_iter().chain(leaves).collect())
        }
        (SessionWork::StoreCertificates { enrolment }, Some(chip)) => {
            let found = &state.enrolments[enrolment];
            match found.stage {
                EnrolmentStage::Ready { .. } => {}
                EnrolmentStage::Registered { since } => {
                    let certificates = state.certificates.clone();
                    let outcome =
                        SessionOutcome::CertificatesStored { certificates, usable_from: since };
                    return Ok(Json(SessionStep::Done { outcome }));
                }
                _ => return Err(Refusal::NoSuchRegistration.into()),
            }
            let certificates = found.certificates.clone();
            (chip, vec![Operation::StoreCertificates { enrolment: *enrolment, certificates }])
        }
        (SessionWork::Delete, Some(chip)) if state.deletion_due => {
            (chip, vec![Operation::Delete { request: DeletionRequest(random()), usage: None }])
        }
        (SessionWork::Delete, Some(_)) => return Err(Refusal::DeletionNotDue.into()),
        (SessionWork::AllowPinSet { request }, Some(chip)) => {
            let asked = &state.requests[request];
            let BeginRequest::PinReset { usage } = asked.what else { panic!() };
            assert!(asked.carried_out);
            (chip, vec![Operation::AllowPin { reference: usage.into(), enrolment: None }])
        }
        _ => return Err(Problem::new(Code::SIGNATURE_MISSING)),
    };
    let keys = authority.house.master().diversify(&chip);
    let (session, commands) = Session::new(chip, keys, &SystemEntropy, operations);
    let id = format!("{:032x}", u128::from_be_bytes(random()));
    state.sessions.insert(id.clone(), Open { chip, work, session, last: None });
    Ok(Json(step(id, commands)))
}

async fn answer_session(
    Shared(authority): Shared<Authority>,
    Path(id): Path<String>,
    Json(answer): Json<SessionAnswer>,
) -> Result<Json<SessionStep>, Problem> {
    let mut state = authority.state();
    let mut open = state.sessions.remove(&id).ok_or_else(|| Problem::new(Code::SESSION_LOST))?;
    if let Some((last, step)) = &open.last
        && *last == answer
    {
        return Ok(Json(step.clone()));
    }
    let answers: Vec<Vec<u8>> = answer.responses.iter().map(|each| each.0.clone()).collect();
    let next = match open.session.next(&answers).unwrap() {
        Step::Send(commands) => step(id.clone(), commands),
        Step::Done(outcomes) => {
            let outcome = authority.finish(&mut state, &open, outcomes);
            SessionStep::Done { outcome }
        }
    };
    open.last = Some((answer, next.clone()));
    state.sessions.insert(id, open);
    Ok(Json(next))
}

fn step(session: String, commands: Vec<Vec<u8>>) -> SessionStep {
    SessionStep::Commands { session, commands: commands.into_iter().map(Hex).collect() }
}

impl Authority {
    fn finish(&self, state: &mut State, open: &Open, outcomes: Vec<Outcome>) -> SessionOutcome {
        let (now, maker) = (self.clock.now(), self.house.maker_certificate());
        let challenge = ChipChallenge([7; 32]);
        match (&open.work, outcomes.into_iter().next().unwrap()) {
            (SessionWork::RegisterPhone { .. }, Outcome::DeviceKey(attestation)) => {
                let key =
                    attestation.verify(&maker, &open.chip, &KeyName::Device, &challenge).unwrap();
                if state.phones.insert(open.chip, key).is_none() {
                    state.acts.push("phone");
                }
                SessionOutcome::PhoneRegistered
            }
            (SessionWork::MakeKeys { enrolment }, Outcome::Keys(attestations)) => {
                let found = state.enrolments.get_mut(enrolment).unwrap();
                let keys = found.uses.iter().zip(&attestations).map(|(usage, attestation)| {
                    let name = KeyName::Credential { enrolment: *enrolment, usage };
                    let key = attestation.verify(&maker, &open.chip, &name, &challenge).unwrap();
                    AttestedKey { usage, spki: Base64(key.spki().to_vec()) }
                });
                found.keys = keys.collect();
                SessionOutcome::KeysAttested { keys: found.keys.clone() }
            }
            (SessionWork::StoreCertificates { enrolment }, Outcome::Stored(receipt)) => {
                let found = state.enrolments.get_mut(enrolment).unwrap();
                receipt.verify(&maker, &open.chip, enrolment, &found.certificates).unwrap();
                found.stage = EnrolmentStage::Registered { since: now };
                let views = found.certificates.iter().map(|carried| CertificateView {
                    usage: carried.usage,
                    medium: Medium::Phone,
                    serial: "000002".to_owned(),
                    not_before: now,
                    not_after: now,
                    status: CertificateStatus::Active { since: now },
                });
                state.certificates = views.collect();
                state.acts.push("registration");
                let certificates = state.certificates.clone();
                SessionOutcome::CertificatesStored { certificates, usable_from: now }
            }
            (SessionWork::Delete, Outcome::Deleted(receipt)) => {
                state.deletion_due = false;
                state.acts.push("deletion");
                SessionOutcome::Deleted { receipt: Base64(receipt.0.signed) }
            }
            (SessionWork::AllowPinSet { request }, Outcome::PinAllowed) => {
                let BeginRequest::PinReset { usage } = state.requests[request].what else {
                    panic!()
                };
                SessionOutcome::PinSetAllowed { usage }
            }
            _ => panic!("the outcome of another session"),
        }
    }
}
