//! The receiving office, as clerks call it.

use axum::extract::State as Shared;
use axum::http::header;
use axum::response::IntoResponse;
use inrou_api::idempotency::{KeyHeader, KeyedJson};
use inrou_api::page::{Cursor, Limit, Page};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::SignedBy;
use inrou_api::wire::Binary;
use inrou_api::wire::portal::{
    Decision, EvidenceKind, OfficeFile, OfficeState, ReceivedApplication,
};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use crate::store::OfficeQuery;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(file))
        .routes(routes!(document))
        .routes(routes!(signature))
        .routes(routes!(certificate))
        .routes(routes!(evidence))
        .routes(routes!(decide))
}

/// Which applications, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only those in this state.
    #[param(inline)]
    state: Option<OfficeState>,
    /// `next` of the page before; absent for the first page.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<Cursor>,
    /// How many items at most: 1 to 200, 50 if absent; more counts as 200, 0 as 1.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
}

/// Received applications, in the order of receipt.
#[utoipa::path(get, path = "/applications", operation_id = "received_applications", tag = "office",
    params(ListQuery),
    responses((status = 200, body = Page<ReceivedApplication>)))]
async fn list(
    Shared(state): Shared<State>,
    by: SignedBy,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ReceivedApplication>>, Problem> {
    let clerk = state.portal.clerk(&by)?;
    let after: Option<Option<u64>> = query.cursor.as_ref().map(Cursor::position).transpose()?;
    let asked = OfficeQuery {
        municipality: clerk.municipality,
        state: query.state,
        after: after.flatten().unwrap_or(0),
        limit: query.limit.count() + 1,
    };
    state.portal.received(asked, query.limit).await.map(Json)
}

/// An application with all that a clerk decides by.
#[utoipa::path(get, path = "/applications/{application}", operation_id = "office_file",
    tag = "office",
    params(("application" = String, Path, description = "`application` of the list.")),
    responses((status = 200, body = OfficeFile)))]
async fn file(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
) -> Result<Json<OfficeFile>, Problem> {
    state.office_file(&by, id).await.map(Json)
}

/// The document: the very bytes that were signed.
#[utoipa::path(get, path = "/applications/{application}/document",
    operation_id = "office_document", tag = "office",
    params(("application" = String, Path, description = "`application` of the list.")),
    responses((status = 200, body = String, content_type = "text/plain; charset=utf-8")))]
async fn document(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let file = state.office_file(&by, id).await?;
    Ok(download("text/plain; charset=utf-8", file.signed.document.into_bytes()))
}

/// The detached CMS SignedData over the document, DER.
#[utoipa::path(get, path = "/applications/{application}/signature",
    operation_id = "office_signature", tag = "office",
    params(("application" = String, Path, description = "`application` of the list.")),
    responses((status = 200, body = Binary, content_type = "application/pkcs7-signature")))]
async fn signature(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let file = state.office_file(&by, id).await?;
    Ok(download("application/pkcs7-signature", file.signed.cms.0))
}

/// The signer's certificate, DER.
#[utoipa::path(get, path = "/applications/{application}/certificate",
    operation_id = "office_certificate", tag = "office",
    params(("application" = String, Path, description = "`application` of the list.")),
    responses((status = 200, body = Binary, content_type = "application/pkix-cert")))]
async fn certificate(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let file = state.office_file(&by, id).await?;
    Ok(download("application/pkix-cert", file.certificate.0))
}

/// What told the certificate's status at the moment of receipt: an OCSP response or a CRL, DER.
#[utoipa::path(get, path = "/applications/{application}/evidence",
    operation_id = "office_evidence", tag = "office",
    params(("application" = String, Path, description = "`application` of the list.")),
    responses((status = 200, content(
        (Binary = "application/ocsp-response"), (Binary = "application/pkix-crl")))))]
async fn evidence(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let file = state.office_file(&by, id).await?;
    let media_type = match file.evidence_kind {
        EvidenceKind::Ocsp => "application/ocsp-response",
        EvidenceKind::Crl => "application/pkix-crl",
    };
    Ok(download(media_type, file.status_evidence.0))
}

impl State {
    /// What the office holds of an application, for the clerk who signed the request.
    async fn office_file(&self, by: &SignedBy, id: String) -> Result<OfficeFile, Problem> {
        let clerk = self.portal.clerk(by)?;
        self.portal.office_file(clerk.municipality, id).await
    }
}

/// Accepts an application, or returns it with a reason that the resident reads.
#[utoipa::path(post, path = "/applications/{application}/decision",
    operation_id = "decide_application", tag = "office",
    params(("application" = String, Path, description = "`application` of the list."), KeyHeader),
    request_body = Decision,
    extensions(("x-problems" = json!(["application-settled", "bad-request"]))),
    responses((status = 200, body = ReceivedApplication)))]
async fn decide(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
    body: KeyedJson<Decision>,
) -> Result<Json<ReceivedApplication>, Problem> {
    let clerk = state.portal.clerk(&by)?;
    let (request, decision) = body.by(&by.key_id);
    state.portal.decide(clerk.municipality, request, id, decision).await.map(Json)
}

fn download(media_type: &'static str, bytes: Vec<u8>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media_type)], bytes)
}
