//! The steps of a procedure: one page each.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Path, Query};
use inrou_api::wire::authority::{EnrolmentStage, Resumption};
use inrou_api::wire::phone::{
    NextStep, PhoneState, Procedure, ProcedureState, Step, StepProblem, Typed,
};
use inrou_rules::hours::visible_from;
use inrou_rules::{Attributes, Platform, Use, UserAuthenticationPin, Uses, VisibilityDelay};
use inrou_web::{Choice, Field, Form, Kind, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};
use tokio::time::timeout;

use super::parts::{self, Blamed, Fault, Occasion};
use super::step_form::{BeginForm, StepForm};
use super::{Tells, find, home, to, to_be_told, working};
use crate::fleet::Fleet;
use crate::flow::is_of_card;
use crate::phone::Phone;

/// Begins a procedure. One that is open has to be gone on with, or given up, first.
pub(super) async fn begin(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(form): Form<BeginForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let step = Step::Begin { procedure: form.procedure, usage: form.usage };
    let instead = form.instead.is_some();
    let begun = phone.clone().alone(|phone| async move {
        if instead {
            phone.clone().step(Step::Cancel).await?;
        }
        phone.step(step).await
    });
    match begun.await {
        Err(problem) if problem.is(Code::PHONE_BUSY) || problem.is(Code::PROCEDURE_OPEN) => {
            let page = match phone.live().stored.flow.as_ref().map(|flow| flow.procedure()) {
                Some(open) if open != form.procedure => "/procedure?other=yes",
                _ => "/procedure",
            };
            return Ok(to(&name, page).into_response());
        }
        Err(problem) => {
            return Ok(to_be_told(&phone, &name, "", &problem).into_response());
        }
        Ok(_) => {}
    }
    Ok(to(&name, "/procedure").into_response())
}

/// Whether another procedure was asked for than the one that is open.
#[derive(serde::Deserialize)]
pub(super) struct Other {
    other: Option<String>,
}

/// The page of the step that is next.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(query): Query<Other>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let mut state = phone.blocking(|phone| Ok(phone.state())).await?;
    if let Some(applied) = &mut state.procedure
        && matches!(applied.procedure, Procedure::Apply | Procedure::ChangePhone)
        && applied.next == NextStep::Register
    {
        // However soon the notice comes: it leads on from the menu, and this page stays until then.
        applied.next = NextStep::Wait { due: v.now };
    }
    let Some(procedure) = &state.procedure else {
        return Ok(tells.onward(&name, "").into_response());
    };
    if applicant(&procedure.next).is_some() && !phone.live().applicant_seen {
        return Ok(tells.onward(&name, "/procedure/read").into_response());
    }
    let (told, ticked) = (phone.told(&tells.told), phone.live().ticked);
    // To list them is to read each; no other step shows them.
    let cards = match procedure.next {
        NextStep::ReadCard => cards(fleet).await?,
        _ => Vec::new(),
    };
    let own_card = phone.parts.cards.card_of_holder(&name);
    let lacking = home::lacking(&state, v.now);
    // APPLY-2: in a change of phone the boxes start empty.
    let at_first = match procedure.procedure {
        Procedure::ChangePhone => Uses::NONE,
        _ => lacking,
    };
    let shown = Shown {
        v: &v,
        title: title(procedure),
        phone: &state,
        problem: told.as_ref().or(procedure.problem.as_ref()),
        procedure,
        cards: &cards,
        own_card,
        lacking,
        ticked: ticked.unwrap_or(at_first),
        other: query.other.is_some(),
    };
    page(&v, &shown)
}

/// Takes a step. What is wrong with it the next page tells. Work that takes longer than a moment goes
/// on by itself, and the next page shows how far it is.
pub(super) async fn step(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(mut form): Form<StepForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    let card = form.card.take();
    if card.is_none() && form.reads_card() {
        let problem = Problem::new(Code::CARD_NOT_CHOSEN).by_rule("APPLY-6");
        return Ok(to_be_told(&phone, &name, "/procedure", &problem).into_response());
    }
    if let Some(card) = card
        && let Err(problem) = put(fleet, phone.clone(), card).await
    {
        // A card that was on the page and is no longer on the table.
        let gone = problem.is(Code::NOT_FOUND);
        let problem = if gone { Problem::new(Code::CARD_NOT_PRESENT) } else { problem };
        return Ok(to_be_told(&phone, &name, "/procedure", &problem).into_response());
    }
    let form = form.into_step()?;
    let is_taken_as_it_is = form.is_none();
    let step = match form {
        Some(step) => step,
        // What was doubted is taken as it is.
        None => match phone.live().secrets.doubted_pin.take() {
            Some(pin) => Step::NewUserAuthenticationPin { again: Typed::new(pin.as_str()), pin },
            None => return Ok(to(&name, "/procedure").into_response()),
        },
    };
    if let Step::NewUserAuthenticationPin { pin, again } = &step
        && !is_taken_as_it_is
        && is_doubted(&phone, pin, again)
    {
        phone.live().secrets.doubted_pin = Some(pin.clone());
        return Ok(to(&name, "/procedure/weak-pin").into_response());
    }
    Ok(take(&phone, &name, step).await.into_response())
}

