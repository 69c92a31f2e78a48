//! The sandbox's sign-in of clerks: told on each page, warned of before it is over, and put off by a press,
//! as often as a clerk likes (WCAG 2.2, 2.2.1).

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Query};
use inrou_rules::Municipality;
use inrou_web::{Form, Said, Stay, Trouble, Visit, page};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Office, municipality};
use crate::screens::cookies::{self, SetCookie};
use crate::screens::path_below;
use crate::screens::stay::{ExtendForm, Left};
use crate::secrets::{hex, sha256};
use crate::tidy::REMEMBERED;

/// How long a clerk stays signed in.
const LIFE: SignedDuration = SignedDuration::from_hours(8);

/// Who is signed in. Others are sent to sign in.
#[derive(Clone, Copy)]
pub(super) struct Clerk {
    /// The clerk's municipality.
    pub(super) municipality: Municipality,
    /// Until when the clerk is signed in.
    until: Timestamp,
}

impl Clerk {
    /// Under what the drafts of a municipality's clerks are kept.
    pub(super) fn owner(self) -> String {
        format!("clerk:{}", self.municipality)
    }

    /// What a page tells of the sign-in's end.
    pub(super) fn stay(self) -> Stay {
        Stay { until: self.until, can_be_extended: true }
    }
}

impl FromRequestParts<Office> for Clerk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        match office.signed_in(&parts.headers).await {
            Ok(SignedIn::Now(clerk)) => {
                if let Some(visit) = parts.extensions.get_mut::<Visit>() {
                    visit.stay = Some(clerk.stay());
                }
                Ok(clerk)
            }
            Ok(SignedIn::Before(_) | SignedIn::Never) => Err(to_sign_in(parts.uri.path())),
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// What a browser's cookie says.
pub(super) enum SignedIn {
    /// Its clerk is signed in.
    Now(Clerk),
    /// Its clerk was.
    Before(Clerk),
    /// Nobody was.
    Never,
}

/// To the page to sign in, and back to that page afterwards.
pub(super) fn to_sign_in(path: &str) -> Response {
    match own_path(path) {
        Some(path) => Redirect::to(&format!("/sign-in?to={path}")).into_response(),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// An address of the office's own pages, but for its first: nothing else is gone to.
fn own_path(path: &str) -> Option<&str> {
    path_below("/", path).filter(|path| *path != "/")
}

/// Where to go after the sign-in.
#[derive(Deserialize)]
pub(super) struct Whither {
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "office-sign-in.html")]
struct SignIn<'a> {
    v: &'a Visit,
    title: &'static str,
    municipalities: &'a [Municipality],
    /// How many applications wait for each of those that have some.
    undecided: BTreeMap<Municipality, u64>,
    /// That a sign-in has ended, if one has.
    ended: Option<Trouble<'a>>,
    to: &'a str,
}

impl SignIn<'_> {
    fn name(&self, &code: &Municipality) -> Said<'static> {
        municipality(self.v, code)
    }

    /// How many applications wait there, if some do.
    fn waiting(&self, code: &Municipality) -> Option<Said<'static>> {
        let count = *self.undecided.get(code)?;
        Some(Said::of("office.waiting", self.v.language).with("count", count))
    }
}

/// The municipalities to choose from.
pub(super) async fn show(
    State(office): State<Office>,
    headers: HeaderMap,
    Query(query): Query<Whither>,
    v: Visit,
) -> Result<Response, Problem> {
    let to = query.to.as_deref().and_then(own_path).unwrap_or_default();
    let municipalities = &office.municipalities;
    let code = Code::SESSION_ENDED.as_str();
    let ended = match office.signed_in(&headers).await? {
        SignedIn::Before(_) => Some(Trouble::of(&v, code, std::iter::empty())),
        SignedIn::Now(_) | SignedIn::Never => None,
    };
    let undecided = office.portal.store(|store| store.undecided()).await?;
    page(&v, &SignIn { v: &v, title: "office.sign-in", municipalities, undecided, ended, to })
}

