//! Notices to the resident (USE-2), newest first.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use inrou_api::page::{Cursor, Page};
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::{Query, Wait};
use inrou_api::wire::authority::Notice;
use inrou_rules::japan;
use inrou_web::{Said, Visit, page};
use inrou_words::notice;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::applications::ListQuery;
use super::own::Vaccination;
use super::visitor::Resident;
use super::{ON_A_PAGE, Screens, cookies, patience};
use crate::Portal;
use crate::store::{Due, Session};

/// How long a browser remembers which notices were looked at.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Most new notices that are counted.
const MOST: usize = 100;

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
    screens.give_due(&session).await;
    let before: Option<u64> = query.cursor.as_ref().map(Cursor::position).transpose()?;
    let limit = inrou_api::page::Limit::from(ON_A_PAGE);
    let subject = session.subject;
    let found = move |store: &dyn crate::store::Store| {
        store.latest_notices(&subject, before, limit.count() + 1)
    };
    let found = screens.portal.store(found).await?;
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
    let portal = &screens.portal;
    let look = |wait| portal.notices(session.clone(), query.since, wait, &screens.shutdown);
    let next = screens.give_due(&session).await;
    let notices = tokio::select! {
        notices = look(patience()) => notices?,
        // One falls due by the clock, without a change.
        () = portal.clock.wait_until(next.unwrap_or(Timestamp::MAX)) => {
            screens.give_due(&session).await;
            look(Wait::from(0)).await?
        }
    };
    Ok(if notices.notices.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK })
}

impl Screens {
    /// Gives the resident the notices of vaccinations that are due (USE-2); when the next one will be.
    /// Whoever cannot be asked is asked at the next look.
    pub(super) async fn give_due(&self, session: &Session) -> Option<Timestamp> {
        self.own.as_ref()?;
        let vaccinations = match self.own_records(session).await {
            Ok(records) => records.vaccinations,
            Err(problem) => {
                tracing::info!(code = problem.code(), "vaccinations cannot be told now");
                return None;
            }
        };
        let now = self.portal.now();
        let (due, later): (Vec<_>, Vec<_>) = vaccinations
            .iter()
            .filter(|vaccination| japan::day(now) <= vaccination.until)
            .map(notice_of)
            .partition(|due| due.at <= now);
        for due in due {
            if let Err(problem) = self.portal.give(session, due).await {
                tracing::warn!(code = problem.code(), "a notice could not be given");
            }
        }
        later.iter().map(|due| due.at).min()
    }
}

/// The notice of a vaccination, from the first day on.
fn notice_of(vaccination: &Vaccination) -> Due {
    let Vaccination { vaccine, from, until } = vaccination;
    Due {
        about: format!("vaccination:{vaccine}:{from}"),
        at: japan::moment(from.at(0, 0, 0, 0)),
        code: "vaccination-due",
        params: BTreeMap::from([
            ("vaccine".to_owned(), vaccine.clone()),
            ("until".to_owned(), until.to_string()),
        ]),
    }
}

impl Portal {
    /// How many notices came after one, counted up to a bound, and the newest of all.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn new_notices(
        &self,
        session: &Session,
        seen: u64,
    ) -> Result<(u64, u64), Problem> {
        let subject = session.subject.clone();
        let latest = self.store(move |store| store.latest_notices(&subject, None, MOST)).await?;
        let new = latest.iter().filter(|notice| notice.sequence > seen).count();
        Ok((new as u64, latest.first().map_or(0, |newest| newest.sequence)))
    }
}