/// Takes a step; gives the page to go to.
async fn take(phone: &Arc<Phone>, name: &str, step: Step) -> Redirect {
    let cancels = matches!(step, Step::Cancel);
    if let Step::Choose { uses, .. } = &step {
        phone.live().ticked = Some(*uses);
    }
    let done = match timeout(working::PATIENCE, phone.clone().alone(|phone| phone.step(step))).await
    {
        Ok(done) => done,
        Err(_) => return to(name, "/procedure"),
    };
    let keeps = |phone: &Phone| {
        let live = phone.live();
        live.stored.flow.as_ref().is_some_and(|flow| flow.problem().is_some())
    };
    match done {
        Ok(_) if cancels => to(name, ""),
        Err(problem) if !keeps(phone) => to_be_told(phone, name, "/procedure", &problem),
        _ => to(name, "/procedure"),
    }
}

/// Takes the card away, also in the middle of a read.
pub(super) async fn take_card_away(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    find(fleet, name.clone()).await?.take_card_away();
    Ok(to(&name, "/procedure").into_response())
}

/// Whoever comes back to the address of that form goes on with the procedure.
pub(super) async fn card_is_away(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    find(fleet, name.clone()).await?;
    Ok(to(&name, "/procedure").into_response())
}

#[derive(Template)]
#[template(path = "weak-pin.html")]
struct WeakPin<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
}

/// A new PIN that is easily guessed is advised against. It is not refused, and not typed again.
pub(super) async fn weak_pin(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.live().secrets.doubted_pin.is_none() {
        return Ok(to(&name, "/procedure").into_response());
    }
    page(&v, &WeakPin { v: &v, title: "weak-pin.title", phone: &name })
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
    next: String,
}

/// What was read from the card, for the person to look at.
pub(super) async fn card_was_read(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let next = state.procedure.as_ref().map(|procedure| &procedure.next);
    let Some(read) = next.and_then(applicant) else {
        return Ok(tells.onward(&name, "/procedure").into_response());
    };
    phone.live().applicant_seen = true;
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
        next: tells.at("/procedure"),
    };
    page(&v, &shown)
}

/// What was read from the card, for the person to look at.
fn applicant(next: &NextStep) -> Option<&Attributes> {
    match next {
        NextStep::NewSignaturePassword { applicant }
        | NextStep::NewUserAuthenticationPin { applicant } => applicant.as_ref(),
        _ => None,
    }
}

/// Whether a new PIN, entered twice alike, is easily guessed.
fn is_doubted(phone: &Phone, pin: &Typed, again: &Typed) -> bool {
    let born = phone.live().applicant.as_ref().map(|applicant| applicant.birth_date);
    pin.as_str() == again.as_str()
        && UserAuthenticationPin::parse(pin.as_str()).is_ok_and(|pin| pin.is_easily_guessed(born))
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
        (NextStep::ConsentToReplacement, _) => "step.consent-to-replacement",
        (NextStep::Complete, Procedure::Apply | Procedure::ChangePhone | Procedure::Register) => {
            "step.complete"
        }
        (NextStep::Complete, _) => "step.complete-request",
        (NextStep::Wait { .. }, _) => "step.applied",
        (NextStep::Register, _) => "step.register",
        (NextStep::ConfirmRevocation, _) => "step.confirm-revocation",
        (NextStep::ConfirmResumption, _) => "button.resume",
        (NextStep::PhonePassword, _) => "step.phone-password",
        (NextStep::Delete, _) => "step.delete",
        (NextStep::Done { .. }, Procedure::Revoke | Procedure::RevokeOther) => "step.revoked",
        (NextStep::Done { .. }, Procedure::Resume) => "step.resumed",
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
    problem: Option<&'a StepProblem>,
    cards: &'a [String],
    /// The one that is chosen at first: the holder's.
    own_card: Option<&'a str>,
    /// What may be applied for: what the phone does not carry.
    lacking: Uses,
    ticked: Uses,
    /// Whether another procedure was asked for than the one that is shown.
    other: bool,
}

