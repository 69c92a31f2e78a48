//! What relying parties' servers call.

use std::sync::Arc;

use axum::extract::{FromRequest, RawQuery, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, read_body};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::forms::{PushedForm, RevocationForm, TokenForm, UserinfoForm};
use crate::Provider;
use crate::client_auth::Sent;
use crate::parameters::Parameters;
use crate::pushed::Named;
use crate::refused::{Refusals, Refused};
use crate::token::Tokens;
use crate::userinfo::Shown;

/// The keys and the metadata, which anybody's script may read, by their paths.
pub(super) const PUBLISHED: [&str; 3] = [
    "/api/realms/main/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server/api/realms/main",
    "/api/realms/main/protocol/openid-connect/certs",
];

/// What lies below the issuer.
pub(super) fn router(provider: Arc<Provider>) -> OpenApiRouter<State> {
    let proved = OpenApiRouter::new()
        .routes(routes!(token))
        .routes(routes!(push))
        .routes(routes!(get_userinfo, post_userinfo))
        .layer(from_fn_with_state(provider, tell_nonce));
    OpenApiRouter::new()
        .routes(routes!(metadata))
        .routes(routes!(keys))
        .routes(routes!(revoke))
        .merge(proved)
}

/// What lies at the host's root (RFC 8414 §3.1).
pub(super) fn well_known() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(authorization_server_metadata))
}

/// What the provider says of itself (OpenID Connect Discovery 1.0).
#[utoipa::path(get, path = "/.well-known/openid-configuration", operation_id = "metadata",
    tag = "protocol", responses((status = 200, body = Value)))]
async fn metadata(Shared(state): Shared<State>) -> Response {
    published(state.provider.metadata())
}

/// The same, where RFC 8414 has it.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server/api/realms/main",
    operation_id = "authorization_server_metadata", tag = "protocol",
    responses((status = 200, body = Value)))]
async fn authorization_server_metadata(Shared(state): Shared<State>) -> Response {
    published(state.provider.metadata())
}

/// The keys that sign ID tokens (RFC 7517).
#[utoipa::path(get, path = "/protocol/openid-connect/certs", operation_id = "keys", tag = "protocol",
    responses((status = 200, body = Value)))]
async fn keys(Shared(state): Shared<State>) -> Response {
    published(state.provider.keys())
}

/// Exchanges a code, or uses a refresh token, for tokens (RFC 6749 §4.1.3, §6).
#[utoipa::path(post, path = "/protocol/openid-connect/token", operation_id = "token",
    tag = "protocol",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Tokens), Refusals))]
async fn token(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<Response, Refused> {
    let sent = Sent { headers: &headers, parameters: &parameters };
    let tokens = state.provider.tokens(sent).await?;
    // RFC 6749 §5.1.
    let pragma = (header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(([pragma], Json(tokens)).into_response())
}

/// Takes a request beforehand (RFC 9126).
#[utoipa::path(post, path = "/protocol/openid-connect/ext/par/request", operation_id = "push",
    tag = "protocol",
    request_body(content = PushedForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 201, body = Named), Refusals))]
async fn push(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<Response, Refused> {
    let sent = Sent { headers: &headers, parameters: &parameters };
    let named = state.provider.push(sent).await?;
    Ok((StatusCode::CREATED, Json(named)).into_response())
}

/// Takes a token back (RFC 7009).
#[utoipa::path(post, path = "/protocol/openid-connect/revoke", operation_id = "revoke",
    tag = "protocol",
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "It opens nothing any more"), Refusals))]
async fn revoke(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<(), Refused> {
    state.provider.give_back(Sent { headers: &headers, parameters: &parameters }).await
}

/// Who logged in (OpenID Connect Core §5.3).
#[utoipa::path(get, path = "/protocol/openid-connect/userinfo", operation_id = "userinfo",
    tag = "protocol", responses((status = 200, body = Value), Refusals))]
async fn get_userinfo(
    Shared(state): Shared<State>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Map<String, Value>>, Refused> {
    userinfo(&state, &method, query, &headers, &Parameters::default()).await
}

/// Who logged in; an access token that is bound to no key may stand in the form (RFC 6750 §2.2).
#[utoipa::path(post, path = "/protocol/openid-connect/userinfo", operation_id = "userinfo_by_post",
    tag = "protocol",
    request_body(content = UserinfoForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Value), Refusals))]
async fn post_userinfo(
    Shared(state): Shared<State>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Form(form): Form,
) -> Result<Json<Map<String, Value>>, Refused> {
    userinfo(&state, &method, query, &headers, &form).await
}

async fn userinfo(
    state: &State,
    method: &Method,
    query: Option<String>,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Json<Map<String, Value>>, Refused> {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let endpoint = state.provider.settings.endpoint("userinfo");
    let shown = Shown { method: method.as_str(), headers, query: &query, form, endpoint };
    state.provider.userinfo(shown).await.map(Json)
}

/// Every answer tells the nonce that the next proof of a key is to have (RFC 9449 §8.2).
pub(super) async fn tell_nonce(
    Shared(provider): Shared<Arc<Provider>>,
    request: Request,
    next: Next,
) -> Response {
    const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
    let mut response = next.run(request).await;
    if let Ok(nonce) = HeaderValue::try_from(provider.dpop_nonce()) {
        response.headers_mut().insert(NONCE, nonce);
    }
    response
}

/// What scripts of any site may read.
fn published(document: impl Serialize) -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ];
    (headers, Json(document)).into_response()
}

/// The parameters of a form. A request without a body has none.
struct Form(Parameters);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let media_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let body = read_body(request, state).await?;
        let is_form = media_type.is_some_and(|media_type| {
            let text = media_type.to_str().unwrap_or_default();
            let essence = text.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        match body.is_empty() || is_form {
            true => Ok(Self(Parameters::parse(&body))),
            false => Err(Problem::new(Code::FORM_EXPECTED).into()),
        }
    }
}
