//! The log of the journal: tiles and checkpoint for everybody, entries for auditors (C2SP tlog-tiles).

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_api::signature::SignedBy;
use inrou_api::wire::Binary;
use inrou_tlog::Tile;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, role};
use crate::Authority;
use crate::settings::Permission;

/// What auditors call.
pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(entries))
}

/// What everybody may look at.
pub(super) fn publication() -> OpenApiRouter<Arc<Authority>> {
    OpenApiRouter::new().routes(routes!(checkpoint)).routes(routes!(key)).routes(routes!(tile))
}

/// How large the log of the journal is, and its root, signed by its key.
#[utoipa::path(get, path = "/log/checkpoint", tag = "log",
    extensions(("x-problems" = json!(["log-broken"]))),
    responses((status = 200, description = "A checkpoint (C2SP tlog-checkpoint).",
        body = String, content_type = "text/plain; charset=utf-8")))]
async fn checkpoint(Shared(authority): Shared<Arc<Authority>>) -> Result<Response, Problem> {
    let signed = blocking(authority, Authority::log_checkpoint).await?;
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, signed).into_response())
}

/// The key by which checkpoints are verified.
#[utoipa::path(get, path = "/log/key", tag = "log",
    responses((status = 200, description = "A verifier key (C2SP signed-note): `name+id+key`.",
        body = String, content_type = "text/plain; charset=utf-8")))]
async fn key(Shared(authority): Shared<Arc<Authority>>) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (headers, format!("{}\n", authority.log_key())).into_response()
}

/// A tile of hashes of the log's tree.
#[utoipa::path(get, path = "/log/tile/{level}/{*index}", tag = "log",
    params(
        ("level" = u8, Path, description = "Level of the tile; at 0 are the hashes of entries.",
            maximum = 63),
        ("index" = String, Path, description = "`<N>[.p/<W>]`; its slashes are not escaped.",
            example = "000.p/1")),
    responses((status = 200, description = "At most 256 hashes of 32 bytes.",
        body = Binary, content_type = "application/octet-stream")))]
async fn tile(
    Shared(authority): Shared<Arc<Authority>>,
    Path((level, index)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let tile = Tile::from_path(&format!("tile/{level}/{index}")).ok_or_else(not_found)?;
    let found = blocking(authority, move |authority| authority.log_tile(tile)).await?;
    Ok(octets(found.ok_or_else(not_found)?, "public"))
}

/// The entries beside a tile of their hashes: whole journal entries, JSON. They say what happened to whom.
#[utoipa::path(get, path = "/log/tile/entries/{*index}", operation_id = "log_entries", tag = "log",
    params(("index" = String, Path, description = "`<N>[.p/<W>]`; its slashes are not escaped.",
        example = "000.p/1")),
    responses((status = 200, description = "At most 256 entries, each after its length, two bytes.",
        body = Binary, content_type = "application/octet-stream")))]
async fn entries(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    let role = role(&by)?;
    let tile = Tile::from_entries_path(&format!("tile/entries/{index}")).ok_or_else(not_found)?;
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Audit)?;
        authority.log_entries(tile)
    });
    Ok(octets(found.await?.ok_or_else(not_found)?, "private"))
}

/// What stands at a path never changes.
fn octets(bytes: Vec<u8>, kept: &str) -> Response {
    let kept = format!("{kept}, max-age=31536000, immutable");
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CACHE_CONTROL, kept)];
    (headers, bytes).into_response()
}

fn not_found() -> Problem {
    Problem::new(Code::NOT_FOUND)
}
