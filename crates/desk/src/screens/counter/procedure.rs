//! A procedure at the counter: who stands there, what is wanted, what comes of it, why.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::acting::Reason;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_api::wire::authority::{Attendance, CardPin, ResidentView};
use inrou_rules::{
    Attributes, CertificateStatus, Departure, Medium, Municipality, ResidentId, Sex, Use, Uses,
};
use inrou_web::{Choice, Field, Form, Kind, Said, Trouble, Visit, page};
use inrou_words::Term;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::counter::Procedure;
use crate::screens::Screens;
use crate::screens::visitor::Staff;
use crate::screens::why::{WhyForm, is_unreasoned};
use crate::staff::{Duty, Member};

/// Which procedure, as the address has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::screens) enum Which {
    Record,
    Certificates,
    Renewal,
    Found,
    Unlock,
    Departure,
}

impl Which {
    pub(super) const ALL: [Which; 6] = [
        Which::Record,
        Which::Certificates,
        Which::Renewal,
        Which::Found,
        Which::Unlock,
        Which::Departure,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Which::Record => "record",
            Which::Certificates => "certificates",
            Which::Renewal => "renewal",
            Which::Found => "found",
            Which::Unlock => "unlock",
            Which::Departure => "departure",
        }
    }

    /// The code of its heading.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Which::Record => "procedure-at.record",
            Which::Certificates => "procedure-at.certificates",
            Which::Renewal => "procedure-at.renewal",
            Which::Found => "procedure-at.found",
            Which::Unlock => "procedure-at.unlock",
            Which::Departure => "procedure-at.departure",
        }
    }

    /// What comes of it, a line each.
    const fn follows(self) -> &'static [&'static str] {
        match self {
            Which::Record => &[
                "follows.record-signature",
                "follows.record-reissue",
                "follows.record-user-authentication",
            ],
            Which::Certificates => &["follows.certificates-stop", "follows.certificates-new"],
            Which::Renewal => &["follows.renewal", "follows.renewal-phone"],
            Which::Found => &["follows.found-returns", "follows.found-signature"],
            Which::Unlock => &["follows.unlock"],
            Which::Departure => &["follows.departure"],
        }
    }

    pub(super) const fn duty(self) -> Duty {
        match self {
            Which::Record | Which::Departure => Duty::Records,
            _ => Duty::Cards,
        }
    }

    const fn reasons(self) -> &'static [Reason] {
        match self {
            Which::Record => &[Reason::Notified, Reason::Corrected],
            Which::Certificates => &[Reason::Asked],
            Which::Renewal => &[Reason::Expiring, Reason::Asked],
            Which::Found => &[Reason::Found],
            Which::Unlock => &[Reason::Forgotten],
            Which::Departure => &[Reason::Notified, Reason::Corrected],
        }
    }
}

/// What the form sends, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::screens) struct ProcedureForm {
    attendance: String,
    name: String,
    name_reading: String,
    address: String,
    address_reading: String,
    birth_date: String,
    sex: String,
    municipality: String,
    reissue: Option<String>,
    signature: Option<String>,
    user_authentication: Option<String>,
    pin: String,
    departure: String,
    #[serde(flatten)]
    why: WhyForm,
}

impl ProcedureForm {
    /// As things stand.
    fn of(view: &ResidentView, which: Which) -> Self {
        let Attributes { name, name_reading, address, address_reading, birth_date, sex, .. } =
            view.attributes.clone();
        let carries = |usage| {
            let live = view.certificates.iter().any(|found| {
                found.usage == usage
                    && found.medium == Medium::Card
                    && !matches!(found.status, CertificateStatus::Revoked { .. })
            });
            (which != Which::Renewal && live).then(|| "on".to_owned())
        };
        Self {
            attendance: "in-person".to_owned(),
            name,
            name_reading,
            address,
            address_reading,
            birth_date: birth_date.to_string(),
            sex: sex_code(sex).to_owned(),
            municipality: view.municipality.to_string(),
            signature: carries(Use::Signature),
            user_authentication: carries(Use::UserAuthentication),
            ..Self::default()
        }
    }

    fn uses(&self) -> Uses {
        Uses {
            signature: self.signature.is_some(),
            user_authentication: self.user_authentication.is_some(),
        }
    }

