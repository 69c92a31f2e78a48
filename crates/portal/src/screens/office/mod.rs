//! The receiving office's screens: a clerk reads signed applications of one municipality, and accepts or
//! returns them. The sign-in is the sandbox's: whoever opens the page may be a clerk, and the page says so.
//! A service that is no sandbox does not have these screens.

mod clerk;
mod file;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use inrou_api::page::Cursor;
use inrou_api::problem::Problem;
use inrou_api::server::Query;
use inrou_api::wire::portal::{OfficeState, ReceivedApplication};
use inrou_rules::Municipality;
use inrou_web::{Place, Said, Site, Visit, back, page};
use inrou_words::{Term, place};
use serde::Deserialize;

use super::ON_A_PAGE;
use super::applications::{procedure, standing};
use crate::Portal;
use crate::store::OfficeQuery;
use clerk::Clerk;

/// What the screens share.
#[derive(Clone)]
struct Office {
    portal: Arc<Portal>,
    /// The municipalities that one can be a clerk of.
    municipalities: Arc<[Municipality]>,
}

/// The screens of a sandbox's receiving office, for the clerks of these municipalities.
pub fn router(portal: Arc<Portal>, municipalities: Vec<Municipality>) -> Router {
    let (site, entropy) = (site(&portal), portal.entropy.clone());
    let router = Router::new()
        .route("/", get(list))
        .route("/sign-in", get(clerk::show).post(clerk::sign_in))
        .route("/sign-out", get(back).post(clerk::sign_out))
        .route("/session/left", get(clerk::left))
        .route("/session/extend", get(list_instead).post(clerk::extend))
        .route("/applications/{application}", get(file::show))
        .route("/applications/{application}/extend", get(back).post(file::extend))
        .route("/applications/{application}/accept", get(back).post(file::accept))
        .route("/applications/{application}/return", get(back).post(file::give_back))
        .route("/applications/{application}/document.txt", get(file::document))
        .route("/applications/{application}/signature.p7s", get(file::signature))
        .route("/applications/{application}/certificate.cer", get(file::certificate))
        .route("/applications/{application}/status", get(file::evidence))
        .with_state(Office { portal, municipalities: municipalities.into() })
        .merge(inrou_web::assets());
    site.wrap(router, &*entropy)
}

/// Where the office's screens stand.
pub fn site(portal: &Portal) -> Site {
    Site::new(Place::Office, portal.clock.clone())
}

/// Which applications to list.
#[derive(Deserialize)]
struct ListQuery {
    state: Option<OfficeState>,
    cursor: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "office.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    clerk: Clerk,
    state: Option<OfficeState>,
    items: Vec<ReceivedApplication>,
    next: Option<Cursor>,
    first: bool,
}

/// The states to choose from: their names in a query, and what they are called.
const STATES: [(Option<OfficeState>, &str, &str); 4] = [
    (Some(OfficeState::Received), "?state=received", "office.received"),
    (Some(OfficeState::Accepted), "?state=accepted", "office.accepted"),
    (Some(OfficeState::Returned), "?state=returned", "office.returned"),
    (None, "?", "office.all"),
];

impl List<'_> {
    fn states(&self) -> impl Iterator<Item = (bool, &'static str, &'static str)> {
        STATES.iter().map(|(state, query, label)| (*state == self.state, *query, *label))
    }

    /// The query of the next page, but for its cursor.
    fn query(&self) -> &'static str {
        let shown = STATES.iter().find(|(state, ..)| *state == self.state);
        shown.map_or("?", |(_, query, _)| query)
    }

    fn municipality(&self) -> Said<'static> {
        municipality(self.v, self.clerk.municipality)
    }

    fn procedure(&self, item: &ReceivedApplication) -> Said<'static> {
        procedure(self.v, item.procedure)
    }

    fn standing<'b>(&self, item: &'b ReceivedApplication) -> (&'static str, Said<'b>) {
        standing(self.v, &item.state)
    }

    fn at(&self, item: &ReceivedApplication) -> Said<'static> {
        Said::of("value.moment", self.v.language).with("value", item.received)
    }
}

/// Received applications, in the order of receipt.
async fn list(
    State(office): State<Office>,
    clerk: Clerk,
    Query(query): Query<ListQuery>,
    v: Visit,
) -> Result<Response, Problem> {
    let after: Option<Option<u64>> = query.cursor.as_ref().map(Cursor::position).transpose()?;
    let limit = inrou_api::page::Limit::from(ON_A_PAGE);
    let asked = OfficeQuery {
        municipality: Some(clerk.municipality),
        state: query.state,
        after: after.flatten().unwrap_or(0),
        limit: limit.count() + 1,
    };
    let found = office.portal.received(asked, limit).await?;
    let list = List {
        v: &v,
        title: "office.title",
        clerk,
        state: query.state,
        items: found.items,
        next: found.next,
        first: query.cursor.is_none(),
    };
    page(&v, &list)
}

/// An address that has nothing to look at leads to the list.
async fn list_instead() -> Redirect {
    Redirect::to("/")
}

/// A municipality with its prefecture.
fn municipality(v: &Visit, code: Municipality) -> Said<'static> {
    let said = |code| Said::of(code, v.language);
    match place(code) {
        Some(place) => said("value.municipality")
            .with("prefecture", term(place.prefecture, v))
            .with("municipality", term(place.municipality, v)),
        None => said("office.municipality-unknown"),
    }
}

fn term(name: inrou_words::PlaceName, v: &Visit) -> Term<'static> {
    match v.language {
        inrou_words::Language::En => Term { text: name.romaji, reading: "" },
        _ => Term { text: name.kanji, reading: name.reading },
    }
}
