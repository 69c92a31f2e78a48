//! A site that is registered, as its developer sees it: where it stands and why, its limits, its keys, what to
//! copy.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_web::{Field, Kind, Said, Visit, page};
use inrou_words::Term;

use super::form::explained;
use super::opened::{opened, to_open};
use super::{Screens, Stacks, standing};
use crate::clients::{Client, Limits};

/// What was typed on the page and did not pass.
#[derive(Default)]
pub(super) struct Typed<'a> {
    /// A key.
    pub(super) jwk: &'a str,
    /// Why nothing was done with the keys.
    pub(super) of_keys: Option<&'a Problem>,
    /// Whether the tick is missing that a deletion is meant.
    pub(super) is_not_confirmed: bool,
}

#[derive(Template)]
#[template(path = "console-site.html")]
struct Site<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a Client,
    limits: Limits,
    stacks: Stacks<'a>,
    typed: Typed<'a>,
}

impl Site<'_> {
    fn standing(&self) -> &'static str {
        standing(&self.client.standing)
    }

    fn limits(&self) -> [Said<'_>; 4] {
        limits_said(self.v, &self.limits)
    }

    /// The keys, each with the name by which it is taken away, and what it is for.
    fn keys(&self) -> impl Iterator<Item = (String, String)> {
        self.client.registration.jwks.named().map(|(name, key)| {
            let members = ["kty", "crv", "use", "alg"].map(|member| key[member].as_str());
            (name, members.into_iter().flatten().collect::<Vec<_>>().join(" "))
        })
    }

    /// Where a new key is pasted, on one line.
    fn key(&self) -> Field<'_> {
        let is_faulty = self.typed.of_keys.is_some() && !self.typed.jwk.is_empty();
        Field::new(self.v, "jwk", Kind::Text, self.v.say("console-site.new-key"))
            .support(self.v.say("console.key-is"))
            .value(self.typed.jwk)
            .fault(is_faulty.then(|| self.v.say("console.wrong")))
    }

    /// What is wrong with a key, and what to change.
    fn of_keys(&self) -> Option<(String, String)> {
        self.typed.of_keys.map(explained)
    }
}

/// How often a site may have residents asked, in sentences.
pub(in crate::screens) fn limits_said<'v>(v: &'v Visit, limits: &Limits) -> [Said<'v>; 4] {
    [
        ("limits.of-log-ins-a-minute", limits.log_ins_a_minute),
        ("limits.of-log-ins-a-day", limits.log_ins_a_day),
        ("limits.of-signatures-a-minute", limits.signatures_a_minute),
        ("limits.of-signatures-a-day", limits.signatures_a_day),
    ]
    .map(|(code, most)| v.say(code).with("most", u64::from(most)))
}

/// What is registered.
pub(super) async fn show(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    match opened(&screens, &client, &headers, v.now).await? {
        Some(client) => shown(&screens, &v, &client, Typed::default()),
        None => Ok(to_open(&client)),
    }
}

/// The page again, with what did not pass.
pub(super) async fn refused(
    screens: &Screens,
    v: &Visit,
    client: &Client,
    typed: Typed<'_>,
) -> Result<Response, Problem> {
    // A private key is not shown again.
    let is_private = typed.of_keys.is_some_and(|problem| problem.is(Code::PRIVATE_KEY_SENT));
    let jwk = if is_private { "" } else { typed.jwk };
    let shown = shown(screens, v, client, Typed { jwk, ..typed })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

fn shown(
    screens: &Screens,
    v: &Visit,
    client: &Client,
    typed: Typed<'_>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let stacks = Stacks::of(v, provider, client);
    let limits = provider.limits(client);
    page(v, &Site { v, title: "console-site.title", client, limits, stacks, typed })
}
