//! The staff's desk: which sites are registered, and which may ask residents (REG-4). In a service each
//! request is signed with a key of the staff, as the API's are; a sandbox has no staff, and lets anybody play
//! it.

mod client;

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::Query;
use inrou_api::signature::{SignedBy, Verifier};
use inrou_web::{Visit, page};
use inrou_words::Term;
use serde::Deserialize;

use super::Screens;
use super::console::standing;
use crate::Provider;
use crate::clients::{Client, Standing};
use crate::http::{Keys, Nonces};

/// How many sites stand on a page.
const ON_A_PAGE: u32 = 20;

/// The staff's pages.
pub(super) fn router(provider: &Arc<Provider>) -> Router<Screens> {
    let router = Router::new()
        .route("/provider/staff", get(list))
        .route("/provider/staff/clients/{client}", get(client::show).post(client::decide))
        .route("/provider/staff/clients/{client}/limits", post(client::limit));
    if provider.settings.approves_at_once {
        return router;
    }
    let (keys, nonces) = (Keys(provider.clone()), Nonces(provider.clone()));
    let verifier = Arc::new(Verifier::new(provider.clock.clone(), keys, nonces));
    router.route_layer(from_fn_with_state(verifier, Verifier::<Keys, Nonces>::check))
}

/// Who acts: the name of the key; in a sandbox, that it is one.
struct By(String);

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Where the requests of the staff are signed, none comes here that is not.
        let signed = parts.extensions.get::<SignedBy>();
        Ok(Self(signed.map_or_else(|| "sandbox".to_owned(), |signed| signed.key_id.clone())))
    }
}

#[derive(Template)]
#[template(path = "staff-list.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    is_sandbox: bool,
    chosen: Option<Standing>,
    clients: Vec<Client>,
    next: Option<Cursor>,
}

impl List<'_> {
    /// The filters: what each is called, where it leads, whether it is the chosen one.
    fn filters(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        let all = [
            None,
            Some(Standing::Pending),
            Some(Standing::Refused),
            Some(Standing::Approved),
            Some(Standing::Suspended),
        ];
        all.into_iter().map(|one| {
            let label = one.as_ref().map_or("staff.all", standing);
            (label, format!("/provider/staff{}", query(one)), one == self.chosen)
        })
    }

    /// The page after this one.
    fn after(&self, next: &Cursor) -> String {
        let query = query(self.chosen);
        let joined = if query.is_empty() { "?" } else { "&" };
        format!("/provider/staff{query}{joined}cursor={}", next.as_str())
    }
}

fn query(standing: Option<Standing>) -> String {
    let word = standing.map(|standing| match standing {
        Standing::Pending => "pending",
        Standing::Refused => "refused",
        Standing::Approved => "approved",
        Standing::Suspended => "suspended",
    });
    word.map_or_else(String::new, |word| format!("?standing={word}"))
}

/// Which sites are listed.
#[derive(Deserialize)]
struct Asked {
    standing: Option<Standing>,
    cursor: Option<Cursor>,
}

/// The sites that are registered.
async fn list(
    State(screens): State<Screens>,
    Query(Asked { standing: chosen, cursor }): Query<Asked>,
    v: Visit,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let query = PageQuery { cursor, limit: Limit::from(ON_A_PAGE) };
    let Page { items: clients, next } = provider.clients(query, chosen).await?;
    let is_sandbox = provider.settings.approves_at_once;
    page(&v, &List { v: &v, title: "staff.title", is_sandbox, chosen, clients, next })
}
