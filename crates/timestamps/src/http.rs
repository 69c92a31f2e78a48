//! The authority over HTTP (RFC 3161 §3.4).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Access, documented, with_access};
use inrou_api::wire::Binary;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::TimeStamps;

/// Longest request that is read, in bytes.
const MAX_REQUEST: usize = 8 * 1024;

const QUERY: &str = "application/timestamp-query";
const REPLY: HeaderValue = HeaderValue::from_static("application/timestamp-reply");
const PEM: HeaderValue = HeaderValue::from_static("application/x-pem-file");

/// Where tokens are asked for, and the issuers' certificates are found, described at
/// `/timestamps/openapi.json`.
pub fn router(authority: Arc<TimeStamps>) -> Router {
    let all = OpenApiRouter::new().routes(routes!(stamp)).routes(routes!(anchors_pem));
    let all = with_access(all, Access::Anybody).with_state(authority);
    documented(all, "Inrou time-stamps", "/timestamps/openapi.json")
}

/// Asks for a time-stamp (RFC 3161).
///
/// Whatever the request is, the answer is a TimeStampResp: `badDataFormat` to one that is none. SHA-256,
/// SHA-384 and SHA-512 are stamped, with the sandbox's time.
#[utoipa::path(post, path = "/timestamps", tag = "time-stamps",
    request_body(content = Binary, content_type = "application/timestamp-query",
        description = "TimeStampReq, DER; at most 8 KiB."),
    extensions(("x-problems" = json!(["store-unavailable", "unsupported-media-type"]))),
    responses((status = 200, description = "TimeStampResp, DER.",
        body = Binary, content_type = "application/timestamp-reply")))]
async fn stamp(
    State(authority): State<Arc<TimeStamps>>,
    request: Request,
) -> Result<Response, Problem> {
    if !is_query(request.headers()) {
        return Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE).with("expected", QUERY));
    }
    // What is longer is as malformed as can be: the rest of it is not read.
    let body = axum::body::to_bytes(request.into_body(), MAX_REQUEST).await.unwrap_or_default();
    let answer = authority.answer(body.to_vec()).await?;
    Ok(([(header::CONTENT_TYPE, REPLY)], answer).into_response())
}

/// The certificates of the time-stamps' issuers in one PEM file, oldest first.
#[utoipa::path(get, path = "/timestamps/anchors.pem", operation_id = "timestamp_anchors_pem", tag = "time-stamps",
    responses((status = 200, description = "Certificates, PEM.",
        body = String, content_type = "application/x-pem-file")))]
async fn anchors_pem(State(authority): State<Arc<TimeStamps>>) -> Response {
    let pem: String = authority.issuers().iter().map(|issuer| issuer.to_pem()).collect();
    ([(header::CONTENT_TYPE, PEM)], pem).into_response()
}

fn is_query(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|said| said.to_str().ok());
    let essence = said.and_then(|said| said.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(QUERY))
}
