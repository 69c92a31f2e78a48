//! What several screens are made of: problems told on the page and at the field, fields for PINs.

use inrou_api::wire::phone::StepProblem;
use inrou_rules::Use;
use inrou_web::{Field, Kind, Said, Trouble, Visit};

use crate::secrets::PinName;

/// The rules of a new signature password (CARD-4) and a new PIN (CARD-5), as the script ticks them.
const PASSWORD_RULES: &[&str] =
    &["rule.six-to-sixteen", "rule.capitals-and-digits", "rule.letter", "rule.digit"];
const PIN_RULES: &[&str] = &["rule.four-digits", "rule.not-easily-guessed"];

/// What in a form a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blamed {
    /// The PIN or password that exists.
    Existing,
    /// The new one.
    New,
    /// Its repetition.
    Again,
    /// The choice of certificates.
    Uses,
    /// The choice of a card.
    Card,
    /// The tick.
    Confirmed,
}

impl Blamed {
    fn by(code: &str) -> Option<Self> {
        Some(match code {
            "wrong-pin" | "pin-blocked" | "pin-form" | "last-tries" => Self::Existing,
            "pin-missing" | "pin-length" | "pin-character" | "pin-no-letter" | "pin-no-digit" => {
                Self::New
            }
            "pin-entries-differ" => Self::Again,
            "none-selected" => Self::Uses,
            "card-not-chosen" => Self::Card,
            "not-confirmed" | "revocation-not-confirmed" => Self::Confirmed,
            _ => return None,
        })
    }
}

/// Why a form was not taken, if it was not.
#[derive(Clone, Copy)]
pub(super) struct Fault<'a> {
    v: &'a Visit,
    problem: Option<&'a StepProblem>,
}

impl<'a> Fault<'a> {
    pub(super) fn new(v: &'a Visit, problem: Option<&'a StepProblem>) -> Self {
        Self { v, problem }
    }

    /// The problem as a part of the page.
    pub(super) fn trouble(&self) -> Option<Trouble<'a>> {
        let problem = self.problem?;
        let params = problem.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Some(Trouble::of(self.v, &problem.code, params))
    }

    /// The problem as a part of the page, leading to those of its fields that are faulty.
    pub(super) fn trouble_at(
        &self,
        fields: impl IntoIterator<Item = Field<'a>>,
    ) -> Option<Trouble<'a>> {
        Some(self.trouble()?.about(fields))
    }

    /// What is wrong with a part of the form.
    pub(super) fn at(&self, part: Blamed) -> Option<Said<'a>> {
        let problem = self.problem.filter(|problem| Blamed::by(&problem.code) == Some(part));
        problem.and_then(|_| self.trouble()).map(|trouble| trouble.what())
    }
}

/// The field for a PIN or password that exists, with the tries left where they are known (PIN-1).
pub(super) fn existing<'a>(
    fault: &Fault<'a>,
    name: &'static str,
    kind: Kind,
    label: &'static str,
    support: &'static str,
    tries_left: Option<u8>,
) -> Field<'a> {
    let v = fault.v;
    let field = Field::new(v, name, kind, v.say(label)).support(v.say(support));
    let field = match tries_left {
        Some(0) => field.support(v.say("step.no-tries-left")),
        Some(left) => field.support(v.say("step.tries-left").with("left", left)),
        None => field,
    };
    field.fault(fault.at(Blamed::Existing))
}

/// The field for the phone's own PIN or password of a use, where the page asks for both: a problem is
/// told at the one that it is about.
pub(super) fn own<'a>(
    v: &'a Visit,
    told: Option<&'a StepProblem>,
    name: &'static str,
    usage: Use,
    tries_left: Option<u8>,
) -> Field<'a> {
    let pin = PinName::Phone(usage).as_str();
    let about = |problem: &&StepProblem| problem.params.get("pin").is_some_and(|of| of == pin);
    let fault = Fault::new(v, told.filter(about));
    existing(&fault, name, kind(usage), own_label(usage), form(usage), tries_left)
}

/// What the phone's own PIN or password of a use is called.
pub(super) fn own_label(usage: Use) -> &'static str {
    match usage {
        Use::Signature => "step.phone-password-of",
        Use::UserAuthentication => "transaction-page.pin",
    }
}

/// What the field for a new PIN or password is called, and that for its repetition.
#[derive(Clone, Copy)]
pub(super) enum Occasion {
    /// The page asks for nothing else.
    Setting,
    /// The page asks for the present one as well.
    Changing,
}

/// The field for a new PIN or password, with its rules.
pub(super) fn new<'a>(
    fault: &Fault<'a>,
    name: &'static str,
    usage: Use,
    occasion: Occasion,
) -> Field<'a> {
    let label = match (usage, occasion) {
        (Use::Signature, Occasion::Setting) => "field-of.new-password",
        (Use::Signature, Occasion::Changing) => "field-of.changed-password",
        (Use::UserAuthentication, Occasion::Setting) => "field-of.new-pin",
        (Use::UserAuthentication, Occasion::Changing) => "field-of.changed-pin",
    };
    let rules = match usage {
        Use::Signature => PASSWORD_RULES,
        Use::UserAuthentication => PIN_RULES,
    };
    let field = Field::new(fault.v, name, kind(usage), fault.v.say(label));
    field.chosen_anew().rules(rules).fault(fault.at(Blamed::New))
}

/// The field for its repetition.
pub(super) fn again<'a>(fault: &Fault<'a>, usage: Use, occasion: Occasion) -> Field<'a> {
    let label = match (usage, occasion) {
        (Use::Signature, Occasion::Setting) => "field-of.password-again",
        (Use::Signature, Occasion::Changing) => "field-of.changed-password-again",
        (Use::UserAuthentication, Occasion::Setting) => "field-of.pin-again",
        (Use::UserAuthentication, Occasion::Changing) => "field-of.changed-pin-again",
    };
    Field::new(fault.v, "again", kind(usage), fault.v.say(label))
        .support(fault.v.say("step.again"))
        .chosen_anew()
        .fault(fault.at(Blamed::Again))
}

/// The kind of a key's PIN.
pub(super) fn kind(usage: Use) -> Kind {
    match usage {
        Use::Signature => Kind::Password,
        Use::UserAuthentication => Kind::Digits,
    }
}

/// The support line that tells the form of a key's PIN.
pub(super) fn form(usage: Use) -> &'static str {
    match usage {
        Use::Signature => "step.password-form",
        Use::UserAuthentication => "step.pin-form",
    }
}
