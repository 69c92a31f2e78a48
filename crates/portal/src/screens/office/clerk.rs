//! The sandbox's sign-in of clerks.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_rules::Municipality;
use inrou_web::{Form, Said, Trouble, Visit, page};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{Office, municipality};
use crate::screens::cookies;
use crate::secrets::{hex, sha256};
use crate::tidy::REMEMBERED;

/// How long a clerk stays signed in.
const LIFE: SignedDuration = SignedDuration::from_hours(8);

/// Who is signed in. Others are sent to sign in.
#[derive(Clone, Copy)]
pub(super) struct Clerk {
    /// The clerk's municipality.
    pub(super) municipality: Municipality,
}

impl Clerk {
    /// Under what the drafts of a municipality's clerks are kept.
    pub(super) fn owner(self) -> String {
        format!("clerk:{}", self.municipality)
    }
}

impl FromRequestParts<Office> for Clerk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        match office.signed_in(&parts.headers).await {
            Ok(SignedIn::Now(clerk)) => Ok(clerk),
            Ok(SignedIn::Before(_) | SignedIn::Never) => Err(to_sign_in()),
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

/// To the page to sign in.
pub(super) fn to_sign_in() -> Response {
    Redirect::to("/sign-in").into_response()
}

#[derive(Template)]
#[template(path = "office-sign-in.html")]
struct SignIn<'a> {
    v: &'a Visit,
    title: &'static str,
    municipalities: &'a [Municipality],
    /// That a sign-in has ended, if one has.
    ended: Option<Trouble<'a>>,
}

impl SignIn<'_> {
    fn name(&self, &code: &Municipality) -> Said<'static> {
        municipality(self.v, code)
    }
}

/// The municipalities to choose from.
pub(super) async fn show(
    State(office): State<Office>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let municipalities = &office.municipalities;
    let code = Code::SESSION_ENDED.as_str();
    let ended = match office.signed_in(&headers).await? {
        SignedIn::Before(_) => Some(Trouble::of(&v, code, std::iter::empty())),
        SignedIn::Now(_) | SignedIn::Never => None,
    };
    page(&v, &SignIn { v: &v, title: "office.sign-in", municipalities, ended })
}

/// The municipality that was chosen.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    municipality: String,
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
    let cookie = cookies::set(cookies::CLERK, &token, LIFE.saturating_add(REMEMBERED))?;
    Ok((AppendHeaders([cookie]), Redirect::to("/")).into_response())
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
                SignedIn::Now(Clerk { municipality })
            }
            Some((municipality, _)) => SignedIn::Before(Clerk { municipality }),
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
