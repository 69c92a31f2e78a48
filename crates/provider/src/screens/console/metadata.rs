//! A registration in JSON, as the API takes it (RFC 7591 §2): pasted for a new site, or to change one.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Path, parse_json};
use inrou_web::{Form, Visit, page};
use inrou_words::Term;
use serde::Deserialize;
use serde_json::json;

use super::change::to_site;
use super::form::explained;
use super::opened::{opened, to_open};
use super::{Screens, registered};
use crate::clients::{Change, Client, Registration, Seen, Shown};
use crate::http::LONGEST_REGISTRATION;

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Pasted {
    metadata: String,
    /// Which version is changed.
    #[serde(default)]
    version: Option<u64>,
}

#[derive(Template)]
#[template(path = "console-metadata.html")]
struct Metadata<'a> {
    v: &'a Visit,
    title: &'static str,
    /// Whose, and which version; a new site's if absent.
    client: Option<&'a Client>,
    metadata: &'a str,
    /// The version that is changed.
    version: Option<u64>,
    /// What is registered now, if somebody else changed it meanwhile.
    now: Option<String>,
    /// What is wrong with it, and what to change.
    problem: Option<(String, String)>,
}

/// Where a new site's metadata is pasted.
pub(super) async fn show(v: Visit) -> Result<Response, Problem> {
    let keys = json!({"keys": []});
    let empty = json!({"client_name": "", "redirect_uris": [""], "jwks": keys,
        "scope": "openid name", "sector": ""});
    let metadata = serde_json::to_string_pretty(&empty).or_internal()?;
    shown(&v, (None, None), &metadata, None)
}

/// Registers a site.
pub(super) async fn register(
    State(screens): State<Screens>,
    v: Visit,
    Form(Pasted { metadata, .. }): Form<Pasted>,
) -> Result<Response, Problem> {
    let made = match read(&metadata) {
        Ok(registration) => screens.provider.register(registration).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => registered(&screens, &v, &made),
        Err(problem) => refused(&v, (None, None), &metadata, problem),
    }
}

/// Where the metadata of a site are changed.
pub(super) async fn show_of(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    let metadata = serde_json::to_string_pretty(&client.registration).or_internal()?;
    shown(&v, (Some(&client), Some(client.version)), &metadata, None)
}

/// Changes what is registered, all of it.
pub(super) async fn change(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
    Form(Pasted { metadata, version }): Form<Pasted>,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    let changed = match read(&metadata) {
        Ok(registration) => {
            let change = Change::Whole(Box::new(registration), version.map(Seen::Version));
            screens.provider.renew(client.id.as_str(), Shown::Before, change).await
        }
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(changed) => Ok(to_site(&changed)),
        Err(problem) if problem.is(Code::REGISTRATION_CHANGED) => {
            // What was pasted stays there, to be compared with what is registered now.
            let now = screens.provider.client(&client.id).await?.unwrap_or(client);
            refused(&v, (Some(&now), Some(now.version)), &metadata, problem)
        }
        // What is sent again is a change of what was looked at, or is refused.
        Err(problem) => refused(&v, (Some(&client), version), &metadata, problem),
    }
}

/// What was pasted, as the API reads it.
fn read(metadata: &str) -> Result<Registration, Problem> {
    if metadata.len() > LONGEST_REGISTRATION {
        return Err(Problem::new(Code::BODY_TOO_LARGE));
    }
    parse_json(metadata.as_bytes())
}

/// The page again, with what is wrong. A private key is not shown again.
fn refused(
    v: &Visit,
    of: (Option<&Client>, Option<u64>),
    metadata: &str,
    problem: Problem,
) -> Result<Response, Problem> {
    let is_mine = problem.status().is_client_error() && !problem.is(Code::REGISTRATIONS_FULL);
    if !is_mine {
        return Err(problem);
    }
    let metadata = if problem.is(Code::PRIVATE_KEY_SENT) { "" } else { metadata };
    let shown = shown(v, of, metadata, Some(&problem))?;
    let status = match problem.is(Code::REGISTRATION_CHANGED) {
        true => StatusCode::CONFLICT,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, shown).into_response())
}

fn shown(
    v: &Visit,
    (client, version): (Option<&Client>, Option<u64>),
    metadata: &str,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let is_changed = problem.is_some_and(|problem| problem.is(Code::REGISTRATION_CHANGED));
    let now = match client.filter(|_| is_changed) {
        Some(client) => Some(serde_json::to_string_pretty(&client.registration).or_internal()?),
        None => None,
    };
    let (title, problem) = ("console-metadata.title", problem.map(explained));
    page(v, &Metadata { v, title, client, metadata, version, now, problem })
}
