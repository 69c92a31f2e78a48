//! A phone's first screens: the phones of the fleet, a phone's menu, what is needed to apply.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::{Path, Query};
use inrou_api::wire::authority::{CertificateView, EnrolmentStage};
use inrou_api::wire::phone::{NextStep, PhoneState, PhoneSummary, StepProblem};
use inrou_rules::{CertificateStatus, Platform, Use, Uses};
use inrou_web::{Said, Visit, page};
use jiff::Timestamp;

use super::notices::{self, heard};
use super::parts::Fault;
use super::{Tells, find, working};
use crate::fleet::Fleet;
use crate::hindrance;

/// At most so many phones are listed on a page.
const PHONES: usize = 200;

#[derive(Template)]
#[template(path = "phones.html")]
struct Phones<'a> {
    v: &'a Visit,
    title: &'static str,
    phones: Vec<PhoneSummary>,
}

/// The phones.
pub(super) async fn phones(State(fleet): State<Arc<Fleet>>, v: Visit) -> Result<Response, Problem> {
    let phones = all(fleet).await?;
    page(&v, &Phones { v: &v, title: "phones.title", phones })
}

/// The phones of a fleet, up to a bound.
pub(super) async fn all(fleet: Arc<Fleet>) -> Result<Vec<PhoneSummary>, Problem> {
    let list = tokio::task::spawn_blocking(move || fleet.list(None, PHONES));
    list.await.or_internal()?
}

#[derive(Template)]
#[template(path = "menu.html")]
struct Menu<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    told: Option<StepProblem>,
    newest: Option<notices::Shown<'a>>,
    last: u64,
    portal: Option<String>,
}

/// A phone's menu: how its certificates stand, and what can be done.
pub(super) async fn menu(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let (told, (notices, last)) = (phone.told(&tells.told), heard(&phone));
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let newest = notices.last().and_then(|told| notices::Shown::of(&v, told));
    let (title, phone, portal) = ("button.menu", &state, fleet.portal());
    page(&v, &Menu { v: &v, title, phone, told, newest, last, portal })
}

impl Fleet {
    /// The pages of the first site that the app answers: they lie where its API lies, without the version.
    pub(super) fn portal(&self) -> Option<String> {
        self.askers.first()?.base.strip_suffix("/v1").map(str::to_owned)
    }
}

impl Menu<'_> {
    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    /// How the phone's certificate of a use stands: a class of the style sheet, and the words.
    fn standing(&self, &usage: &Use) -> (&'static str, Said<'_>) {
        let said = |code| self.v.say(code);
        match (certificate(self.phone, usage), self.enrolment()) {
            (_, Some(EnrolmentStage::Completed { due, .. })) if self.applied_for(usage) => {
                let due = inrou_words::Value::Expected { due: *due, now: self.v.now };
                ("waits", said("standing-of.applied").with("due", due))
            }
            (_, Some(EnrolmentStage::Ready { .. })) if self.applied_for(usage) => {
                ("waits", said("standing-of.ready"))
            }
            (None, _) => ("", said("standing-of.none")),
            (Some(view), _) => self.v.standing(view.status, view.not_after),
        }
    }

    /// What the certificate of a use is for.
    fn does(&self, &usage: &Use) -> &'static str {
        match usage {
            Use::Signature => "menu.signature-does",
            Use::UserAuthentication => "menu.user-authentication-does",
        }
    }

    fn enrolment(&self) -> Option<&EnrolmentStage> {
        self.phone.enrolment.as_ref().map(|enrolment| &enrolment.stage)
    }

    fn applied_for(&self, usage: Use) -> bool {
        self.phone.enrolment.as_ref().is_some_and(|enrolment| enrolment.uses.contains(usage))
    }

    fn is_ready(&self) -> bool {
        matches!(self.enrolment(), Some(EnrolmentStage::Ready { .. }))
    }

    /// Whether it waits for an application to be worked on: a second one would be refused.
    fn waits(&self) -> bool {
        matches!(self.enrolment(), Some(EnrolmentStage::Completed { .. }))
    }

    fn carries_any(&self) -> bool {
        carries_any(self.phone)
    }

    /// Whether certificates are in the chip: then there is something to look at, to check, to change.
    fn is_registered(&self) -> bool {
        let inside = |status| {
            matches!(status, CertificateStatus::Active { .. } | CertificateStatus::Held { .. })
        };
        self.phone.certificates.iter().any(|view| inside(view.status))
    }

    /// What may be applied for here (READY-2, READY-3).
    fn may_apply(&self) -> bool {
        self.phone.supported && !lacking(self.phone, self.v.now).is_empty() && !self.waits()
    }

    /// MOVE-1: a phone that carries none may take the place of another one.
    fn may_replace_another(&self) -> bool {
        self.may_apply() && self.is_android() && !self.carries_any()
    }

    fn is_android(&self) -> bool {
        self.phone.platform == Platform::Android
    }

    fn is_held(&self) -> bool {
        let held = |status| matches!(status, CertificateStatus::Held { .. });
        self.phone.certificates.iter().any(|view| held(view.status))
    }

    fn under_way(&self) -> bool {
        under_way(self.phone)
    }
}

/// What the phone does not carry: never had, revoked or expired (VALID-2).
pub(super) fn lacking(phone: &PhoneState, now: Timestamp) -> Uses {
    let lacks = |usage: &Use| {
        certificate(phone, *usage).is_none_or(|view| {
            matches!(view.status, CertificateStatus::Revoked { .. }) || now > view.not_after
        })
    };
    Use::ALL.into_iter().filter(lacks).collect()
}

/// Whether a procedure is under way that has to be gone on with, or given up for another to begin.
pub(super) fn under_way(phone: &PhoneState) -> bool {
    let next = phone.procedure.as_ref().map(|procedure| &procedure.next);
    !matches!(next, None | Some(NextStep::Done { .. } | NextStep::Wait { .. } | NextStep::Register))
}

/// The phone's latest certificate of a use.
pub(super) fn certificate(phone: &PhoneState, usage: Use) -> Option<&CertificateView> {
    phone.certificates.iter().rev().find(|view| view.usage == usage)
}

/// Whether the phone carries a certificate of a use that can be used now.
pub(super) fn is_active(phone: &PhoneState, usage: Use, v: &Visit) -> bool {
    hindrance::of_certificate(phone, usage, v.now).is_none()
}

fn carries_any(phone: &PhoneState) -> bool {
    let carried = |status| !matches!(status, CertificateStatus::Revoked { .. });
    phone.certificates.iter().any(|view| carried(view.status))
}

#[derive(Template)]
#[template(path = "prepare.html")]
struct Prepare<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    models: [(&'static str, Vec<&'a str>); 2],
}

impl Prepare<'_> {
    fn is_iphone(&self) -> bool {
        self.phone.platform == Platform::Iphone
    }

    fn carries_all(&self) -> bool {
        lacking(self.phone, self.v.now).is_empty()
    }
}

/// What is needed to apply (READY-1), and whether this phone has it; if it is not supported, why, and
/// which are (READY-2).
pub(super) async fn prepare(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let of = |platform| fleet.models.of(platform).collect();
    let models =
        [("platform.android", of(Platform::Android)), ("platform.iphone", of(Platform::Iphone))];
    let title = if state.supported { "prepare.title" } else { "unsupported.title" };
    page(&v, &Prepare { v: &v, title, phone: &state, models })
}
