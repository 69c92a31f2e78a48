//! The pages: registration for insurance use, the reception's machine, the clinic's back office.

use std::io;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use example_site::{Asks, Back, Book, Ground, RelyingParty, Visitors, not_logged_in};
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Query;
use inrou_web::{Place, Said, Site, Visit, page};
use jiff::tz::Offset;

use crate::insurers::{Eligibility, NotRegistered, Scheme};
use crate::receptions::{Clinic, Reception};

/// The name under which the site is reached.
pub const HOST: &str = "clinic.localhost";

/// Who one is, and the day of birth, by which insurance goes.
const SCOPE: &str = "openid name birthdate";

#[derive(Clone)]
struct Desk(Arc<Parts>);

struct Parts {
    provider: RelyingParty,
    /// Who is away to register, or to come to the reception.
    registering: Visitors<Told>,
    coming: Visitors<Told>,
    clinic: Book<Clinic>,
}

/// What somebody is told at the end.
#[derive(Clone)]
enum Told {
    /// The use is registered.
    Registered,
    /// The reception is done.
    Received(Eligibility),
    /// It is not, since the use is not registered.
    NotRegistered,
}

/// The site's pages.
///
/// # Errors
/// Its folder cannot be read.
pub fn router(ground: Ground) -> io::Result<Router> {
    let asks = Asks { name: "見本クリニック", scope: SCOPE };
    let parts = Parts {
        provider: RelyingParty::new(ground.clone(), asks).map_err(io::Error::other)?,
        registering: Visitors::new(ground.clone(), "__Host-clinic-registers"),
        coming: Visitors::new(ground.clone(), "__Host-clinic-comes"),
        clinic: Book::open(ground.folder.join("clinic.json"))?,
    };
    let router = Router::new()
        .route("/", get(start))
        .route("/register", get(register))
        .route("/come", get(come))
        .route("/callback", get(come_back))
        .route("/result", get(result))
        .route("/licence", get(licence))
        .route("/office", get(office))
        .with_state(Desk(Arc::new(parts)))
        .merge(inrou_web::assets());
    Ok(site(&ground).wrap(router, &*ground.entropy))
}

/// Where the pages stand.
pub fn site(ground: &Ground) -> Site {
    Site::new(Place::Clinic, ground.clock.clone())
}

#[derive(Template)]
#[template(path = "clinic-start.html")]
struct Start<'a> {
    v: &'a Visit,
    title: &'static str,
}

async fn start(v: Visit) -> Result<Response, Problem> {
    page(&v, &Start { v: &v, title: "clinic.title" })
}

/// Sends the visitor to the provider, to register the use as a health-insurance card.
async fn register(State(desk): State<Desk>) -> Result<Response, Problem> {
    let (to, begun) = desk.0.provider.ask(SCOPE, None).await?;
    Ok(([desk.0.registering.begin(begun)?], Redirect::to(&to)).into_response())
}

/// Sends the visitor to the provider, to come to the reception.
async fn come(State(desk): State<Desk>) -> Result<Response, Problem> {
    let (to, begun) = desk.0.provider.ask(SCOPE, None).await?;
    Ok(([desk.0.coming.begin(begun)?], Redirect::to(&to)).into_response())
}

/// The visitor comes back.
async fn come_back(
    State(desk): State<Desk>,
    Query(back): Query<Back>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let parts = &desk.0;
    let registering = parts.registering.begun(&headers).filter(|begun| begun.is_of(&back));
    let is_registering = registering.is_some();
    let begun = registering.or_else(|| parts.coming.begun(&headers));
    let person = match parts.provider.learn(begun, &back).await {
        Ok(person) => person,
        Err(why) => return not_logged_in(&v, &why),
    };
    let (now, today) = (v.now, Offset::constant(9).to_datetime(v.now).date());
    let born = person.birthdate.as_deref().unwrap_or_default().parse().or_internal()?;
    let (subject, name) = (person.subject, person.name.unwrap_or_default());
    let change = move |clinic: &mut Clinic| {
        if is_registering {
            clinic.insurers.register(&subject);
            return Ok(Told::Registered);
        }
        let eligibility = clinic.insurers.eligibility(&subject, born, today)?;
        clinic.receptions.push(Reception { at: now, subject, name, eligibility });
        Ok::<_, NotRegistered>(Told::Received(eligibility))
    };
    let told = parts.clinic.change(change).await?.unwrap_or(Told::NotRegistered);
    Ok(([parts.coming.admit(told)?], Redirect::to("/result")).into_response())
}

#[derive(Template)]
#[template(path = "clinic-result.html")]
struct Outcome<'a> {
    v: &'a Visit,
    title: &'static str,
    told: Told,
}

async fn result(
    State(desk): State<Desk>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some(told) = desk.0.coming.who(&headers) else {
        return Ok(Redirect::to("/").into_response());
    };
    let title = match told {
        Told::Registered => "clinic.registered",
        Told::Received(_) => "clinic.received",
        Told::NotRegistered => "clinic.not-registered",
    };
    page(&v, &Outcome { v: &v, title, told })
}

#[derive(Template)]
#[template(path = "clinic-licence.html")]
struct Licence<'a> {
    v: &'a Visit,
    title: &'static str,
}

/// USE-5: refused, as the guide tells it.
async fn licence(v: Visit) -> Result<Response, Problem> {
    page(&v, &Licence { v: &v, title: "clinic.no-licence" })
}

#[derive(Template)]
#[template(path = "clinic-office.html")]
struct Office<'a> {
    v: &'a Visit,
    title: &'static str,
    receptions: Vec<Reception>,
}

async fn office(State(desk): State<Desk>, v: Visit) -> Result<Response, Problem> {
    let newest_first = |clinic: &Clinic| clinic.receptions.iter().rev().cloned().collect();
    let receptions = desk.0.clinic.look(newest_first);
    page(&v, &Office { v: &v, title: "clinic-office.title", receptions })
}

impl Eligibility {
    fn scheme(self, v: &Visit) -> Said<'static> {
        let code = match self.scheme {
            Scheme::National => "clinic-scheme.national",
            Scheme::Elderly => "clinic-scheme.elderly",
        };
        Said::of(code, v.language)
    }

    fn share(self, v: &Visit) -> Said<'static> {
        Said::of("clinic.tenths", v.language).with("tenths", self.tenths)
    }
}
