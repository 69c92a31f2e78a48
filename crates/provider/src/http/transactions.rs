//! What phones call.

use axum::extract::State as Shared;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path};
use inrou_api::wire::transaction::{Answering, Taking, Transaction, TransactionId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(take)).routes(routes!(answer))
}

/// A phone takes what a link or QR code asks (USE-1): the first one does, and it alone may look again.
#[utoipa::path(post, path = "/transactions/{transaction}/taking", operation_id = "take_site_transaction",
    tag = "phone",
    params(("transaction" = inline(TransactionId), Path,
        description = "The identifier in the link.")), request_body = Taking,
    extensions(("x-problems" = json!([
        "handover-forged", "handover-stale", "handover-taken", "transaction-done",
        "transaction-expired", "transaction-refused", "transaction-unknown"
    ]))),
    responses((status = 200, body = Transaction)))]
async fn take(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    Json(taking): Json<Taking>,
) -> Result<Json<Transaction>, Problem> {
    state.provider.take(&parse(id)?, taking).await.map(Json)
}

/// Answers it. The same answer may be sent again.
#[utoipa::path(post, path = "/transactions/{transaction}/answer",
    operation_id = "answer_site_transaction", tag = "phone",
    params(("transaction" = inline(TransactionId), Path,
        description = "The identifier in the link.")), request_body = Answering,
    extensions(("x-problems" = json!([
        "application-content-mismatch", "application-signature-invalid", "bad-request",
        "certificate-expired", "certificate-not-yet-valid", "certificate-on-hold",
        "certificate-revoked", "certificate-untrusted", "certificate-wrong-kind", "client-unknown",
        "digest-signature-invalid", "handover-number-wrong", "handover-taken", "handover-timed-out",
        "holder-phone-not-supported", "holder-pin-blocked", "holder-pin-wrong",
        "holder-without-certificate", "login-proof-missing", "login-signature-invalid",
        "other-person-logged-in", "request-uri-invalid", "sign-transaction-used",
        "signer-other-person", "status-unavailable", "transaction-done", "transaction-expired",
        "transaction-refused", "transaction-unknown"
    ]))),
    responses((status = 200, body = Transaction)))]
async fn answer(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    Json(answer): Json<Answering>,
) -> Result<Json<Transaction>, Problem> {
    state.provider.take_answer(&parse(id)?, answer).await.map(Json)
}

fn parse(id: String) -> Result<TransactionId, Problem> {
    TransactionId::try_from(id).map_err(|_| Problem::new(Code::TRANSACTION_UNKNOWN))
}
