//! What developers call: their clients (REG-4), by RFC 7591 and RFC 7592.

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the types of queries")]

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path, Query, read_body};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use crate::Provider;
use crate::clients::{
    Change, Client, Keys, Limits, Registered, Registration, Seen, Shown, Standing,
};
use crate::events::{Event, Wanted, What};

/// The longest registration in bytes: 40 addresses and ten keys fit in.
pub(crate) const LONGEST_REGISTRATION: usize = 64 * 1024;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .layer(DefaultBodyLimit::max(LONGEST_REGISTRATION))
}

/// What the registration access token opens.
pub(super) fn managed() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(view, change, remove))
        .routes(routes!(add_key))
        .routes(routes!(remove_key))
        .routes(routes!(events))
        .layer(DefaultBodyLimit::max(LONGEST_REGISTRATION))
}

/// A client, as its developer sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientView {
    /// By what it is named in every request.
    client_id: String,
    /// The number of what is registered, among all that was: every change has the next one.
    version: u64,
    /// Whether it may ask residents: `approved`; if not, `pending`, `refused` or `suspended`.
    standing: Standing,
    /// Since when it stands so; absent where that was not noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Why the staff decided so, if it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What opens the registration (RFC 7592): to whoever has it. It is kept nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<String>,
    /// Where it is read, changed and deleted.
    registration_client_uri: String,
    /// How the client proves itself.
    token_endpoint_auth_method: &'static str,
    /// How often it may have residents asked: as the staff has set it, else as its own `limits` say, else as
    /// the operator has it for all.
    limits_in_force: Limits,
    /// What the staff has set, if it has: a change of the registration does not touch it.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits_set: Option<Limits>,
    /// What is registered of it.
    #[serde(flatten)]
    registration: Registration,
}

impl ClientView {
    /// A client, for whoever showed that token, if one was.
    pub(super) fn of(provider: &Provider, client: Client, token: Option<&str>) -> Self {
        let id = client.id.as_str();
        Self {
            limits_in_force: provider.limits(&client),
            registration_access_token: token.map(str::to_owned),
            registration_client_uri: provider.settings.own_api(&format!("/clients/{id}")),
            client_id: id.to_owned(),
            version: client.version,
            standing: client.standing,
            since: client.since,
            reason: client.reason,
            token_endpoint_auth_method: "private_key_jwt",
            limits_set: client.limits,
            registration: client.registration,
        }
    }
}

/// What is registered from now on (RFC 7592 §2.2).
struct Renewed {
    registration: Registration,
    /// Which client it says that it is.
    client_id: Option<String>,
}

/// What else stands in it.
#[derive(Deserialize)]
struct Named {
    client_id: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for Renewed {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = read_body(Request::from_parts(parts.clone(), body), state).await?;
        let named: Option<Named> = serde_json::from_slice(&body).ok();
        let whole = Request::from_parts(parts, Body::from(body));
        let Json(registration) = Json::from_request(whole, state).await?;
        Ok(Self { registration, client_id: named.and_then(|named| named.client_id) })
    }
}

/// Registers a client (RFC 7591). In a sandbox it is approved at once.
#[utoipa::path(post, path = "/clients", operation_id = "register_client", tag = "clients",
    request_body = Registration,
    extensions(("x-problems" = json!(["key-unsound", "limits-invalid", "private-key-sent",
        "redirect-uri-local", "registration-invalid", "registrations-full"]))),
    responses((status = 201, body = ClientView,
        headers(("etag" = String, description = "For `If-Match` of a change.")))))]
async fn register(
    Shared(state): Shared<State>,
    Json(registration): Json<Registration>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ClientView>), Problem> {
    let Registered { client, token } = state.provider.register(registration).await?;
    let tag = [(header::ETAG, client.tag())];
    let view = ClientView::of(&state.provider, client, Some(&token));
    Ok((StatusCode::CREATED, tag, Json(view)))
}

/// What is registered of a client.
#[utoipa::path(get, path = "/clients/{client}", operation_id = "client", tag = "clients",
    params(("client" = String, Path, description = "`client_id`.")),
    responses((status = 200, body = ClientView,
        headers(("etag" = String, description = "For `If-Match` of a change.")))))]
