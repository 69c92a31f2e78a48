//! The pages of an applicant: the form, what is signed, what came of it.

use std::io;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use example_site::{Asks, Back, Book, Ground, RelyingParty, Visitors, not_logged_in};
use inrou_api::problem::Problem;
use inrou_api::server::Query;
use inrou_relying::Validator;
use inrou_relying::jwe::RecipientKey;
use inrou_web::{Field, Form, Kind, Place, Site, Visit, back, page};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Deserialize;

use crate::applications::{Application, Applications, Outcome, Reason};
use crate::judging::judge;
use crate::office;

/// The name under which the site is reached.
pub const HOST: &str = "bank.localhost";

/// A signature; no attributes, since the certificate has them.
const SCOPE: &str = "openid sign";

/// What the signer is shown that the signature is for.
const PURPOSE: &str = "普通預金口座を開くため";

/// The longest name and address, in characters.
const LONGEST: usize = 200;

/// Digits of an account's number.
const ACCOUNT_DIGITS: usize = 7;

#[derive(Clone)]
pub(crate) struct Bank(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    ground: Ground,
    provider: RelyingParty,
    pub(crate) validator: Validator,
    /// Who has applied: by the number of the application.
    applicants: Visitors<u32>,
    /// Who is away to sign.
    signers: Visitors<()>,
    pub(crate) applications: Book<Applications>,
}

/// The site's pages. `validator` judges signatures.
///
/// # Errors
/// Its folder cannot be read.
pub fn router(ground: Ground, validator: Validator) -> io::Result<Router> {
    let asks = Asks { name: "見本銀行", scope: SCOPE };
    let parts = Parts {
        provider: RelyingParty::new(ground.clone(), asks).map_err(io::Error::other)?,
        validator,
        applicants: Visitors::new(ground.clone(), "__Host-bank"),
        signers: Visitors::new(ground.clone(), "__Host-bank-signs"),
        applications: Book::open(ground.folder.join("applications.json"))?,
        ground,
    };
    let (site, entropy) = (site(&parts.ground), parts.ground.entropy.clone());
    let router = Router::new()
        .route("/", get(start).post(apply))
        .route("/sign", get(sign))
        .route("/callback", get(come_back))
        .route("/leave", get(back).post(leave))
        .merge(office::router())
        .with_state(Bank(Arc::new(parts)))
        .merge(inrou_web::assets());
    Ok(site.wrap(router, &*entropy))
}

/// Where the pages stand.
pub fn site(ground: &Ground) -> Site {
    Site::new(Place::Bank, ground.clock.clone())
}

/// What is filled in.
#[derive(Default, Deserialize)]
struct Sent {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
}

#[derive(Template)]
#[template(path = "bank-form.html")]
struct Apply<'a> {
    v: &'a Visit,
    title: &'static str,
    sent: &'a Sent,
    /// Whether it was sent, so that what is wrong is told.
    is_sent: bool,
}

impl Apply<'_> {
    fn name(&self) -> Field<'_> {
        Field::new(self.v, "name", Kind::Text, self.v.say("bank.name"))
            .support(self.v.say("bank.name-is"))
            .value(&self.sent.name)
            .fault(self.is_name_missing().then(|| self.v.say("bank.name-missing")))
    }

    fn address(&self) -> Field<'_> {
        Field::new(self.v, "address", Kind::Text, self.v.say("bank.address"))
            .support(self.v.say("bank.address-is"))
            .value(&self.sent.address)
            .fault(self.is_address_missing().then(|| self.v.say("bank.address-missing")))
    }

    fn is_name_missing(&self) -> bool {
        self.is_sent && !is_filled_in(&self.sent.name)
    }

    fn is_address_missing(&self) -> bool {
        self.is_sent && !is_filled_in(&self.sent.address)
    }
}

#[derive(Template)]
#[template(path = "bank-application.html")]
struct Applied<'a> {
    v: &'a Visit,
    title: &'static str,
    application: &'a Application,
    outcome: Option<&'a Outcome>,
}

impl Reason {
    /// The text that tells it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Reason::SignatureInvalid => "bank-refusal.signature-invalid",
            Reason::NameDiffers => "bank-refusal.name-differs",
            Reason::AddressDiffers => "bank-refusal.address-differs",
            Reason::HasAccount => "bank-refusal.has-account",
        }
    }
}

