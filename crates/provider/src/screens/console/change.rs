//! What a developer does with a registration that is there.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_web::{Form, Visit, page};
use inrou_words::Term;
use serde::Deserialize;
use serde_json::Value;

use super::form::{Fields, Typed, member_of};
use super::opened::{opened, to_open};
use super::{Screens, page_of, site};
use crate::clients::{Change, Client, Keys, Registration, Seen, Shown};
use crate::screens::registered::shown;

/// The form, filled in with what is registered.
#[derive(Template)]
#[template(path = "console-change.html")]
struct Changing<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a Client,
    fields: Fields<'a>,
    /// Whether somebody else changed it meanwhile.
    is_changed: bool,
    /// What is registered then, as far as it is not what was typed.
    now: Vec<(&'static str, String)>,
    /// Whether a change has to be approved.
    is_approved_anew: bool,
}

/// The form of a change.
pub(super) async fn show_form(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    let typed = Typed::of(&client.registration, client.version);
    form(&screens, &v, &client, &typed, None)
}

/// Changes what is registered, all but the keys.
pub(super) async fn by_form(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    let changed = match typed.registration(Some(&client.registration)) {
        Ok(registration) => {
            // The keys that the form keeps are those of the version that it names, or it is refused.
            let version = typed.version.unwrap_or(client.version);
            let change = Change::Whole(Box::new(registration), Some(Seen::Version(version)));
            screens.provider.renew(client.id.as_str(), Shown::Before, change).await
        }
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(changed) => Ok(to_site(&changed)),
        Err(problem) if problem.is(Code::REGISTRATION_CHANGED) => {
            // What was typed stays there, to be compared with what is registered now.
            let now = screens.provider.client(&client.id).await?.unwrap_or(client);
            let typed = typed.of_version(now.version);
            let shown = form(&screens, &v, &now, &typed, Some(&problem))?;
            Ok((StatusCode::CONFLICT, shown).into_response())
        }
        Err(problem) if member_of(&problem).is_some() => {
            let shown = form(&screens, &v, &client, &typed, Some(&problem))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn form(
    screens: &Screens,
    v: &Visit,
    client: &Client,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let settings = &screens.provider.settings;
    let fields = Fields { v, typed, problem, usual: settings.limits };
    let is_changed = problem.is_some_and(|problem| problem.is(Code::REGISTRATION_CHANGED));
    let is_approved_anew = !settings.approves_at_once;
    let now = if is_changed { differs(&client.registration, typed) } else { Vec::new() };
    let title = "console-site.change";
    page(v, &Changing { v, title, client, fields, is_changed, now, is_approved_anew })
}

/// What is registered, as far as it is not what was typed.
fn differs(now: &Registration, typed: &Typed) -> Vec<(&'static str, String)> {
    let typed = typed.registration(Some(now)).map(|typed| shown(&typed)).unwrap_or_default();
    shown(now).into_iter().filter(|member| !typed.contains(member)).collect()
}

/// What is done with the keys.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct OfKeys {
    /// A key that comes.
    jwk: String,
    /// The name of the one that goes.
    remove: Option<String>,
}

/// Puts a key beside the others, or takes one away.
pub(super) async fn keys(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
    Form(OfKeys { jwk, remove }): Form<OfKeys>,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    let change = match remove {
        Some(name) => Ok(Change::KeyRemoved(name)),
        None => {
            let none = Problem::new(Code::KEY_UNSOUND).with("reason", "it is not written in JSON");
            let key: Result<Value, _> = serde_json::from_str(&jwk);
            key.map(|key| Change::KeyAdded(Keys::of(key))).map_err(|_| none)
        }
    };
    let changed = match change {
        Ok(change) => screens.provider.renew(client.id.as_str(), Shown::Before, change).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(changed) => Ok(to_site(&changed)),
        Err(problem) if problem.status().is_client_error() => {
            let typed = site::Typed { jwk: &jwk, of_keys: Some(&problem), ..Default::default() };
            site::refused(&screens, &v, &client, typed).await
        }
        Err(problem) => Err(problem),
    }
}

/// Whether it is meant.
#[derive(Deserialize)]
pub(super) struct Deletion {
    confirmed: Option<String>,
}

/// Deletes a registration.
pub(super) async fn delete(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
    Form(Deletion { confirmed }): Form<Deletion>,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    if confirmed.is_none() {
        let typed = site::Typed { is_not_confirmed: true, ..Default::default() };
        return site::refused(&screens, &v, &client, typed).await;
    }
    screens.provider.unregister(client.id.as_str(), Shown::Before).await?;
    Ok(Redirect::to("/provider/console").into_response())
}

pub(super) fn to_site(client: &Client) -> Response {
    Redirect::to(&page_of(&client.id, "/registration")).into_response()
}
