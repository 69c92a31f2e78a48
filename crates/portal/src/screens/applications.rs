//! The resident's applications: the list, and each with what is to be done next.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::{Cursor, PageQuery};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Path, Query, long_poll};
use inrou_api::wire::portal::{ApplicationState, ApplicationView};
use inrou_web::{Form, HandOver, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};
use serde::Deserialize;

use super::visitor::Resident;
use super::{ON_A_PAGE, Screens, keyed, login, patience, to};
use crate::applications::state;
use crate::store::{Application, procedure_name};

/// Which page of a list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    pub(super) cursor: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "applications.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    items: Vec<ApplicationView>,
    next: Option<Cursor>,
    first: bool,
}

impl List<'_> {
    fn procedure(&self, item: &ApplicationView) -> Said<'static> {
        procedure(self.v, item.procedure)
    }

    fn state<'b>(&self, item: &'b ApplicationView) -> (&'static str, Said<'b>) {
        standing(self.v, &item.state)
    }
}

/// The list, newest first.
pub(super) async fn list(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(query): Query<ListQuery>,
    v: Visit,
) -> Result<Response, Problem> {
    let first = query.cursor.is_none();
    let query = PageQuery { cursor: query.cursor, limit: ON_A_PAGE.into() };
    let found = screens.portal.applications(session, query).await?;
    let (items, next) = (found.items, found.next);
    page(&v, &List { v: &v, title: "applications.title", items, next, first })
}

/// A procedure's name.
pub(super) fn procedure(v: &Visit, procedure: inrou_api::wire::portal::Procedure) -> Said<'static> {
    let name = Value::Name(procedure_name(procedure));
    Said::of("value.procedure", v.language).with("value", name)
}

/// Where an application stands: a class of the style sheet, and the words.
pub(super) fn standing<'b>(v: &Visit, state: &'b ApplicationState) -> (&'static str, Said<'b>) {
    let say = |code| Said::of(code, v.language);
    match state {
        ApplicationState::WaitsForSignature => ("waits", say("application-is.waits-for-signature")),
        ApplicationState::Received { at } => {
            ("waits", say("application-is.received").with("at", *at))
        }
        ApplicationState::Accepted { at } => {
            ("good", say("application-is.accepted").with("at", *at))
        }
        ApplicationState::Returned { at, .. } => {
            ("bad", say("application-is.returned").with("at", *at))
        }
        ApplicationState::NotSigned { .. } => ("bad", say("application-is.not-signed")),
    }
}

/// The name of a state, by which a page says what it shows.
fn name(state: &ApplicationState) -> &'static str {
    match state {
        ApplicationState::WaitsForSignature => "waits-for-signature",
        ApplicationState::Received { .. } => "received",
        ApplicationState::Accepted { .. } => "accepted",
        ApplicationState::Returned { .. } => "returned",
        ApplicationState::NotSigned { .. } => "not-signed",
    }
}

#[derive(Template)]
#[template(path = "application.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    found: &'a Application,
    state: &'a ApplicationState,
    hand_over: Option<HandOver<'a>>,
    taken: bool,
    key: &'a str,
}

impl Shown<'_> {
    fn procedure(&self) -> Said<'_> {
        procedure(self.v, self.found.procedure)
    }

    fn standing(&self) -> (&'static str, Said<'_>) {
        standing(self.v, self.state)
    }

    fn name(&self) -> &'static str {
        name(self.state)
    }

    fn left(&self) -> Said<'_> {
        login::time_left(self.v, self.found.transaction.expires)
    }

    fn reference(&self) -> String {
        self.found.reference().unwrap_or_default()
    }

    fn not_signed(&self) -> Option<Trouble<'_>> {
        match self.state {
            ApplicationState::NotSigned { code } => {
                Some(Trouble::of(self.v, code, std::iter::empty()))
            }
            _ => None,
        }
    }

    /// That it was accepted, and what follows.
    fn accepted(&self) -> Said<'_> {
        let procedure = Value::Name(self.found.procedure_name());
        self.v.say("application.accepted").with("procedure", procedure)
    }

    fn returned(&self) -> Option<Said<'_>> {
        match self.state {
            ApplicationState::Returned { reason, .. } => {
                let reason = Term { text: reason, reading: "" };
                Some(self.v.say("value.term").with("value", reason))
            }
            _ => None,
        }
    }

    /// To correct it and send it anew.
    fn correct(&self) -> String {
        let procedure = self.found.procedure_name();
        format!("/portal/apply/{procedure}?from={}", self.found.id)
    }
}

