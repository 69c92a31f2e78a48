//! The steps of a procedure: one page each.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::Path;
use inrou_api::wire::phone::{NextStep, PhoneState, Procedure, ProcedureState, Step};
use inrou_rules::Use;
use inrou_web::{Choice, Field, Form, Kind, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};

use super::step_form::{BeginForm, StepForm};
use super::{find, to};
use crate::fleet::Fleet;
use crate::phone::Phone;

/// The rules of a new signature password (CARD-4) and a new PIN (CARD-5), as the script ticks them.
const PASSWORD_RULES: &[&str] =
    &["rule.six-to-sixteen", "rule.capitals-and-digits", "rule.letter", "rule.digit"];
const PIN_RULES: &[&str] = &["rule.four-digits"];

/// Begins a procedure. One that is open is gone on with instead.
pub(super) async fn begin(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(form): Form<BeginForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let step = Step::Begin { procedure: form.procedure, usage: form.usage };
    match phone.alone(|phone| phone.step(step)).await {
        Err(problem) if problem.is(Code::PHONE_BUSY) => {}
        done => drop(done?),
    }
    Ok(to(&name, "/procedure").into_response())
}

/// The page of the step that is next.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let Some(procedure) = &state.procedure else {
        return Ok(to(&name, "").into_response());
    };
    let cards = cards(fleet).await?;
    let shown = Shown { v: &v, title: title(procedure), phone: &state, procedure, cards: &cards };
    page(&v, &shown)
}

/// Takes a step. What is wrong with it the next page tells, for the procedure keeps it.
pub(super) async fn step(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(mut form): Form<StepForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    if let Some(card) = form.card.take() {
        put(fleet, phone.clone(), card).await?;
    }
    let step = form.into_step()?;
    let (cancels, reads) = (matches!(step, Step::Cancel), matches!(step, Step::ReadCard));
    let done = phone.clone().alone(|phone| phone.step(step)).await;
    let page = match done {
        Ok(_) if cancels => "",
        Ok(state) if reads && card_tells(&state) => "/procedure/read",
        Ok(_) => "/procedure",
        Err(problem) => {
            let state = phone.blocking(|phone| Ok(phone.state())).await?;
            let kept = state.procedure.and_then(|procedure| procedure.problem);
            // A step whose turn has passed: the page shows whose turn it is.
            let told = kept.is_some() || problem.is(Code::CONFLICT);
            if !told {
                return Err(problem);
            }
            "/procedure"
        }
    };
    Ok(to(&name, page).into_response())
}

#[derive(Template)]
#[template(path = "card-read.html")]
struct CardRead<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    name: Said<'a>,
    address: Said<'a>,
    birth_date: Said<'a>,
    sex: Said<'a>,
}

/// What was read from the card, for the person to look at.
pub(super) async fn card_was_read(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let state = find(fleet, name.clone()).await?.blocking(|phone| Ok(phone.state())).await?;
    let next = state.procedure.as_ref().map(|procedure| &procedure.next);
    let (Some(NextStep::NewSignaturePassword { applicant: Some(read) })
    | Some(NextStep::NewUserAuthenticationPin { applicant: Some(read) })) = next
    else {
        return Ok(to(&name, "/procedure").into_response());
    };
    let term = |text, reading| Term { text, reading };
    let sex = match read.sex {
        inrou_rules::Sex::Male => "sex.male",
        inrou_rules::Sex::Female => "sex.female",
        _ => "sex.unknown",
    };
    let shown = CardRead {
        v: &v,
        title: "card-read.title",
        phone: &state,
        name: v.say("value.term").with("value", term(&read.name, &read.name_reading)),
        address: v.say("value.term").with("value", term(&read.address, &read.address_reading)),
        birth_date: v.say("value.date").with("value", read.birth_date),
        sex: v.say(sex),
    };
    page(&v, &shown)
}

/// Whether there is something that was read from the card to be shown.
fn card_tells(state: &PhoneState) -> bool {
    let next = state.procedure.as_ref().map(|procedure| &procedure.next);
    matches!(
        next,
        Some(
            NextStep::NewSignaturePassword { applicant: Some(_) }
                | NextStep::NewUserAuthenticationPin { applicant: Some(_) }
        )
    )
}

