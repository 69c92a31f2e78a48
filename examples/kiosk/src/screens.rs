//! The kiosk's pages: what and by what, what the copy has, the fee, the paper. Whatever is known of somebody is
//! in memory, and forgotten at the end, or when nothing is done for a while.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use example_site::{Back, Medium as AnsweredBy, Person as LoggedIn, not_logged_in};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Path, Query};
use inrou_rules::Medium;
use inrou_web::{Choice, Form, Said, Visit, back, page};
use jiff::Timestamp;
use serde::Deserialize;

use crate::copies::{Copy, MOST_COPIES, Person, Refusal, Wish, check_age, check_hours};
use crate::kiosk::{Desk, Parts, SCOPE};
use crate::ledger::{Issue, Ledger};
use crate::paper;
use crate::seals::Office;

/// Where in the procedure somebody is.
#[derive(Clone)]
pub(crate) enum At {
    /// What the copy is to have; then the fee.
    Choosing { person: Arc<Person>, medium: Medium, wish: Wish, is_chosen: bool },
    /// It is paid: the paper, and the receipt. Who it was for is forgotten.
    Paid { paper: Arc<Vec<u8>>, receipt: Receipt },
    /// The paper is put out: it stays until it is forgotten with all else, for nobody knows whether all of it
    /// came to the browser that fetched it.
    Out { paper: Arc<Vec<u8>>, receipt: Receipt, is_fetched: bool },
}

/// What was paid for.
#[derive(Clone, Copy)]
pub(crate) struct Receipt {
    pub number: u32,
    pub at: Timestamp,
    pub place: &'static inrou_words::Place,
    pub wish: Wish,
    pub yen: u64,
}

pub(crate) fn router() -> Router<Desk> {
    Router::new()
        .route("/", get(start))
        .route("/medium", get(medium))
        .route("/phone", get(phone))
        .route("/callback", get(come_back))
        .route("/contents", get(back).post(choose))
        .route("/again", get(back).post(again))
        .route("/pay", get(back).post(pay))
        .route("/print", get(back).post(print))
        .route("/paper", get(paper))
        .route("/refused/{why}", get(refused))
}

#[derive(Template)]
#[template(path = "kiosk-start.html")]
struct Start<'a> {
    v: &'a Visit,
    title: &'static str,
    /// Why it is not open.
    closed: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "kiosk-contents.html")]
struct Contents<'a> {
    v: &'a Visit,
    title: &'static str,
    wish: Wish,
    fee: u64,
}

impl Contents<'_> {
    fn extents(&self) -> [Choice<'_>; 2] {
        let one = |value, label, checked| Choice {
            name: "extent",
            value,
            label: self.v.say(label),
            support: None,
            checked,
            one_of_several: true,
            faulty: false,
        };
        [
            one("household", "kiosk.household", self.wish.household),
            one("single", "kiosk.single", !self.wish.household),
        ]
    }

    fn details(&self) -> [Choice<'_>; 2] {
        let one = |name, label, checked| Choice {
            name,
            value: "yes",
            label: self.v.say(label),
            support: None,
            checked,
            one_of_several: false,
            faulty: false,
        };
        [
            one("relation", "kiosk.relation", self.wish.relation),
            one("honseki", "kiosk.honseki", self.wish.honseki),
        ]
    }

    fn counts(&self) -> std::ops::RangeInclusive<u8> {
        1..=MOST_COPIES
    }
}

#[derive(Template)]
#[template(path = "kiosk-confirm.html")]
struct Confirm<'a> {
    v: &'a Visit,
    title: &'static str,
    place: &'static inrou_words::Place,
    wish: Wish,
    yen: u64,
}

#[derive(Template)]
#[template(path = "kiosk-paid.html")]
struct PaidPage<'a> {
    v: &'a Visit,
    title: &'static str,
    receipt: Receipt,
    is_out: bool,
    /// Whether the browser has yet to fetch the paper, which the page has it do by itself.
    is_waiting: bool,
}

async fn start(
    State(desk): State<Desk>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let parts = &desk.0;
    // Whoever looks is there.
    let Some(at) = parts.customers.change(&headers, |at| at.clone()) else {
        let closed = check_hours(v.now).err();
        return page(&v, &Start { v: &v, title: "kiosk.title", closed });
    };
    match at {
        At::Choosing { person, wish, is_chosen, .. } => {
            let found = match parts.machine.registers.find(&person) {
                Ok(found) => found,
                Err(refusal) => return Ok(leads(refusal).into_response()),
            };
            let (fee, place) = (found.offer.fee, found.place);
            if is_chosen {
                let yen = fee.of(wish.copies);
                page(&v, &Confirm { v: &v, title: "kiosk.confirm", place, wish, yen })
            } else {
                page(&v, &Contents { v: &v, title: "kiosk.contents", wish, fee: fee.of(1) })
            }
        }
        At::Paid { receipt, .. } => {
            let (is_out, is_waiting) = (false, false);
            page(&v, &PaidPage { v: &v, title: "kiosk.paid", receipt, is_out, is_waiting })
        }
        At::Out { receipt, is_fetched, .. } => {
            let (is_out, is_waiting) = (true, !is_fetched);
            let done = PaidPage { v: &v, title: "kiosk.done", receipt, is_out, is_waiting };
            Ok(with_frame(page(&v, &done)?))
        }
    }
}