    /// What is asked for.
    fn read(&self, which: Which, view: &ResidentView) -> Result<Procedure, Problem> {
        let missing = |field| Problem::new(Code::CALLER_INCOMPLETE).with("field", field);
        let attendance = match self.attendance.as_str() {
            "proxy" => Attendance::Proxy,
            // Who died or has left does not come: it is not asked.
            _ if which == Which::Departure => Attendance::Proxy,
            "in-person" => Attendance::InPerson,
            _ => return Err(missing("attendance")),
        };
        Ok(match which {
            Which::Record => Procedure::Record {
                attributes: Box::new(self.attributes(&view.attributes)?),
                municipality: self.municipality()?,
                reissue: self.reissue.is_some(),
                attendance,
            },
            Which::Certificates => Procedure::Certificates { uses: self.uses(), attendance },
            Which::Renewal => Procedure::Renewal { uses: self.uses(), attendance },
            Which::Found => Procedure::Found { reissue: self.reissue.is_some(), attendance },
            Which::Unlock => Procedure::Unlock {
                pin: match self.pin.as_str() {
                    "signature" => CardPin::Signature,
                    "user-authentication" => CardPin::UserAuthentication,
                    "card-face" => CardPin::CardFace,
                    _ => return Err(missing("pin")),
                },
                attendance,
            },
            Which::Departure => Procedure::Departure(match self.departure.as_str() {
                "died" => Departure::Died,
                "moved-abroad" => Departure::MovedAbroad,
                _ => return Err(missing("departure")),
            }),
        })
    }

    fn municipality(&self) -> Result<Municipality, Problem> {
        let known = self.municipality.trim().parse().ok();
        let known = known.filter(|code| inrou_words::place(*code).is_some());
        known.ok_or_else(|| Problem::new(Code::MUNICIPALITY_UNKNOWN))
    }

    /// The record from now on. Which characters are substitutes is known of what stays as it was.
    fn attributes(&self, before: &Attributes) -> Result<Attributes, Problem> {
        let wrong = |member| Problem::new(Code::ATTRIBUTES_MALFORMED).with("member", member);
        let substitutes = |typed: &str, was: &str, marks: &str| match typed == was {
            true => marks.to_owned(),
            false => "0".repeat(typed.chars().count()),
        };
        let (name, address) = (self.name.trim(), self.address.trim());
        Ok(Attributes {
            name: name.to_owned(),
            name_reading: self.name_reading.trim().to_owned(),
            name_substitutes: substitutes(name, &before.name, &before.name_substitutes),
            address: address.to_owned(),
            address_reading: self.address_reading.trim().to_owned(),
            address_substitutes: substitutes(address, &before.address, &before.address_substitutes),
            birth_date: self.birth_date.trim().parse::<Date>().map_err(|_| wrong("birth_date"))?,
            sex: match self.sex.as_str() {
                "male" => Sex::Male,
                "female" => Sex::Female,
                "unknown" => Sex::Unknown,
                _ => return Err(wrong("sex")),
            },
        })
    }
}

const fn sex_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unknown => "unknown",
    }
}

#[derive(Template)]
#[template(path = "procedure.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    view: &'a ResidentView,
    which: Which,
    form: &'a ProcedureForm,
    problem: Option<&'a Problem>,
}

