//! The page that asks for a log-in.

use axum::extract::State as Shared;
use axum::http::HeaderMap;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Problem, accepted_language};
use inrou_api::server::{Json, Path, Query, Source};
use inrou_api::wire::portal::{LoginBegun, LoginView};
use inrou_api::wire::transaction::LoginOrigin;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, Waiting};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(poll))
}

/// Begins a log-in (USE-1). The key must be a secret of 22 characters or more: whoever knows it knows
/// the log-in. The text that the phone shows is in the language asked for.
#[utoipa::path(post, path = "/logins", operation_id = "begin_login", tag = "log-in",
    params((
        "Idempotency-Key" = String, Header,
        description = "A secret of 22 to 64 characters, such as 32 random hexadecimal digits; as elsewhere \
            with or without quotes.",
        pattern = r##"^("[ !#-\[\]-~]{22,64}"|[!#$%&'*+\-.^_`|~0-9A-Za-z]{22,64})$"##,
        example = "\"5f0c8d1e9b7a4c3d2e1f0a9b8c7d6e5f\"")),
    extensions(("x-problems" = json!(["conflict", "too-many-requests"]))),
    responses((status = 200, body = LoginBegun)))]
async fn begin(
    Shared(state): Shared<State>,
    source: Source,
    headers: HeaderMap,
) -> Result<Json<LoginBegun>, Problem> {
    let key = IdempotencyKey::read(&headers)?;
    let language = accepted_language(&headers);
    state.portal.begin_login(&key, source, LoginOrigin::Program, language).await.map(Json)
}

/// How a log-in stands; waits while it is open.
#[utoipa::path(get, path = "/logins/{login}", operation_id = "login", tag = "log-in",
    params(("login" = String, Path, description = "`login` of the answer to `POST /logins`."),
    Waiting),
    responses((status = 200, body = LoginView)))]
async fn poll(
    Shared(state): Shared<State>,
    Path(login): Path<String>,
    Query(query): Query<Waiting>,
) -> Result<Json<LoginView>, Problem> {
    let view = state.portal.login(&login, query.wait, &state.shutdown);
    view.await.map(Json)
}
