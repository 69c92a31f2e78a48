//! The first page: losses that the hotline told of, and the search.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::acting::Reason;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{ResidentSummary, ResidentView};
use inrou_web::{Choice, Field, Form, Kind, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};
use serde::Deserialize;

use crate::dates;
use crate::screens::Screens;
use crate::screens::visitor::Staff;
use crate::screens::why::{WhyForm, is_unreasoned};
use crate::staff::{Duty, Member};
use crate::store::Report;

/// Why a clerk looks for somebody.
const REASONS: &[Reason] = &[
    Reason::Notified,
    Reason::Asked,
    Reason::Found,
    Reason::Lost,
    Reason::Forgotten,
    Reason::Expiring,
    Reason::Corrected,
    Reason::Other,
];

/// What the form sends, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::screens) struct FindForm {
    name: String,
    birth_date: String,
    #[serde(flatten)]
    why: WhyForm,
}

#[derive(Template)]
#[template(path = "counter.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    losses: &'a [(Report, ResidentView)],
    form: &'a FindForm,
    /// Who was found, once it was looked.
    found: Option<&'a [ResidentSummary]>,
    problem: Option<&'a Problem>,
}

impl Shown<'_> {
    fn is_missing(&self, field: &str) -> bool {
        self.problem.is_some_and(|problem| {
            problem.is(Code::CALLER_INCOMPLETE) && problem.param("field") == Some(field)
        })
    }

    fn fault(&self, field: &str) -> Option<Said<'_>> {
        self.is_missing(field).then(|| self.v.say("caller.missing"))
    }

    fn name(&self) -> Field<'_> {
        Field::new(self.v, "name", Kind::Text, self.v.say("caller.name"))
            .support(self.v.say("counter.name-support"))
            .value(&self.form.name)
            .fault(self.fault("name"))
    }

    fn birth_date(&self) -> Field<'_> {
        Field::new(self.v, "birth_date", Kind::Text, self.v.say("fact.birth-date"))
            .support(self.v.say("caller.birth-date-support"))
            .value(&self.form.birth_date)
            .fault(self.fault("birth_date"))
    }

    fn reasons(&self) -> Vec<Choice<'_>> {
        self.form.why.reasons(self.v, REASONS, self.problem)
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
        let trouble = trouble.about([self.name(), self.birth_date(), self.note()]);
        Some(match self.is_unreasoned() {
            true => trouble.leading_to("reason-choice", self.v.say("why.reason")),
            false => trouble,
        })
    }

    fn called<'b>(&self, found: &'b ResidentSummary) -> Said<'b> {
        let name = Term { text: &found.name, reading: &found.name_reading };
        Said::of("value.term", self.v.language).with("value", name)
    }

    fn lost_by<'b>(&self, view: &'b ResidentView) -> Said<'b> {
        let name = Term { text: &view.attributes.name, reading: &view.attributes.name_reading };
        Said::of("value.term", self.v.language).with("value", name)
    }

    fn told(&self, report: &Report) -> Said<'_> {
        let reason = Value::Name(report.reason.as_str());
        self.v.say("counter.loss-told").with("at", report.at).with("reason", reason)
    }
}

async fn shown(
    screens: &Screens,
    staff: &Staff,
    v: &Visit,
    form: &FindForm,
    found: Option<&[ResidentSummary]>,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    let losses = match member.may(Duty::Records) && member.is.office.municipality().is_some() {
        true => screens.desk.losses(member).await?,
        false => Vec::new(),
    };
    let (title, losses) = ("counter.title", &losses[..]);
    page(v, &Shown { v, title, member, practice, losses, form, found, problem })
}

/// The page.
pub(in crate::screens) async fn show(
    State(screens): State<Screens>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    shown(&screens, &staff, &v, &FindForm::default(), None, None).await
}

/// The page with who was found.
pub(in crate::screens) async fn find(
    State(screens): State<Screens>,
    staff: Staff,
    v: Visit,
    Form(form): Form<FindForm>,
) -> Result<Response, Problem> {
    let missing = |field| Problem::new(Code::CALLER_INCOMPLETE).with("field", field);
    let looks = async {
        let name = form.name.trim();
        if name.is_empty() {
            return Err(missing("name"));
        }
        let born = dates::read(&form.birth_date).ok_or_else(|| missing("birth_date"))?;
        screens.desk.find_residents(&staff.member, name, born, &form.why.why()?).await
    };
    match looks.await {
        Ok(found) => shown(&screens, &staff, &v, &form, Some(&found), None).await,
        Err(problem) => {
            let is_told = [Code::CALLER_INCOMPLETE, Code::REASON_MISSING, Code::NOTE_TOO_LONG];
            if !is_told.into_iter().any(|code| problem.is(code)) {
                return Err(problem);
            }
            let page = shown(&screens, &staff, &v, &form, None, Some(&problem)).await?;
            Ok((problem.status(), page).into_response())
        }
    }
}