/// The municipality that was chosen.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    municipality: String,
    #[serde(default)]
    to: String,
}

/// Signs a clerk in, by a token of its own. The one that was here before opens nothing any more.
pub(super) async fn sign_in(
    State(office): State<Office>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, Problem> {
    let known = form.municipality.parse().ok();
    let municipality = known.filter(|code| office.municipalities.contains(code));
    let municipality = municipality.ok_or_else(|| Problem::new(Code::MUNICIPALITY_UNKNOWN))?;
    office.end(&headers).await?;
    let token = hex(&office.portal.random());
    let (hash, until) = (sha256(token.as_bytes()), office.portal.until(LIFE));
    office.portal.store(move |store| store.sign_in(&hash, municipality, until)).await?;
    let to = own_path(&form.to).unwrap_or("/");
    Ok((AppendHeaders([cookie(&token)?]), Redirect::to(to)).into_response())
}

/// The cookie of a sign-in. It outlasts it: what is sent after the end is kept for whose it was.
fn cookie(token: &str) -> Result<SetCookie, Problem> {
    cookies::set(cookies::CLERK, token, LIFE.saturating_add(REMEMBERED))
}

/// How much is left, for the page to warn by.
pub(super) async fn left(
    State(office): State<Office>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Json<Left>, Problem> {
    let until = match office.signed_in(&headers).await? {
        SignedIn::Now(clerk) => clerk.until,
        SignedIn::Before(_) | SignedIn::Never => v.now,
    };
    Ok(Json(Left::until(until, "office.until", &v)))
}

/// Puts the end off, and leads back; after the end, by way of the sign-in.
pub(super) async fn extend(
    State(office): State<Office>,
    headers: HeaderMap,
    Form(form): Form<ExtendForm>,
) -> Result<Response, Problem> {
    if !matches!(office.signed_in(&headers).await?, SignedIn::Now(_)) {
        return Ok(to_sign_in(&form.to));
    }
    let cookie = office.extend(&headers).await?;
    let back = own_path(&form.to).unwrap_or("/");
    Ok((AppendHeaders([cookie]), Redirect::to(back)).into_response())
}

/// Signs the clerk out.
pub(super) async fn sign_out(
    State(office): State<Office>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    office.end(&headers).await?;
    let cookie = cookies::clear(cookies::CLERK)?;
    Ok((AppendHeaders([cookie]), Redirect::to("/sign-in")).into_response())
}

impl Office {
    /// Puts the end of a sign-in off; gives the cookie that lasts as long.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn extend(&self, headers: &HeaderMap) -> Result<SetCookie, Problem> {
        let token = cookies::read(headers, cookies::CLERK).unwrap_or_default();
        let (hash, now) = (sha256(token.as_bytes()), self.portal.now());
        let until = self.portal.until(LIFE);
        self.portal.store(move |store| store.extend_sign_in(&hash, now, until)).await?;
        cookie(token)
    }

    /// Who shows the cookie among these headers.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn signed_in(&self, headers: &HeaderMap) -> Result<SignedIn, Problem> {
        let Some(token) = cookies::read(headers, cookies::CLERK) else {
            return Ok(SignedIn::Never);
        };
        let hash = sha256(token.as_bytes());
        let found = self.portal.store(move |store| store.clerk(&hash)).await?;
        Ok(match found {
            Some((municipality, until)) if self.portal.now() < until => {
                SignedIn::Now(Clerk { municipality, until })
            }
            Some((municipality, until)) => SignedIn::Before(Clerk { municipality, until }),
            None => SignedIn::Never,
        })
    }

    async fn end(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match cookies::read(headers, cookies::CLERK) {
            Some(token) => {
                let hash = sha256(token.as_bytes());
                self.portal.store(move |store| store.sign_out(&hash)).await
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_back_to_the_offices_own_pages_alone() {
        assert_eq!(own_path("/applications/0123"), Some("/applications/0123"));
        for other in
            ["", "/", "//evil.example", "/\\evil.example", "https://evil.example", "/a?b", "/.."]
        {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
