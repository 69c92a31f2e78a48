//! The hotline's guidance menu, as callers hear it: 2 for a hold at any hour, 4 for the rest in its hours
//! (HOURS-4); and what is said to who calls for the rest.

use askama::Template;
use axum::response::Response;
use inrou_api::problem::Problem;
use inrou_rules::hotline::Hotline;
use inrou_web::{Visit, page};

use super::visitor::Staff;
use crate::staff::{Duty, Member};

#[derive(Template)]
#[template(path = "guidance.html")]
struct Guidance<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
}

impl Guidance<'_> {
    fn is_open(&self) -> bool {
        is_open(self.v)
    }
}

#[derive(Template)]
#[template(path = "guidance-other.html")]
struct Other<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
}

impl Other<'_> {
    fn is_open(&self) -> bool {
        is_open(self.v)
    }

    fn may_revoke(&self) -> bool {
        self.member.may(Duty::Revoke)
    }
}

/// Whether the hotline answers what is no hold.
pub(super) fn is_open(v: &Visit) -> bool {
    matches!(Hotline::at(v.now), Hotline::Open { .. })
}

/// The menu.
pub(super) async fn show(staff: Staff, v: Visit) -> Result<Response, Problem> {
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    page(&v, &Guidance { v: &v, title: "hotline.title", member, practice })
}

/// What is said to who asks for something else than a hold.
pub(super) async fn other(staff: Staff, v: Visit) -> Result<Response, Problem> {
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    page(&v, &Other { v: &v, title: "hotline.other", member, practice })
}
