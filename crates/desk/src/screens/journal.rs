//! The office's journal, for who may look at it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::page::{Cursor, Limit, Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::Query;
use inrou_rules::MemberId;
use inrou_web::{Said, Visit, page};
use inrou_words::{Value, error};
use serde::Deserialize;

use super::visitor::Staff;
use super::{ON_A_PAGE, Screens};
use crate::staff::{Duty, Member};
use crate::store::{Logged, Outcome};

#[derive(Template)]
#[template(path = "journal.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    entries: &'a [Logged],
    members: &'a BTreeMap<MemberId, Member>,
    is_first: bool,
    next: Option<Cursor>,
}

impl Shown<'_> {
    fn at(&self, logged: &Logged) -> Said<'_> {
        self.v.say("value.moment").with("value", logged.entry.at)
    }

    fn name(&self, id: &MemberId) -> Option<Said<'_>> {
        let member = self.members.get(id)?;
        Some(self.v.say("value.term").with("value", member.name()))
    }

    fn act(&self, logged: &Logged) -> Said<'_> {
        self.v.say("journal.act").with("act", Value::Name(logged.entry.act.as_str()))
    }

    fn reason(&self, logged: &Logged) -> Option<Said<'_>> {
        let reason = logged.entry.reason?;
        Some(self.v.say("journal.reason").with("reason", Value::Name(reason.as_str())))
    }

    /// How it ended: a class of the style sheet, and the words.
    fn outcome<'b>(&'b self, logged: &'b Logged) -> (&'static str, Said<'b>) {
        match &logged.outcome {
            Outcome::Begun => ("waits", self.v.say("journal.begun")),
            Outcome::Done => ("good", self.v.say("journal.done")),
            Outcome::Refused(code) => {
                let known = if error(code).is_some() { code } else { "internal-error" };
                ("bad", self.v.say("journal.refused").with("code", Value::Name(known)))
            }
        }
    }
}

/// From where on.
#[derive(Deserialize)]
pub(super) struct From {
    cursor: Option<Cursor>,
}

/// A page of it.
pub(super) async fn show(
    State(screens): State<Screens>,
    Query(From { cursor }): Query<From>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    let is_first = cursor.is_none();
    let query = PageQuery { cursor, limit: Limit::from(ON_A_PAGE) };
    let Page { items, next } = screens.desk.journal(&staff.member, &query).await?;
    let members = screens.desk.members(staff.member.is.office).await?;
    let members = members.into_iter().map(|member| (member.id, member)).collect();
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    let (title, entries, members) = ("journal.title", &items[..], &members);
    page(&v, &Shown { v: &v, title, member, practice, entries, members, is_first, next })
}
