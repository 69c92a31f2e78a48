//! By what a browser is known that has shown the token of a registration: for an hour.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_web::{Field, Form, Kind, Visit, cookies, page};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Screens, page_of};
use crate::clients::{Client, ClientId};

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

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Token {
    token: String,
}

/// Opens a registration and its log by the token.
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
            let to = Redirect::to(&page_of(&found.id, ""));
            Ok((AppendHeaders([known]), to).into_response())
        }
        Err(problem) if problem.is(Code::REGISTRATION_TOKEN_INVALID) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, closed(&v, &client, true)?).into_response())
        }
        Err(problem) => Err(problem),
    }
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

/// The client whose registration this browser may see, if it is that one.
pub(super) async fn opened(
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

/// The page that asks for the token.
pub(super) fn closed(v: &Visit, client: &str, is_refused: bool) -> Result<Response, Problem> {
    page(v, &Closed { v, title: "console-log.title", client, is_refused })
}

/// To the page that asks for the token.
pub(super) fn to_open(client: &str) -> Response {
    Redirect::to(&page_of(&ClientId::sent(client), "")).into_response()
}
