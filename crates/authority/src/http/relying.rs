//! What roles that rely on certificates call: holders, linkages, histories.

use axum::extract::State as Shared;
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{
    FindHolder, FindLinkage, HistoryEntry, Holder, Holdings, Linkage, LogProof,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, role};
use crate::settings::Permission;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(find_holder))
        .routes(routes!(find_linkage))
        .routes(routes!(history))
        .routes(routes!(holdings))
        .routes(routes!(history_proof))
}

/// Who holds a certificate, as a pairwise identifier of the asking role.
#[utoipa::path(post, path = "/holders", tag = "relying", request_body = FindHolder,
    extensions(("x-problems" = json!(["certificate-untrusted", "resident-unknown"]))),
    responses((status = 200, body = Holder)))]
async fn find_holder(
    Shared(state): Shared<State>,
    by: SignedBy,
    Json(request): Json<FindHolder>,
) -> Result<Json<Holder>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Holders)?;
        authority.find_holder(&role, &request)
    });
    found.await.map(Json)
}

/// Who is behind a certificate, whichever of a person's it is: of either use, on card and phone, before
/// and after renewal.
#[utoipa::path(post, path = "/linkages", operation_id = "find_linkage", tag = "relying",
    request_body = FindLinkage,
    extensions(("x-problems" = json!([
        "certificate-not-linked", "certificate-not-issued", "certificate-untrusted", "resident-unknown"
    ]))),
    responses((status = 200, body = Linkage)))]
async fn find_linkage(
    Shared(state): Shared<State>,
    by: SignedBy,
    Json(request): Json<FindLinkage>,
) -> Result<Json<Linkage>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Linkage)?;
        authority.find_linkage(&role, &request)
    });
    found.await.map(Json)
}

/// A resident's history, newest first (USE-7).
#[utoipa::path(get, path = "/holders/{subject}/history", operation_id = "holder_history",
    tag = "relying",
    params(("subject" = String, Path, description = "`subject` of the answer to `POST /holders`."),
    PageQuery),
    extensions(("x-problems" = json!(["resident-unknown"]))),
    responses((status = 200, body = Page<HistoryEntry>)))]
async fn history(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(subject): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::History)?;
        authority.history(&role, &subject, &query)
    });
    found.await.map(Json)
}

/// What each of a resident's phones still holds (MOVE-3).
#[utoipa::path(get, path = "/holders/{subject}/phones", operation_id = "holder_phones",
    tag = "relying",
    params(("subject" = String, Path, description = "`subject` of the answer to `POST /holders`.")),
    extensions(("x-problems" = json!(["resident-unknown"]))),
    responses((status = 200, body = Holdings)))]
async fn holdings(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(subject): Path<String>,
) -> Result<Json<Holdings>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::History)?;
        authority.holdings(&role, &subject)
    });
    found.await.map(Json)
}

/// The proof that an entry of a resident's history is in the log of the journal.
#[utoipa::path(get, path = "/holders/{subject}/history/{index}/proof",
    operation_id = "holder_history_proof", tag = "relying",
    params(("subject" = String, Path, description = "`subject` of the answer to `POST /holders`."),
    ("index" = u64, Path, description = "`index` of the entry.")),
    extensions(("x-problems" = json!(["log-broken", "resident-unknown"]))),
    responses((status = 200, body = LogProof)))]
async fn history_proof(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path((subject, index)): Path<(String, u64)>,
) -> Result<Json<LogProof>, Problem> {
    let role = role(&by)?;
    let proof = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::History)?;
        authority.history_proof(&role, &subject, index)
    });
    proof.await.map(Json)
}
