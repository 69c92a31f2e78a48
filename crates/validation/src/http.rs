//! The service over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use inrou_api::problem::Problem;
use inrou_api::server::{Access, Json, documented, with_access};
use inrou_relying::report::{CertificateReport, ValidationReport};
use serde::de::DeserializeOwned;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Validation;
use crate::request::{Validate, ValidateCertificate, ValidateHash};
use crate::work::Place;

/// Longest body that is read, in bytes: a file of 8 MiB, and what was signed beside it or not.
const MAX_BODY: usize = 12 * 1024 * 1024;

/// `/validation/v1`, described at `/validation/v1/openapi.json`.
pub fn router(validation: Arc<Validation>) -> Router {
    let own = OpenApiRouter::new()
        .routes(routes!(validate))
        .routes(routes!(validate_hash))
        .routes(routes!(validate_certificate))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    let own = with_access(own, Access::Anybody).with_state(validation);
    let all = OpenApiRouter::new().nest("/validation/v1", own);
    documented(all, "Inrou validation", "/validation/v1/openapi.json")
}

/// Judges the signatures of a file: CMS and CAdES, PDF and PAdES, XMLDSig and XAdES, JWS.
///
/// What is wrong with a signature is in the report, by the words of ETSI EN 319 102-1; a problem is answered
/// only if nothing could be judged. The whole request is at most 12 MiB, an XML file or a JWS at most 4 MiB.
#[utoipa::path(post, path = "/validate", operation_id = "validate", tag = "validation",
    request_body = Validate,
    extensions(("x-problems" = json!([
        "content-inside", "signature-format-unknown", "validation-busy", "validation-timed-out"]))),
    responses((status = 200, body = ValidationReport)))]
async fn validate(
    State(service): State<Arc<Validation>>,
    request: Request,
) -> Result<Json<ValidationReport>, Problem> {
    let (place, asked) = read(&service, request).await?;
    service.validate(place, asked).await.map(Json)
}

/// Judges a CMS signature by the hash of what was signed, which stays where it is.
#[utoipa::path(post, path = "/validate-hash", operation_id = "validate_hash", tag = "validation",
    request_body = ValidateHash,
    extensions(("x-problems" = json!([
        "hash-for-cms-alone", "hash-malformed", "signature-format-unknown",
        "validation-busy", "validation-timed-out"]))),
    responses((status = 200, body = ValidationReport)))]
async fn validate_hash(
    State(service): State<Arc<Validation>>,
    request: Request,
) -> Result<Json<ValidationReport>, Problem> {
    let (place, asked) = read(&service, request).await?;
    service.validate_hash(place, asked).await.map(Json)
}

/// Judges a certificate: its path, which of the four kinds it is, what its issuer says of it.
#[utoipa::path(post, path = "/certificates", operation_id = "validate_certificate",
    tag = "validation", request_body = ValidateCertificate,
    extensions(("x-problems" = json!([
        "certificate-malformed", "validation-busy", "validation-timed-out"]))),
    responses((status = 200, body = CertificateReport)))]
async fn validate_certificate(
    State(service): State<Arc<Validation>>,
    request: Request,
) -> Result<Json<CertificateReport>, Problem> {
    let (place, asked) = read(&service, request).await?;
    service.validate_certificate(place, asked).await.map(Json)
}

/// What is asked, and a place for it that was free before any of it was read.
async fn read<T: DeserializeOwned>(
    service: &Validation,
    request: Request,
) -> Result<(Place, T), Problem> {
    let place = service.admit()?;
    let Json(asked) = Json::from_request(request, &()).await?;
    Ok((place, asked))
}
