//! Consents to let sites have the latest attributes.

use axum::extract::State as Shared;
use inrou_api::consent::ConsentId;
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path};
use inrou_api::wire::authority::{ConsentView, Consents};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::bearer::LoggedIn;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(consents)).routes(routes!(withdraw))
}

/// The resident's consents, the newest first.
#[utoipa::path(get, path = "/consents", operation_id = "resident_consents", tag = "consents",
    extensions(("x-problems" = json!(["service-unavailable"]))),
    responses((status = 200, body = Consents)))]
async fn consents(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<Consents>, Problem> {
    state.portal.consents(&session).await.map(Json)
}

/// Withdraws a consent. Repeating it changes nothing.
#[utoipa::path(post, path = "/consents/{consent}/withdrawal", operation_id = "resident_withdraws",
    tag = "consents",
    params(("consent" = inline(ConsentId), Path, description = "Which.")),
    extensions(("x-problems" = json!(["not-found", "service-unavailable"]))),
    responses((status = 200, body = ConsentView)))]
async fn withdraw(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Path(consent): Path<String>,
) -> Result<Json<ConsentView>, Problem> {
    state.portal.withdraw(&session, consent).await.map(Json)
}
