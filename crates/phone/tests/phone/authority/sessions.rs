//! Secure-channel sessions with the phones' chips.

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::post;
use inrou_api::clock::Clock;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::*;
use inrou_api::wire::{Base64, Hex};
use inrou_chip::issuer::{
    AttestedKey as KeyName, Challenge as ChipChallenge, DeletionRequest, Operation, Outcome,
    PinReference, Session, Step,
};
use inrou_pki::{KeyAlgorithm, SystemEntropy};
use inrou_rules::{CertificateStatus, Medium, Refusal};
use jiff::SignedDuration;

use super::calls::random;
use super::{Authority, Open, State, phone};

/// How long after registration relying parties see a certificate (HOURS-3).
const SEEN_AFTER: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn routes() -> Router<Authority> {
    Router::new()
        .route("/sessions", post(open_session))
        .route("/sessions/{id}", post(answer_session))
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
            let keys = uses.iter().map(|usage| (usage, KeyAlgorithm::Rsa2048)).collect();
            let make = Operation::MakeKeys { enrolment, challenge, keys };
            (chip, [make].into_iter().chain(leaves).collect())
        }
        (SessionWork::StoreCertificates { enrolment }, Some(chip)) => {
            let found = &state.enrolments[enrolment];
            match found.stage {
                EnrolmentStage::Ready { .. } => {}
                EnrolmentStage::Registered { since, .. } => {
                    let certificates = state.certificates.clone();
                    let usable_from = since + SEEN_AFTER;
                    let outcome = SessionOutcome::CertificatesStored { certificates, usable_from };
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
                let usable_from = now + SEEN_AFTER;
                found.stage =
                    EnrolmentStage::Registered { since: now, usable_from: Some(usable_from) };
                let views = found.certificates.iter().map(|carried| CertificateView {
                    usage: carried.usage,
                    medium: Medium::Phone,
                    serial: "000002".to_owned(),
                    not_before: now,
                    not_after: now + SignedDuration::from_hours(24 * 365),
                    status: CertificateStatus::Active { since: now },
                    reapplication_asked: false,
                });
                state.certificates = views.collect();
                state.acts.push("registration");
                let certificates = state.certificates.clone();
                SessionOutcome::CertificatesStored { certificates, usable_from }
            }
            (SessionWork::Delete, Outcome::Deleted(receipt)) => {
                state.deletion_due = false;
                state.acts.push("deletion");
                let (receipt, certificate) = (receipt.0.signed, receipt.0.certificate);
                SessionOutcome::Deleted {
                    receipt: Base64(receipt),
                    certificate: Base64(certificate),
                }
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
