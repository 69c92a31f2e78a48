//! The portal's screens, `/portal`, and the receiving office's, on a host of their own. Every form works
//! without a script; one that was sent is answered with the address of the page that shows how things
//! stand then, so that back, reload and a second press do no harm.

mod applications;
mod apply;
mod consents;
mod cookies;
mod export;
mod history;
mod home;
mod login;
mod notices;
mod office;
mod own;
mod phones;
mod proof;
mod receipt;
mod stay;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use inrou_api::idempotency::{Fingerprint, IdempotencyKey, Keyed};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Shutdown, Wait};
use inrou_web::{Place, Site, back};

use crate::Portal;

pub use office::{router as office, site as office_site};

/// How long a page waits for news before it asks again, in seconds.
const PATIENCE: u32 = 25;

/// Items on a page of a list.
const ON_A_PAGE: u32 = 20;

/// What the screens share.
#[derive(Clone)]
struct Screens {
    portal: Arc<Portal>,
    shutdown: Shutdown,
}

/// The portal's screens. The style sheet and the script are served by [`inrou_web::assets`] on the same
/// host.
pub fn router(portal: Arc<Portal>, shutdown: Shutdown) -> Router {
    let (site, entropy) = (site(&portal), portal.entropy.clone());
    let screens = Screens { portal, shutdown };
    let router = Router::new()
        .route("/portal", get(home::home))
        .route("/portal/login", get(login::show).post(login::begin))
        .route("/portal/login/wait", get(login::wait))
        .route("/portal/login/wait/news", get(login::news))
        .route("/portal/login/code", get(login::code))
        .route("/portal/login/number", get(login::to_wait).post(login::number))
        .route("/portal/login/return", get(login::returned))
        .route("/portal/logout", get(back).post(login::log_out))
        .route("/portal/goodbye", get(login::goodbye))
        .route("/portal/sessions", get(home::sessions))
        .route("/portal/sessions/left", get(stay::left))
        .route("/portal/sessions/extend", get(back).post(stay::extend))
        .route("/portal/sessions/end", get(back).post(home::end_session))
        .route("/portal/sessions/end-others", get(back).post(home::end_others))
        .route("/portal/apply", get(apply::procedures))
        .route("/portal/apply/{procedure}", get(apply::form).post(apply::step))
        .route("/portal/applications", get(applications::list))
        .route("/portal/applications/{application}", get(applications::show))
        .route("/portal/applications/{application}/news", get(applications::news))
        .route("/portal/applications/{application}/code", get(applications::code))
        .route(
            "/portal/applications/{application}/signature",
            get(back).post(applications::sign_again),
        )
        .route("/portal/applications/{application}/document.txt", get(applications::document))
        .route("/portal/applications/{application}/signature.p7s", get(applications::signature))
        .route("/portal/notices", get(notices::list))
        .route("/portal/notices/news", get(notices::news))
        .route("/portal/history", get(history::show))
        .route("/portal/history/{index}", get(proof::show))
        .route("/portal/history/{index}/entry.json", get(proof::entry))
        .route("/portal/history/{index}/entry.tlog-proof", get(proof::document))
        .route("/portal/history.csv", get(export::csv))
        .route("/portal/history.json", get(export::json))
        .route("/portal/phones", get(phones::list))
        .route("/portal/deletion-receipt", get(receipt::judge))
        .route("/portal/consents", get(consents::list))
        .route("/portal/consents/{consent}", get(consents::show))
        .route(
            "/portal/consents/{consent}/withdrawal",
            get(consents::to_consent).post(consents::withdraw),
        )
        .route("/portal/own", get(own::menu))
        .route("/portal/own/medicines", get(own::medicines))
        .route("/portal/own/checkups", get(own::checkups))
        .route("/portal/own/mother-and-child", get(own::mother_and_child))
        // What is at no other address is a page that says so.
        .route("/portal/{*rest}", get(nothing))
        .with_state(screens);
    site.wrap(router, &*entropy)
}

/// Where the portal's screens stand.
pub fn site(portal: &Portal) -> Site {
    Site::new(Place::Portal, portal.clock.clone())
}

async fn nothing() -> Problem {
    Problem::new(Code::NOT_FOUND)
}

/// To a page (303: whatever was sent is not sent again).
fn to(page: &str) -> Redirect {
    Redirect::to(page)
}

/// An address below another on the same host, to which a log-in or a sign-in leads back.
fn path_below<'a>(above: &str, path: &'a str) -> Option<&'a str> {
    const LONGEST: usize = 200;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let is_below = path.starts_with(above) && !path.contains("//") && !path.contains("..");
    (is_below && path.len() <= LONGEST && path.bytes().all(plain)).then_some(path)
}

fn patience() -> Wait {
    Wait::from(PATIENCE)
}

/// A request that a form makes under the key in its hidden field.
///
/// # Errors
/// `idempotency-key-missing`, `idempotency-key-malformed`.
fn keyed(caller: &str, key: Option<&str>, path: &str, content: &[u8]) -> Result<Keyed, Problem> {
    let key = key.ok_or_else(|| Problem::new(Code::IDEMPOTENCY_KEY_MISSING))?;
    let key: IdempotencyKey =
        key.parse().map_err(|_| Problem::new(Code::IDEMPOTENCY_KEY_MALFORMED))?;
    let fingerprint = Fingerprint::of(&axum::http::Method::POST, path, content);
    Ok(Keyed { caller: caller.to_owned(), key, fingerprint })
}
