//! The first page, and the resident's sessions.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::portal::SessionView;
use inrou_api::wire::transaction::LoginOrigin;
use inrou_rules::Attributes;
use inrou_web::{Form, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};
use serde::Deserialize;

use super::visitor::{Resident, Visitor};
use super::{Screens, notices, to};
use crate::store::Draft;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome<'a> {
    v: &'a Visit,
    title: &'static str,
    /// That a log-in has ended, if one has.
    ended: Option<Trouble<'a>>,
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
    /// The forms that were begun.
    drafts: Vec<Draft>,
    own: bool,
    /// Who is logged in, if the authority tells.
    resident: Option<Attributes>,
}

impl Home<'_> {
    fn who(&self) -> Said<'_> {
        match &self.resident {
            Some(resident) => self.v.say("home-page.who").with("name", name_of(resident)),
            None => self.v.say("home-page.who-unknown"),
        }
    }

    fn procedure<'b>(&self, draft: &'b Draft) -> Said<'b> {
        Said::of("value.procedure", self.v.language).with("value", Value::Name(&draft.form))
    }
}

/// The menu of who is logged in; what the portal is for everybody else.
pub(super) async fn home(
    State(screens): State<Screens>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(session) = visitor else {
        let code = Code::SESSION_ENDED.as_str();
        let past = screens.past_session(&headers).await?;
        let ended = past.map(|_| Trouble::of(&v, code, std::iter::empty()));
        return page(&v, &Welcome { v: &v, title: "welcome.title", ended });
    };
    let seen = notices::seen(&headers);
    let drafts = screens.portal.drafts(&session.subject).await?;
    let (new, last) = screens.portal.new_notices(&session, seen).await?;
    let own = screens.portal.own.is_some();
    let resident = screens.portal.resident(&session).await;
    page(&v, &Home { v: &v, title: "home-page.title", new, last, drafts, own, resident })
}

/// A resident's name with its reading.
pub(super) fn name_of(resident: &Attributes) -> Term<'_> {
    Term { text: &resident.name, reading: &resident.name_reading }
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions<'a> {
    v: &'a Visit,
    title: &'static str,
    sessions: Vec<SessionView>,
}

impl Sessions<'_> {
    /// From where it was begun, where that was noted.
    fn origin<'b>(&'b self, session: &'b SessionView) -> Option<Said<'b>> {
        Some(match session.origin.as_ref()? {
            LoginOrigin::Program => self.v.say("sessions.program"),
            LoginOrigin::Page { browser } if browser.is_empty() => {
                self.v.say("sessions.some-browser")
            }
            LoginOrigin::Page { browser } => {
                let browser = Term { text: browser, reading: "" };
                self.v.say("sessions.page").with("browser", browser)
            }
        })
    }

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
