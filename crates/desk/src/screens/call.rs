//! A caller who is recognised: what is there, what will be done; and once it is, what was.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::Problem;
use inrou_api::server::Path;
use inrou_api::wire::authority::{CertificateView, ResidentView};
use inrou_rules::{CertificateStatus, Medium};
use inrou_web::{Said, Trouble, Visit, page};
use inrou_words::Term;

use super::Screens;
use super::guidance::is_open;
use super::visitor::Staff;
use crate::callers::About;
use crate::staff::{Duty, Member};
use crate::store::Call;

#[derive(Template)]
#[template(path = "call.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    call: &'a Call,
    caller: &'a ResidentView,
    problem: Option<&'a Problem>,
}

impl Shown<'_> {
    fn name(&self) -> Said<'_> {
        let attributes = &self.caller.attributes;
        let name = Term { text: &attributes.name, reading: &attributes.name_reading };
        self.v.say("value.term").with("value", name)
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        let problem = self.problem?;
        Some(Trouble::telling(self.v, problem))
    }

    fn is_end(&self) -> bool {
        self.call.about == About::EndUse
    }

    /// Whether it can be done at this hour.
    fn can_be_done(&self) -> bool {
        !self.is_end() || is_open(self.v)
    }

    fn concerns_card(&self) -> bool {
        self.call.about.media().contains(&Medium::Card)
    }

    fn concerns_phone(&self) -> bool {
        self.is_end() || self.call.about.media().contains(&Medium::Phone)
    }

    /// The certificates that it is about and that are not over, with how each stands.
    fn certificates(&self) -> Vec<(Said<'_>, &'static str, Said<'_>)> {
        let media: &[Medium] = match self.is_end() {
            true => &[Medium::Phone],
            false => self.call.about.media(),
        };
        let live = |found: &&CertificateView| {
            media.contains(&found.medium)
                && (self.call.done || !matches!(found.status, CertificateStatus::Revoked { .. }))
        };
        let latest = latest(self.caller.certificates.iter().filter(live));
        latest.into_iter().map(|found| certificate(self.v, found)).collect()
    }
}

/// The newest of each use on each medium.
pub(super) fn latest<'a>(
    all: impl Iterator<Item = &'a CertificateView>,
) -> Vec<&'a CertificateView> {
    let mut newest: Vec<&CertificateView> = Vec::new();
    for one in all {
        let same =
            |known: &&mut &CertificateView| known.medium == one.medium && known.usage == one.usage;
        match newest.iter_mut().find(same) {
            Some(known) if known.not_before <= one.not_before => *known = one,
            Some(_) => {}
            None => newest.push(one),
        }
    }
    newest
}

/// What a certificate is called, and how it stands: a class of the style sheet, and the words.
pub(super) fn certificate<'a>(
    v: &'a Visit,
    found: &'a CertificateView,
) -> (Said<'a>, &'static str, Said<'a>) {
    let (class, said) = match found.status {
        CertificateStatus::Revoked { .. } => ("bad", "certificate-now.revoked"),
        CertificateStatus::Held { .. } => ("waits", "certificate-now.held"),
        CertificateStatus::Issued => ("waits", "certificate-now.issued"),
        CertificateStatus::Active { .. } if v.now > found.not_after => {
            ("bad", "certificate-now.expired")
        }
        CertificateStatus::Active { .. } => ("good", "certificate-now.active"),
    };
    let name = v.say("certificate-now.of").with("medium", found.medium).with("usage", found.usage);
    (name, class, v.say(said))
}

/// The call, before it and after it.
pub(super) async fn show(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    let call = screens.desk.open_call(&staff.member, &id).await?;
    shown(&screens, &v, &staff, &call, None).await
}

/// Does what the call is about.
pub(super) async fn act(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    let call = screens.desk.open_call(&staff.member, &id).await?;
    let problem = match screens.desk.do_for_caller(&staff.member, call.clone()).await {
        Ok(()) => return Ok(Redirect::to(&format!("/calls/{id}")).into_response()),
        Err(problem) => problem,
    };
    let page = shown(&screens, &v, &staff, &call, Some(&problem)).await?;
    Ok((problem.status(), page).into_response())
}

async fn shown(
    screens: &Screens,
    v: &Visit,
    staff: &Staff,
    call: &Call,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let caller = screens.desk.caller(call).await?;
    let title = match (call.about, call.done) {
        (About::EndUse, false) => "call.revoke",
        (About::EndUse, true) => "call.revoked",
        (_, false) => "call.hold",
        (_, true) => "call.held",
    };
    let (member, practice, caller) = (&staff.member, staff.sign_in.practice, &caller);
    page(v, &Shown { v, title, member, practice, call, caller, problem })
}
