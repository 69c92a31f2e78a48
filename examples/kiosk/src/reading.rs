//! The page at the card reader: which card lies on it, and its PIN.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_rules::Medium;
use inrou_web::{Field, Form, Kind, Trouble, Visit, page};
use jiff::Timestamp;
use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::card;
use crate::copies::{Person, check_hours};
use crate::kiosk::Desk;
use crate::screens::leads;

pub(crate) fn router() -> Router<Desk> {
    Router::new().route("/card", get(card_page).post(card_log_in))
}

#[derive(Template)]
#[template(path = "kiosk-card.html")]
struct CardPage<'a> {
    v: &'a Visit,
    title: &'static str,
    /// The cards that can be put on the reader.
    cards: &'a [String],
    chosen: &'a str,
    problem: Option<&'a Problem>,
}

impl CardPage<'_> {
    fn trouble(&self) -> Option<Trouble<'_>> {
        Some(self.told()?.about([self.pin()]))
    }

    fn told(&self) -> Option<Trouble<'_>> {
        let problem = self.problem?;
        let params: Vec<_> = problem.params().collect();
        Some(Trouble::of(self.v, problem.code(), params.iter().copied()))
    }

    fn pin(&self) -> Field<'_> {
        let codes = [Code::WRONG_PIN, Code::PIN_FORM, Code::PIN_BLOCKED, Code::LAST_TRIES];
        let is_about =
            self.problem.is_some_and(|problem| codes.iter().any(|code| problem.is(*code)));
        let fault = self.told().filter(|_| is_about).map(|trouble| trouble.what());
        Field::new(self.v, "pin", Kind::Digits, self.v.say("pin.card-user-authentication"))
            .support(self.v.say("step.pin-form"))
            .fault(fault)
    }
}

async fn card_page(State(desk): State<Desk>, v: Visit) -> Result<Response, Problem> {
    if let Err(refusal) = check_hours(v.now) {
        return Ok(leads(refusal).into_response());
    }
    let cards = desk.cards().await?;
    let chosen = cards.first().map(String::as_str).filter(|_| cards.len() == 1).unwrap_or_default();
    page(&v, &CardPage { v: &v, title: "kiosk.card", cards: &cards, chosen, problem: None })
}

/// What is typed at the reader. The PIN is wiped, and in no `Debug`.
#[derive(Deserialize, ZeroizeOnDrop)]
struct Typed {
    #[serde(default)]
    card: String,
    #[serde(default)]
    pin: String,
}

async fn card_log_in(
    State(desk): State<Desk>,
    v: Visit,
    Form(mut typed): Form<Typed>,
) -> Result<Response, Problem> {
    if let Err(refusal) = check_hours(v.now) {
        return Ok(leads(refusal).into_response());
    }
    let card = std::mem::take(&mut typed.card);
    let pin = Zeroizing::new(std::mem::take(&mut typed.pin));
    let problem = match desk.by_card(&card, pin, v.now).await {
        Ok(person) => return desk.admit(person, Medium::Card, v.now),
        Err(problem) if problem.is(Code::INTERNAL_ERROR) => return Err(problem),
        Err(problem) => problem,
    };
    let cards = desk.cards().await?;
    let told = CardPage {
        v: &v,
        title: "kiosk.card",
        cards: &cards,
        chosen: &card,
        problem: Some(&problem),
    };
    Ok((problem.status(), page(&v, &told)?).into_response())
}

impl Desk {
    /// Who somebody is by the card of that name on the reader.
    async fn by_card(
        &self,
        name: &str,
        pin: Zeroizing<String>,
        now: Timestamp,
    ) -> Result<Person, Problem> {
        let (parts, name) = (self.0.clone(), name.to_owned());
        if name.is_empty() {
            return Err(Problem::new(Code::CARD_NOT_PRESENT));
        }
        let mut challenge = [0; 32];
        parts.ground.entropy.fill(&mut challenge);
        let ask = move || card::challenge(&*parts.machine.reader, &name, &pin, challenge);
        let answer = tokio::task::spawn_blocking(ask).await.or_internal()??;
        let machine = &self.0.machine;
        card::learn(&machine.validator, &machine.authority, answer, now).await
    }

    async fn cards(&self) -> Result<Vec<String>, Problem> {
        let parts = self.0.clone();
        tokio::task::spawn_blocking(move || parts.machine.reader.cards()).await.or_internal()?
    }
}
