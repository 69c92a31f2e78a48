//! Who is the same person: what sites' servers call.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method};
use inrou_api::server::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::consents::client;
use crate::persons::{SamePerson, TwoCertificates};
use crate::refused::{Refusals, Refused, RefusedDocument};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(same_person))
}

/// Whether two certificates, or the signers of two signatures, are the same person: on card and phone, for
/// log-in and signature, before and after renewal. Neither is validated here. The token is that of the
/// client itself, for the scope `sign`.
#[utoipa::path(post, path = "/same-person", operation_id = "same_person", tag = "persons",
    request_body = TwoCertificates,
    responses((status = 200, body = SamePerson), (status = 422, body = RefusedDocument), Refusals))]
async fn same_person(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Json(two): Json<TwoCertificates>,
) -> Result<Json<SamePerson>, Refused> {
    let client = client(&state, &Method::POST, &headers, "/same-person").await?;
    state.provider.same_person(&client, &two).await.map(Json)
}
