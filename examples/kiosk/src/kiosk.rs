//! The kiosk: what it stands on, its routes, and what it publishes of the seals.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use example_site::{Asks, Book, Ground, RelyingParty, Visitors};
use inrou_api::client::Client;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_relying::{TimeStampClient, Validator};
use inrou_web::{Place, Site};
use jiff::SignedDuration;

use crate::card::Reader;
use crate::ledger::Ledger;
use crate::office;
use crate::reading;
use crate::registers::Registers;
use crate::screens::{self, At};
use crate::seals::Seals;
use crate::watch;

/// The name under which the site is reached.
pub const HOST: &str = "kiosk.localhost";

/// Who one is; by name and address the record is found, by the day of birth the age is reckoned.
pub(crate) const SCOPE: &str = "openid name address birthdate";

/// For how long a kiosk remembers somebody who does nothing: longer than its pages take to ask whether anybody
/// is there and to wait for the answer (`watch`), for a browser that does not go on by itself.
pub(crate) const IDLE: SignedDuration = SignedDuration::from_mins(5);

/// What the kiosk is built of, beside the ground of every site.
pub struct Machine {
    /// The card reader.
    pub reader: Box<dyn Reader>,
    /// The authority, called as one that may ask who holds a certificate, and for the attributes.
    pub authority: Client,
    /// Judges cards' certificates; for its own seals it trusts time-stamps, and the seals' issuers.
    pub validator: Validator,
    /// The time-stamp authority.
    pub stamps: TimeStampClient,
    /// The residence records.
    pub registers: Registers,
    /// Where [`Kiosk::published`] is reached: `http://127.0.0.1:8765`. It stands in the seals' certificates.
    pub published: String,
}

/// A kiosk.
pub struct Kiosk {
    /// Its pages.
    pub pages: Router,
    /// What is published of the seals, below `/seals`: the issuers' certificates and the CRLs.
    pub published: Router,
}

#[derive(Clone)]
pub(crate) struct Desk(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub ground: Ground,
    pub machine: Machine,
    pub provider: RelyingParty,
    /// Who stands at the kiosk.
    pub customers: Visitors<At>,
    /// Who is away to log in by phone.
    pub away: Visitors<()>,
    pub seals: Seals,
    pub ledger: Book<Ledger>,
    /// One issue at a time: its number stands on the paper before it stands in the ledger.
    pub issuing: tokio::sync::Mutex<()>,
}

impl Kiosk {
    /// Opens a kiosk.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn open(ground: Ground, machine: Machine) -> io::Result<Self> {
        let desk = Desk::open(ground, machine)?;
        let published = Router::new()
            .route("/seals/anchors.pem", get(anchors))
            .route("/seals/{crl}", get(crl))
            .with_state(desk.clone());
        Ok(Self { pages: desk.pages(), published })
    }
}

impl Desk {
    /// Opens what the pages stand on.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn open(ground: Ground, machine: Machine) -> io::Result<Self> {
        let asks = Asks { name: "見本コンビニ", scope: SCOPE };
        let seals = format!("{}/seals", machine.published.trim_end_matches('/'));
        let parts = Parts {
            provider: RelyingParty::new(ground.clone(), asks).map_err(io::Error::other)?,
            customers: Visitors::new(ground.clone(), "__Host-kiosk").forgotten_after(IDLE),
            away: Visitors::new(ground.clone(), "__Host-kiosk-phone"),
            seals: Seals::open(&ground.folder, seals)?,
            ledger: Book::open(ground.folder.join("ledger.json"))?,
            issuing: tokio::sync::Mutex::default(),
            machine,
            ground,
        };
        Ok(Self(Arc::new(parts)))
    }

    /// The pages.
    pub fn pages(&self) -> Router {
        let ground = &self.0.ground;
        let pages = Router::new()
            .merge(screens::router())
            .merge(reading::router())
            .merge(office::router())
            .merge(watch::router())
            .with_state(self.clone())
            .merge(inrou_web::assets());
        let pages = site(ground).wrap(pages, &*ground.entropy);
        pages.layer(from_fn_with_state(self.clone(), watch::watch))
    }
}

/// Where the pages stand.
pub fn site(ground: &Ground) -> Site {
    Site::new(Place::Kiosk, ground.clock.clone())
}

/// Whoever asks is to have it as it is now.
const ASK_AGAIN: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));

async fn anchors(State(desk): State<Desk>) -> Result<Response, Problem> {
    let pem = desk.0.seals.issuers(desk.0.ground.clock.now()).await?;
    let kind = HeaderValue::from_static("application/x-pem-file");
    Ok(([(header::CONTENT_TYPE, kind), ASK_AGAIN], pem).into_response())
}

async fn crl(State(desk): State<Desk>, Path(name): Path<String>) -> Result<Response, Problem> {
    let number = name.strip_suffix(".crl").and_then(|number| number.parse().ok());
    let not_found = || Problem::new(Code::NOT_FOUND);
    let found = desk.0.seals.crl(number.ok_or_else(not_found)?, desk.0.ground.clock.now())?;
    let der = found.ok_or_else(not_found)?;
    let kind = HeaderValue::from_static("application/pkix-crl");
    Ok(([(header::CONTENT_TYPE, kind), ASK_AGAIN], der.to_vec()).into_response())
}
