//! Online applications (USE-2): choose a procedure, fill in its form, look it over, send it on to be
//! signed. What was typed stays, whatever is wrong with it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Path, Query};
use inrou_api::wire::portal::{DrawUpApplication, Procedure};
use inrou_rules::Attributes;
use inrou_web::{Choice, Field, Form, Kind, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};
use jiff::civil::Date;
use serde::Deserialize;

use super::visitor::Resident;
use super::{Screens, keyed, login, to};
use crate::applications::LONGEST;
use crate::store::{Session, procedure_name};

/// A form's fields, as typed.
pub(super) type Fields = BTreeMap<String, String>;

/// Hidden fields: what the pressed button is for, and the request's key.
const ACT: &str = "act";
const KEY: &str = "key";

#[derive(Template)]
#[template(path = "procedures.html")]
struct Procedures<'a> {
    v: &'a Visit,
    title: &'static str,
}

/// The procedures that can be done online.
pub(super) async fn procedures(_: Resident, v: Visit) -> Result<Response, Problem> {
    page(&v, &Procedures { v: &v, title: "procedures.title" })
}

/// From which application the form is filled in.
#[derive(Deserialize)]
pub(super) struct FilledIn {
    from: Option<String>,
}

/// The form of a procedure: empty, from an application that came back, or as it stood when a session
/// ended.
pub(super) async fn form(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(procedure): Path<Procedure>,
    Query(query): Query<FilledIn>,
    v: Visit,
) -> Result<Response, Problem> {
    let mut told = None;
    let fields = match query.from {
        Some(id) => screens.portal.own(&session, id).await?.fields,
        None => match screens.portal.draft(&session.subject, procedure_name(procedure)).await? {
            Some(fields) => {
                told = Some("apply.kept");
                fields
            }
            None => Fields::new(),
        },
    };
    page(&v, &ApplyForm { told, ..ApplyForm::new(&v, procedure, &fields) })
}

/// What a button of the form or of its review is for.
pub(super) async fn step(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Path(procedure): Path<Procedure>,
    mut v: Visit,
    Form(mut fields): Form<Fields>,
) -> Result<Response, Problem> {
    let (act, key) = (fields.remove(ACT), fields.remove(KEY));
    let (portal, name) = (&screens.portal, procedure_name(procedure));
    let Some(session) = screens.session(&headers).await? else {
        // What was typed waits for the same resident to log in again. Whoever holds the token of a session
        // that the resident has ended types nothing in her name.
        let past = screens.past_session(&headers).await?;
        if let Some(past) = past.filter(|past| past.ended.is_none()) {
            portal.keep_draft(&past.subject, name, &fields).await?;
        }
        return Ok(login::asked_from(&address(procedure)));
    };
    v.stay = Some(portal.stay(&session));
    match act.as_deref() {
        Some("review" | "correct" | "extend") => {
            portal.keep_draft(&session.subject, name, &fields).await?;
        }
        Some("give-up") => portal.forget_draft(&session.subject, name).await?,
        _ => {}
    }
    match act.as_deref() {
        Some("give-up") => Ok(to("/portal/apply").into_response()),
        Some("extend") => {
            let cookie = screens.extend(session, &headers).await?;
            Ok((AppendHeaders([cookie]), to(&address(procedure))).into_response())
        }
        Some("review") => screens.review(&session, procedure, fields, &v).await,
        Some("correct") => page(&v, &ApplyForm::new(&v, procedure, &fields)),
        Some("send") => screens.send(session, procedure, fields, key.as_deref(), &v).await,
        _ => Err(Problem::bad_request("act")),
    }
}

impl Screens {
    async fn review(
        &self,
        session: &Session,
        procedure: Procedure,
        fields: Fields,
        v: &Visit,
    ) -> Result<Response, Problem> {
        let form = DrawUpApplication { procedure, fields };
        let applicant = match self.portal.check(session, &form).await {
            Ok(applicant) => applicant,
            Err(problem) => return faulty(v, procedure, &form.fields, problem),
        };
        let key = IdempotencyKey::new(&*self.portal.entropy);
        let (fields, key) = (&form.fields, key.as_str());
        let applicant = &applicant;
        page(v, &Review { v, title: "review.title", procedure, fields, applicant, key })
    }

    /// Draws the application up, once a key, and leads to the page that asks for the signature.
    async fn send(
        &self,
        session: Session,
        procedure: Procedure,
        fields: Fields,
        key: Option<&str>,
        v: &Visit,
    ) -> Result<Response, Problem> {
        let content = serde_json::to_vec(&fields).or_internal()?;
        let request = keyed(&session.subject, key, &address(procedure), &content)?;
        let subject = session.subject.clone();
        let form = DrawUpApplication { procedure, fields: fields.clone() };
        match self.portal.draw_up(session, request, form).await {
            Ok(drawn_up) => {
                self.portal.forget_draft(&subject, procedure_name(procedure)).await?;
                let page = format!("/portal/applications/{}", drawn_up.application);
                Ok(to(&page).into_response())
            }
            // A turned clock makes a date faulty that was not.
            Err(problem) => faulty(v, procedure, &fields, problem),
        }
    }
}

