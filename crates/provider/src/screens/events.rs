//! The console's event log: what happened to a site's transactions, for whoever has the token of its
//! registration. The browser that showed the token is known for an hour.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Path, Query};
use inrou_web::{Field, Form, Kind, Said, Visit, cookies, page};
use inrou_words::{Form as Written, Language, Term, error};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Screens;
use crate::clients::{Client, ClientId};
use crate::events::{Event, Wanted};

/// By which a browser is known that showed the token: the client, until when, and a mark.
const CONSOLE: &str = "__Host-console";

/// How long it is known.
const KNOWN: SignedDuration = SignedDuration::from_hours(1);

/// The page that asks for the token.
#[derive(Template)]
#[template(path = "console-open.html")]
struct Closed<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a str,
    is_refused: bool,
}

impl Closed<'_> {
    fn token(&self) -> Field<'_> {
        let fault = self.is_refused.then(|| self.v.say("console-log.token-wrong"));
        Field::new(self.v, "token", Kind::Text, self.v.say("console-log.token"))
            .support(self.v.say("console-log.token-is"))
            .fault(fault)
    }
}

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
struct Shown<'a> {
    v: &'a Visit,
    event: Event,
    /// The code of its text.
    text: String,
}

impl<'a> Shown<'a> {
    fn all(v: &'a Visit, events: Vec<Event>) -> Vec<Self> {
        let shown =
            |event: Event| Self { v, text: format!("event.{}", event.what.as_str()), event };
        events.into_iter().map(shown).collect()
    }

    fn at(&self) -> Said<'_> {
        self.v.say("console-log.moment").with("at", self.event.at)
    }

    fn what(&self) -> Said<'_> {
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

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Token {
    token: String,
}

/// Opens the log by the token of the registration.
pub(super) async fn open(
    State(screens): State<Screens>,
    Path(client): Path<String>,
    v: Visit,
    Form(Token { token }): Form<Token>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    match provider.registered(&client, Some(token.trim())).await {
        Ok(found) => {
            let known = known(&screens, &found.id, v.now)?;
            Ok((AppendHeaders([known]), Redirect::to(&page_of(&found.id))).into_response())
        }
        Err(problem) if problem.is(Code::REGISTRATION_TOKEN_INVALID) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, closed(&v, &client, true)?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// What happened to one transaction.
pub(super) async fn transaction(
    State(screens): State<Screens>,
    Path((client, name)): Path<(String, String)>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(client) = opened(&screens, &client, &headers, v.now).await? else {
        return Ok(Redirect::to(&page_of(&ClientId::sent(&client))).into_response());
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

/// The cookie by which a browser is known that has the token of a client's registration.
pub(super) fn known(
    screens: &Screens,
    client: &ClientId,
    now: Timestamp,
) -> Result<cookies::SetCookie, Problem> {
    let until = now.saturating_add(KNOWN).unwrap_or(Timestamp::MAX).as_second();
    let mark = screens.provider.secrets.console_mark(client, until);
    cookies::set(CONSOLE, &format!("{}.{until}.{mark}", client.as_str()), KNOWN)
}

/// The client whose log this browser may see, if it is that one.
async fn opened(
    screens: &Screens,
    client: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Client>, Problem> {
    let id = ClientId::sent(client);
    let shown = cookies::read(headers, CONSOLE).and_then(|cookie| {
        let (rest, mark) = cookie.rsplit_once('.')?;
        let (of, until) = rest.rsplit_once('.')?;
        Some((of, until.parse::<i64>().ok()?, mark))
    });
    let is_known = shown.is_some_and(|(of, until, mark)| {
        let is_good = mark == screens.provider.secrets.console_mark(&id, until);
        of == client && is_good && now.as_second() < until
    });
    if is_known { screens.provider.client(&id).await } else { Ok(None) }
}

fn closed(v: &Visit, client: &str, is_refused: bool) -> Result<Response, Problem> {
    page(v, &Closed { v, title: "console-log.title", client, is_refused })
}

fn page_of(client: &ClientId) -> String {
    format!("/provider/console/clients/{}", inrou_web::percent(client.as_str()))
}