/// An application, and what is next.
pub(super) async fn show(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(id): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let portal = &screens.portal;
    let now = portal.now();
    let found = portal.own(&session, id).await?;
    let state = state(&found, now);
    let taken = found.transaction.handover.taken.is_some();
    let waits = state == ApplicationState::WaitsForSignature && !taken;
    let renews = format!("/portal/applications/{}/code", found.id);
    let hand_over =
        waits.then(|| login::hand_over(&screens, &v, &found.transaction, renews)).transpose()?;
    let key = IdempotencyKey::new(&*portal.entropy);
    let shown = Shown {
        v: &v,
        title: "application.title",
        found: &found,
        state: &state,
        hand_over,
        taken,
        key: key.as_str(),
    };
    page(&v, &shown)
}

/// The QR code of this second.
pub(super) async fn code(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(id): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let found = screens.portal.own(&session, id).await?;
    page(&v, &inrou_web::Code::new(&v, screens.portal.code(&found.transaction))?)
}

/// What the page shows.
#[derive(Deserialize)]
pub(super) struct Seen {
    state: String,
    #[serde(default)]
    taken: bool,
}

/// Whether an application stands otherwise than its page shows: 200, or 204 if it does not.
pub(super) async fn news(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    let portal = &screens.portal;
    let find = async || portal.own(&session, id.clone()).await;
    let is_news = |found: &Application| {
        name(&state(found, portal.now())) != seen.state
            || found.transaction.handover.taken.is_some() != seen.taken
    };
    let expires = find().await?.transaction.expires;
    let poll = long_poll(portal.changes(), patience().duration(), &screens.shutdown, || async {
        let found = find().await?;
        Ok::<_, Problem>(is_news(&found).then_some(()))
    });
    // Its time ends by the clock, without a change.
    let waits_for_signature = seen.state == name(&ApplicationState::WaitsForSignature);
    tokio::select! {
        polled = poll => { polled?; }
        () = portal.clock.wait_until(expires), if waits_for_signature => {}
    }
    Ok(if is_news(&find().await?) { StatusCode::OK } else { StatusCode::NO_CONTENT })
}

/// What the button to sign again sends.
#[derive(Deserialize)]
pub(super) struct SignForm {
    key: Option<String>,
}

/// Asks the phone again.
pub(super) async fn sign_again(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(id): Path<String>,
    Form(form): Form<SignForm>,
) -> Result<Response, Problem> {
    let address = format!("/portal/applications/{id}");
    let request = keyed(&session.subject, form.key.as_deref(), &address, b"sign")?;
    match screens.portal.sign_again(session, request, id).await {
        // Signed meanwhile: its page says so.
        Err(problem) if problem.is(Code::APPLICATION_SETTLED) => {}
        done => drop(done?),
    }
    Ok(to(&address).into_response())
}

/// The text that was signed.
pub(super) async fn document(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let signed = screens.portal.signed_document(session, id).await?;
    Ok(download("text/plain; charset=utf-8", "document.txt", signed.document.into_bytes()))
}

/// The signature over it.
pub(super) async fn signature(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let signed = screens.portal.signed_document(session, id).await?;
    Ok(download("application/pkcs7-signature", "document.txt.p7s", signed.cms.0))
}

/// A file for the browser to keep.
pub(super) fn download(media_type: &'static str, name: &str, content: impl Into<Body>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers =
        [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, content.into()).into_response()
}
