//! Who calls: the screen asks, the desk compares.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::acting::Reason;
use inrou_api::problem::{Code, Problem};
use inrou_web::{Choice, Field, Form, Kind, Said as Words, Trouble, Visit, page};
use serde::Deserialize;

use super::Screens;
use super::visitor::Staff;
use super::why::{WhyForm, is_unreasoned};
use crate::callers::{About, Fact, Said};
use crate::dates;
use crate::staff::{Duty, Member};

/// What the form sends, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CallerForm {
    about: String,
    name: String,
    birth_date: String,
    fact: String,
    said: String,
    #[serde(flatten)]
    why: WhyForm,
}

/// What was typed, read; or which field is not filled in.
fn read(form: &CallerForm) -> Result<Said, Problem> {
    let missing = |field| Problem::new(Code::CALLER_INCOMPLETE).with("field", field);
    let name = form.name.trim().to_owned();
    if name.is_empty() {
        return Err(missing("name"));
    }
    let birth_date = dates::read(&form.birth_date).ok_or_else(|| missing("birth_date"))?;
    let said = form.said.trim().to_owned();
    let fact = match form.fact.as_str() {
        "address" => Fact::Address(said.clone()),
        "phone" => Fact::Phone(said.clone()),
        _ => return Err(missing("fact")),
    };
    if said.is_empty() {
        return Err(missing("said"));
    }
    Ok(Said { name, birth_date, fact })
}

#[derive(Template)]
#[template(path = "caller.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    action: &'static str,
    /// What may be lost; nothing where it is about the end of use.
    abouts: &'static [About],
    reasons: &'static [Reason],
    form: &'a CallerForm,
    problem: Option<&'a Problem>,
}

impl Shown<'_> {
    fn is_missing(&self, field: &str) -> bool {
        self.problem.is_some_and(|problem| {
            problem.is(Code::CALLER_INCOMPLETE) && problem.param("field") == Some(field)
        })
    }

    fn abouts(&self) -> Vec<Choice<'_>> {
        let faulty = self.is_missing("about");
        let choice = |about: &About| Choice {
            name: "about",
            value: about.as_str(),
            label: self.v.say(match about {
                About::Phone => "caller.about-phone",
                About::Card => "caller.about-card",
                About::Both => "caller.about-both",
                About::EndUse => "caller.about-end-use",
            }),
            support: None,
            checked: self.form.about == about.as_str(),
            one_of_several: true,
            faulty,
        };
        self.abouts.iter().map(choice).collect()
    }

    fn facts(&self) -> Vec<Choice<'_>> {
        let faulty = self.is_missing("fact");
        let choice = |(value, label)| Choice {
            name: "fact",
            value,
            label: self.v.say(label),
            support: None,
            checked: self.form.fact == value,
            one_of_several: true,
            faulty,
        };
        [("address", "caller.by-address"), ("phone", "caller.by-phone")].map(choice).into()
    }

    fn fault(&self, field: &str) -> Option<Words<'_>> {
        self.is_missing(field).then(|| self.v.say("caller.missing"))
    }

    fn name(&self) -> Field<'_> {
        Field::new(self.v, "name", Kind::Text, self.v.say("caller.name"))
            .support(self.v.say("caller.name-support"))
            .value(&self.form.name)
            .fault(self.fault("name"))
    }

    fn birth_date(&self) -> Field<'_> {
        Field::new(self.v, "birth_date", Kind::Text, self.v.say("fact.birth-date"))
            .support(self.v.say("caller.birth-date-support"))
            .value(&self.form.birth_date)
            .fault(self.fault("birth_date"))
    }

    fn said(&self) -> Field<'_> {
        Field::new(self.v, "said", Kind::Text, self.v.say("caller.said"))
            .support(self.v.say("caller.said-support"))
            .value(&self.form.said)
            .fault(self.fault("said"))
    }

    fn reasons(&self) -> Vec<Choice<'_>> {
        self.form.why.reasons(self.v, self.reasons, self.problem)
    }

    fn is_unreasoned(&self) -> bool {
        is_unreasoned(self.problem)
    }

    fn note(&self) -> Field<'_> {
        self.form.why.note(self.v, self.problem)
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        let problem = self.problem?;
        let trouble = Trouble::telling(self.v, problem);
        let trouble = trouble.about([self.name(), self.birth_date(), self.said(), self.note()]);
        let places = [
            (self.is_missing("about"), "about", "caller.about"),
            (self.is_missing("fact"), "fact", "caller.fact"),
            (self.is_unreasoned(), "reason", "why.reason"),
        ];
        let faulty = places.into_iter().filter(|(is, ..)| *is);
        Some(faulty.fold(trouble, |trouble, (_, id, label)| {
            trouble.leading_to(format!("{id}-choice"), self.v.say(label))
        }))
    }
}

