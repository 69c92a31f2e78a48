//! A resident's sessions.

use axum::extract::State as Shared;
use inrou_api::idempotency::Answer;
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path};
use inrou_api::wire::portal::SessionView;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::bearer::{LoggedIn, WasLoggedIn};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(end)).routes(routes!(log_out))
}

/// The resident's sessions, newest first.
#[utoipa::path(get, path = "/sessions", operation_id = "sessions", tag = "session",
    responses((status = 200, body = Vec<SessionView>)))]
async fn list(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<Vec<SessionView>>, Problem> {
    state.portal.sessions(session).await.map(Json)
}

/// Ends a session of the resident's. Repeating it changes nothing.
#[utoipa::path(post, path = "/sessions/{session}/end", operation_id = "end_session",
    tag = "session",
    params(("session" = String, Path, description = "`session` of the list.")),
    responses((status = 204, description = "It has ended")))]
async fn end(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    state.portal.end_session(session, id).await?;
    Ok(Answer::empty())
}

/// Logs out: ends the asking session. Repeating it changes nothing.
#[utoipa::path(post, path = "/logout", tag = "session",
    responses((status = 204, description = "Logged out")))]
async fn log_out(
    Shared(state): Shared<State>,
    WasLoggedIn(session): WasLoggedIn,
) -> Result<Answer, Problem> {
    let id = session.id.clone();
    state.portal.end_session(session, id).await?;
    Ok(Answer::empty())
}
