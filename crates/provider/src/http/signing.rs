//! The signing API, which sites' servers call.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode};
use inrou_api::server::{Json, Path};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use crate::authorize::Wanted;
use crate::parameters::Parameters;
use crate::refused::{Refusals, Refused};
use crate::signing::{Ordered, SignOrder, SignResult, SignStatus};
use crate::userinfo::Shown;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(order)).routes(routes!(status)).routes(routes!(result))
}

/// Takes down what is to be signed. The token is that of the client itself, for the scope `sign`.
#[utoipa::path(post, path = "/sign-transactions", operation_id = "order_signature", tag = "signing",
    request_body = SignOrder,
    responses((status = 201, body = Ordered), Refusals))]
async fn order(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Json(order): Json<SignOrder>,
) -> Result<(StatusCode, Json<Ordered>), Refused> {
    let provider = &state.provider;
    let shown = Shown {
        method: Method::POST.as_str(),
        headers: &headers,
        query: &Parameters::default(),
        form: &Parameters::default(),
        endpoint: provider.settings.sign_transactions(""),
    };
    let client = provider.signing_client(shown).await?;
    let ordered = provider.order(client, order).await?;
    Ok((StatusCode::CREATED, Json(ordered)))
}

/// How it stands. The token is that of the client itself.
#[utoipa::path(get, path = "/sign-transactions/{id}", operation_id = "signature_status",
    tag = "signing",
    params(("id" = String, Path, description = "`sign_transaction_id`.")),
    responses((status = 200, body = SignStatus), Refusals))]
async fn status(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<SignStatus>, Refused> {
    let provider = &state.provider;
    let shown = Shown {
        method: Method::GET.as_str(),
        headers: &headers,
        query: &Parameters::default(),
        form: &Parameters::default(),
        endpoint: provider.settings.sign_transactions(&format!("/{id}")),
    };
    let client = provider.signing_client(shown).await?;
    provider.sign_status(&id, &client.id).await.map(Json)
}

/// The signature. The token is the one to which signing led.
#[utoipa::path(get, path = "/sign-transactions/{id}/result", operation_id = "signature_result",
    tag = "signing",
    params(("id" = String, Path, description = "`sign_transaction_id`.")),
    responses((status = 200, body = SignResult), Refusals))]
async fn result(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<SignResult>, Refused> {
    let provider = &state.provider;
    let shown = Shown {
        method: Method::GET.as_str(),
        headers: &headers,
        query: &Parameters::default(),
        form: &Parameters::default(),
        endpoint: provider.settings.sign_transactions(&format!("/{id}/result")),
    };
    let found = provider.opened_for(&shown, Wanted::Sign).await;
    let (found, client) = found.map_err(Refused::at_resource)?;
    provider.sign_result(&id, &found.grant, &client).await.map(Json)
}
