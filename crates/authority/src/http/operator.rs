//! What the operator calls: acts on certificates.

use axum::extract::State as Shared;
use inrou_api::acting::{ActingHeader, SaidActing};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{Operate, ResidentView};
use inrou_rules::ResidentId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, role};
use crate::settings::Permission;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(operate))
}

/// Acts on certificates of a resident, as one step of an operation on many. Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/operations", tag = "operator",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = Operate,
    extensions(("x-problems" = json!([
        "certificate-of-another", "conflict", "resident-unknown", "signature-stays-held"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn operate(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(request): Json<Operate>,
) -> Result<Json<ResidentView>, Problem> {
    let role = role(&by)?;
    let done = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Operator)?;
        authority.operate(resident, &request, acting)
    });
    done.await.map(Json)
}
