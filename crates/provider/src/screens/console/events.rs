//! The console's event log: what happened to a site's transactions and to its registration, for whoever has
//! the token of the registration.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Path, Query};
use inrou_web::{Said, Visit, page};
use inrou_words::{Form as Written, Language, Term, error};
use serde::Deserialize;

use super::Screens;
use super::opened::{closed, opened, to_open};
use crate::clients::Client;
use crate::events::{Event, Wanted};

/// What happened last at a site.
#[derive(Template)]
#[template(path = "console-events.html")]
struct Latest<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a Client,
    happened: Vec<Shown<'a>>,
    next: Option<Cursor>,
}

/// What happened to one transaction, in its order.
#[derive(Template)]
#[template(path = "console-transaction.html")]
struct OfOne<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a Client,
    name: &'a str,
    happened: Vec<Shown<'a>>,
}

/// An event, as it is shown.
pub(in crate::screens) struct Shown<'a> {
    v: &'a Visit,
    pub(in crate::screens) event: Event,
    /// The code of its text.
    text: String,
}

impl<'a> Shown<'a> {
    pub(in crate::screens) fn all(v: &'a Visit, events: Vec<Event>) -> Vec<Self> {
        let shown =
            |event: Event| Self { v, text: format!("event.{}", event.what.as_str()), event };
        events.into_iter().map(shown).collect()
    }

    pub(in crate::screens) fn at(&self) -> Said<'_> {
        self.v.say("console-log.moment").with("at", self.event.at)
    }

    pub(in crate::screens) fn what(&self) -> Said<'_> {
        self.v.say(&self.text)
    }

    /// By which name its transaction is found.
    fn transaction(&self) -> Option<&str> {
        let Event { transaction, sign_transaction, .. } = &self.event;
        let own = transaction.as_ref().map(|transaction| transaction.as_str());
        own.or(sign_transaction.as_deref())
    }

    /// What the code means to a developer, and what to change: in English, as all that a server is told.
    fn explained(&self) -> Option<[String; 2]> {
        let text = error(self.event.code.as_deref()?)?;
        let detail = self.event.detail.as_deref().unwrap_or("…");
        let say = |text: inrou_words::Text<'static>| {
            let said = text.in_language(Language::En);
            let all = ["reason", "member", "parameter"].map(|name| (name, detail));
            said.with_all(all).render(Written::Plain)
        };
        Some([say(text.cause()), say(text.change())])
    }
}

/// Where in the log the page begins.
#[derive(Deserialize)]
pub(super) struct From {
    cursor: Option<Cursor>,
}

/// What happened last; or the form that asks for the token.
pub(super) async fn latest(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    Query(from): Query<From>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return closed(&v, &client, false);
    };
    let query = PageQuery { cursor: from.cursor, limit: Limit::default() };
    let wanted = Wanted { client: client.id.clone(), transaction: None, page: query };
    let Page { items, next } = screens.provider.events(wanted).await?;
    let (title, happened) = ("console-log.title", Shown::all(&v, items));
    page(&v, &Latest { v: &v, title, client: &client, happened, next })
}

/// What happened to one transaction.
pub(super) async fn transaction(
    State(screens): State<Screens>,
    Path((client, name)): Path<(String, String)>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(to_open(&client));
    };
    let limit = Limit::from(u32::MAX);
    let wanted = Wanted {
        client: client.id.clone(),
        transaction: Some(name.clone()),
        page: PageQuery { cursor: None, limit },
    };
    let mut events = screens.provider.events(wanted).await?.items;
    if events.is_empty() {
        return Err(Problem::new(Code::NOT_FOUND));
    }
    events.reverse();
    let (title, happened) = ("console-log.of-one", Shown::all(&v, events));
    page(&v, &OfOne { v: &v, title, client: &client, name: &name, happened })
}
