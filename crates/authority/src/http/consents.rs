//! What roles call about consents to have the latest attributes.

use axum::extract::State as Shared;
use inrou_api::consent::ConsentId;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{ConsentView, Consents, GiveConsent, LatestAttributes};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, role};
use crate::settings::Permission;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(give))
        .routes(routes!(view))
        .routes(routes!(latest))
        .routes(routes!(of_holder))
        .routes(routes!(withdraw))
}

/// Hands in a consent that a resident signed. Repeating it changes nothing.
#[utoipa::path(post, path = "/consents", operation_id = "give_consent", tag = "consents",
    request_body = GiveConsent,
    extensions(("x-problems" = json!([
        "application-content-mismatch", "application-signature-invalid", "certificate-expired",
        "certificate-on-hold", "certificate-revoked", "certificate-untrusted",
        "certificate-wrong-kind", "conflict", "consent-invalid", "resident-unknown"
    ]))),
    responses((status = 200, body = ConsentView)))]
async fn give(
    Shared(state): Shared<State>,
    by: SignedBy,
    Json(given): Json<GiveConsent>,
) -> Result<Json<ConsentView>, Problem> {
    let role = role(&by)?;
    let done = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Consents)?;
        authority.give_consent(&role, &given)
    });
    done.await.map(Json)
}

/// How a consent stands.
#[utoipa::path(get, path = "/consents/{consent}", operation_id = "consent", tag = "consents",
    params(("consent" = inline(ConsentId), Path, description = "Which.")),
    extensions(("x-problems" = json!(["consent-unknown"]))),
    responses((status = 200, body = ConsentView)))]
async fn view(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(consent): Path<String>,
) -> Result<Json<ConsentView>, Problem> {
    let (role, consent) = (role(&by)?, parse(consent)?);
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Consents)?;
        authority.consent(&role, &consent)
    });
    found.await.map(Json)
}

/// The latest of the attributes that a consent opens, and the serial number of the present signature
/// certificate.
#[utoipa::path(get, path = "/consents/{consent}/latest", operation_id = "latest_attributes",
    tag = "consents",
    params(("consent" = inline(ConsentId), Path, description = "Which.")),
    extensions(("x-problems" = json!([
        "consent-expired", "consent-unknown", "consent-withdrawn", "latest-certificate-expired",
        "latest-certificate-revoked-or-on-hold", "latest-certificate-unknown", "resident-unknown"
    ]))),
    responses((status = 200, body = LatestAttributes)))]
async fn latest(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(consent): Path<String>,
) -> Result<Json<LatestAttributes>, Problem> {
    let (role, consent) = (role(&by)?, parse(consent)?);
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Consents)?;
        authority.latest_attributes(&role, &consent)
    });
    found.await.map(Json)
}

/// A resident's consents, the newest first.
#[utoipa::path(get, path = "/holders/{subject}/consents", operation_id = "holder_consents",
    tag = "consents",
    params(("subject" = String, Path, description = "`subject` of the answer to `POST /holders`.")),
    extensions(("x-problems" = json!(["resident-unknown"]))),
    responses((status = 200, body = Consents)))]
async fn of_holder(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(subject): Path<String>,
) -> Result<Json<Consents>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Withdrawals)?;
        authority.consents_of(&role, &subject)
    });
    found.await.map(Json)
}

/// A resident takes a consent back. Repeating it changes nothing.
#[utoipa::path(post, path = "/holders/{subject}/consents/{consent}/withdrawal",
    operation_id = "withdraw_consent", tag = "consents",
    params(("subject" = String, Path, description = "`subject` of the answer to `POST /holders`."),
    ("consent" = inline(ConsentId), Path, description = "Which.")),
    extensions(("x-problems" = json!(["conflict", "consent-unknown", "resident-unknown"]))),
    responses((status = 200, body = ConsentView)))]
async fn withdraw(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path((subject, consent)): Path<(String, String)>,
) -> Result<Json<ConsentView>, Problem> {
    let (role, consent) = (role(&by)?, parse(consent)?);
    let done = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Withdrawals)?;
        authority.withdraw_consent(&role, &subject, &consent)
    });
    done.await.map(Json)
}

fn parse(consent: String) -> Result<ConsentId, Problem> {
    ConsentId::try_from(consent).map_err(|_| Problem::new(Code::CONSENT_UNKNOWN))
}
