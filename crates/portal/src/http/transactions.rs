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
#[utoipa::path(get, path = "/transactions/{transaction}", tag = "phone",
    params(("transaction" = String, Path)),
    responses((status = 200, body = Transaction)))]
async fn open(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
) -> Result<Json<Transaction>, Problem> {
    state.portal.transaction(&parse(id)?).await.map(Json)
}

/// Answers it. The same answer may be sent again.
#[utoipa::path(post, path = "/transactions/{transaction}/answer", tag = "phone",
    params(("transaction" = String, Path)), request_body = TransactionAnswer,
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
