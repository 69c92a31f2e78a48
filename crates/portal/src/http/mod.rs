//! The portal over HTTP, `/portal/v1`, and the receiving office, `/office/v1`.
//!
//! Residents send the bearer token of their session; phones know a transaction by its identifier;
//! roles sign their requests (RFC 9421) with their key under the name `role:` and the name by which
//! they are set up.

mod applications;
mod bearer;
mod consents;
mod logins;
mod office;
mod records;
mod roles;
mod sessions;
mod transactions;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use inrou_api::server::{Access, Shutdown, Wait, documented, with_access};
use inrou_api::signature::Verifier;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use crate::Portal;
use roles::{Keys, Nonces};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) portal: Arc<Portal>,
    pub(crate) shutdown: Shutdown,
}

/// The API of a portal, with its OpenAPI document at `/portal/v1/openapi.json`.
pub fn router(portal: Arc<Portal>, shutdown: Shutdown) -> axum::Router {
    let (keys, nonces) = (Keys(portal.clone()), Nonces(portal.clone()));
    let verifier = Arc::new(Verifier::new(portal.clock.clone(), keys, nonces));
    let state = State { portal, shutdown };
    let open = with_access(logins::router().merge(transactions::router()), Access::Anybody);
    let residents = sessions::router().merge(applications::router()).merge(records::router());
    let residents = with_access(residents.merge(consents::router()), Access::Resident);
    let office =
        office::router().route_layer(from_fn_with_state(verifier, Verifier::<Keys, Nonces>::check));
    let all = OpenApiRouter::new()
        .nest("/portal/v1", open.merge(residents))
        .nest("/office/v1", with_access(office, Access::Role))
        .with_state(state);
    documented(all, "Inrou portal and receiving office", "/portal/v1/openapi.json")
}

/// How long to wait for news.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Waiting {
    /// How many seconds to wait: up to 30, more counts as 30.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    wait: Wait,
}
