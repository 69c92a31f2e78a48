//! The first page, and the resident's sessions.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::wire::portal::{Procedure, SessionView};
use inrou_web::{Form, Visit, page};
use serde::Deserialize;

use super::visitor::{Resident, Visitor};
use super::{Screens, notices, to};
use crate::store::procedure_name;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome<'a> {
    v: &'a Visit,
    title: &'static str,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    v: &'a Visit,
    title: &'static str,
    /// How many notices were not looked at yet.
    new: u64,
    /// The notice that came last.
    last: u64,
    draft: Option<&'static str>,
    own: bool,
}

/// The menu of who is logged in; what the portal is for everybody else.
pub(super) async fn home(
    State(screens): State<Screens>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(session) = visitor else {
        return page(&v, &Welcome { v: &v, title: "welcome.title" });
    };
    let seen = notices::seen(&headers);
    let draft = screens.drafts.of(&session.subject, v.now);
    let draft = draft.map(|(procedure, _): (Procedure, _)| procedure_name(procedure));
    let (new, last) = screens.portal.new_notices(&session, seen).await?;
    let own = screens.own.is_some();
    page(&v, &Home { v: &v, title: "home-page.title", new, last, draft, own })
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions<'a> {
    v: &'a Visit,
    title: &'static str,
    sessions: Vec<SessionView>,
}

impl Sessions<'_> {
    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}

/// Where the resident is logged in.
pub(super) async fn sessions(
    State(screens): State<Screens>,
    Resident(session): Resident,
    v: Visit,
) -> Result<Response, Problem> {
    let sessions = screens.portal.sessions(session).await?;
    page(&v, &Sessions { v: &v, title: "sessions.title", sessions })
}

/// Which session is to end.
#[derive(Deserialize)]
pub(super) struct EndForm {
    session: String,
}

/// Ends one. Repeating it changes nothing.
pub(super) async fn end_session(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    screens.portal.end_session(session, form.session).await?;
    Ok(to("/portal/sessions").into_response())
}

/// Ends all but the asking one.
pub(super) async fn end_others(
    State(screens): State<Screens>,
    Resident(session): Resident,
) -> Result<Response, Problem> {
    for other in screens.portal.sessions(session.clone()).await? {
        if !other.current {
            screens.portal.end_session(session.clone(), other.session).await?;
        }
    }
    Ok(to("/portal/sessions").into_response())
}
