//! Consent to have the latest attributes: what sites' servers call.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode};
use inrou_api::server::{Json, Path};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use crate::clients::Client;
use crate::consents::{ConsentOrder, ConsentOrdered, ConsentStatus, Latest};
use crate::parameters::Parameters;
use crate::refused::{Refusals, Refused, RefusedDocument};
use crate::userinfo::Shown;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(order)).routes(routes!(status)).routes(routes!(latest))
}

/// Takes down what consent is wanted for. The token is that of the client itself, for the scope `sign`; the
/// browser is then sent to the authorization endpoint with `sign_transaction_id`.
#[utoipa::path(post, path = "/consents", operation_id = "order_consent", tag = "consents",
    request_body = ConsentOrder,
    responses((status = 201, body = ConsentOrdered), Refusals))]
async fn order(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Json(order): Json<ConsentOrder>,
) -> Result<(StatusCode, Json<ConsentOrdered>), Refused> {
    let client = client(&state, &Method::POST, &headers, "/consents").await?;
    let ordered = state.provider.order_consent(client, order).await?;
    Ok((StatusCode::CREATED, Json(ordered)))
}

/// How a consent stands.
#[utoipa::path(get, path = "/consents/{id}", operation_id = "consent_status", tag = "consents",
    params(("id" = String, Path, description = "`consent_id`.")),
    responses((status = 200, body = ConsentStatus), (status = 404, body = RefusedDocument), Refusals))]
async fn status(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<ConsentStatus>, Refused> {
    let client = client(&state, &Method::GET, &headers, &format!("/consents/{id}")).await?;
    state.provider.consent_status(&id, &client).await.map(Json)
}

/// The latest of the attributes that the resident consented to share, and the serial number of the present
/// signature certificate.
#[utoipa::path(get, path = "/consents/{id}/latest", operation_id = "latest_attributes_of_consent",
    tag = "consents",
    params(("id" = String, Path, description = "`consent_id`.")),
    responses((status = 200, body = Latest), (status = 404, body = RefusedDocument),
        (status = 409, body = RefusedDocument), Refusals))]
async fn latest(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Latest>, Refused> {
    let client = client(&state, &Method::GET, &headers, &format!("/consents/{id}/latest")).await?;
    state.provider.latest_attributes(&id, &client).await.map(Json)
}

/// The client that shows a token of its own, at an address below `/provider/v1`.
pub(super) async fn client(
    state: &State,
    method: &Method,
    headers: &HeaderMap,
    path: &str,
) -> Result<Client, Refused> {
    let shown = Shown {
        method: method.as_str(),
        headers,
        query: &Parameters::default(),
        form: &Parameters::default(),
        endpoint: state.provider.settings.own_api(path),
    };
    state.provider.signing_client(shown).await
}
