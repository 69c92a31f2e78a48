//! The provider over HTTP: the protocol's endpoints below the issuer, and what phones call,
//! `/provider/v1`.

mod approvals;
mod clients;
mod consents;
mod forms;
mod persons;
mod protocol;
mod signing;
mod transactions;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use inrou_api::server::{Access, OpenToOthers, documented, with_access};
use inrou_api::signature::Verifier;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::Provider;
use crate::refused::RefusedDocument;
use crate::screens::{AUTHORIZE, LOG_OUT};
pub(crate) use approvals::{Keys, Nonces};
pub(crate) use clients::LONGEST_REGISTRATION;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) provider: Arc<Provider>,
}

/// What no operation brings into the document by itself.
#[derive(OpenApi)]
#[openapi(components(schemas(RefusedDocument)))]
struct Schemas;

/// What pages of other sites may have a browser ask the provider for.
pub const OPEN_TO_OTHERS: OpenToOthers =
    OpenToOthers { reads: &protocol::PUBLISHED, forms: &[AUTHORIZE, LOG_OUT] };

/// The API of a provider, with its OpenAPI document at `/provider/v1/openapi.json`.
pub fn router(provider: Arc<Provider>) -> axum::Router {
    let tell_nonce = from_fn_with_state(provider.clone(), protocol::tell_nonce);
    let opened_by_token = consents::router().merge(persons::router()).layer(tell_nonce.clone());
    let own = OpenApiRouter::new()
        .merge(transactions::router())
        .merge(clients::router())
        .merge(opened_by_token);
    let own = with_access(own, Access::Anybody);
    let managed = with_access(clients::managed(), Access::Client);
    let (keys, nonces) = (Keys(provider.clone()), Nonces(provider.clone()));
    let verifier = Arc::new(Verifier::new(provider.clock.clone(), keys, nonces));
    let staff = approvals::router()
        .route_layer(from_fn_with_state(verifier, Verifier::<Keys, Nonces>::check));
    let own = own.merge(managed).merge(with_access(staff, Access::Role));
    let all = OpenApiRouter::with_openapi(Schemas::openapi())
        .nest("/api/realms/main", with_access(protocol::router(provider.clone()), Access::Anybody))
        .merge(with_access(protocol::well_known(), Access::Anybody))
        .nest("/api", with_access(signing::router().layer(tell_nonce), Access::Anybody))
        .nest("/provider/v1", own)
        .with_state(State { provider });
    documented(all, "Inrou OpenID provider", "/provider/v1/openapi.json")
}