/// Lets a page hold a frame of this site. A file that a frame fetches leaves the page as it stands: one that
/// the page itself led to would keep it from ever going on.
fn with_frame(mut shown: Response) -> Response {
    if let Some(policy) = shown.headers_mut().get_mut(header::CONTENT_SECURITY_POLICY) {
        let more = [policy.as_bytes(), b"; frame-src 'self'"].concat();
        if let Ok(more) = HeaderValue::from_bytes(&more) {
            *policy = more;
        }
    }
    shown
}

#[derive(Template)]
#[template(path = "kiosk-medium.html")]
struct Plain<'a> {
    v: &'a Visit,
    title: &'static str,
}

async fn medium(v: Visit) -> Result<Response, Problem> {
    match check_hours(v.now) {
        Ok(()) => page(&v, &Plain { v: &v, title: "kiosk.medium" }),
        Err(refusal) => Ok(leads(refusal).into_response()),
    }
}

/// Sends the customer to the provider: to a phone by QR code, or to the one that is this device.
async fn phone(State(desk): State<Desk>, v: Visit) -> Result<Response, Problem> {
    if let Err(refusal) = check_hours(v.now) {
        return Ok(leads(refusal).into_response());
    }
    let (to, begun) = desk.0.provider.ask(SCOPE, None).await?;
    Ok(([desk.0.away.begin(begun)?], Redirect::to(&to)).into_response())
}

async fn come_back(
    State(desk): State<Desk>,
    Query(back): Query<Back>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let begun = desk.0.away.begun(&headers);
    let person = match desk.0.provider.learn(begun, &back).await {
        Ok(person) => person,
        Err(why) => return not_logged_in(&v, &why),
    };
    let LoggedIn { subject, name, address, birthdate, medium, .. } = person;
    let medium = match by_what(medium) {
        Ok(medium) => medium,
        Err(refusal) => return Ok(leads(refusal).into_response()),
    };
    let person = Person {
        id: subject,
        name: name.unwrap_or_default(),
        address: address.unwrap_or_default(),
        birth_date: birthdate.unwrap_or_default().parse().or_internal()?,
    };
    desk.admit(person, medium, v.now)
}

/// By what somebody answered, for the ledger: a provider may not say it.
fn by_what(told: Option<AnsweredBy>) -> Result<Medium, Refusal> {
    match told {
        Some(AnsweredBy::Card) => Ok(Medium::Card),
        Some(AnsweredBy::Phone) => Ok(Medium::Phone),
        None => Err(Refusal::NoMedium),
    }
}

/// What the copy is to have.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    extent: String,
    relation: Option<String>,
    honseki: Option<String>,
    #[serde(default)]
    copies: String,
}

async fn choose(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Form(sent): Form<Chosen>,
) -> Result<Redirect, Problem> {
    let copies = sent.copies.parse().ok().filter(|copies| (1..=MOST_COPIES).contains(copies));
    let chosen = Wish {
        household: sent.extent == "household",
        honseki: sent.honseki.is_some(),
        relation: sent.relation.is_some(),
        copies: copies.ok_or_else(|| Problem::bad_request("copies"))?,
    };
    desk.0.customers.change(&headers, |at| {
        if let At::Choosing { wish, is_chosen, .. } = at {
            (*wish, *is_chosen) = (chosen, true);
        }
    });
    Ok(Redirect::to("/"))
}

/// Back to what the copy is to have.
async fn again(State(desk): State<Desk>, headers: HeaderMap) -> Redirect {
    desk.0.customers.change(&headers, |at| {
        if let At::Choosing { is_chosen, .. } = at {
            *is_chosen = false;
        }
    });
    Redirect::to("/")
}

/// The fee is paid, as a test: the copy is drawn, sealed and noted.
async fn pay(State(desk): State<Desk>, headers: HeaderMap, v: Visit) -> Result<Response, Problem> {
    let parts = &desk.0;
    // Who pays twice at once pays once; if nothing comes of it, it is chosen anew.
    let chosen = parts.customers.change(&headers, |at| match at {
        At::Choosing { person, medium, wish, is_chosen } => {
            std::mem::take(is_chosen).then(|| (person.clone(), *medium, *wish))
        }
        At::Paid { .. } | At::Out { .. } => None,
    });
    let Some((person, medium, wish)) = chosen.flatten() else {
        return Ok(Redirect::to("/").into_response());
    };
    let paid = match check_hours(v.now) {
        Ok(()) => desk.issue(&person, medium, wish, v.now).await?,
        Err(refusal) => Err(refusal),
    };
    match paid {
        Ok(paid) => {
            parts.customers.change(&headers, |at| *at = paid);
            Ok(Redirect::to("/").into_response())
        }
        // The next one finds nothing of it.
        Err(refusal) => Ok(([parts.customers.leave(&headers)?], leads(refusal)).into_response()),
    }
}

