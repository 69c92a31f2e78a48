//! The staff's screens, of the hotline and of municipalities' counters, each on a host of its own. Every form
//! works without a script, but for passkeys, which a script asks for.

mod call;
mod caller;
mod cookies;
mod counter;
mod guidance;
mod journal;
mod passkeys;
mod sign_in;
mod staff;
mod visitor;
mod why;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use inrou_api::problem::{Code, Problem};
use inrou_web::{Place, Site, back};

use crate::Desk;
use crate::staff::Office;

/// Items on a page of a list.
const ON_A_PAGE: u32 = 20;

/// What the screens share.
#[derive(Clone)]
struct Screens {
    desk: Arc<Desk>,
    place: Place,
}

impl Screens {
    /// Whether those of an office work here.
    fn is_of(&self, office: Office) -> bool {
        (office == Office::Hotline) == (self.place == Place::Hotline)
    }
}

/// The hotline's screens.
pub fn hotline(desk: Arc<Desk>) -> Router {
    let own = Router::new()
        .route("/", get(guidance::show))
        .route("/other", get(guidance::other))
        .route("/loss", get(caller::loss).post(caller::recognise_loss))
        .route("/revocation", get(caller::revocation).post(caller::recognise_revocation))
        .route("/calls/{call}", get(call::show).post(call::act));
    wrapped(desk, Place::Hotline, own)
}

/// Where the hotline's screens stand.
pub fn hotline_site(desk: &Desk) -> Site {
    Site::new(Place::Hotline, desk.clock.clone())
}

/// The counters' screens.
pub fn counter(desk: Arc<Desk>) -> Router {
    let own = Router::new()
        .route("/", get(counter::find::show).post(counter::find::find))
        .route("/residents/{resident}", get(counter::resident::show))
        .route(
            "/residents/{resident}/writing",
            get(counter::writing::show).post(counter::writing::begin),
        )
        .route("/writings/{writing}", get(counter::writing::how_far))
        .route("/writings/{writing}/news", get(counter::writing::news))
        .route("/pad/{writing}", get(counter::pad::show).post(counter::pad::set))
        .route(
            "/residents/{resident}/{procedure}",
            get(counter::procedure::show).post(counter::procedure::act),
        );
    wrapped(desk, Place::Desk, own)
}

/// Where the counters' screens stand.
pub fn counter_site(desk: &Desk) -> Site {
    Site::new(Place::Desk, desk.clock.clone())
}

/// What both have: sign-in, passkeys, members, the journal.
fn wrapped(desk: Arc<Desk>, place: Place, own: Router<Screens>) -> Router {
    let (site, entropy) = (Site::new(place, desk.clock.clone()), desk.entropy.clone());
    let router = own
        .route("/sign-in", get(sign_in::show).post(sign_in::practise))
        .route("/sign-in/passkey", get(back).post(sign_in::by_passkey))
        .route("/sign-out", get(to_start).post(sign_in::sign_out))
        .route("/session/left", get(sign_in::left))
        .route("/session/extend", get(to_start).post(sign_in::extend))
        .route("/invitations/{token}", get(passkeys::invited).post(passkeys::accept))
        .route("/passkeys", get(passkeys::show).post(passkeys::add))
        .route("/passkeys/remove", get(back).post(passkeys::remove))
        .route("/staff", get(staff::list).post(staff::invite))
        .route("/staff/{member}", get(staff::show).post(staff::change))
        .route("/staff/{member}/invitation", post(staff::invite_again).get(back))
        .route("/journal", get(journal::show))
        // What is at no other address is a page that says so.
        .route("/{*rest}", get(nothing))
        .with_state(Screens { desk, place });
    site.wrap(router, &*entropy)
}

async fn nothing() -> Problem {
    Problem::new(Code::NOT_FOUND)
}

async fn to_start() -> Redirect {
    Redirect::to("/")
}
