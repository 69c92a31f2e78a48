//! The use history (USE-7), with a filter.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use inrou_api::page::Cursor;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Query;
use inrou_api::wire::authority::HistoryEntry;
use inrou_rules::{Attributes, japan};
use inrou_web::{Field, Kind, Said, Trouble, Visit, page, percent};
use inrou_words::{Language, Value, text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::home::name_of;
use super::visitor::Resident;
use super::{ON_A_PAGE, Screens};
use crate::history::HistoryQuery;

/// What can be asked for by its kind.
const KINDS: &[&str] = &[
    "logged-in",
    "login-failed",
    "logged-out",
    "session-ended",
    "application-drawn-up",
    "application-sent",
    "signing-refused",
    "signing-failed",
    "application-accepted",
    "application-returned",
    "document-viewed",
    "consent-given",
    "consent-withdrawn",
    "application-completed",
    "application-rejected",
    "certificate-issued",
    "certificate-activated",
    "certificate-held",
    "certificate-revoked",
    "phone-registered",
    "phone-retired",
    "loss-reported",
];

/// What of the history to show, as the form sends it: days in Japan, both within.
#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    cursor: Option<Cursor>,
}

/// What is wrong with a filter: a text of the family `field-fault`, for either day.
#[derive(Default)]
pub(super) struct Faults {
    from: Option<&'static str>,
    to: Option<&'static str>,
}

impl Filter {
    /// What is asked for.
    ///
    /// # Errors
    /// What is wrong with either day.
    pub(super) fn read(&self) -> Result<HistoryQuery, Faults> {
        let (from, to) = (day(&self.from), day(&self.to));
        let (Ok(from), Ok(to)) = (from, to) else {
            return Err(Faults { from: from.err(), to: to.err() });
        };
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(Faults { to: Some("before-from"), ..Faults::default() });
        }
        Ok(HistoryQuery {
            cursor: self.cursor.clone(),
            limit: ON_A_PAGE.into(),
            code: (!self.kind.is_empty()).then(|| self.kind.clone()),
            from: from.map(begin),
            to: to.and_then(|day| day.tomorrow().ok()).map(begin),
        })
    }

    /// The same filter in the query of another address.
    fn query(&self) -> String {
        [("kind", &self.kind), ("from", &self.from), ("to", &self.to)]
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .join("&")
    }
}

/// The day that was typed, if one was.
fn day(typed: &str) -> Result<Option<Date>, &'static str> {
    match typed.trim() {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(|_| "form"),
    }
}

/// When a day begins in Japan.
fn begin(day: Date) -> Timestamp {
    japan::moment(day.at(0, 0, 0, 0))
}

/// An entry in words.
pub(super) struct Row {
    pub(super) at: Timestamp,
    pub(super) entry: HistoryEntry,
    code: String,
    actor: String,
}

impl Row {
    pub(super) fn new(entry: HistoryEntry) -> Self {
        let code = format!("history.{}", entry.code);
        let actor = format!("actor.{}", entry.actor);
        Self { at: entry.at, entry, code, actor }
    }

    pub(super) fn what(&self, language: Language) -> Said<'_> {
        let params = self.entry.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Said::from(text(&self.code).in_language(language).with_all(params))
    }

    /// Why somebody of the staff did it, if that was said.
    pub(super) fn why(&self, language: Language) -> Option<Said<'_>> {
        let reason = self.entry.params.get("said")?;
        Some(Said::of("history-page.said", language).with("reason", Value::Name(reason)))
    }

    pub(super) fn who(&self, language: Language) -> Said<'_> {
        Said::of(&self.actor, language)
    }
}

#[derive(Template)]
#[template(path = "history.html")]
struct History<'a> {
    v: &'a Visit,
    title: &'static str,
    filter: &'a Filter,
    faults: Faults,
    rows: Vec<Row>,
    next: Option<Cursor>,
    query: String,
    /// Whose history it is, if the authority tells: what is printed has to say so.
    resident: Option<Attributes>,
}

impl History<'_> {
    fn name(&self) -> Option<Said<'_>> {
        let name = name_of(self.resident.as_ref()?);
        Some(self.v.say("value.term").with("value", name))
    }

    fn kinds(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        KINDS.iter().map(|kind| {
            let label = self.v.say("value.history-kind").with("value", Value::Name(kind)).kana();
            (*kind, label, self.filter.kind == *kind)
        })
    }

    fn from(&self) -> Field<'_> {
        self.day("from", "history-page.from", &self.filter.from, self.faults.from)
    }

    fn to(&self) -> Field<'_> {
        self.day("to", "history-page.to", &self.filter.to, self.faults.to)
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        let days = [("from", self.faults.from), ("to", self.faults.to)];
        let (field, fault) = days.into_iter().find_map(|(day, fault)| Some((day, fault?)))?;
        let params = [("field", field), ("fault", fault)];
        let trouble = Trouble::of(self.v, Code::FIELDS_INVALID.as_str(), params.into_iter());
        Some(trouble.about([self.from(), self.to()]))
    }

    fn day<'b>(
        &'b self,
        name: &'static str,
        label: &'static str,
        typed: &'b str,
        fault: Option<&'static str>,
    ) -> Field<'b> {
        let fault = fault.map(|fault| self.v.say("apply.fault").with("fault", Value::Name(fault)));
        let field = Field::new(self.v, name, Kind::Date, self.v.say(label));
        field.optional().value(typed).fault(fault)
    }

    fn at(&self, row: &Row) -> Said<'static> {
        Said::of("value.moment", self.v.language).with("value", row.at)
    }

    fn what<'b>(&self, row: &'b Row) -> Said<'b> {
        row.what(self.v.language)
    }

    fn why<'b>(&self, row: &'b Row) -> Option<Said<'b>> {
        row.why(self.v.language)
    }

    fn who<'b>(&self, row: &'b Row) -> Said<'b> {
        row.who(self.v.language)
    }

    fn is_faulty(&self) -> bool {
        self.faults.from.is_some() || self.faults.to.is_some()
    }

    fn is_filtered(&self) -> bool {
        let Filter { kind, from, to, .. } = self.filter;
        [kind, from, to].iter().any(|typed| !typed.is_empty())
    }
}

/// A page of the history.
pub(super) async fn show(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(filter): Query<Filter>,
    v: Visit,
) -> Result<Response, Problem> {
    let query = filter.query();
    let mut shown = History {
        v: &v,
        title: "history-page.title",
        filter: &filter,
        faults: Faults::default(),
        rows: Vec::new(),
        next: None,
        query,
        resident: screens.portal.resident(&session).await,
    };
    match filter.read() {
        Ok(asked) => {
            let found = screens.portal.history(&session, &asked).await?;
            shown.rows = found.items.into_iter().map(Row::new).collect();
            shown.next = found.next;
            page(&v, &shown)
        }
        Err(faults) => {
            shown.faults = faults;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&v, &shown)?).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_7_what_can_be_asked_for_is_what_the_history_says() {
        for kind in KINDS {
            for family in ["history", "history-kind"] {
                assert!(text(&format!("{family}.{kind}")).exists(), "{family}.{kind}");
            }
        }
    }
}