/// The form with its faults; any other problem as it is.
fn faulty(
    v: &Visit,
    procedure: Procedure,
    fields: &Fields,
    problem: Problem,
) -> Result<Response, Problem> {
    if !problem.is(Code::FIELDS_INVALID) {
        return Err(problem);
    }
    let form = ApplyForm { problem: Some(&problem), ..ApplyForm::new(v, procedure, fields) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(v, &form)?).into_response())
}

fn address(procedure: Procedure) -> String {
    format!("/portal/apply/{}", procedure_name(procedure))
}

#[derive(Template)]
#[template(path = "apply.html")]
struct ApplyForm<'a> {
    v: &'a Visit,
    title: &'static str,
    procedure: Procedure,
    fields: &'a Fields,
    problem: Option<&'a Problem>,
    told: Option<&'static str>,
}

impl<'a> ApplyForm<'a> {
    fn new(v: &'a Visit, procedure: Procedure, fields: &'a Fields) -> Self {
        let title = match procedure {
            Procedure::MovingOut => "apply.moving-out",
            Procedure::ChildAllowance => "apply.child-allowance",
        };
        Self { v, title, procedure, fields, problem: None, told: None }
    }

    fn action(&self) -> String {
        address(self.procedure)
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        let problem = self.problem?;
        let params: Vec<_> = problem.params().collect();
        let trouble = Trouble::of(self.v, problem.code(), params.iter().copied());
        Some(match self.procedure {
            Procedure::MovingOut => trouble.about(self.moving_out()),
            Procedure::ChildAllowance => {
                let trouble = trouble.about(self.child());
                let trouble = match self.fault("child_living") {
                    Some(_) => trouble.leading_to("child_living", self.v.say("apply.child-living")),
                    None => trouble,
                };
                trouble.about(self.account())
            }
        })
    }

    fn fault(&self, name: &str) -> Option<Said<'_>> {
        let fault = self.problem?.param(name)?;
        Some(self.v.say("apply.fault").with("fault", Value::Name(fault)))
    }

    fn field(
        &self,
        name: &'static str,
        kind: Kind,
        label: &'static str,
        support: &'static str,
    ) -> Field<'_> {
        let typed = self.fields.get(name).map_or("", String::as_str);
        Field::new(self.v, name, kind, self.v.say(label))
            .support(self.v.say(support))
            .value(typed)
            .fault(self.fault(name))
    }

    fn text(&self, name: &'static str, label: &'static str, support: &'static str) -> Field<'_> {
        let most = self.v.say("apply.at-most").with("most", u64::from(LONGEST));
        self.field(name, Kind::Text, label, support).support(most)
    }

    fn day(&self, name: &'static str, label: &'static str, support: &'static str) -> Field<'_> {
        self.field(name, Kind::Date, label, support)
    }

    fn moving_out(&self) -> [Field<'_>; 3] {
        [
            self.text("new_address", "apply.new-address", "apply.new-address-is"),
            self.day("moving_date", "apply.moving-date", "apply.moving-date-is"),
            self.text("reason", "apply.reason", "apply.reason-is").optional(),
        ]
    }

    fn child(&self) -> [Field<'_>; 2] {
        [
            self.text("child_name", "apply.child-name", "apply.child-name-is"),
            self.day("child_birth_date", "apply.child-birth-date", "apply.child-birth-date-is"),
        ]
    }

    fn account(&self) -> [Field<'_>; 2] {
        [
            self.text("bank", "apply.bank", "apply.bank-is"),
            self.text("account", "apply.account", "apply.account-is"),
        ]
    }

    fn living(&self, value: &'static str) -> Choice<'_> {
        Choice {
            name: "child_living",
            value,
            label: self.v.say("value.child-living").with("value", Value::Name(value)),
            support: None,
            checked: self.fields.get("child_living").is_some_and(|typed| typed == value),
            one_of_several: true,
            faulty: self.fault("child_living").is_some(),
        }
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct Review<'a> {
    v: &'a Visit,
    title: &'static str,
    procedure: Procedure,
    fields: &'a Fields,
    applicant: &'a Attributes,
    key: &'a str,
}

impl Review<'_> {
    fn action(&self) -> String {
        address(self.procedure)
    }

    fn heading(&self) -> Said<'_> {
        let name = Value::Name(procedure_name(self.procedure));
        self.v.say("value.procedure").with("value", name)
    }

    fn name(&self) -> Said<'_> {
        self.term(&self.applicant.name, &self.applicant.name_reading)
    }

    fn address(&self) -> Said<'_> {
        self.term(&self.applicant.address, &self.applicant.address_reading)
    }

    fn term<'b>(&'b self, text: &'b str, reading: &'b str) -> Said<'b> {
        self.v.say("value.term").with("value", Term { text, reading })
    }

    fn birth_date(&self) -> Said<'_> {
        self.v.say("value.date").with("value", self.applicant.birth_date)
    }

    fn typed(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |typed| typed.trim())
    }

    fn day(&self, name: &str) -> Said<'_> {
        let day: Date = self.typed(name).parse().unwrap_or_default();
        self.v.say("value.date").with("value", day)
    }

    fn living(&self) -> Said<'_> {
        let living = Value::Name(self.typed("child_living"));
        self.v.say("value.child-living").with("value", living)
    }
}
