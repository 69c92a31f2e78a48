//! The use history as a file, for the resident to keep.

use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Query;
use inrou_rules::japan;
use inrou_web::Visit;
use inrou_words::Language;
use serde::Serialize;

use super::Screens;
use super::applications::download;
use super::history::{Filter, Row};
use super::visitor::Resident;
use crate::history::HistoryQuery;
use crate::store::Session;

/// Most pages of the history that a file has: 20,000 entries.
const MOST_PAGES: usize = 100;

/// An entry as it stands in the file.
#[derive(Serialize)]
struct Exported<'a> {
    at: String,
    code: &'a str,
    what: String,
    actor: String,
    params: &'a std::collections::BTreeMap<String, String>,
}

/// As CSV (RFC 4180), with the mark by which spreadsheets know UTF-8.
pub(super) async fn csv(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(filter): Query<Filter>,
    v: Visit,
) -> Result<Response, Problem> {
    let rows = all(&screens, &session, &filter).await?;
    let mut file = "\u{FEFF}at,code,what,actor\r\n".to_owned();
    for row in &rows {
        let Exported { at, code, what, actor, .. } = exported(row, v.language);
        let line = [at.as_str(), code, &what, &actor].map(cell).join(",");
        file.push_str(&line);
        file.push_str("\r\n");
    }
    Ok(download("text/csv; charset=utf-8", "history.csv", file.into_bytes()))
}

/// As a JSON array.
pub(super) async fn json(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Query(filter): Query<Filter>,
    v: Visit,
) -> Result<Response, Problem> {
    let rows = all(&screens, &session, &filter).await?;
    let entries: Vec<_> = rows.iter().map(|row| exported(row, v.language)).collect();
    let file = serde_json::to_vec_pretty(&entries).or_internal()?;
    Ok(download("application/json", "history.json", file))
}

/// Every entry that passes the filter.
async fn all(screens: &Screens, session: &Session, filter: &Filter) -> Result<Vec<Row>, Problem> {
    let asked = filter.read().map_err(|_| Problem::bad_request("date"))?;
    let mut query = HistoryQuery { cursor: None, limit: u32::MAX.into(), ..asked };
    let mut rows = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = screens.portal.history(session, &query).await?;
        rows.extend(page.items.into_iter().map(Row::new));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    Ok(rows)
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

/// A cell in quotes. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_keeps_its_quotes() {
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        for formula in ["=1+1", "+1", "-1", "@x", "\t=1"] {
            assert!(cell(formula).starts_with("\"'"), "{formula}");
        }
    }
}
