//! Online applications, as residents make them.

use axum::extract::State as Shared;
use inrou_api::idempotency::{KeyHeader, KeyedJson};
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query};
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationDrawnUp, ApplicationView, DrawUpApplication, SignedDocument,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bearer::LoggedIn;
use super::{State, Waiting};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(draw_up, list))
        .routes(routes!(detail))
        .routes(routes!(sign_again))
        .routes(routes!(document))
}

/// Draws an application up, to be signed on the phone (USE-2). A form with faults is refused as
/// `fields-invalid`, whose params name each faulty field.
#[utoipa::path(post, path = "/applications", operation_id = "draw_up_application",
    tag = "application",
    params(KeyHeader), request_body = DrawUpApplication,
    extensions(("x-problems" = json!(["conflict", "fields-invalid", "municipality-unknown"]))),
    responses((status = 200, body = ApplicationDrawnUp)))]
async fn draw_up(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    body: KeyedJson<DrawUpApplication>,
) -> Result<Json<ApplicationDrawnUp>, Problem> {
    let (request, form) = body.by(&session.subject);
    state.portal.draw_up(session, request, form).await.map(Json)
}

/// The resident's applications, newest first.
#[utoipa::path(get, path = "/applications", operation_id = "applications", tag = "application",
    params(PageQuery),
    responses((status = 200, body = Page<ApplicationView>)))]
async fn list(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApplicationView>>, Problem> {
    state.portal.applications(session, query).await.map(Json)
}

/// An application with what was typed; waits while the phone is asked.
#[utoipa::path(get, path = "/applications/{application}", operation_id = "application",
    tag = "application",
    params(("application" = String, Path, description = "`application` of the list."), Waiting),
    responses((status = 200, body = ApplicationDetail)))]
async fn detail(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Path(id): Path<String>,
    Query(query): Query<Waiting>,
) -> Result<Json<ApplicationDetail>, Problem> {
    let detail = state.portal.application(session, id, query.wait, &state.shutdown);
    detail.await.map(Json)
}

/// Asks the phone again for a signature that was refused, did not pass, or did not come in time.
#[utoipa::path(post, path = "/applications/{application}/signature",
    operation_id = "sign_application_again", tag = "application",
    params(("application" = String, Path, description = "`application` of the list."), KeyHeader),
    extensions(("x-problems" = json!([
        "application-settled", "conflict", "fields-invalid", "municipality-unknown"
    ]))),
    responses((status = 200, body = ApplicationDrawnUp)))]
async fn sign_again(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Path(id): Path<String>,
    body: KeyedJson<()>,
) -> Result<Json<ApplicationDrawnUp>, Problem> {
    let (request, ()) = body.by(&session.subject);
    state.portal.sign_again(session, request, id).await.map(Json)
}

/// What was signed, with the signature.
#[utoipa::path(get, path = "/applications/{application}/document",
    operation_id = "signed_application", tag = "application",
    params(("application" = String, Path, description = "`application` of the list.")),
    extensions(("x-problems" = json!(["application-settled"]))),
    responses((status = 200, body = SignedDocument)))]
async fn document(
    Shared(state): Shared<State>,
    LoggedIn(session): LoggedIn,
    Path(id): Path<String>,
) -> Result<Json<SignedDocument>, Problem> {
    state.portal.signed_document(session, id).await.map(Json)
}
