//! The app's screens: each step of the guides is a page with the guide's own wording of headings and
//! buttons. A phone's screens lie under its name; a form is answered with the address of the page that
//! shows how things stand then, so that back, reload and a second press do no harm.

mod check;
mod contactless;
mod contents;
mod disposal;
mod home;
mod notices;
mod parts;
mod passkey;
mod pins;
mod procedure;
mod step_form;
mod transaction;
mod working;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use inrou_api::problem::{OrInternal, Problem};
use inrou_web::{Place, Site, back, percent};
use serde::Deserialize;

use crate::fleet::Fleet;
use crate::phone::Phone;
use crate::told::Mark;

/// The screens of every phone of a fleet.
pub fn router(fleet: Arc<Fleet>) -> Router {
    let router = Router::new()
        .route("/", get(home::phones))
        .route("/open", get(transaction::choose_phone))
        .route("/phones/{phone}", get(home::menu))
        .route("/phones/{phone}/prepare", get(home::prepare))
        .route("/phones/{phone}/notices", get(notices::list))
        .route("/phones/{phone}/notices/new", get(notices::wait))
        .route("/phones/{phone}/begin", get(back).post(procedure::begin))
        .route("/phones/{phone}/procedure", get(procedure::show).post(procedure::step))
        .route("/phones/{phone}/procedure/read", get(procedure::card_was_read))
        .route("/phones/{phone}/procedure/weak-pin", get(procedure::weak_pin))
        .route("/phones/{phone}/procedure/progress", get(working::progress))
        .route(
            "/phones/{phone}/card/away",
            get(procedure::card_is_away).post(procedure::take_card_away),
        )
        .route("/phones/{phone}/contents", get(contents::show).post(contents::read))
        .route("/phones/{phone}/disposal", get(disposal::show))
        .route("/phones/{phone}/disposal/delete", get(back).post(disposal::delete))
        .route("/phones/{phone}/proof", get(disposal::proof))
        .route("/phones/{phone}/moving", get(disposal::moving))
        .route("/phones/{phone}/pins", get(pins::list))
        .route("/phones/{phone}/pins/{usage}", get(pins::show).post(pins::change))
        .route("/phones/{phone}/forgotten", get(pins::forgotten))
        .route("/phones/{phone}/passkey", get(passkey::show).post(passkey::register))
        .route("/phones/{phone}/passkey/remove", get(back).post(passkey::remove))
        .route("/phones/{phone}/contactless", get(contactless::show).post(contactless::allow))
        .route("/phones/{phone}/check", get(check::show).post(check::check))
        .route("/phones/{phone}/open", get(transaction::show))
        .route("/phones/{phone}/scan", get(back).post(transaction::scanned))
        .route("/phones/{phone}/consent", get(back).post(transaction::consent))
        .route("/phones/{phone}/answered/{how}", get(transaction::answered))
        .with_state(fleet.clone())
        .merge(inrou_web::assets());
    site(&fleet).wrap(router, &*fleet.parts.entropy)
}

/// Where the screens stand.
pub fn site(fleet: &Fleet) -> Site {
    Site::new(Place::Phone, fleet.parts.clock.clone())
}

async fn find(fleet: Arc<Fleet>, name: String) -> Result<Arc<Phone>, Problem> {
    tokio::task::spawn_blocking(move || fleet.phone(&name)).await.or_internal()?
}

/// What a page is to tell, by its mark.
#[derive(Default, Deserialize)]
struct Tells {
    #[serde(default)]
    told: String,
}

impl Tells {
    /// To a page that tells it in place of this one.
    fn onward(&self, name: &str, page: &str) -> Redirect {
        to(name, &self.at(page))
    }

    /// The address of that page, with the mark if there is one.
    fn at(&self, page: &str) -> String {
        if self.told.is_empty() {
            return page.to_owned();
        }
        format!("{page}?told={}", percent(&self.told))
    }
}

/// To a page of a phone that tells whoever is led there why the form was not taken.
fn to_be_told(phone: &Phone, name: &str, page: &str, problem: &Problem) -> Redirect {
    let mark = phone.mark();
    phone.tell(&mark, problem);
    to_told(name, page, &mark)
}

/// To a page of a phone that tells whoever is led there that the form was taken.
fn to_be_told_done(phone: &Phone, name: &str, page: &str) -> Redirect {
    let mark = phone.mark();
    phone.tell_done(&mark);
    to_told(name, page, &mark)
}

/// To a page of a phone that tells what has this mark.
fn to_told(name: &str, page: &str, mark: &Mark) -> Redirect {
    let and = if page.contains('?') { '&' } else { '?' };
    to(name, &format!("{page}{and}told={mark}"))
}

/// To a page of a phone (303: whatever was sent is not sent again).
fn to(phone: &str, page: &str) -> Redirect {
    Redirect::to(&format!("/phones/{phone}{page}"))
}
