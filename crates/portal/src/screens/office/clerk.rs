//! The sandbox's sign-in of clerks.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_rules::Municipality;
use inrou_web::{Form, Said, Visit, page};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Office, municipality};
use crate::screens::cookies;

/// How long a clerk stays signed in.
const LIFE: SignedDuration = SignedDuration::from_hours(8);

/// Who is signed in. Others are sent to sign in.
#[derive(Clone, Copy)]
pub(super) struct Clerk {
    /// The clerk's municipality.
    pub(super) municipality: Municipality,
}

impl FromRequestParts<Office> for Clerk {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Redirect> {
        let cookie = cookies::read(&parts.headers, cookies::CLERK);
        let clerk = cookie.and_then(|cookie| office.clerk(cookie));
        clerk.ok_or_else(|| Redirect::to("/sign-in"))
    }
}

#[derive(Template)]
#[template(path = "office-sign-in.html")]
struct SignIn<'a> {
    v: &'a Visit,
    title: &'static str,
    municipalities: &'a [Municipality],
}

impl SignIn<'_> {
    fn name(&self, &code: &Municipality) -> Said<'static> {
        municipality(self.v, code)
    }
}

/// The municipalities to choose from.
pub(super) async fn show(State(office): State<Office>, v: Visit) -> Result<Response, Problem> {
    let municipalities = &office.municipalities;
    page(&v, &SignIn { v: &v, title: "office.sign-in", municipalities })
}

/// The municipality that was chosen.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    municipality: String,
}

/// Signs a clerk in.
pub(super) async fn sign_in(
    State(office): State<Office>,
    Form(form): Form<SignInForm>,
) -> Result<Response, Problem> {
    let known = form.municipality.parse().ok();
    let municipality = known.filter(|code| office.municipalities.contains(code));
    let municipality = municipality.ok_or_else(|| Problem::new(Code::MUNICIPALITY_UNKNOWN))?;
    let until = office.portal.until(LIFE).as_second().to_string();
    let code = municipality.to_string();
    let proof = office.portal.secrets.clerk(&code, &until);
    let cookie = cookies::set(cookies::CLERK, &format!("{code}.{until}.{proof}"), LIFE)?;
    Ok((AppendHeaders([cookie]), Redirect::to("/")).into_response())
}

/// Signs the clerk out.
pub(super) async fn sign_out() -> Result<Response, Problem> {
    let cookie = cookies::clear(cookies::CLERK)?;
    Ok((AppendHeaders([cookie]), Redirect::to("/sign-in")).into_response())
}

impl Office {
    /// Who shows this cookie, if this office gave it and its time is not over.
    fn clerk(&self, cookie: &str) -> Option<Clerk> {
        let mut parts = cookie.split('.');
        let (code, until, proof) = (parts.next()?, parts.next()?, parts.next()?);
        let expected = self.portal.secrets.clerk(code, until);
        aws_lc_rs::constant_time::verify_slices_are_equal(proof.as_bytes(), expected.as_bytes())
            .ok()?;
        let end = Timestamp::from_second(until.parse().ok()?).ok()?;
        let municipality = code.parse().ok()?;
        (self.portal.now() < end).then_some(Clerk { municipality })
    }
}
