//! What each of the resident's phones still holds: its certificates, and whether its data are deleted.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::Problem;
use inrou_api::wire::authority::{CertificateView, Deletion, HoldingPhone, Holdings};
use inrou_rules::Platform;
use inrou_web::{Said, Visit, page};

use super::Screens;
use super::visitor::Resident;

#[derive(Template)]
#[template(path = "phones-of-holder.html")]
struct Phones<'a> {
    v: &'a Visit,
    title: &'static str,
    holdings: &'a Holdings,
}

impl Phones<'_> {
    fn system(&self, phone: &HoldingPhone) -> Said<'static> {
        self.v.say(match phone.platform {
            Platform::Android => "platform.android",
            Platform::Iphone => "platform.iphone",
        })
    }

    /// A class of the style sheet, and the words.
    fn standing(&self, view: &CertificateView) -> (&'static str, Said<'static>) {
        self.v.standing(view.status, view.not_after)
    }

    fn deletion(&self, phone: &HoldingPhone) -> (&'static str, Said<'static>) {
        match phone.deletion {
            Deletion::NotDue => ("", self.v.say("deletion.not-due")),
            Deletion::Due { since } => ("waits", self.v.say("deletion.due").with("since", since)),
            Deletion::Unconfirmed { since } => {
                ("bad", self.v.say("deletion.unconfirmed").with("since", since))
            }
            Deletion::Confirmed { at } => ("good", self.v.say("deletion.confirmed").with("at", at)),
        }
    }

    fn is_awaited(&self, phone: &HoldingPhone) -> bool {
        matches!(phone.deletion, Deletion::Due { .. } | Deletion::Unconfirmed { .. })
    }
}

/// The phones, the one last used first.
pub(super) async fn list(
    State(screens): State<Screens>,
    Resident(session): Resident,
    v: Visit,
) -> Result<Response, Problem> {
    let holdings = screens.portal.phones(&session).await?;
    page(&v, &Phones { v: &v, title: "holdings.title", holdings: &holdings })
}
