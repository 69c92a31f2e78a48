//! Notices to the resident (USE-2), newest first.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use inrou_api::page::{Cursor, Page};
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Query;
use inrou_api::wire::authority::Notice;
use inrou_web::{Said, Visit, page};
use inrou_words::notice;
use jiff::SignedDuration;
use serde::Deserialize;

use super::applications::ListQuery;
use super::visitor::Resident;
use super::{ON_A_PAGE, Screens, cookies, patience};

/// How long a browser remembers which notices were looked at.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(365 * 24);

#[derive(Template)]
#[template(path = "notices.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    notices: &'a [Notice],
    next: Option<Cursor>,
    first: bool,
    last: u64,
    seen: u64,
}

impl List<'_> {
    fn title_of<'b>(&self, told: &'b Notice) -> Option<Said<'b>> {
        Some(self.say(told, notice(&told.code)?.title()))
    }

    fn body_of<'b>(&self, told: &'b Notice) -> Option<Said<'b>> {
        Some(self.say(told, notice(&told.code)?.body()))
    }

    fn say<'b>(&self, told: &'b Notice, words: inrou_words::Text<'static>) -> Said<'b> {
        let params = told.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Said::from(words.in_language(self.v.language).with_all(params))
    }

    fn at(&self, told: &Notice) -> Said<'static> {
        Said::of("value.moment", self.v.language).with("value", told.at)
    }
}

/// The list. What is on its first page counts as looked at.
pub(super) async fn list(
    State(screens): State<Screens>,
    Resident(session): Resident,
    headers: HeaderMap,
    Query(query): Query<ListQuery>,
    v: Visit,
) -> Result<Response, Problem> {
    let before: Option<u64> = query.cursor.as_ref().map(Cursor::position).transpose()?;
    let limit = inrou_api::page::Limit::from(ON_A_PAGE);
    let found = screens.portal.latest_notices(&session, before, limit.count() + 1).await?;
    let found = Page::of(found, limit, |notice| notice.sequence).or_internal()?;
    let (seen, first) = (seen(&headers), before.is_none());
    let last = found.items.first().map_or(0, |newest| newest.sequence);
    let (notices, next) = (&found.items[..], found.next);
    let shown =
        page(&v, &List { v: &v, title: "notices.title", notices, next, first, last, seen })?;
    let read =
        (first && last > seen).then(|| cookies::set(cookies::SEEN, &last.to_string(), REMEMBERED));
    Ok((AppendHeaders(read.transpose()?), shown).into_response())
}

/// Up to which notice they were looked at in this browser.
pub(super) fn seen(headers: &HeaderMap) -> u64 {
    cookies::read(headers, cookies::SEEN).and_then(|seen| seen.parse().ok()).unwrap_or(0)
}

/// After which notice.
#[derive(Deserialize)]
pub(super) struct Since {
    since: u64,
}

/// Whether a notice came after the one that the page shows last: 200, or 204 if none did.
pub(super) async fn news(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(query): Query<Since>,
) -> Result<StatusCode, Problem> {
    let notices = screens.portal.notices(session, query.since, patience(), &screens.shutdown);
    let notices = notices.await?;
    Ok(if notices.notices.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK })
}
