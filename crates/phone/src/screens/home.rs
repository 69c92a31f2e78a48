//! A phone's first screens: the phones of the fleet, a phone's menu, what is needed to apply.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::Path;
use inrou_api::wire::authority::{CertificateView, EnrolmentStage};
use inrou_api::wire::phone::{PhoneState, PhoneSummary};
use inrou_rules::{CertificateStatus, Use};
use inrou_web::{Said, Visit, page};

use super::find;
use crate::fleet::Fleet;

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
    phone: PhoneState,
}

/// A phone's menu: how its certificates stand, and what can be done.
pub(super) async fn menu(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name).await?.blocking(|phone| Ok(phone.state())).await?;
    page(&v, &Menu { v: &v, title: "button.menu", phone })
}

impl Menu<'_> {
    /// How the phone's certificate of a use stands: a class of the style sheet, and the words.
    fn standing(&self, &usage: &Use) -> (&'static str, Said<'_>) {
        let said = |code| self.v.say(code);
        match (self.certificate(usage), self.enrolment()) {
            (_, Some(EnrolmentStage::Completed { due, .. })) if self.applied_for(usage) => {
                let due = inrou_words::Value::Expected { due: *due, now: self.v.now };
                ("waits", said("standing-of.applied").with("due", due))
            }
            (_, Some(EnrolmentStage::Ready { .. })) if self.applied_for(usage) => {
                ("waits", said("standing-of.ready"))
            }
            (None, _) => ("", said("standing-of.none")),
            (Some(view), _) => match view.status {
                CertificateStatus::Active { .. } if self.v.now > view.not_after => {
                    ("bad", said("standing-of.expired"))
                }
                CertificateStatus::Active { .. } => {
                    ("good", said("standing-of.active").with("until", view.not_after))
                }
                CertificateStatus::Issued => ("waits", said("standing-of.ready")),
                CertificateStatus::Held { since, .. } => {
                    ("bad", said("standing-of.held").with("since", since))
                }
                CertificateStatus::Revoked { at, reason } => {
                    ("bad", said("standing-of.revoked").with("at", at).with("reason", reason))
                }
            },
        }
    }

    fn certificate(&self, usage: Use) -> Option<&CertificateView> {
        self.phone.certificates.iter().rev().find(|view| view.usage == usage)
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

    fn carries_any(&self) -> bool {
        let carried = |status| !matches!(status, CertificateStatus::Revoked { .. });
        self.phone.certificates.iter().any(|view| carried(view.status))
    }

    fn under_way(&self) -> bool {
        use inrou_api::wire::phone::NextStep;
        let next = self.phone.procedure.as_ref().map(|procedure| &procedure.next);
        !matches!(next, None | Some(NextStep::Done { .. } | NextStep::Wait { .. }))
    }
}

#[derive(Template)]
#[template(path = "prepare.html")]
struct Prepare<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: PhoneState,
}

/// What is needed to apply (READY-1), and whether this phone has it.
pub(super) async fn prepare(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name).await?.blocking(|phone| Ok(phone.state())).await?;
    page(&v, &Prepare { v: &v, title: "prepare.title", phone })
}
