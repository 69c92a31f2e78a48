//! A site, as the staff looks at it: what is registered beside what was approved, what was done, and what to
//! decide.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_web::{Choice, Field, Form, Kind, Said, Visit, page};
use inrou_words::Term;
use serde::Deserialize;

use super::{By, Screens};
use crate::clients::{Approval, Client, Limits, LimitsSet, Standing};
use crate::screens::console::events::Shown;
use crate::screens::console::form::limits;
use crate::screens::console::{limits_said, standing};
use crate::screens::registered::shown;

/// How many of the latest acts are shown.
const ACTS: usize = 50;

/// What the forms send, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    standing: Option<Standing>,
    version: Option<u64>,
    reason: String,
    log_ins_a_minute: String,
    log_ins_a_day: String,
    signatures_a_minute: String,
    signatures_a_day: String,
}

impl Typed {
    fn of(client: &Client) -> Self {
        let limit = |of: fn(&Limits) -> u32| {
            client.limits.map_or_else(String::new, |limits| of(&limits).to_string())
        };
        Self {
            log_ins_a_minute: limit(|limits| limits.log_ins_a_minute),
            log_ins_a_day: limit(|limits| limits.log_ins_a_day),
            signatures_a_minute: limit(|limits| limits.signatures_a_minute),
            signatures_a_day: limit(|limits| limits.signatures_a_day),
            ..Self::default()
        }
    }

    fn limits(&self) -> [(&'static str, &'static str, &str); 4] {
        [
            ("log_ins_a_minute", "limits.log-ins-a-minute", &self.log_ins_a_minute),
            ("log_ins_a_day", "limits.log-ins-a-day", &self.log_ins_a_day),
            ("signatures_a_minute", "limits.signatures-a-minute", &self.signatures_a_minute),
            ("signatures_a_day", "limits.signatures-a-day", &self.signatures_a_day),
        ]
    }
}

/// A form of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Decision,
    Limits,
}

#[derive(Template)]
#[template(path = "staff-client.html")]
struct Look<'a> {
    v: &'a Visit,
    title: &'static str,
    is_sandbox: bool,
    client: &'a Client,
    limits: Limits,
    acts: Vec<Shown<'a>>,
    typed: &'a Typed,
    /// What was not done, and by which form.
    problem: Option<(Of, &'a Problem)>,
}

/// A member of what is registered: what it is called, as it is now, and as it was approved if that is
/// another.
struct Member {
    label: &'static str,
    now: String,
    was: Option<String>,
}

impl Look<'_> {
    fn standing(&self) -> &'static str {
        standing(&self.client.standing)
    }

    fn members(&self) -> Vec<Member> {
        let approved = self.client.approved.as_ref().map(shown);
        let now = shown(&self.client.registration);
        let rows = now.into_iter().enumerate().map(|(at, (label, now))| {
            let was = approved.as_ref().and_then(|all| all.get(at)).map(|(_, was)| was.clone());
            let was = was.filter(|was| *was != now);
            Member { label, now, was }
        });
        rows.collect()
    }

    fn in_force(&self) -> [Said<'_>; 4] {
        limits_said(self.v, &self.limits)
    }

    fn told(&self, of: Of) -> Option<&Problem> {
        self.problem.filter(|(form, _)| *form == of).map(|(_, problem)| problem)
    }

    /// Whether what was looked at is another by now.
    fn is_changed(&self) -> bool {
        self.problem.is_some_and(|(_, problem)| problem.is(Code::REGISTRATION_CHANGED))
    }

    /// Which version is decided about: the one that was looked at, until the page says that it is another.
    fn version(&self) -> u64 {
        let looked_at = self.typed.version.filter(|_| !self.is_changed());
        looked_at.unwrap_or(self.client.version)
    }

    fn is_unchosen(&self) -> bool {
        self.told(Of::Decision).is_some() && self.typed.standing.is_none()
    }

    /// Whether the reason of that form is missing, or none.
    fn is_unreasoned(&self, of: &Of) -> bool {
        let is_it = |problem: &Problem| problem.is(Code::APPROVAL_INVALID);
        self.told(*of).is_some_and(is_it) && !(*of == Of::Decision && self.is_unchosen())
    }

    /// Where it is that something is wrong: the field, and its label.
    fn place(&self) -> Option<(&'static str, &'static str)> {
        if self.is_unchosen() {
            return Some(("standing", "staff.decide"));
        }
        if self.is_unreasoned(&Of::Decision) {
            return Some(("reason", "staff.reason"));
        }
        if self.is_unreasoned(&Of::Limits) {
            return Some(("limits-reason", "staff.reason"));
        }
        let wrong = self.told(Of::Limits)?.param("member")?;
        let limit = self.typed.limits().into_iter().find(|(member, ..)| *member == wrong);
        limit.map(|(member, label, _)| (member, label))
    }

    /// What may be decided about a site that stands so.
    fn choices(&self) -> impl Iterator<Item = Choice<'_>> {
        const APPROVE: (&str, &str, Standing) = ("approved", "staff.approve", Standing::Approved);
        const REFUSE: (&str, &str, Standing) = ("refused", "staff.refuse", Standing::Refused);
        const SUSPEND: (&str, &str, Standing) = ("suspended", "staff.suspend", Standing::Suspended);
        const RESUME: (&str, &str, Standing) = ("approved", "staff.resume", Standing::Approved);
        let all: &[(&str, &str, Standing)] = match self.client.standing {
            Standing::Pending => &[APPROVE, REFUSE, SUSPEND],
            Standing::Refused => &[APPROVE, SUSPEND],
            Standing::Approved => &[SUSPEND],
            Standing::Suspended => &[RESUME, REFUSE],
        };
        all.iter().map(|&(value, label, standing)| Choice {
            name: "standing",
            value,
            label: self.v.say(label),
            support: None,
            checked: self.typed.standing == Some(standing),
            one_of_several: true,
            faulty: self.is_unchosen(),
        })
    }

    fn limit_fields(&self) -> impl Iterator<Item = Field<'_>> {
        let wrong = self.told(Of::Limits).and_then(|problem| problem.param("member"));
        self.typed.limits().into_iter().map(move |(member, label, typed)| {
            let fault = (wrong == Some(member)).then(|| self.v.say("console.wrong"));
            Field::new(self.v, member, Kind::Number, self.v.say(label))
                .optional()
                .value(typed)
                .fault(fault)
        })
    }

    /// The reason that was typed into that form.
    fn reason(&self, of: &Of) -> &str {
        if self.told(*of).is_some() { &self.typed.reason } else { "" }
    }
}