impl Shown<'_> {
    fn name(&self) -> Said<'_> {
        let attributes = &self.view.attributes;
        let name = Term { text: &attributes.name, reading: &attributes.name_reading };
        self.v.say("value.term").with("value", name)
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.problem.is_some_and(|problem| {
            let param = match problem.is(Code::CALLER_INCOMPLETE) {
                true => problem.param("field"),
                false if problem.is(Code::ATTRIBUTES_MALFORMED) => problem.param("member"),
                false if problem.is(Code::MUNICIPALITY_UNKNOWN) => Some("municipality"),
                false => None,
            };
            param == Some(field)
        })
    }

    fn text<'b>(
        &'b self,
        name: &'static str,
        kind: Kind,
        label: &'static str,
        typed: &'b str,
    ) -> Field<'b> {
        let fault = self.is_wrong(name).then(|| self.v.say("caller.missing"));
        Field::new(self.v, name, kind, self.v.say(label)).value(typed).fault(fault)
    }

    /// The fields of the record, if it is about that.
    fn fields(&self) -> Vec<Field<'_>> {
        if self.which != Which::Record {
            return Vec::new();
        }
        let form = self.form;
        vec![
            self.text("name", Kind::Text, "fact.name", &form.name),
            self.text("name_reading", Kind::Text, "procedure-at.name-reading", &form.name_reading),
            self.text("address", Kind::Text, "fact.address", &form.address)
                .support(self.v.say("procedure-at.address-support")),
            self.text(
                "address_reading",
                Kind::Text,
                "procedure-at.address-reading",
                &form.address_reading,
            ),
            self.text(
                "municipality",
                Kind::Number,
                "procedure-at.municipality",
                &form.municipality,
            )
            .support(self.v.say("procedure-at.municipality-support")),
            self.text("birth_date", Kind::Date, "fact.birth-date", &form.birth_date),
        ]
    }

    fn radio<'b>(
        &'b self,
        name: &'static str,
        typed: &str,
        all: &[(&'static str, &'static str)],
    ) -> Vec<Choice<'b>> {
        let faulty = self.is_wrong(name);
        let choice = |&(value, label): &(&'static str, &'static str)| Choice {
            name,
            value,
            label: self.v.say(label),
            support: None,
            checked: typed == value,
            one_of_several: true,
            faulty,
        };
        all.iter().map(choice).collect()
    }

    /// Choices of which one is made: the name of each, its heading, what there is to choose from.
    fn groups(&self) -> Vec<(&'static str, Said<'_>, Vec<Choice<'_>>)> {
        let form = self.form;
        let mut groups = Vec::new();
        match self.which {
            Which::Record => {
                let all =
                    [("male", "sex.male"), ("female", "sex.female"), ("unknown", "sex.unknown")];
                groups.push(("sex", self.v.say("fact.sex"), self.radio("sex", &form.sex, &all)));
            }
            Which::Unlock => {
                let all = [
                    ("signature", "pin.card-signature"),
                    ("user-authentication", "pin.card-user-authentication"),
                    ("card-face", "pin.card-face"),
                ];
                let choices = self.radio("pin", &form.pin, &all);
                groups.push(("pin", self.v.say("procedure-at.which-pin"), choices));
            }
            Which::Departure => {
                let all =
                    [("died", "procedure-at.died"), ("moved-abroad", "procedure-at.moved-abroad")];
                let choices = self.radio("departure", &form.departure, &all);
                groups.push(("departure", self.v.say("procedure-at.how"), choices));
            }
            Which::Certificates | Which::Renewal | Which::Found => {}
        }
        if self.which != Which::Departure {
            let all = [("in-person", "procedure-at.in-person"), ("proxy", "procedure-at.proxy")];
            let choices = self.radio("attendance", &form.attendance, &all);
            groups.push(("attendance", self.v.say("procedure-at.attendance"), choices));
        }
        groups
    }

    /// Boxes to tick.
    fn boxes(&self) -> Vec<Choice<'_>> {
        let tick = |name, label, ticked: &Option<String>| Choice {
            name,
            value: "on",
            label: self.v.say(label),
            support: None,
            checked: ticked.is_some(),
            one_of_several: false,
            faulty: false,
        };
        let form = self.form;
        match self.which {
            Which::Record | Which::Found => {
                vec![tick("reissue", "procedure-at.reissue", &form.reissue)]
            }
            Which::Certificates | Which::Renewal => vec![
                tick("signature", "certificate.signature", &form.signature),
                tick(
                    "user_authentication",
                    "certificate.user-authentication",
                    &form.user_authentication,
                ),
            ],
            Which::Unlock | Which::Departure => Vec::new(),
        }
    }

    fn follows(&self) -> &'static [&'static str] {
        self.which.follows()
    }

    fn is_final(&self) -> bool {
        self.which == Which::Departure
    }

    fn reasons(&self) -> Vec<Choice<'_>> {
        self.form.why.reasons(self.v, self.which.reasons(), self.problem)
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
        let trouble = trouble.about(self.fields()).about([self.note()]);
        let trouble = self
            .groups()
            .into_iter()
            .filter(|(name, ..)| self.is_wrong(name))
            .fold(trouble, |trouble, (name, label, _)| {
                trouble.leading_to(format!("{name}-choice"), label)
            });
        Some(match self.is_unreasoned() {
            true => trouble.leading_to("reason-choice", self.v.say("why.reason")),
            false => trouble,
        })
    }
}

fn shown(
    staff: &Staff,
    v: &Visit,
    view: &ResidentView,
    which: Which,
    form: &ProcedureForm,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    page(v, &Shown { v, title: which.title(), member, practice, view, which, form, problem })
}

/// The form.
pub(in crate::screens) async fn show(
    State(screens): State<Screens>,
    Path((id, which)): Path<(ResidentId, Which)>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    staff.with(which.duty())?;
    let view = screens.desk.own_resident(&staff.member, id).await?;
    shown(&staff, &v, &view, which, &ProcedureForm::of(&view, which), None)
}

/// Carries it out; or the form again, with what was typed and what is wrong.
pub(in crate::screens) async fn act(
    State(screens): State<Screens>,
    Path((id, which)): Path<(ResidentId, Which)>,
    staff: Staff,
    v: Visit,
    Form(form): Form<ProcedureForm>,
) -> Result<Response, Problem> {
    let (desk, by) = (&screens.desk, &staff.member);
    let view = desk.own_resident(by, id).await?;
    let proceeds = async {
        let (procedure, why) = (form.read(which, &view)?, form.why.why()?);
        desk.proceed(by, id, procedure, &why).await
    };
    match proceeds.await {
        Ok(()) => {
            // Who has moved away is another municipality's from now on.
            let is_gone = desk.own_resident(by, id).await.is_err();
            let to = match is_gone {
                true => "/".to_owned(),
                false => format!("/residents/{id}?done={}", which.as_str()),
            };
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => {
            let page = shown(&staff, &v, &view, which, &form, Some(&problem))?;
            Ok((problem.status(), page).into_response())
        }
    }
}
