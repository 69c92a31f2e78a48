//! What phones call.

use axum::extract::State as Shared;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path};
use inrou_api::wire::transaction::{Transaction, TransactionAnswer, TransactionId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(answer))
}

/// What a phone is asked: opened by link or QR code (USE-1).
#[utoipa::path(get, path = "/transactions/{transaction}", operation_id = "transaction",
    tag = "phone",
    params(("transaction" = inline(TransactionId), Path,
        description = "The identifier at the end of the link.")),
    extensions(("x-problems" = json!(["transaction-unknown"]))),
    responses((status = 200, body = Transaction)))]
async fn open(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
) -> Result<Json<Transaction>, Problem> {
    state.portal.transaction(&parse(id)?).await.map(Json)
}

/// Answers it. The same answer may be sent again.
#[utoipa::path(post, path = "/transactions/{transaction}/answer",
    operation_id = "answer_transaction", tag = "phone",
    params(("transaction" = inline(TransactionId), Path,
        description = "The identifier at the end of the link.")), request_body = TransactionAnswer,
    extensions(("x-problems" = json!([
        "application-content-mismatch", "application-settled", "application-signature-invalid",
        "bad-request", "certificate-expired", "certificate-not-yet-valid", "certificate-on-hold",
        "certificate-revoked", "certificate-untrusted", "certificate-wrong-kind", "conflict",
        "login-signature-invalid", "signer-other-person", "status-unavailable", "transaction-done",
        "transaction-expired", "transaction-refused", "transaction-unknown"
    ]))),
    responses((status = 200, body = Transaction)))]
async fn answer(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    Json(answer): Json<TransactionAnswer>,
) -> Result<Json<Transaction>, Problem> {
    state.portal.answer(&parse(id)?, answer).await.map(Json)
}

fn parse(id: String) -> Result<TransactionId, Problem> {
    TransactionId::try_from(id).map_err(|_| Problem::new(Code::TRANSACTION_UNKNOWN))
}