async fn start(
    State(bank): State<Bank>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let Some((_, application)) = bank.application(&headers) else {
        let sent = Sent::default();
        return page(&v, &Apply { v: &v, title: "bank.apply", sent: &sent, is_sent: false });
    };
    let outcome = application.decided.as_ref().map(|decided| &decided.outcome);
    let title = match outcome {
        None => "bank.check",
        Some(Outcome::Opened(_)) => "bank.opened",
        Some(Outcome::Refused(_)) => "bank.refused",
    };
    page(&v, &Applied { v: &v, title, application: &application, outcome })
}

/// The form is sent: what is to be signed is drawn up.
async fn apply(
    State(bank): State<Bank>,
    v: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    if !is_filled_in(&sent.name) || !is_filled_in(&sent.address) {
        let apply = Apply { v: &v, title: "bank.apply", sent: &sent, is_sent: true };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&v, &apply)?).into_response());
    }
    let now = v.now;
    let draw_up = move |all: &mut Applications| {
        all.begin(|number| Application {
            made: now,
            document: document(number, &sent, now),
            name: sent.name,
            address: sent.address,
            ordered: None,
            decided: None,
        })
    };
    let number = bank.0.applications.note(draw_up).await?;
    Ok(([bank.0.applicants.admit(number)?], Redirect::to("/")).into_response())
}

/// Orders the signature, and sends the visitor to the provider.
async fn sign(State(bank): State<Bank>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some((number, application)) = bank.application(&headers) else {
        return Ok(Redirect::to("/").into_response());
    };
    let ordered = bank.0.provider.order(PURPOSE, &application.document).await?;
    let (to, begun) = bank.0.provider.ask(SCOPE, Some(&ordered)).await?;
    bank.0.applications.note(move |all: &mut Applications| all.order(number, ordered)).await?;
    Ok(([bank.0.signers.begin(begun)?], Redirect::to(&to)).into_response())
}

/// The visitor comes back: the signature is fetched and judged, and the application decided.
async fn come_back(
    State(bank): State<Bank>,
    Query(back): Query<Back>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let parts = &bank.0;
    let person = match parts.provider.learn(parts.signers.begun(&headers), &back).await {
        Ok(person) => person,
        Err(why) => return not_logged_in(&v, &why),
    };
    let applied = bank.application(&headers);
    let ordered = applied.as_ref().and_then(|(_, application)| application.ordered.as_deref());
    let (Some((number, application)), Some(ordered)) = (&applied, ordered) else {
        return Ok(Redirect::to("/").into_response());
    };
    let result = parts.provider.result(ordered, &person).await?;
    let key = RecipientKey::EcP256(parts.provider.opening_key().await?);
    let subject = person.subject;
    let judged = judge(&parts.validator, application, subject, &result, key, v.now).await?;
    let (account, number, now) = (parts.ground.digits(ACCOUNT_DIGITS), *number, v.now);
    let decide = move |all: &mut Applications| all.decide(number, judged, account, now);
    parts.applications.note(decide).await?;
    Ok(Redirect::to("/").into_response())
}

async fn leave(State(bank): State<Bank>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(([bank.0.applicants.leave(&headers)?], Redirect::to("/")).into_response())
}

impl Bank {
    /// The application of a visitor.
    fn application(&self, headers: &HeaderMap) -> Option<(u32, Application)> {
        let number = self.0.applicants.who(headers)?;
        let application = self.0.applications.look(|all| all.of(number).cloned())?;
        Some((number, application))
    }
}

fn is_filled_in(value: &str) -> bool {
    let is_shown = |c: char| !c.is_control();
    !value.trim().is_empty() && value.chars().count() <= LONGEST && value.chars().all(is_shown)
}

/// What is signed.
fn document(number: u32, sent: &Sent, now: Timestamp) -> String {
    let day = Offset::constant(9).to_datetime(now).date();
    format!(
        "口座開設申込書\n\n見本銀行　御中\n\n普通預金口座の開設を申し込みます。\n\n\
         申込番号：{number}\n申込日：{year}年{month}月{day}日\n氏名：{name}\n住所：{address}\n",
        year = day.year(),
        month = day.month(),
        day = day.day(),
        name = sent.name.trim(),
        address = sent.address.trim(),
    )
}