/// The paper is put out: once.
async fn print(State(desk): State<Desk>, headers: HeaderMap) -> Redirect {
    desk.0.customers.change(&headers, |at| {
        if let At::Paid { paper, receipt } = at {
            *at = At::Out { paper: paper.clone(), receipt: *receipt, is_fetched: false };
        }
    });
    Redirect::to("/")
}

/// The browser fetches it.
async fn paper(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let out = desk.0.customers.change(&headers, |at| match at {
        At::Out { paper, is_fetched, .. } => {
            *is_fetched = true;
            Some(paper.clone())
        }
        At::Choosing { .. } | At::Paid { .. } => None,
    });
    let Some(paper) = out.flatten() else { return Redirect::to("/").into_response() };
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"juminhyo-mihon.pdf\""),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'self'"),
    ];
    (headers, paper.to_vec()).into_response()
}

#[derive(Template)]
#[template(path = "kiosk-refused.html")]
struct RefusedPage<'a> {
    v: &'a Visit,
    title: &'static str,
    refusal: Refusal,
}

impl RefusedPage<'_> {
    fn why(&self) -> Said<'_> {
        self.v.say(self.refusal.texts()[0])
    }

    fn now(&self) -> Said<'_> {
        self.v.say(self.refusal.texts()[1])
    }
}

async fn refused(Path(why): Path<String>, v: Visit) -> Result<Response, Problem> {
    let refusal = Refusal::ALL.into_iter().find(|refusal| refusal.name() == why);
    let refusal = refusal.ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
    let shown = page(&v, &RefusedPage { v: &v, title: "kiosk.refused", refusal })?;
    Ok((StatusCode::FORBIDDEN, shown).into_response())
}

pub(crate) fn leads(refusal: Refusal) -> Redirect {
    Redirect::to(&format!("/refused/{}", refusal.name()))
}

impl Desk {
    /// Somebody is known: what the copy is to have is asked next, if there is one to be had.
    pub(crate) fn admit(
        &self,
        person: Person,
        medium: Medium,
        now: Timestamp,
    ) -> Result<Response, Problem> {
        let registers = &self.0.machine.registers;
        let checked = check_age(&person, now).and_then(|()| registers.find(&person).map(drop));
        if let Err(refusal) = checked {
            return Ok(leads(refusal).into_response());
        }
        let (person, wish) = (Arc::new(person), Wish::default());
        let at = At::Choosing { person, medium, wish, is_chosen: false };
        Ok(([self.0.customers.admit(at)?], Redirect::to("/")).into_response())
    }

    /// Draws, seals and notes a copy.
    async fn issue(
        &self,
        person: &Person,
        medium: Medium,
        wish: Wish,
        now: Timestamp,
    ) -> Result<Result<At, Refusal>, Problem> {
        let Parts { ground, machine, seals, ledger, issuing, .. } = &*self.0;
        let found = match machine.registers.find(person) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let _one = issuing.lock().await;
        let number = ledger.look(Ledger::next);
        let copy = Copy::of(&found, person, wish, number, now);
        let draw = move || paper::draw(&copy, wish.copies, now);
        let drawn = tokio::task::spawn_blocking(draw).await.or_internal()?.or_internal()?;
        let office = Office {
            validator: &machine.validator,
            stamps: &machine.stamps,
            entropy: &*ground.entropy,
        };
        let sealed = seals.seal(drawn, found.place, &office, || ground.clock.now()).await?;
        let yen = found.offer.fee.of(wish.copies);
        let place = found.place;
        let issue = Issue {
            at: now,
            municipality: place.code,
            wish,
            medium,
            person: person.id.clone(),
            yen,
        };
        ledger.note(move |ledger: &mut Ledger| ledger.note(issue)).await?;
        let receipt = Receipt { number, at: now, place, wish, yen };
        Ok(Ok(At::Paid { paper: Arc::new(sealed), receipt }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_3_a_log_in_that_does_not_say_by_what_is_refused_by_a_name_of_its_own() {
        assert_eq!(by_what(Some(AnsweredBy::Card)), Ok(Medium::Card));
        assert_eq!(by_what(Some(AnsweredBy::Phone)), Ok(Medium::Phone));
        assert_eq!(by_what(None), Err(Refusal::NoMedium));
        let to = leads(Refusal::NoMedium).into_response();
        assert_eq!(to.headers()[header::LOCATION], "/refused/no-medium");
    }
}
