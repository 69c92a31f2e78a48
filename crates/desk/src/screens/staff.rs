//! The members of one's office, for who supervises: invited, given duties, suspended.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::acting::Reason;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_rules::MemberId;
use inrou_web::{Choice, Field, Form, Kind, Said, Trouble, Visit, page};
use serde::Deserialize;

use super::Screens;
use super::visitor::Staff;
use super::why::{WhyForm, is_unreasoned};
use crate::staff::{Duty, Member, NewMember, Standing};

/// Why members come, go and change.
const REASONS: &[Reason] = &[Reason::Asked, Reason::Notified, Reason::Corrected, Reason::Other];

/// What the forms send, as it was typed. A duty that is given is `on`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MemberForm {
    name: String,
    name_reading: String,
    #[serde(rename = "duty-hold")]
    hold: Option<String>,
    #[serde(rename = "duty-revoke")]
    revoke: Option<String>,
    #[serde(rename = "duty-records")]
    records: Option<String>,
    #[serde(rename = "duty-cards")]
    cards: Option<String>,
    #[serde(rename = "duty-journal")]
    journal: Option<String>,
    #[serde(rename = "duty-staff")]
    staff: Option<String>,
    suspended: Option<String>,
    #[serde(flatten)]
    why: WhyForm,
}

impl MemberForm {
    fn of(member: &Member) -> Self {
        let given = |duty| member.is.duties.contains(&duty).then(|| "on".to_owned());
        Self {
            hold: given(Duty::Hold),
            revoke: given(Duty::Revoke),
            records: given(Duty::Records),
            cards: given(Duty::Cards),
            journal: given(Duty::Journal),
            staff: given(Duty::Staff),
            suspended: (member.standing == Standing::Suspended).then(|| "on".to_owned()),
            ..Self::default()
        }
    }

    fn has(&self, duty: Duty) -> bool {
        match duty {
            Duty::Hold => &self.hold,
            Duty::Revoke => &self.revoke,
            Duty::Records => &self.records,
            Duty::Cards => &self.cards,
            Duty::Journal => &self.journal,
            Duty::Staff => &self.staff,
        }
        .is_some()
    }

    fn duties(&self) -> BTreeSet<Duty> {
        Duty::ALL.into_iter().filter(|duty| self.has(*duty)).collect()
    }
}

/// What a duty is called.
pub(super) const fn label(duty: Duty) -> &'static str {
    match duty {
        Duty::Hold => "duty.hold",
        Duty::Revoke => "duty.revoke",
        Duty::Records => "duty.records",
        Duty::Cards => "duty.cards",
        Duty::Journal => "duty.journal",
        Duty::Staff => "duty.staff",
    }
}

const fn field(duty: Duty) -> &'static str {
    match duty {
        Duty::Hold => "duty-hold",
        Duty::Revoke => "duty-revoke",
        Duty::Records => "duty-records",
        Duty::Cards => "duty-cards",
        Duty::Journal => "duty-journal",
        Duty::Staff => "duty-staff",
    }
}

/// What both pages share of their form.
struct Typed<'a> {
    v: &'a Visit,
    offered: &'static [Duty],
    form: &'a MemberForm,
    problem: Option<&'a Problem>,
}

impl<'a> Typed<'a> {
    fn is_wrong(&self, part: &str) -> bool {
        self.problem.is_some_and(|problem| {
            problem.is(Code::MEMBER_INVALID) && problem.param("member") == Some(part)
        })
    }

    fn duties(&self) -> Vec<Choice<'a>> {
        let faulty = self.is_wrong("duties");
        let choice = |&duty: &Duty| Choice {
            name: field(duty),
            value: "on",
            label: self.v.say(label(duty)),
            support: None,
            checked: self.form.has(duty),
            one_of_several: false,
            faulty,
        };
        self.offered.iter().map(choice).collect()
    }

    fn reasons(&self) -> Vec<Choice<'a>> {
        self.form.why.reasons(self.v, REASONS, self.problem)
    }

    fn is_unreasoned(&self) -> bool {
        is_unreasoned(self.problem)
    }

    fn note(&self) -> Field<'a> {
        self.form.why.note(self.v, self.problem)
    }

    fn text(&self, name: &'static str, label: &'static str, typed: &'a str) -> Field<'a> {
        let fault = self.is_wrong(name).then(|| self.v.say("member.wrong"));
        Field::new(self.v, name, Kind::Text, self.v.say(label)).value(typed).fault(fault)
    }

    fn name(&self) -> Field<'a> {
        self.text("name", "member.name", &self.form.name)
    }

    fn name_reading(&self) -> Field<'a> {
        let field = self.text("name_reading", "member.name-reading", &self.form.name_reading);
        field.support(self.v.say("member.name-reading-support"))
    }

    fn trouble(&self) -> Option<Trouble<'a>> {
        let problem = self.problem?;
        let trouble = Trouble::telling(self.v, problem);
        let trouble = trouble.about([self.name(), self.name_reading(), self.note()]);
        let places = [
            (self.is_wrong("duties"), "duties", "member.duties"),
            (self.is_unreasoned(), "reason-choice", "why.reason"),
        ];
        let faulty = places.into_iter().filter(|(is, ..)| *is);
        Some(
            faulty
                .fold(trouble, |trouble, (_, id, label)| trouble.leading_to(id, self.v.say(label))),
        )
    }
}

#[derive(Template)]
#[template(path = "staff.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    members: &'a [Member],
    typed: Typed<'a>,
    /// The link of who was invited just now.
    link: Option<&'a str>,
}

