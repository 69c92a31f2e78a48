//! Notices, history, and phones.

use axum::extract::State as Shared;
use inrou_api::page::{Cursor, Limit, Page};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query, Wait};
use inrou_api::wire::authority::{HistoryEntry, Holdings, LogProof, Notices};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::bearer::LoggedIn;
use crate::history::HistoryQuery;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(notices))
        .routes(routes!(history))
        .routes(routes!(history_proof))
        .routes(routes!(phones))
}

/// From where on, and how long to wait for news.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    /// `next` of the answer before; 0 or absent for all.
    #[serde(default)]
    since: u64,
    /// How many seconds to wait: up to 30, more counts as 30.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    wait: Wait,
}

/// The resident's notices, oldest first; waits while there is none (USE-2).
#[utoipa::path(get, path = "/notices", operation_id = "resident_notices", tag = "records",
    params(NoticesQuery),
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

/// Which entries, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HistoryParams {
    /// `next` of the page before; absent for the first page.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<Cursor>,
    /// How many items at most: 1 to 200, 50 if absent; more counts as 200, 0 as 1.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
    /// Only entries of this code.
    code: Option<String>,
    /// Only what happened at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only what happened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// What was done in the resident's name, here and at the authority, newest first (USE-7). A page may be
/// shorter than asked for and yet have a next one.
#[utoipa::path(get, path = "/history", operation_id = "resident_history", tag = "records",
    params(HistoryParams),
    responses((status = 200, body = Page<HistoryEntry>)))]
async fn history(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Query(params): Query<HistoryParams>,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let query = HistoryQuery {
        cursor: params.cursor,
        limit: params.limit,
        code: params.code,
        from: params.from,
        to: params.to,
    };
    state.portal.history(&session, &query).await.map(Json)
}

/// What each of the resident's phones still holds (MOVE-3).
#[utoipa::path(get, path = "/phones", operation_id = "resident_phones", tag = "records",
    responses((status = 200, body = Holdings)))]
async fn phones(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<Holdings>, Problem> {
    state.portal.phones(&session).await.map(Json)
}

/// The proof that an entry of the history is in the log of the authority's journal (USE-7).
#[utoipa::path(get, path = "/history/{index}/proof", operation_id = "resident_history_proof",
    tag = "records", params(("index" = u64, Path, description = "`index` of the entry.")),
    extensions(("x-problems" = json!(["log-broken"]))),
    responses((status = 200, body = LogProof)))]
async fn history_proof(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Path(index): Path<u64>,
) -> Result<Json<LogProof>, Problem> {
    state.portal.history_proof(&session, index).await.map(Json)
}
