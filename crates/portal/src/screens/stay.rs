//! How long a resident stays logged in: told on each page, warned of before it is over, and put off by a
//! press (WCAG 2.2, 2.2.1). Looking at pages puts nothing off.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::Json;
use inrou_web::{Form, Stay, Visit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cookies::{self, SetCookie};
use super::login::own_path;
use super::visitor::Resident;
use super::{Screens, to};
use crate::Portal;
use crate::store::Session;
use crate::tidy::REMEMBERED;

/// How much is left.
#[derive(Serialize)]
pub(super) struct Left {
    /// In seconds; 0 if it is over.
    left: u64,
    /// Until when, in words.
    text: String,
}

/// How much is left, for the page to warn by: the clock may have been turned, or another tab have put
/// off the end.
pub(super) async fn left(
    State(screens): State<Screens>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Json<Left>, Problem> {
    let until = screens.session(&headers).await?.map_or(v.now, |session| session.expires);
    Ok(Json(Left::until(until, "session.until", &v)))
}

impl Left {
    /// What is left until then, as that text says it.
    pub(super) fn until(until: Timestamp, code: &str, v: &Visit) -> Self {
        let text = v.say(code).with("until", until).kana();
        Self { left: v.seconds_to(&until), text }
    }
}

/// Where the button to stay was pressed.
#[derive(Deserialize)]
pub(super) struct ExtendForm {
    #[serde(default)]
    pub(super) to: String,
}

/// Puts the end off, and leads back.
pub(super) async fn extend(
    State(screens): State<Screens>,
    Resident(session): Resident,
    headers: HeaderMap,
    Form(form): Form<ExtendForm>,
) -> Result<Response, Problem> {
    let cookie = screens.extend(session, &headers).await?;
    let back = own_path(&form.to).unwrap_or("/portal");
    Ok((AppendHeaders([cookie]), to(back)).into_response())
}

impl Screens {
    /// Puts the end of a session off; gives the cookie that lasts as long.
    pub(super) async fn extend(
        &self,
        session: Session,
        headers: &HeaderMap,
    ) -> Result<SetCookie, Problem> {
        let extended = self.portal.extend_session(session).await?;
        let token = cookies::read(headers, cookies::SESSION).unwrap_or_default();
        self.portal.session_cookie(token, &extended)
    }
}

impl Portal {
    /// The cookie of a session. It outlasts the session: what is sent after the end is kept for whose
    /// session it was.
    pub(super) fn session_cookie(
        &self,
        token: &str,
        session: &Session,
    ) -> Result<SetCookie, Problem> {
        let left = session.expires.duration_since(self.now());
        cookies::set(cookies::SESSION, token, left.saturating_add(REMEMBERED))
    }

    /// What a page tells of a session's end.
    pub(super) fn stay(&self, session: &Session) -> Stay {
        let can_be_extended = session.expires < self.latest_end(session);
        Stay { until: session.expires, can_be_extended }
    }
}
