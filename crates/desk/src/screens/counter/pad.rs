//! The pad in front of the resident: the new PINs are typed there, and nobody of the staff sees them.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_api::wire::authority::CardPin;
use inrou_api::wire::phone::Typed;
use inrou_web::{Field, Form, Kind, Trouble, Visit, page};
use serde::Deserialize;

use crate::screens::Screens;
use crate::writing::{TypedPins, Writing, field, name};

#[derive(Template)]
#[template(path = "pad.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    writing: &'a Writing,
    problem: Option<&'a Problem>,
}

impl Shown<'_> {
    /// Two fields for each PIN.
    fn fields(&self) -> Vec<Field<'_>> {
        let of = |pin: &CardPin| self.twice(*pin);
        self.writing.pins.iter().flat_map(of).collect()
    }

    fn twice(&self, pin: CardPin) -> [Field<'_>; 2] {
        let (kind, rules, again): (_, &[&str], _) = match pin {
            CardPin::Signature => (Kind::Password, &PASSWORD_RULES[..], "signature_again"),
            CardPin::UserAuthentication => {
                (Kind::Digits, &PIN_RULES[..], "user_authentication_again")
            }
            CardPin::CardFace => (Kind::Digits, &PIN_RULES[..], "card_face_again"),
        };
        let told = self.problem.filter(|problem| problem.param("pin") == Some(name(pin)));
        let form = told.filter(|problem| problem.is(Code::PIN_FORM));
        let differ = told.filter(|problem| problem.is(Code::CARD_PINS_DIFFER));
        let (label, repeated) = match pin {
            CardPin::Signature => ("pad.signature", "pad.signature-again"),
            CardPin::UserAuthentication => {
                ("pad.user-authentication", "pad.user-authentication-again")
            }
            CardPin::CardFace => ("pad.card-face", "pad.card-face-again"),
        };
        [
            Field::new(self.v, field(pin), kind, self.v.say(label))
                .chosen_anew()
                .rules(rules)
                .fault(form.map(|_| self.v.say("pad.wrong"))),
            Field::new(self.v, again, kind, self.v.say(repeated))
                .chosen_anew()
                .fault(differ.map(|_| self.v.say("pad.differs"))),
        ]
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        Some(Trouble::telling(self.v, self.problem?).about(self.fields()))
    }
}

const PASSWORD_RULES: [&str; 4] =
    ["rule.six-to-sixteen", "rule.capitals-and-digits", "rule.letter", "rule.digit"];
const PIN_RULES: [&str; 1] = ["rule.four-digits"];

/// What was typed. Wiped when it is dropped.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::screens) struct PadForm {
    signature: Option<Typed>,
    signature_again: Option<Typed>,
    user_authentication: Option<Typed>,
    user_authentication_again: Option<Typed>,
    card_face: Option<Typed>,
    card_face_again: Option<Typed>,
}

fn shown(v: &Visit, writing: &Writing, problem: Option<&Problem>) -> Result<Response, Problem> {
    let title = if writing.pins.is_empty() { "pad.thanks" } else { "pad.title" };
    page(v, &Shown { v, title, writing, problem })
}

/// The pad.
pub(in crate::screens) async fn show(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    shown(&v, &screens.desk.writing(&id)?, None)
}

/// Sets what was typed.
pub(in crate::screens) async fn set(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    v: Visit,
    Form(form): Form<PadForm>,
) -> Result<Response, Problem> {
    let typed = TypedPins {
        signature: [form.signature, form.signature_again],
        user_authentication: [form.user_authentication, form.user_authentication_again],
        card_face: [form.card_face, form.card_face_again],
    };
    match screens.desk.set_pins(&id, typed).await {
        Ok(()) => Ok(Redirect::to(&format!("/pad/{id}")).into_response()),
        Err(problem) => {
            let page = shown(&v, &screens.desk.writing(&id)?, Some(&problem))?;
            Ok((problem.status(), page).into_response())
        }
    }
}
