//! Who looks at a page: a member who is signed in. Others are sent to sign in, and back afterwards.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_web::{Stay, Visit};

use super::{Screens, cookies};
use crate::sign_ins::Known;
use crate::staff::{Duty, Member};
use crate::store::SignIn;

/// A member who is signed in.
pub(super) struct Staff {
    pub(super) member: Member,
    pub(super) sign_in: SignIn,
}

impl Staff {
    /// Only if the member may do that.
    ///
    /// # Errors
    /// `permission-denied`.
    pub(super) fn with(&self, duty: Duty) -> Result<(), Problem> {
        match self.member.may(duty) {
            true => Ok(()),
            false => Err(Problem::new(Code::PERMISSION_DENIED)),
        }
    }
}

impl Screens {
    /// What a browser's cookie says of who is signed in here.
    pub(super) async fn known(&self, headers: &HeaderMap) -> Result<Known, Problem> {
        let Some(token) = cookies::read(headers, cookies::STAFF) else {
            return Ok(Known::Never);
        };
        Ok(match self.desk.known_by(token).await? {
            Known::Now(found) if !self.is_of(found.1.is.office) => Known::Never,
            known => known,
        })
    }
}

impl FromRequestParts<Screens> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, screens: &Screens) -> Result<Self, Response> {
        let known = screens.known(&parts.headers).await.map_err(IntoResponse::into_response)?;
        let Known::Now(found) = known else {
            return Err(to_sign_in(parts.uri.path()));
        };
        let (sign_in, member) = *found;
        let sign_in = screens.desk.looked(sign_in).await.map_err(IntoResponse::into_response)?;
        if let Some(visit) = parts.extensions.get_mut::<Visit>() {
            visit.stay = Some(Stay { until: sign_in.until, can_be_extended: true });
        }
        Ok(Self { member, sign_in })
    }
}

/// To the page to sign in, and back to that page afterwards.
pub(super) fn to_sign_in(path: &str) -> Response {
    match own_path(path) {
        Some(path) => Redirect::to(&format!("/sign-in?to={path}")).into_response(),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// An address of these pages, but for the first: nothing else is gone to.
pub(super) fn own_path(path: &str) -> Option<&str> {
    const LONGEST: usize = 200;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let is_own = path.len() > 1
        && path.len() <= LONGEST
        && path.starts_with('/')
        && !path.contains("//")
        && !path.contains("..")
        && path.bytes().all(plain);
    is_own.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_back_to_own_pages_alone() {
        assert_eq!(own_path("/calls/0123"), Some("/calls/0123"));
        for other in ["", "/", "//evil.example", "/\\evil", "https://evil.example", "/a?b", "/.."] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
