//! The page of work that takes longer than a moment: it can be reloaded, closed and opened again, and
//! the work goes on.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query, long_poll};
use inrou_web::{Further, Seen, Visit, further, page};

use super::find;
use crate::fleet::Fleet;
use crate::phone::Phone;

/// How long a form waits for the work that it began before this page is shown instead.
pub(super) const PATIENCE: Duration = Duration::from_millis(1500);

/// How long the page waits for the work to go on.
const HOLD: Duration = Duration::from_secs(20);

#[derive(Template)]
#[template(path = "working.html")]
struct Working<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    percent: u8,
    doing: &'static str,
    card: bool,
}

/// The page.
pub(super) fn show(phone: &Phone, name: &str, v: &Visit) -> Result<Response, Problem> {
    let (progress, card) = {
        let live = phone.live();
        (live.progress, live.card.is_some())
    };
    let percent = progress.map_or(0, |progress| progress.percent);
    let doing = progress.map_or("progress.begin", |progress| progress.doing);
    page(v, &Working { v, title: "progress.title", phone: name, percent, doing, card })
}

/// Waits until the work is further than the page shows. What is to be shown in its place is answered as
/// JSON; when the work is over, the answer is a page, and the page is loaded anew.
pub(super) async fn progress(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(Seen { seen }): Query<Seen>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let changes = phone.changed.subscribe();
    let look = || async {
        if !phone.is_busy() {
            return Ok::<_, Problem>(Some(None));
        }
        let progress = phone.live().progress;
        Ok(progress.filter(|progress| progress.percent != seen).map(Some))
    };
    let found = long_poll(changes, HOLD, &phone.parts.shutdown, look).await?;
    let found = found.map(|further| {
        further.map(|progress| Further { percent: progress.percent, doing: progress.doing })
    });
    Ok(further(&v, &format!("/phones/{name}/procedure/progress"), found))
}
