//! Notices (HOURS-2): the list of them, and how they arrive on a page that is open.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query, Wait};
use inrou_api::wire::authority::Notice;
use inrou_web::{Said, Visit, page};
use inrou_words::notice;
use serde::Deserialize;

use super::find;
use crate::fleet::Fleet;
use crate::phone::Phone;

/// How long a page waits for a notice, in seconds: a browser has few connections to give.
const HOLD: u32 = 20;

/// A notice on its way into a page.
pub(super) struct Shown<'a> {
    pub(super) title: Said<'a>,
    pub(super) body: Said<'a>,
    pub(super) at: Said<'a>,
}

impl<'a> Shown<'a> {
    /// A notice, if its text is known.
    pub(super) fn of(v: &'a Visit, told: &'a Notice) -> Option<Self> {
        let text = notice(&told.code)?;
        let params = told.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let say = |text: inrou_words::Text<'static>| {
            Said::from(text.in_language(v.language).with_all(params.clone()))
        };
        let at = v.say("value.moment").with("value", told.at);
        Some(Self { title: say(text.title()), body: say(text.body()), at })
    }
}

/// The notices of a phone so far, oldest first, and the number of the last.
pub(super) fn heard(phone: &Phone) -> (Vec<Notice>, u64) {
    let notices = phone.live().notices.clone();
    let last = notices.last().map_or(0, |last| last.sequence);
    (notices, last)
}

#[derive(Template)]
#[template(path = "notices.html")]
struct Notices<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    notices: Vec<Shown<'a>>,
    last: u64,
}

/// The notices, newest first.
pub(super) async fn list(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let (heard, last) = heard(&phone);
    let notices = heard.iter().rev().filter_map(|told| Shown::of(&v, told)).collect();
    page(&v, &Notices { v: &v, title: "notices-page.title", phone: &name, notices, last })
}

/// Which notice a page has seen last.
#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// Waits for a notice that the page has not: 200 if there is one, 204 if not.
pub(super) async fn wait(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(Since { since }): Query<Since>,
) -> Result<StatusCode, Problem> {
    let new = find(fleet, name).await?.notices(since, Wait::from(HOLD)).await?;
    Ok(if new.notices.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK })
}
