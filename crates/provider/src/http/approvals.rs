//! What the staff calls: which clients there are, and which may ask residents (REG-4).

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the types of queries")]

use std::sync::Arc;

use axum::extract::State as Shared;
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::{KeyDirectory, NonceStore, SignedBy};
use inrou_pki::PublicKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::clients::ClientView;
use crate::Provider;
use crate::clients::{Approval, LimitsSet, Registration, Standing};

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(view, decide)).routes(routes!(limit))
}

/// Which clients are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ClientsQuery {
    /// Those that stand so alone: `pending`, `refused`, `approved` or `suspended`.
    #[param(inline)]
    standing: Option<Standing>,
    /// `next` of the page before; absent for the first page.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<Cursor>,
    /// How many at most: 1 to 200, 50 if absent.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit,
}

/// A client, as the staff looks at it.
#[derive(Serialize, ToSchema)]
struct LookedAt {
    /// As it is registered now.
    client: ClientView,
    /// As it was approved last, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<Registration>,
}

/// Clients, in the order of their registration.
#[utoipa::path(get, path = "/approvals", operation_id = "clients", tag = "staff",
    params(ClientsQuery),
    responses((status = 200, body = Page<ClientView>)))]
async fn list(
    Shared(state): Shared<State>,
    Query(query): Query<ClientsQuery>,
) -> Result<Json<Page<ClientView>>, Problem> {
    let ClientsQuery { standing, cursor, limit } = query;
    let provider = &state.provider;
    let Page { items, next } = provider.clients(PageQuery { cursor, limit }, standing).await?;
    let view = |client| ClientView::of(provider, client, None);
    Ok(Json(Page { items: items.into_iter().map(view).collect(), next }))
}

/// A client with its `version`, to be named in the decision, and what was approved before.
#[utoipa::path(get, path = "/approvals/{client}", operation_id = "look_at_client", tag = "staff",
    params(("client" = String, Path, description = "`client_id`.")),
    extensions(("x-problems" = json!(["client-unknown"]))),
    responses((status = 200, body = LookedAt)))]
async fn view(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
) -> Result<Json<LookedAt>, Problem> {
    let client = state.provider.looked_at(&id).await?;
    let approved = client.approved.clone();
    Ok(Json(LookedAt { client: ClientView::of(&state.provider, client, None), approved }))
}

/// Approves a client as it was looked at, refuses it, or suspends it; and says why. While it is suspended
/// nothing is granted, and what it was granted before opens nothing.
#[utoipa::path(put, path = "/approvals/{client}", operation_id = "approve_client", tag = "staff",
    params(("client" = String, Path, description = "`client_id`.")), request_body = Approval,
    extensions(("x-problems" = json!(["approval-invalid", "client-unknown",
        "registration-changed"]))),
    responses((status = 200, body = ClientView)))]
async fn decide(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    by: SignedBy,
    Json(approval): Json<Approval>,
) -> Result<Json<ClientView>, Problem> {
    let client = state.provider.decide(&id, approval, &by.key_id).await?;
    Ok(Json(ClientView::of(&state.provider, client, None)))
}

/// Sets how often a client may have residents asked, and says why.
#[utoipa::path(put, path = "/approvals/{client}/limits", operation_id = "limit_client",
    tag = "staff",
    params(("client" = String, Path, description = "`client_id`.")), request_body = LimitsSet,
    extensions(("x-problems" = json!(["approval-invalid", "client-unknown", "limits-invalid"]))),
    responses((status = 200, body = ClientView)))]
async fn limit(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    by: SignedBy,
    Json(set): Json<LimitsSet>,
) -> Result<Json<ClientView>, Problem> {
    let client = state.provider.limit(&id, set, &by.key_id).await?;
    Ok(Json(ClientView::of(&state.provider, client, None)))
}

/// The keys of the staff.
pub(crate) struct Keys(pub(crate) Arc<Provider>);

impl KeyDirectory for Keys {
    async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
        let name = key_id.strip_prefix("role:");
        let pem = name.and_then(|name| self.0.settings.staff.get(name));
        let pem = pem.ok_or_else(|| Problem::new(Code::CALLER_UNKNOWN))?;
        let spki = inrou_pki::pem::decode("PUBLIC KEY", pem).or_internal()?;
        PublicKey::from_spki(&spki).or_internal().map(Some)
    }
}

/// The store's memory of nonces: it outlives a restart.
pub(crate) struct Nonces(pub(crate) Arc<Provider>);

impl NonceStore for Nonces {
    async fn take(
        &self,
        key_id: &str,
        nonce: &str,
        _now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Problem> {
        let what = format!("nonce:{key_id}:{nonce}");
        let seen = crate::store::Seen { what, until };
        self.0.store(move |store| store.take_once(&seen)).await
    }
}
