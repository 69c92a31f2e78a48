//! What developers call: their clients (REG-4), by RFC 7591 and RFC 7592.

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the types of queries")]

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use crate::clients::{Client, Registration, Standing};
use crate::events::{Event, Wanted, What};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(register))
}

/// What the registration access token opens.
pub(super) fn managed() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(view, change, remove)).routes(routes!(events))
}

/// A client, as its developer sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientView {
    /// By what it is named in every request.
    client_id: String,
    /// Whether it may ask residents: `pending`, `approved`, `suspended`.
    standing: Standing,
    /// Why the staff decided so, if it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What opens the registration (RFC 7592): told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<String>,
    /// Where it is read, changed and deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    /// How the client proves itself.
    token_endpoint_auth_method: &'static str,
    /// What is registered of it.
    #[serde(flatten)]
    registration: Registration,
}

impl From<Client> for ClientView {
    fn from(client: Client) -> Self {
        Self {
            client_id: client.id.as_str().to_owned(),
            standing: client.standing,
            reason: client.reason,
            registration_access_token: None,
            registration_client_uri: None,
            token_endpoint_auth_method: "private_key_jwt",
            registration: client.registration,
        }
    }
}

/// Registers a client (RFC 7591). In a sandbox it is approved at once.
#[utoipa::path(post, path = "/clients", operation_id = "register_client", tag = "clients",
    request_body = Registration,
    extensions(("x-problems" = json!(["redirect-uri-local", "registration-invalid"]))),
    responses((status = 201, body = ClientView)))]
async fn register(
    Shared(state): Shared<State>,
    Json(registration): Json<Registration>,
) -> Result<(StatusCode, Json<ClientView>), Problem> {
    let registered = state.provider.register(registration).await?;
    let id = registered.client.id.as_str();
    let uri = format!("{}/provider/v1/clients/{id}", state.provider.settings.base());
    let view = ClientView {
        registration_access_token: Some(registered.token),
        registration_client_uri: Some(uri),
        ..registered.client.into()
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// What is registered of a client.
#[utoipa::path(get, path = "/clients/{client}", operation_id = "client", tag = "clients",
    params(("client" = String, Path, description = "`client_id`.")),
    responses((status = 200, body = ClientView)))]
async fn view(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ClientView>, Problem> {
    state.provider.registered(&id, token(&headers)).await.map(|client| Json(client.into()))
}

/// Replaces what is registered of a client: a new key beside the old one, then without it. A change of
/// anything but the keys is approved anew.
#[utoipa::path(put, path = "/clients/{client}", operation_id = "change_client", tag = "clients",
    params(("client" = String, Path, description = "`client_id`.")), request_body = Registration,
    extensions(("x-problems" = json!(["redirect-uri-local", "registration-invalid"]))),
    responses((status = 200, body = ClientView)))]
async fn change(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(registration): Json<Registration>,
) -> Result<Json<ClientView>, Problem> {
    let client = state.provider.registered(&id, token(&headers)).await?;
    let changed = state.provider.register_anew(client, registration).await?;
    Ok(Json(changed.into()))
}

/// Deletes a client: what it was granted is taken back.
#[utoipa::path(delete, path = "/clients/{client}", operation_id = "delete_client", tag = "clients",
    params(("client" = String, Path, description = "`client_id`.")),
    responses((status = 204)))]
async fn remove(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let client = state.provider.registered(&id, token(&headers)).await?;
    state.provider.unregister(client).await.map(|()| StatusCode::NO_CONTENT)
}

/// Which events are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsQuery {
    /// Of this transaction alone: `inrou_transaction`, `transaction` of the ID token, or
    /// `sign_transaction_id`.
    transaction: Option<String>,
    /// `next` of the page before; absent for the first page.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<Cursor>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
struct EventView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What.
    what: What,
    /// Why: a stable code of the error catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// More of it, in fixed words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// To which log-in, or asking for a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
    /// What it is about that is to be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_transaction_id: Option<String>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { at, transaction, sign_transaction, what, code, detail, .. } = event;
        let transaction = transaction.map(|transaction| transaction.as_str().to_owned());
        let sign_transaction_id = sign_transaction;
        Self { at, what, code, detail, transaction, sign_transaction_id }
    }
}

/// What happened to a client's transactions, the latest first. It is kept for thirty days, unless the
/// operator has it otherwise.
#[utoipa::path(get, path = "/clients/{client}/events", operation_id = "client_events",
    tag = "clients",
    params(("client" = String, Path, description = "`client_id`."), EventsQuery),
    responses((status = 200, body = Page<EventView>)))]
async fn events(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Json<Page<EventView>>, Problem> {
    let client = state.provider.registered(&id, token(&headers)).await?.id;
    let EventsQuery { transaction, cursor, limit } = query;
    let wanted = Wanted { client, transaction, page: PageQuery { cursor, limit } };
    let Page { items, next } = state.provider.events(wanted).await?;
    Ok(Json(Page { items: items.into_iter().map(EventView::from).collect(), next }))
}

/// The registration access token (RFC 6750 §2.1).
fn token(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
