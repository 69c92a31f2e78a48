//! Notices and history.

use axum::extract::State as Shared;
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Query, Wait};
use inrou_api::wire::authority::Notices;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::bearer::LoggedIn;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(notices))
}

/// From where on, and how long to wait for news.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    /// `next` of the answer before; 0 or absent for all.
    #[serde(default)]
    since: u64,
    /// At most this many seconds, up to 30.
    #[serde(default)]
    #[param(value_type = Option<u32>, maximum = 30)]
    wait: Wait,
}

/// The resident's notices, oldest first; waits while there is none (USE-2).
#[utoipa::path(get, path = "/notices", tag = "records", params(NoticesQuery),
    responses((status = 200, body = Notices)))]
async fn notices(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Query(query): Query<NoticesQuery>,
) -> Result<Json<Notices>, Problem> {
    let (since, wait) = (query.since, query.wait);
    let notices = state.portal.notices(session, since, wait, &state.shutdown);
    notices.await.map(Json)
}
