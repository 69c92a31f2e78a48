//! What the hotline calls: holds, revocations on request.

use axum::extract::State as Shared;
use inrou_api::acting::{ActingHeader, SaidActing};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{ReportLoss, ResidentView, RevokePhone};
use inrou_rules::ResidentId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, role};
use crate::Authority;
use crate::problem::Failed;
use crate::settings::Permission;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(hold)).routes(routes!(revoke_phone))
}

/// Puts the certificates of a lost card or phone on hold, at any hour (LOSS-1, CARD-11). Repeating it
/// changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/hold", operation_id = "report_loss",
    tag = "hotline",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = ReportLoss,
    extensions(("x-problems" = json!([
        "conflict", "not-on-register", "nothing-to-hold", "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn hold(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(loss): Json<ReportLoss>,
) -> Result<Json<ResidentView>, Problem> {
    by_call(state, &by, move |authority| authority.hold(resident, &loss, acting)).await
}

/// Ends the use of a phone's certificates on request, while the hotline answers (LOSS-3, END-5).
/// Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/phone/revocation", tag = "hotline",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = RevokePhone,
    extensions(("x-problems" = json!([
        "conflict", "hotline-closed", "no-such-phone", "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn revoke_phone(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(revocation): Json<RevokePhone>,
) -> Result<Json<ResidentView>, Problem> {
    by_call(state, &by, move |authority| authority.revoke_phone(resident, &revocation, acting))
        .await
}

async fn by_call(
    state: State,
    by: &SignedBy,
    work: impl FnOnce(&Authority) -> Result<ResidentView, Failed> + Send + 'static,
) -> Result<Json<ResidentView>, Problem> {
    let role = role(by)?;
    let done = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Hotline)?;
        work(authority)
    });
    done.await.map(Json)
}