impl<'a> Shown<'a> {
    fn fault(&self) -> Fault<'a> {
        Fault::new(self.v, self.problem)
    }

    /// Leading to what is faulty in the form of this step.
    fn trouble(&self) -> Option<Trouble<'a>> {
        let passwords = |usage| vec![self.new_pin(usage), self.again(usage)];
        let (fields, tick) = match self.procedure.next {
            NextStep::CardPassword | NextStep::PhonePassword => {
                (vec![self.existing_password("step.password-form")], None)
            }
            NextStep::NewSignaturePassword { .. } => (passwords(Use::Signature), None),
            NextStep::NewUserAuthenticationPin { .. } => (passwords(Use::UserAuthentication), None),
            NextStep::Choose => (vec![], Some("button.confirmed")),
            NextStep::ConfirmRevocation => (vec![], Some("revoke.tick")),
            _ => (vec![], None),
        };
        let trouble = self.fault().trouble_at(fields)?;
        if self.at_card().is_some() && matches!(self.procedure.next, NextStep::ReadCard) {
            return Some(trouble.leading_to("card", self.v.say("step.which-card")));
        }
        Some(match tick {
            Some(tick) if self.at_confirmed().is_some() => {
                trouble.leading_to("confirmed-yes", self.v.say(tick))
            }
            Some(_) if self.at_uses().is_some() => {
                trouble.leading_to("uses", self.v.say("choose.which"))
            }
            _ => trouble,
        })
    }

    fn at_uses(&self) -> Option<Said<'a>> {
        self.fault().at(Blamed::Uses)
    }

    fn at_confirmed(&self) -> Option<Said<'a>> {
        self.fault().at(Blamed::Confirmed)
    }

    fn existing_password(&self, support: &'static str) -> Field<'a> {
        let (left, kind) = (self.procedure.tries_left, Kind::Password);
        parts::existing(&self.fault(), "secret", kind, "field-of.password", support, left)
    }

    fn new_pin(&self, usage: Use) -> Field<'a> {
        parts::new(&self.fault(), "secret", usage, Occasion::Setting)
    }

    fn again(&self, usage: Use) -> Field<'a> {
        parts::again(&self.fault(), usage, Occasion::Setting)
    }

    /// Whether one of them may be applied for; the other is carried already.
    fn lacks(&self, usage: Use) -> bool {
        self.lacking.contains(usage)
    }

    /// APPLY-2: in a first application both are ticked at first.
    fn use_to_choose(&self, usage: Use) -> Choice<'a> {
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
            checked: self.ticked.contains(usage),
            one_of_several: false,
            faulty: false,
        }
    }

    fn tick(&self, label: &'static str) -> Choice<'a> {
        Choice {
            name: "confirmed",
            value: "yes",
            label: self.v.say(label),
            support: None,
            checked: false,
            one_of_several: false,
            faulty: self.at_confirmed().is_some(),
        }
    }

    fn expected(&self, due: &jiff::Timestamp) -> Said<'a> {
        self.v.say("step.notice-comes").with("due", Value::Expected { due: *due, now: self.v.now })
    }

    /// The holder's card is chosen at first; where it is not known whose the phone is, none is.
    fn is_chosen(&self, card: &str) -> bool {
        self.own_card == Some(card)
    }

    /// Whether the card that was read last will not do: with another the procedure goes on.
    fn is_card_refused(&self) -> bool {
        let without = ["card-carries-none", "not-a-my-number-card"];
        self.problem.is_some_and(|StepProblem { code, .. }| {
            is_of_card(code) || without.contains(&code.as_str())
        })
    }

    fn at_card(&self) -> Option<Said<'a>> {
        self.fault().at(Blamed::Card)
    }

    fn revokes(&self) -> bool {
        self.procedure.procedure == Procedure::Revoke
    }

    /// What resuming leads to, as last heard (LOSS-2).
    fn resumption(&self) -> Resumption {
        let none = Resumption { resumed: Uses::NONE, anew: Uses::NONE, emptied: false };
        self.phone.resumption.unwrap_or(none)
    }

    /// MOVE-1: the certificates are on another phone, and a change of phone would bring them here.
    fn leads_to_change_of_phone(&self) -> bool {
        let elsewhere = |problem: &StepProblem| problem.code == "phone-elsewhere";
        self.problem.is_some_and(elsewhere) && self.phone.platform == Platform::Android
    }

    /// Whether its end is that certificates are registered.
    fn registers(&self) -> bool {
        use Procedure::{Apply, ChangePhone, Register};
        matches!(self.procedure.procedure, Apply | ChangePhone | Register)
    }

    fn resets(&self) -> bool {
        self.procedure.procedure == Procedure::ResetPin
    }

    /// END-2: whether the phone's own signature can ask for the revocation.
    fn phone_can_sign(&self) -> bool {
        home::is_active(self.phone, Use::Signature, self.v)
    }

    /// How many minutes are left until relying parties see the certificates (HOURS-3): never fewer than the
    /// guides say, whatever our own service does.
    fn minutes_until(&self, usable_from: &Option<jiff::Timestamp>) -> Option<u64> {
        let official = match self.phone.enrolment.as_ref().map(|enrolment| &enrolment.stage) {
            Some(&EnrolmentStage::Registered { since, .. }) => {
                Some(visible_from(since, self.phone.platform, VisibilityDelay::OFFICIAL))
            }
            _ => None,
        };
        let left = official.max(*usable_from)?.duration_since(self.v.now).as_secs();
        u64::try_from(left).ok().filter(|&left| left > 0).map(|left| left.div_ceil(60))
    }

    fn has_biometrics(&self) -> bool {
        self.phone.biometrics && home::is_active(self.phone, Use::UserAuthentication, self.v)
    }
}
