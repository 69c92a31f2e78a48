//! The resident's consents to let sites have the latest attributes: the list, and each with what was
//! signed and the way to withdraw it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::Path;
use inrou_api::wire::authority::{ConsentState, ConsentView};
use inrou_web::{Said, Visit, page};
use inrou_words::{Term, Value, is_kanji};

use super::visitor::Resident;
use super::{Screens, to};

#[derive(Template)]
#[template(path = "consents.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    consents: &'a [ConsentView],
}

impl List<'_> {
    fn site<'b>(&self, consent: &'b ConsentView) -> Said<'b> {
        site(self.v, consent)
    }

    fn standing(&self, consent: &ConsentView) -> (&'static str, Said<'static>) {
        standing(self.v, consent)
    }

    fn attributes<'b>(&self, consent: &'b ConsentView) -> impl Iterator<Item = Said<'b>> {
        let language = self.v.language;
        consent.terms.attributes.iter().map(move |attribute| {
            let attribute = Value::Name(attribute.as_str());
            Said::of("value.attribute", language).with("value", attribute)
        })
    }
}

/// The list, newest first.
pub(super) async fn list(
    State(screens): State<Screens>,
    Resident(session): Resident,
    v: Visit,
) -> Result<Response, Problem> {
    let found = screens.portal.consents(&session).await?;
    page(&v, &List { v: &v, title: "consents.title", consents: &found.consents })
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    consent: &'a ConsentView,
}

impl Shown<'_> {
    fn site(&self) -> Said<'_> {
        site(self.v, self.consent)
    }

    fn standing(&self) -> (&'static str, Said<'static>) {
        standing(self.v, self.consent)
    }

    fn holds(&self) -> bool {
        self.consent.state == ConsentState::Given
    }

    fn is_withdrawn(&self) -> bool {
        self.consent.state == ConsentState::Withdrawn
    }

    /// The lines of what was signed, each with its language: names and purpose are the site's, which may
    /// be Japanese in an English document.
    fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let is_japanese = |c| is_kanji(c) || matches!(c, '\u{3040}'..='\u{30ff}');
        let lines = self.consent.document.lines();
        lines.map(move |line| (if line.contains(is_japanese) { "ja" } else { "en" }, line))
    }
}

/// A consent: what was signed, how it stands, and the way to withdraw it.
pub(super) async fn show(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(consent): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let consent = screens.portal.consent(&session, &consent).await?;
    page(&v, &Shown { v: &v, title: "consent.title", consent: &consent })
}

/// Withdraws it; its page says so. Repeating it changes nothing.
pub(super) async fn withdraw(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(consent): Path<String>,
) -> Result<Response, Problem> {
    let withdrawn = screens.portal.withdraw(&session, consent).await?;
    Ok(to(&page_of(withdrawn.terms.consent.as_str())).into_response())
}

/// To the page of the consent, for who comes back to where the form was sent.
pub(super) async fn to_consent(Path(consent): Path<String>) -> Response {
    to(&page_of(&inrou_web::percent(&consent))).into_response()
}

fn page_of(consent: &str) -> String {
    format!("/portal/consents/{consent}")
}

fn site<'b>(v: &Visit, consent: &'b ConsentView) -> Said<'b> {
    let site = Term { text: &consent.terms.site, reading: "" };
    Said::of("consents.site", v.language).with("site", site)
}

/// How a consent stands: a class of the style sheet, and the words.
fn standing(v: &Visit, consent: &ConsentView) -> (&'static str, Said<'static>) {
    let (say, until) = (|code| Said::of(code, v.language), consent.terms.until);
    match (consent.state, consent.withdrawn) {
        (ConsentState::Given, _) => ("good", say("consents.state-given").with("until", until)),
        (ConsentState::Withdrawn, Some(at)) => {
            ("bad", say("consents.state-withdrawn").with("at", at))
        }
        (ConsentState::Expired | ConsentState::Withdrawn, _) => {
            ("bad", say("consents.state-expired").with("until", until))
        }
    }
}
