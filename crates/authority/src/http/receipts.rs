//! What anybody may ask who is shown a chip's deletion receipt. No request is signed here.

use axum::extract::State as Shared;
use inrou_api::problem::Problem;
use inrou_api::server::Json;
use inrou_api::wire::authority::{DeletionJudged, JudgeDeletion};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(judge_deletion))
}

/// What a chip's deletion receipt proves (END-1). Nothing is kept.
#[utoipa::path(post, path = "/deletion-receipts", operation_id = "judge_deletion", tag = "receipts",
    request_body = JudgeDeletion, extensions(("x-problems" = json!(["receipt-invalid"]))),
    responses((status = 200, body = DeletionJudged)))]
async fn judge_deletion(
    Shared(state): Shared<State>,
    Json(shown): Json<JudgeDeletion>,
) -> Result<Json<DeletionJudged>, Problem> {
    blocking(state.authority, move |authority| authority.judge_deletion(shown)).await.map(Json)
}
