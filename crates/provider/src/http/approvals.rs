//! What the staff calls: which clients there are, and which may ask residents (REG-4).

use std::sync::Arc;

use axum::extract::State as Shared;
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::{KeyDirectory, NonceStore};
use inrou_pki::PublicKey;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::clients::ClientView;
use crate::Provider;
use crate::clients::Approval;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(decide))
}

/// All clients, in the order of their registration.
#[utoipa::path(get, path = "/approvals", operation_id = "clients", tag = "staff",
    params(PageQuery),
    responses((status = 200, body = Page<ClientView>)))]
async fn list(
    Shared(state): Shared<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ClientView>>, Problem> {
    let Page { items, next } = state.provider.clients(query).await?;
    Ok(Json(Page { items: items.into_iter().map(ClientView::from).collect(), next }))
}

/// Approves a client, or suspends it and says why. What it was granted before a suspension ends with
/// its time; nothing new is granted.
#[utoipa::path(put, path = "/approvals/{client}", operation_id = "approve_client", tag = "staff",
    params(("client" = String, Path, description = "`client_id`.")), request_body = Approval,
    extensions(("x-problems" = json!(["approval-invalid", "client-unknown"]))),
    responses((status = 200, body = ClientView)))]
async fn decide(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    Json(approval): Json<Approval>,
) -> Result<Json<ClientView>, Problem> {
    state.provider.decide(&id, approval).await.map(|client| Json(client.into()))
}

/// The keys of the staff.
pub(super) struct Keys(pub(super) Arc<Provider>);

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
pub(super) struct Nonces(pub(super) Arc<Provider>);

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