async fn view(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<([(HeaderName, String); 1], Json<ClientView>), Problem> {
    let token = token(&headers);
    let client = state.provider.registered(&id, token).await?;
    let tag = [(header::ETAG, client.tag())];
    Ok((tag, Json(ClientView::of(&state.provider, client, token))))
}

/// Replaces what is registered of a client, with `If-Match` if it still is as it was read. What is left out is
/// as if it had never been registered. A change of anything but the keys is approved anew.
#[utoipa::path(put, path = "/clients/{client}", operation_id = "change_client", tag = "clients",
    params(("client" = String, Path, description = "`client_id`."),
        ("If-Match" = Option<String>, Header,
            description = "`ETag` of the registration as it was read; without it whatever it is by now.")),
    request_body = Registration,
    extensions(("x-problems" = json!(["key-unsound", "limits-invalid", "private-key-sent",
        "redirect-uri-local", "registration-invalid", "registration-not-as-read"]))),
    responses((status = 200, body = ClientView)))]
async fn change(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    renewed: Renewed,
) -> Result<Json<ClientView>, Problem> {
    let Renewed { registration, client_id } = renewed;
    if client_id.is_some_and(|named| named != id) {
        return Err(Problem::new(Code::REGISTRATION_INVALID).with("member", "client_id"));
    }
    let change = Change::Whole(Box::new(registration), seen(&headers));
    renew(&state, &id, &headers, change).await
}

/// Puts a key beside the others, so that both serve while a site goes from one to the other.
#[utoipa::path(post, path = "/clients/{client}/keys", operation_id = "add_key", tag = "clients",
    params(("client" = String, Path, description = "`client_id`.")), request_body = NewKey,
    extensions(("x-problems" = json!(["key-unsound", "private-key-sent"]))),
    responses((status = 200, body = ClientView)))]
async fn add_key(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(key): Json<NewKey>,
) -> Result<Json<ClientView>, Problem> {
    renew(&state, &id, &headers, Change::KeyAdded(Keys::of(key.0))).await
}

/// Takes a key away: what is signed by it from now on is refused.
#[utoipa::path(delete, path = "/clients/{client}/keys/{key}", operation_id = "remove_key",
    tag = "clients",
    params(("client" = String, Path, description = "`client_id`."),
        ("key" = String, Path, description = "`kid` of the key, or its thumbprint (RFC 7638).")),
    extensions(("x-problems" = json!(["key-unknown", "key-unsound"]))),
    responses((status = 200, body = ClientView)))]
async fn remove_key(
    Shared(state): Shared<State>,
    Path((id, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<ClientView>, Problem> {
    renew(&state, &id, &headers, Change::KeyRemoved(key)).await
}

async fn renew(
    state: &State,
    id: &str,
    headers: &HeaderMap,
    change: Change,
) -> Result<Json<ClientView>, Problem> {
    let token = token(headers);
    let client = state.provider.renew(id, Shown::Token(token), change).await?;
    Ok(Json(ClientView::of(&state.provider, client, token)))
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
    let shown = Shown::Token(token(&headers));
    state.provider.unregister(&id, shown).await.map(|()| StatusCode::NO_CONTENT)
}

/// A public key (RFC 7517).
#[derive(Deserialize)]
struct NewKey(Value);

impl PartialSchema for NewKey {
    fn schema() -> RefOr<Schema> {
        let example = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "2027",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let object = ObjectBuilder::new().description(Some("A public key (RFC 7517)."));
        object.examples([example]).into()
    }
}

impl ToSchema for NewKey {}

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
    /// More of it, in fixed words, or the name of a parameter that was sent twice; of what the staff did, its
    /// reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Who of the staff did it, if it was done by the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// To which log-in, or asking for a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
    /// What it is about that is to be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_transaction_id: Option<String>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { at, transaction, sign_transaction, what, code, detail, by, .. } = event;
        let transaction = transaction.map(|transaction| transaction.as_str().to_owned());
        let sign_transaction_id = sign_transaction;
        Self { at, what, code, detail, by, transaction, sign_transaction_id }
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

/// What a change says that was read (RFC 9110 §13.1.1); `*` is whatever is there.
fn seen(headers: &HeaderMap) -> Option<Seen> {
    let sent: Vec<_> = headers.get_all(header::IF_MATCH).iter().collect();
    if sent.is_empty() || sent.iter().any(|value| value.as_bytes().trim_ascii() == b"*") {
        return None;
    }
    let lists = sent.iter().filter_map(|value| value.to_str().ok());
    let tags = lists.flat_map(|list| list.split(',')).map(|tag| tag.trim().to_owned());
    Some(Seen::Tagged(tags.collect()))
}

/// The registration access token (RFC 6750 §2.1).
fn token(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
