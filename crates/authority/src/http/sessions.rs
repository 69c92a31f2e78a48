//! Secure-channel sessions with chips.

use std::sync::Arc;

use axum::extract::{Request, State as Shared};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path, Source};
use inrou_api::signature::{SignedBy, Verifier};
use inrou_api::wire::authority::{SessionAnswer, SessionStep, SessionWork};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Keys, Nonces, State, blocking, caller};
use crate::tasks::Caller;

type Signatures = Verifier<Keys, Nonces>;

pub(super) fn router(verifier: Arc<Signatures>) -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(answer))
        .route_layer(from_fn_with_state(verifier, check_if_signed))
}

/// What may be wrong when a session is opened or goes on: either can end its work.
const PROBLEMS: [&str; 26] = [
    "application-under-way",
    "attestation-invalid",
    "card-expired",
    "card-reported-lost",
    "certificate-held",
    "certificate-unknown",
    "conflict",
    "deletion-due",
    "deletion-not-due",
    "enrolment-unknown",
    "keys-not-made",
    "municipality-unknown",
    "no-card",
    "no-such-application",
    "no-such-registration",
    "nothing-to-do",
    "other-municipality",
    "phone-elsewhere",
    "phone-serves-another",
    "receipt-incomplete",
    "receipt-invalid",
    "request-unknown",
    "resident-unknown",
    "session-answer-invalid",
    "session-lost",
    "too-many-requests",
];

/// Opens a session. Signed, but for the registration of a phone.
#[utoipa::path(post, path = "/sessions", operation_id = "open_session", tag = "session",
    request_body = SessionWork,
    extensions(("x-problems" = json!(PROBLEMS))),
    responses((status = 200, body = SessionStep)))]
async fn open(
    Shared(state): Shared<State>,
    by: Option<axum::Extension<SignedBy>>,
    source: Source,
    Json(work): Json<SessionWork>,
) -> Result<Json<SessionStep>, Problem> {
    let caller = match by {
        Some(by) => caller(&by)?,
        None if matches!(work, SessionWork::RegisterPhone { .. }) => Caller::Anybody,
        None => return Err(Problem::new(Code::SIGNATURE_MISSING)),
    };
    blocking(state.authority, move |authority| authority.open_session(caller, source, &work))
        .await
        .map(Json)
}

/// Hands in the chip's answers. The same answers again get the same step again.
#[utoipa::path(post, path = "/sessions/{session}", operation_id = "answer_session", tag = "session",
    params(("session" = String, Path, description = "`session` of the step before.")),
    request_body = SessionAnswer,
    extensions(("x-problems" = json!(PROBLEMS))),
    responses((status = 200, body = SessionStep)))]
async fn answer(
    Shared(state): Shared<State>,
    by: Option<axum::Extension<SignedBy>>,
    Path(id): Path<String>,
    Json(answer): Json<SessionAnswer>,
) -> Result<Json<SessionStep>, Problem> {
    let caller = match by {
        Some(by) => caller(&by)?,
        None => Caller::Anybody,
    };
    blocking(state.authority, move |authority| authority.answer_session(&caller, &id, answer))
        .await
        .map(Json)
}

/// Checks the signature of a request that has one.
async fn check_if_signed(
    Shared(verifier): Shared<Arc<Signatures>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !request.headers().contains_key("signature") {
        return Ok(next.run(request).await);
    }
    Signatures::check(Shared(verifier), request, next).await
}
