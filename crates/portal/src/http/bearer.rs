//! Who sends a request: the resident of a session (RFC 6750).

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use inrou_api::problem::{Code, Problem};

use super::State;
use crate::store::Session;

/// The live session whose token came along. A handler takes it as an argument.
pub(crate) struct LoggedIn(pub(crate) Session);

impl FromRequestParts<State> for LoggedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        state.portal.session(token(parts)?).await.map(Self)
    }
}

/// The session whose token came along, even if it has ended: for what may be repeated after that.
pub(crate) struct WasLoggedIn(pub(crate) Session);

impl FromRequestParts<State> for WasLoggedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        state.portal.known_session(token(parts)?).await.map(Self)
    }
}

fn token(parts: &Parts) -> Result<&str, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let credentials = header.and_then(|header| header.to_str().ok());
    credentials
        .and_then(|credentials| credentials.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Problem::new(Code::LOGIN_REQUIRED))
}
