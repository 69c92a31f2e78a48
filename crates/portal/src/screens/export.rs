//! The use history as a file, for the resident to keep: whole, however long it is. It is read page by page
//! while it is written; if that breaks off, so does the download, which is never short without a word.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::try_unfold;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Query;
use inrou_rules::japan;
use inrou_web::Visit;
use inrou_words::{Form, Language, text};
use serde::Serialize;

use super::Screens;
use super::applications::download;
use super::history::{Filter, Row};
use super::visitor::Resident;
use crate::Portal;
use crate::history::HistoryQuery;
use crate::store::Session;

/// As CSV (RFC 4180), with the mark by which spreadsheets know UTF-8 and a line of headings.
pub(super) async fn csv(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(filter): Query<Filter>,
    v: Visit,
) -> Result<Response, Problem> {
    let file = File::of(&screens, session, &filter, Format::Csv, v.language)?;
    Ok(download("text/csv; charset=utf-8", "history.csv", file.into_body().await?))
}

/// As a JSON array.
pub(super) async fn json(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(filter): Query<Filter>,
    v: Visit,
) -> Result<Response, Problem> {
    let file = File::of(&screens, session, &filter, Format::Json, v.language)?;
    Ok(download("application/json", "history.json", file.into_body().await?))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

/// A file that is being written.
struct File {
    portal: Arc<Portal>,
    session: Session,
    /// What of the history comes next; `None` once all has come.
    rest: Option<HistoryQuery>,
    format: Format,
    language: Language,
    /// Whether an entry stands in it.
    begun: bool,
}

impl File {
    /// A file of every entry that passes the filter.
    fn of(
        screens: &Screens,
        session: Session,
        filter: &Filter,
        format: Format,
        language: Language,
    ) -> Result<Self, Problem> {
        let asked = filter.read().map_err(|_| Problem::bad_request("date"))?;
        let rest = Some(HistoryQuery { cursor: None, limit: u32::MAX.into(), ..asked });
        Ok(Self { portal: screens.portal.clone(), session, rest, format, language, begun: false })
    }

    /// What is sent. What goes wrong at its beginning is a problem of the request.
    async fn into_body(mut self) -> Result<Body, Problem> {
        let head = self.head();
        let first = head + &self.part().await?.unwrap_or_default();
        Ok(Body::from_stream(try_unfold((Some(first), self), async |(first, mut file)| {
            let part = match first {
                Some(first) => Some(first),
                None => file.part().await.inspect_err(|problem| {
                    tracing::warn!(code = problem.code(), "a file of the history broke off");
                })?,
            };
            Ok::<_, Problem>(part.map(|part| (part, (None, file))))
        })))
    }

    /// The next part, with something in it; `None` after the last.
    async fn part(&mut self) -> Result<Option<String>, Problem> {
        while let Some(query) = self.rest.take() {
            // What is ended elsewhere reads nothing more (USE-7).
            self.session = self.portal.still_live(&self.session).await?;
            let page = self.portal.history(&self.session, &query).await?;
            self.rest = page.next.map(|next| HistoryQuery { cursor: Some(next), ..query });
            let mut part = String::new();
            for row in page.items.into_iter().map(Row::new) {
                part.push_str(&self.entry(&exported(&row, self.language))?);
                self.begun = true;
            }
            if self.rest.is_none() {
                part.push_str(self.foot());
            }
            if !part.is_empty() {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    fn head(&self) -> String {
        let heading = |name: &str| {
            text(&format!("history-page.{name}")).in_language(self.language).render(Form::Kana)
        };
        match self.format {
            Format::Csv => {
                let headings = ["when", "code", "happened", "who"].map(heading);
                format!("\u{FEFF}{}", line(&headings))
            }
            Format::Json => "[".to_owned(),
        }
    }

    fn entry(&self, entry: &Exported<'_>) -> Result<String, Problem> {
        Ok(match self.format {
            Format::Csv => line(&[&entry.at, entry.code, &entry.what, &entry.actor]),
            Format::Json => {
                let mark = if self.begun { ",\n" } else { "\n" };
                format!("{mark}{}", serde_json::to_string(entry).or_internal()?)
            }
        })
    }

    fn foot(&self) -> &'static str {
        match self.format {
            Format::Csv => "",
            Format::Json => "\n]\n",
        }
    }
}

/// An entry as it stands in the file.
#[derive(Serialize)]
struct Exported<'a> {
    at: String,
    code: &'a str,
    what: String,
    actor: String,
    params: &'a BTreeMap<String, String>,
}

fn exported(row: &Row, language: Language) -> Exported<'_> {
    Exported {
        at: format!("{}+09:00", japan::civil(row.at).strftime("%Y-%m-%dT%H:%M:%S")),
        code: &row.entry.code,
        what: row.what(language).kana(),
        actor: row.who(language).kana(),
        params: &row.entry.params,
    }
}

/// A line of cells in quotes (RFC 4180 §2).
fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell in quotes. What a spreadsheet would take for a formula, in letters of either width, begins with
/// an apostrophe.
fn cell(text: &str) -> String {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let mark = if text.starts_with(FORMULA) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_keeps_its_quotes_and_lines() {
        assert_eq!(cell("a \"b\", c\nd"), "\"a \"\"b\"\", c\nd\"");
        for formula in ["=1+1", "+1", "-1", "@x", "\t=1", "\n=1", "＝1", "＋1", "－1", "＠x"] {
            assert!(cell(formula).starts_with("\"'"), "{formula}");
        }
    }
}
