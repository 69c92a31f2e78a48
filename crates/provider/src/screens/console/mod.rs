//! The console: where a site's developer registers it, changes it, and reads what happened to it (REG-4).
//!
//! - here: the sites that are there, and a new one by a form; `metadata`: by JSON
//! - `site`: one that is registered; `change`, `keys`: what is done with it
//! - `events`: its log; `opened`: by what a browser is known that showed its token

mod change;
pub(super) mod events;
pub(super) mod form;
mod metadata;
mod opened;
mod site;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use inrou_api::page::PageQuery;
use inrou_api::problem::Problem;
use inrou_web::{Form, Visit, page};
use inrou_words::Term;
use serde_json::Value;

use super::Screens;
use crate::Provider;
use crate::clients::{Client, ClientId, Registered, Registration, Standing};
use form::{Fields, Typed, member_of};
pub(super) use site::limits_said;

/// The console's pages.
pub(super) fn router() -> Router<Screens> {
    Router::new()
        .route("/provider/console", get(show).post(register))
        .route("/provider/console/metadata", get(metadata::show).post(metadata::register))
        .route("/provider/console/clients/{client}", get(events::latest).post(opened::open))
        .route("/provider/console/clients/{client}/transactions/{name}", get(events::transaction))
        .route("/provider/console/clients/{client}/registration", get(site::show))
        .route(
            "/provider/console/clients/{client}/change",
            get(change::show_form).post(change::by_form),
        )
        .route(
            "/provider/console/clients/{client}/metadata",
            get(metadata::show_of).post(metadata::change),
        )
        .route("/provider/console/clients/{client}/keys", post(change::keys))
        .route("/provider/console/clients/{client}/deletion", post(change::delete))
}

#[derive(Template)]
#[template(path = "console.html")]
struct Console<'a> {
    v: &'a Visit,
    title: &'static str,
    fields: Fields<'a>,
    /// The sites that are registered, where everybody may see them.
    clients: Vec<Client>,
}

/// A registration that was made, with what it takes to use it.
#[derive(Template)]
#[template(path = "console-client.html")]
struct New<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a Client,
    token: &'a str,
    address: String,
    stacks: Stacks<'a>,
}

/// What is written in the stacks that developers use, with the site's own values.
#[derive(Template)]
#[template(path = "console-stacks.html")]
struct Stacks<'a> {
    v: &'a Visit,
    issuer: String,
    id: &'a str,
    kid: &'a str,
    redirect_uri: &'a str,
    scope: &'a str,
    /// Whether the provider is reached without TLS, which libraries have to be told.
    is_plain: bool,
}

impl askama::filters::HtmlSafe for Stacks<'_> {}

impl<'a> Stacks<'a> {
    fn of(v: &'a Visit, provider: &Provider, client: &'a Client) -> Self {
        let Registration { jwks, redirect_uris, scope, .. } = &client.registration;
        let kid = jwks.keys.iter().find_map(|key| key.common.key_id.as_deref());
        let issuer = provider.settings.issuer();
        Self {
            v,
            is_plain: issuer.starts_with("http:"),
            issuer,
            id: client.id.as_str(),
            kid: kid.unwrap_or_default(),
            redirect_uri: redirect_uris.first().map_or("", String::as_str),
            scope,
        }
    }

    /// As JavaScript and Python write a string: JSON is part of both.
    fn json(&self, text: &str) -> String {
        Value::from(text).to_string()
    }

    /// As Rust writes a string.
    fn rust(&self, text: &str) -> String {
        format!("{text:?}")
    }
}

/// The code of the words for where a site stands.
pub(super) fn standing(standing: &Standing) -> &'static str {
    match standing {
        Standing::Pending => "console.pending",
        Standing::Refused => "console.refused",
        Standing::Approved => "console.approved",
        Standing::Suspended => "console.suspended",
    }
}

/// Where a site is registered, with those that are there.
async fn show(State(screens): State<Screens>, v: Visit) -> Result<Response, Problem> {
    console(&screens, &v, &Typed::default(), None).await
}

/// Registers a site. Its token is shown with the answer, and nowhere again.
async fn register(
    State(screens): State<Screens>,
    v: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let made = match typed.registration(None) {
        Ok(registration) => screens.provider.register(registration).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => registered(&screens, &v, &made),
        Err(problem) if member_of(&problem).is_some() => {
            let typed = typed.without_private_key(&problem);
            let shown = console(&screens, &v, &typed, Some(&problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// What it takes to use a registration, told once.
fn registered(
    screens: &Screens,
    v: &Visit,
    Registered { client, token }: &Registered,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let known = opened::known(screens, &client.id, v.now)?;
    let address = provider.settings.own_api(&format!("/clients/{}", client.id.as_str()));
    let (title, stacks) = ("console.registered", Stacks::of(v, provider, client));
    let shown = page(v, &New { v, title, client, token, address, stacks })?;
    Ok((AppendHeaders([known]), shown).into_response())
}

async fn console(
    screens: &Screens,
    v: &Visit,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let clients = match provider.settings.approves_at_once {
        true => provider.clients(PageQuery::default(), None).await?.items,
        // In a service, who has registered is not for everybody to see.
        false => Vec::new(),
    };
    let fields = Fields { v, typed, problem, usual: provider.settings.limits };
    page(v, &Console { v, title: "console.title", fields, clients })
}

/// The address of a client's page, or of one below it.
fn page_of(client: &ClientId, below: &str) -> String {
    format!("/provider/console/clients/{}{below}", inrou_web::percent(client.as_str()))
}