async fn cards(fleet: Arc<Fleet>) -> Result<Vec<String>, Problem> {
    let listed = tokio::task::spawn_blocking(move || fleet.parts.cards.cards());
    listed.await.or_internal()?
}

async fn put(fleet: Arc<Fleet>, phone: Arc<Phone>, card: String) -> Result<(), Problem> {
    tokio::task::spawn_blocking(move || fleet.put_card(&phone, &card)).await.or_internal()?
}

/// The code of a step's heading.
fn title(procedure: &ProcedureState) -> &'static str {
    match (&procedure.next, procedure.procedure) {
        (NextStep::CardPassword, _) => "step.card-password",
        (NextStep::Choose, _) => "step.choose",
        (NextStep::ReadCard, _) => "step.read-card",
        (NextStep::NewSignaturePassword { .. }, _) => "step.new-signature-password",
        (NextStep::NewUserAuthenticationPin { .. }, _) => "step.new-user-authentication-pin",
        (NextStep::Complete, _) => "step.complete",
        (NextStep::Wait { .. }, _) => "step.applied",
        (NextStep::Register, _) => "step.register",
        (NextStep::ConfirmRevocation, _) => "step.confirm-revocation",
        (NextStep::PhonePassword, _) => "step.phone-password",
        (NextStep::Delete, _) => "step.delete",
        (NextStep::Done { .. }, Procedure::Revoke) => "step.revoked",
        (NextStep::Done { .. }, Procedure::ResetPin) => "step.pin-reset",
        (NextStep::Done { .. }, _) => "step.registered",
    }
}

#[derive(Template)]
#[template(path = "procedure.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    procedure: &'a ProcedureState,
    cards: &'a [String],
}

impl Shown<'_> {
    fn trouble(&self) -> Option<Trouble<'_>> {
        let problem = self.procedure.problem.as_ref()?;
        let params = problem.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Some(Trouble::of(self.v, &problem.code, params))
    }

    /// The field for a password or PIN that exists.
    fn secret(&self, kind: Kind, label: &'static str, support: &'static str) -> Field<'_> {
        let field =
            Field::new(self.v, "secret", kind, self.v.say(label)).support(self.v.say(support));
        match self.procedure.tries_left {
            Some(left) => field.support(self.v.say("step.tries-left").with("left", left)),
            None => field,
        }
    }

    fn existing_password(&self, support: &'static str) -> Field<'_> {
        self.secret(Kind::Password, "field-of.password", support)
    }

    fn new_password(&self) -> Field<'_> {
        Field::new(self.v, "secret", Kind::Password, self.v.say("field-of.password"))
            .rules(PASSWORD_RULES)
    }

    fn new_pin(&self) -> Field<'_> {
        Field::new(self.v, "secret", Kind::Digits, self.v.say("field-of.pin")).rules(PIN_RULES)
    }

    fn again(&self, pin: bool) -> Field<'_> {
        let (kind, label) = match pin {
            true => (Kind::Digits, "field-of.pin-again"),
            false => (Kind::Password, "field-of.password-again"),
        };
        Field::new(self.v, "again", kind, self.v.say(label))
            .support(self.v.say("step.again"))
            .rules(&[])
    }

    /// APPLY-2: both are ticked at first.
    fn use_to_choose(&self, usage: Use) -> Choice<'_> {
        let (name, label, support) = match usage {
            Use::Signature => ("signature", "choose.signature", "choose.signature-is"),
            Use::UserAuthentication => (
                "user_authentication",
                "choose.user-authentication",
                "choose.user-authentication-is",
            ),
        };
        Choice {
            name,
            value: "yes",
            label: self.v.say(label),
            support: Some(self.v.say(support)),
            checked: true,
            one_of_several: false,
            faulty: false,
        }
    }

    fn tick(&self, label: &'static str) -> Choice<'_> {
        Choice {
            name: "confirmed",
            value: "yes",
            label: self.v.say(label),
            support: None,
            checked: false,
            one_of_several: false,
            faulty: false,
        }
    }

    fn expected(&self, due: &jiff::Timestamp) -> Said<'_> {
        self.v.say("step.notice-comes").with("due", Value::Expected { due: *due, now: self.v.now })
    }
}
