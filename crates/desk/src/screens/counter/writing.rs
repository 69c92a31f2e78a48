//! A card on the counter's reader: which one lies there, and how far it is.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::Problem;
use inrou_api::server::Path;
use inrou_rules::ResidentId;
use inrou_web::{Form, Trouble, Visit, page};
use serde::Deserialize;

use crate::screens::Screens;
use crate::screens::visitor::Staff;
use crate::staff::{Duty, Member};
use crate::writing::Writing;

#[derive(Template)]
#[template(path = "reader.html")]
struct Reading<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    resident: ResidentId,
    cards: &'a [String],
    problem: Option<&'a Problem>,
}

impl Reading<'_> {
    fn trouble(&self) -> Option<Trouble<'_>> {
        Some(Trouble::telling(self.v, self.problem?))
    }
}

#[derive(Template)]
#[template(path = "writing.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    writing: &'a Writing,
}

async fn reading(
    screens: &Screens,
    staff: &Staff,
    v: &Visit,
    resident: ResidentId,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    staff.with(Duty::Cards)?;
    screens.desk.own_resident(&staff.member, resident).await?;
    let reader = screens.desk.reader()?;
    let cards = tokio::task::spawn_blocking(move || reader.cards()).await;
    let cards = cards.map_err(Problem::internal)??;
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    let (title, cards) = ("writing.reader", &cards[..]);
    page(v, &Reading { v, title, member, practice, resident, cards, problem })
}

/// Which card lies on the reader.
pub(in crate::screens) async fn show(
    State(screens): State<Screens>,
    Path(resident): Path<ResidentId>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    reading(&screens, &staff, &v, resident, None).await
}

/// The card that was chosen.
#[derive(Deserialize)]
pub(in crate::screens) struct CardForm {
    #[serde(default)]
    card: String,
}

/// Begins to write it.
pub(in crate::screens) async fn begin(
    State(screens): State<Screens>,
    Path(resident): Path<ResidentId>,
    staff: Staff,
    v: Visit,
    Form(form): Form<CardForm>,
) -> Result<Response, Problem> {
    match screens.desk.write_card(&staff.member, resident, form.card).await {
        Ok(writing) => Ok(Redirect::to(&format!("/writings/{}", writing.id)).into_response()),
        Err(problem) => {
            let page = reading(&screens, &staff, &v, resident, Some(&problem)).await?;
            Ok((problem.status(), page).into_response())
        }
    }
}

/// How far it is.
pub(in crate::screens) async fn how_far(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    let writing = screens.desk.writing(&id)?;
    let title = if writing.pins.is_empty() { "writing.done" } else { "writing.waits" };
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    page(&v, &Shown { v: &v, title, member, practice, writing: &writing })
}

/// Whether the resident has typed: the script asks. 200 if the page is old.
pub(in crate::screens) async fn news(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    _staff: Staff,
) -> Result<Response, Problem> {
    let writing = screens.desk.writing(&id)?;
    if writing.pins.is_empty() {
        return Ok(StatusCode::OK.into_response());
    }
    tokio::time::sleep(PAUSE).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// How often, in real time, the script asks.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