/// A site.
pub(super) async fn show(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let client = screens.provider.looked_at(&id).await?;
    look(&screens, &v, &client, &Typed::of(&client), None).await
}

/// Decides about a site.
pub(super) async fn decide(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    By(by): By,
    v: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let decided = match typed.standing {
        Some(standing) => {
            let reason = lines(&typed.reason);
            let approval = Approval { standing, version: typed.version, reason };
            screens.provider.decide(&id, approval, &by).await
        }
        None => Err(Problem::new(Code::APPROVAL_INVALID)),
    };
    done(&screens, &v, &id, typed, decided.map_err(|problem| (Of::Decision, problem))).await
}

/// Sets a site's limits.
pub(super) async fn limit(
    State(screens): State<Screens>,
    Path(id): Path<String>,
    By(by): By,
    v: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let set = limits(typed.limits().map(|(member, _, typed)| (member, typed)));
    let limited = match set {
        Ok(limits) => {
            let set = LimitsSet { limits, reason: lines(&typed.reason) };
            screens.provider.limit(&id, set, &by).await
        }
        Err(problem) => Err(problem),
    };
    done(&screens, &v, &id, typed, limited.map_err(|problem| (Of::Limits, problem))).await
}

/// Lines, as forms do not part them.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// To the page of the site; or the page again, with what was typed and what is wrong.
async fn done(
    screens: &Screens,
    v: &Visit,
    id: &str,
    typed: Typed,
    done: Result<Client, (Of, Problem)>,
) -> Result<Response, Problem> {
    let (of, problem) = match done {
        Ok(client) => {
            let to = format!("/provider/staff/clients/{}", inrou_web::percent(client.id.as_str()));
            return Ok(Redirect::to(&to).into_response());
        }
        Err(refused) => refused,
    };
    let is_shown = [Code::APPROVAL_INVALID, Code::LIMITS_INVALID, Code::REGISTRATION_CHANGED];
    if !is_shown.into_iter().any(|code| problem.is(code)) {
        return Err(problem);
    }
    let client = screens.provider.looked_at(id).await?;
    let typed = match of {
        // The other form stands as it did.
        Of::Decision => Typed {
            standing: typed.standing,
            version: typed.version,
            reason: typed.reason,
            ..Typed::of(&client)
        },
        Of::Limits => typed,
    };
    let shown = look(screens, v, &client, &typed, Some((of, &problem))).await?;
    Ok((problem.status(), shown).into_response())
}

async fn look(
    screens: &Screens,
    v: &Visit,
    client: &Client,
    typed: &Typed,
    problem: Option<(Of, &Problem)>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let id = client.id.clone();
    let acts = provider.store(move |store| store.acts(&id, ACTS)).await?;
    let acts = Shown::all(v, acts);
    let limits = provider.limits(client);
    let (title, is_sandbox) = ("staff.client", provider.settings.approves_at_once);
    page(v, &Look { v, title, is_sandbox, client, limits, acts, typed, problem })
}
