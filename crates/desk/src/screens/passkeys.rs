//! A member's passkeys: the first by an invitation, others from within.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_api::wire::Base64;
use inrou_web::passkey::{AssertionForm, host};
use inrou_web::{Form, Said, Trouble, Visit, page};
use serde::Deserialize;

use super::visitor::Staff;
use super::{Screens, cookies};
use crate::journal::Act;
use crate::passkeys::Occasion;
use crate::staff::{Duty, Member};
use crate::store::Passkey;

#[derive(Template)]
#[template(path = "passkeys.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    challenge: Base64,
    passkeys: &'a [Passkey],
    problem: Option<&'a Problem>,
}

impl Shown<'_> {
    fn trouble(&self) -> Option<Trouble<'_>> {
        trouble(self.v, self.problem)
    }

    fn handle(&self) -> String {
        handle(self.member)
    }

    fn since(&self, passkey: &Passkey) -> Said<'_> {
        self.v.say("member-passkey.since").with("since", passkey.since)
    }
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Invited<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    challenge: Base64,
    problem: Option<&'a Problem>,
}

impl Invited<'_> {
    fn trouble(&self) -> Option<Trouble<'_>> {
        trouble(self.v, self.problem)
    }

    fn handle(&self) -> String {
        handle(self.member)
    }

    fn name(&self) -> Said<'_> {
        self.v.say("value.term").with("value", self.member.name())
    }
}

fn trouble<'a>(v: &'a Visit, problem: Option<&'a Problem>) -> Option<Trouble<'a>> {
    let problem = problem?;
    Some(Trouble::telling(v, problem))
}

/// By what an authenticator tells the members apart: the opaque name, never the member's own.
fn handle(member: &Member) -> String {
    Base64(member.id.as_bytes().to_vec()).into()
}

/// The member's own.
pub(super) async fn show(
    State(screens): State<Screens>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    shown(&screens, &staff, &v, None).await
}

async fn shown(
    screens: &Screens,
    staff: &Staff,
    v: &Visit,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (desk, id) = (&screens.desk, staff.member.id);
    let passkeys = desk.store(move |store| store.passkeys(id)).await?;
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    let challenge = desk.challenge(Occasion::Registering(id));
    let (title, passkeys) = ("member-passkey.title", &passkeys[..]);
    page(v, &Shown { v, title, member, practice, challenge, passkeys, problem })
}

/// Adds one.
pub(super) async fn add(
    State(screens): State<Screens>,
    headers: HeaderMap,
    uri: Uri,
    staff: Staff,
    v: Visit,
    Form(form): Form<AssertionForm>,
) -> Result<Response, Problem> {
    let added = match form.into_assertion() {
        Some(assertion) => {
            let host = host(&headers, &uri);
            screens.desk.register_passkey(&staff.member, assertion, &host, None).await
        }
        None => Err(Problem::new(Code::SIGN_IN_REFUSED)),
    };
    match added {
        Ok(()) => Ok(Redirect::to("/passkeys").into_response()),
        Err(problem) => {
            let page = shown(&screens, &staff, &v, Some(&problem)).await?;
            Ok((problem.status(), page).into_response())
        }
    }
}

/// Which one.
#[derive(Deserialize)]
pub(super) struct RemoveForm {
    credential: String,
}

/// Removes one.
pub(super) async fn remove(
    State(screens): State<Screens>,
    staff: Staff,
    Form(form): Form<RemoveForm>,
) -> Result<Response, Problem> {
    let credential = Base64::try_from(form.credential).map_err(|_| Problem::bad_request("form"))?;
    let (desk, id) = (&screens.desk, staff.member.id);
    let entry = desk.plain(&staff.member, Act::RemovePasskey, None);
    let removed = desk.store(move |store| store.remove_passkey(id, &credential.0));
    desk.noted(entry, removed).await?;
    Ok(Redirect::to("/passkeys").into_response())
}

/// Who is invited by a link.
pub(super) async fn invited(
    State(screens): State<Screens>,
    Path(token): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let (member, _) = screens.desk.invited(&token).await?;
    let challenge = screens.desk.challenge(Occasion::Registering(member.id));
    let (title, member) = ("invitation.title", &member);
    page(&v, &Invited { v: &v, title, member, challenge, problem: None })
}

/// Registers the first passkey, and signs in.
pub(super) async fn accept(
    State(screens): State<Screens>,
    Path(token): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    v: Visit,
    Form(form): Form<AssertionForm>,
) -> Result<Response, Problem> {
    let desk = &screens.desk;
    let (member, invitation) = desk.invited(&token).await?;
    let registered = match form.into_assertion() {
        Some(assertion) => {
            let host = host(&headers, &uri);
            desk.register_passkey(&member, assertion, &host, Some(invitation)).await
        }
        None => Err(Problem::new(Code::SIGN_IN_REFUSED)),
    };
    if let Err(problem) = registered {
        let challenge = desk.challenge(Occasion::Registering(member.id));
        let (title, told) = ("invitation.title", Some(&problem));
        let shown = Invited { v: &v, title, member: &member, challenge, problem: told };
        return Ok((problem.status(), page(&v, &shown)?).into_response());
    }
    let token = desk.sign_in(&member, false).await?;
    let cookie = cookies::set(cookies::STAFF, &token, desk.settings.longest)?;
    Ok((AppendHeaders([cookie]), Redirect::to("/")).into_response())
}
