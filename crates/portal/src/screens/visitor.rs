//! Who looks at a screen: the resident of the session in the cookie.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_web::Visit;

use super::{Screens, cookies, login};
use crate::store::Session;

/// The resident who is logged in. Others are sent to log in, and come back.
pub(super) struct Resident(pub(super) Session);

impl FromRequestParts<Screens> for Resident {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, screens: &Screens) -> Result<Self, Response> {
        match screens.session(&parts.headers).await {
            Ok(Some(session)) => {
                screens.note(&session, parts);
                Ok(Self(session))
            }
            Ok(None) => Err(login::asked_from(parts.uri.path())),
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// The resident who is logged in, if somebody is.
pub(super) struct Visitor(pub(super) Option<Session>);

impl FromRequestParts<Screens> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, screens: &Screens) -> Result<Self, Problem> {
        let session = screens.session(&parts.headers).await?;
        if let Some(session) = &session {
            screens.note(session, parts);
        }
        Ok(Self(session))
    }
}

impl Screens {
    /// Has the page of this request tell how long its reader stays logged in.
    fn note(&self, session: &Session, parts: &mut Parts) {
        if let Some(visit) = parts.extensions.get_mut::<Visit>() {
            visit.stay = Some(self.portal.stay(session));
        }
    }

    /// The live session of whoever sends these headers.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
        let Some(token) = cookies::read(headers, cookies::SESSION) else {
            return Ok(None);
        };
        none_if_over(self.portal.session(token).await)
    }

    /// The same if it is over.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn past_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<Session>, Problem> {
        let Some(token) = cookies::read(headers, cookies::SESSION) else {
            return Ok(None);
        };
        none_if_over(self.portal.known_session(token).await)
    }
}

fn none_if_over(session: Result<Session, Problem>) -> Result<Option<Session>, Problem> {
    match session {
        Err(problem) if problem.is(Code::LOGIN_REQUIRED) => Ok(None),
        session => session.map(Some),
    }
}
