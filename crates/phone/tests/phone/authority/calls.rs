//! What phones call: enrolments, requests, notices, themselves.

use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::{get, post};
use inrou_api::clock::Clock;
use inrou_api::idempotency::{Answer, KeyedJson};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::SignedBy;
use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::*;
use inrou_pki::SystemEntropy;
use inrou_pki::cms::SignedMessage;
use inrou_rules::{CertificateStatus, EnrolmentId, RevocationReason, Use};

use super::{Asked, Authority, CHALLENGE_LIFE, Enrolment, State, phone};
use crate::house::hanako;

pub(super) fn routes() -> Router<Authority> {
    Router::new()
        .route("/phones/self", get(view))
        .route("/notices", get(notices))
        .route("/enrolments", post(begin_enrolment))
        .route("/enrolments/{id}/application", post(take_application))
        .route("/enrolments/{id}/completion", post(complete))
        .route("/requests", post(begin_request))
        .route("/requests/{id}", post(carry_out))
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
        resumption: state.resumption,
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

pub(super) fn random<const N: usize>() -> [u8; N] {
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
            change_of_phone: begin.change_of_phone,
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
        change_of_phone: enrolment.change_of_phone,
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
    let State { requests, certificates, deletion_due, resumption, acts, .. } = &mut *state;
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
        BeginRequest::OtherRevocation => {
            Statement::OtherRevocation { challenge, chip, request: id }
        }
        BeginRequest::Resumption => Statement::Resumption { challenge, chip, request: id },
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
        BeginRequest::OtherRevocation => {
            if first {
                acts.push("other-revocation");
            }
            RequestDone::OtherRevocation
        }
        BeginRequest::Resumption => {
            if first {
                acts.push("resumption");
                let told = resumption.take().unwrap();
                *deletion_due = told.emptied;
                for certificate in certificates.iter_mut() {
                    let reason = RevocationReason::CessationOfOperation;
                    certificate.status = if told.anew.contains(certificate.usage) {
                        CertificateStatus::Revoked { at: now, reason }
                    } else {
                        CertificateStatus::Active { since: now }
                    };
                }
            }
            RequestDone::Resumption { certificates: certificates.clone() }
        }
    }))
}