impl List<'_> {
    fn standing(&self, member: &Member) -> (&'static str, Said<'_>) {
        standing(self.v, member.standing)
    }

    fn name<'b>(&self, member: &'b Member) -> Said<'b> {
        self.v.say("value.term").with("value", member.name())
    }

    fn duties(&self, member: &Member) -> Vec<Said<'_>> {
        member.is.duties.iter().map(|duty| self.v.say(label(*duty))).collect()
    }
}

#[derive(Template)]
#[template(path = "member.html")]
struct One<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    colleague: &'a Member,
    typed: Typed<'a>,
    link: Option<&'a str>,
}

impl One<'_> {
    fn standing(&self) -> (&'static str, Said<'_>) {
        standing(self.v, self.colleague.standing)
    }

    fn name(&self) -> Said<'_> {
        self.v.say("value.term").with("value", self.colleague.name())
    }

    fn is_oneself(&self) -> bool {
        self.member.id == self.colleague.id
    }

    fn suspended(&self) -> Choice<'_> {
        Choice {
            name: "suspended",
            value: "on",
            label: self.v.say("member.suspend"),
            support: Some(self.v.say("member.suspend-support")),
            checked: self.typed.form.suspended.is_some(),
            one_of_several: false,
            faulty: false,
        }
    }
}

fn standing(v: &Visit, standing: Standing) -> (&'static str, Said<'_>) {
    match standing {
        Standing::Invited => ("waits", v.say("member.invited")),
        Standing::Active => ("good", v.say("member.active")),
        Standing::Suspended => ("bad", v.say("member.suspended")),
    }
}

/// The members.
pub(super) async fn list(
    State(screens): State<Screens>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    listed(&screens, &staff, &v, &MemberForm::default(), None, None).await
}

async fn listed(
    screens: &Screens,
    staff: &Staff,
    v: &Visit,
    form: &MemberForm,
    problem: Option<&Problem>,
    link: Option<&str>,
) -> Result<Response, Problem> {
    staff.with(Duty::Staff)?;
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    let members = screens.desk.members(member.is.office).await?;
    let typed = Typed { v, offered: member.is.office.duties(), form, problem };
    page(v, &List { v, title: "member.title", member, practice, members: &members, typed, link })
}

/// Invites a member; the page shows the link, once.
pub(super) async fn invite(
    State(screens): State<Screens>,
    staff: Staff,
    v: Visit,
    Form(form): Form<MemberForm>,
) -> Result<Response, Problem> {
    let invited = async {
        let new = NewMember {
            name: form.name.clone(),
            name_reading: form.name_reading.clone(),
            office: staff.member.is.office,
            duties: form.duties(),
        };
        screens.desk.invite(&staff.member, new, &form.why.why()?).await
    };
    match invited.await {
        Ok((_, token)) => {
            let link = format!("/invitations/{token}");
            listed(&screens, &staff, &v, &MemberForm::default(), None, Some(&link)).await
        }
        Err(problem) if is_told(&problem) => {
            let page = listed(&screens, &staff, &v, &form, Some(&problem), None).await?;
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn is_told(problem: &Problem) -> bool {
    [Code::MEMBER_INVALID, Code::REASON_MISSING, Code::NOTE_TOO_LONG, Code::OWN_DUTIES]
        .into_iter()
        .any(|code| problem.is(code))
}

/// A member.
pub(super) async fn show(
    State(screens): State<Screens>,
    Path(id): Path<MemberId>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    staff.with(Duty::Staff)?;
    let colleague = screens.desk.colleague(&staff.member, id).await?;
    shown(&staff, &v, &colleague, &MemberForm::of(&colleague), None, None)
}

fn shown(
    staff: &Staff,
    v: &Visit,
    colleague: &Member,
    form: &MemberForm,
    problem: Option<&Problem>,
    link: Option<&str>,
) -> Result<Response, Problem> {
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    let typed = Typed { v, offered: colleague.is.office.duties(), form, problem };
    page(v, &One { v, title: "member.one", member, practice, colleague, typed, link })
}

/// Changes duties and standing.
pub(super) async fn change(
    State(screens): State<Screens>,
    Path(id): Path<MemberId>,
    staff: Staff,
    v: Visit,
    Form(form): Form<MemberForm>,
) -> Result<Response, Problem> {
    let (desk, by) = (&screens.desk, &staff.member);
    let changed = async {
        let (duties, suspended) = (form.duties(), form.suspended.is_some());
        desk.change_member(by, id, duties, suspended, &form.why.why()?).await
    };
    match changed.await {
        Ok(_) => Ok(Redirect::to("/staff").into_response()),
        Err(problem) if is_told(&problem) => {
            let colleague = desk.colleague(by, id).await?;
            let page = shown(&staff, &v, &colleague, &form, Some(&problem), None)?;
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// Invites once more.
pub(super) async fn invite_again(
    State(screens): State<Screens>,
    Path(id): Path<MemberId>,
    staff: Staff,
    v: Visit,
    Form(why): Form<WhyForm>,
) -> Result<Response, Problem> {
    let (desk, by) = (&screens.desk, &staff.member);
    let invited = async { desk.invite_again(by, id, &why.why()?).await };
    match invited.await {
        Ok((colleague, token)) => {
            let link = format!("/invitations/{token}");
            shown(&staff, &v, &colleague, &MemberForm::of(&colleague), None, Some(&link))
        }
        Err(problem) if is_told(&problem) => {
            let colleague = desk.colleague(by, id).await?;
            let form = MemberForm { why, ..MemberForm::of(&colleague) };
            let page = shown(&staff, &v, &colleague, &form, Some(&problem), None)?;
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}
