//! The back office: what was issued, and the day's sum. Nothing of a record is in it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inrou_api::problem::Problem;
use inrou_rules::{Medium, japan};
use inrou_web::{Said, Visit, page};
use inrou_words::place;

use crate::kiosk::Desk;
use crate::ledger::{Issue, Ledger};

pub(crate) fn router() -> Router<Desk> {
    Router::new().route("/office", get(office))
}

#[derive(Template)]
#[template(path = "kiosk-office.html")]
struct Office<'a> {
    v: &'a Visit,
    title: &'static str,
    issues: Vec<(u32, Issue)>,
    /// Of today: copies, and yen.
    today: (u64, u64),
}

impl Office<'_> {
    fn municipality(&self, issue: &Issue) -> &'static str {
        place(issue.municipality).map_or("", |place| place.municipality.kanji)
    }

    fn medium(&self, issue: &Issue) -> Said<'_> {
        self.v.say(match issue.medium {
            Medium::Card => "kiosk-office.card",
            Medium::Phone => "kiosk-office.phone",
        })
    }

    fn extent(&self, issue: &Issue) -> Said<'_> {
        self.v.say(if issue.wish.household { "kiosk.household" } else { "kiosk.single" })
    }
}

async fn office(State(desk): State<Desk>, v: Visit) -> Result<Response, Problem> {
    let day = japan::day(v.now);
    let (issues, today) =
        desk.0.ledger.look(|ledger: &Ledger| (ledger.newest_first(), ledger.sum(day)));
    page(&v, &Office { v: &v, title: "kiosk-office.title", issues, today })
}