/// Why one calls of a loss, and why one wants an end.
const OF_LOSS: &[Reason] = &[Reason::Lost, Reason::Stolen];
const OF_END: &[Reason] = &[Reason::Asked, Reason::Lost, Reason::Stolen, Reason::Forgotten];

fn show(
    v: &Visit,
    staff: &Staff,
    losses: bool,
    form: &CallerForm,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (title, action, abouts, reasons) = match losses {
        true => ("caller.loss", "/loss", &About::LOSSES[..], OF_LOSS),
        false => ("caller.revocation", "/revocation", &[][..], OF_END),
    };
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    page(v, &Shown { v, title, member, practice, action, abouts, reasons, form, problem })
}

/// A loss: who calls?
pub(super) async fn loss(staff: Staff, v: Visit) -> Result<Response, Problem> {
    staff.with(About::Phone.duty())?;
    let form =
        CallerForm { about: "phone".to_owned(), fact: "address".to_owned(), ..Default::default() };
    show(&v, &staff, true, &form, None)
}

/// The end of use: who calls?
pub(super) async fn revocation(staff: Staff, v: Visit) -> Result<Response, Problem> {
    staff.with(About::EndUse.duty())?;
    let form = CallerForm { fact: "address".to_owned(), ..Default::default() };
    show(&v, &staff, false, &form, None)
}

pub(super) async fn recognise_loss(
    screens: State<Screens>,
    staff: Staff,
    v: Visit,
    Form(form): Form<CallerForm>,
) -> Result<Response, Problem> {
    let about = About::LOSSES.into_iter().find(|about| about.as_str() == form.about);
    let about = about.ok_or_else(|| Problem::new(Code::CALLER_INCOMPLETE).with("field", "about"));
    recognise(screens, staff, v, form, about, true).await
}

pub(super) async fn recognise_revocation(
    screens: State<Screens>,
    staff: Staff,
    v: Visit,
    Form(form): Form<CallerForm>,
) -> Result<Response, Problem> {
    recognise(screens, staff, v, form, Ok(About::EndUse), false).await
}

/// To the call of a caller who is recognised; or the form again, with what was typed and what is wrong.
async fn recognise(
    State(screens): State<Screens>,
    staff: Staff,
    v: Visit,
    form: CallerForm,
    about: Result<About, Problem>,
    losses: bool,
) -> Result<Response, Problem> {
    let asked = about.and_then(|about| Ok((about, read(&form)?, form.why.why()?)));
    let problem = match asked {
        Ok((about, said, why)) => {
            match screens.desk.recognise(&staff.member, about, &said, &why).await {
                Ok(call) => {
                    return Ok(Redirect::to(&format!("/calls/{}", call.id)).into_response());
                }
                Err(problem) => problem,
            }
        }
        Err(problem) => problem,
    };
    let is_told = [
        Code::CALLER_INCOMPLETE,
        Code::CALLER_NOT_RECOGNISED,
        Code::REASON_MISSING,
        Code::NOTE_TOO_LONG,
        Code::NOTE_NAMES_RESIDENT,
        Code::SERVICE_UNAVAILABLE,
    ];
    if !is_told.into_iter().any(|code| problem.is(code)) {
        return Err(problem);
    }
    let shown = show(&v, &staff, losses, &form, Some(&problem))?;
    Ok((problem.status(), shown).into_response())
}
