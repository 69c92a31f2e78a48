//! What a site asks for: shown with who asks and what for, and answered (USE-1, REG-4).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Path, Query};
use inrou_api::wire::phone::{Consent, PhoneSummary, ShownTransaction, StepProblem, Typed};
use inrou_api::wire::transaction::{Purpose, TransactionState};
use inrou_web::{Field, Form, Kind, Trouble, Visit, page, percent};
use inrou_words::Term;
use serde::Deserialize;

use super::parts::{self, Fault};
use super::passkey::{self, AssertionForm};
use super::{Tells, find, home, to, to_be_told};
use crate::fleet::Fleet;
use crate::passkey::{Asked, Occasion};
use crate::problem::kept;
use crate::secrets::PinName;
use crate::transactions::usage_of;

/// A link from a site's page, or from its QR code.
#[derive(Deserialize)]
pub(super) struct Link {
    link: Option<String>,
}

#[derive(Template)]
#[template(path = "open.html")]
struct Open<'a> {
    v: &'a Visit,
    title: &'static str,
    link: &'a str,
    /// Those that can answer, first; then all others.
    phones: [Vec<PhoneSummary>; 2],
    /// What those can do that can answer.
    can: &'static str,
}

/// A link that was pressed in a browser: on which phone it is to be opened.
pub(super) async fn choose_phone(
    State(fleet): State<Arc<Fleet>>,
    Query(query): Query<Link>,
    v: Visit,
) -> Result<Response, Problem> {
    let link = query.link.as_deref().unwrap_or_default();
    let purpose = fleet.purpose(link).await;
    let can = match purpose {
        Some(Purpose::Sign) => "open.can-sign",
        _ => "open.can-log-in",
    };
    let (all, now) = (home::all(fleet.clone()).await?, v.now);
    let sorted = tokio::task::spawn_blocking(move || {
        let can_answer = |phone: &PhoneSummary| {
            let carries = |usage| Some(fleet.glance(&phone.name).ok()?.carries(usage, now));
            purpose.and_then(|purpose| carries(usage_of(purpose))).unwrap_or(false)
        };
        let (first, then) = all.into_iter().partition(can_answer);
        [first, then]
    });
    let phones = sorted.await.or_internal()?;
    page(&v, &Open { v: &v, title: "open.title", link, phones, can })
}

#[derive(Template)]
#[template(path = "scan.html")]
struct Scan<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
}

impl Scan<'_> {
    fn link(&self) -> Field<'_> {
        Field::new(self.v, "link", Kind::Address, self.v.say("scan.link"))
    }
}

#[derive(Template)]
#[template(path = "transaction.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    link: &'a str,
    shown: &'a ShownTransaction,
    told: Option<StepProblem>,
    /// Whether the phone can do what is asked for: its certificate is there and good, its PIN not locked.
    can_answer: bool,
    /// What the authenticator is asked, if a passkey can stand in for the PIN.
    asked: Option<Asked>,
}

impl Shown<'_> {
    fn signs(&self) -> bool {
        self.shown.transaction.purpose == Purpose::Sign
    }

    fn is_locked(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.code == Code::PIN_BLOCKED.as_str())
    }

    fn asker(&self) -> Term<'_> {
        Term { text: &self.shown.transaction.asker_name, reading: "" }
    }

    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        self.fault().trouble_at(self.can_answer.then(|| self.secret()))
    }

    fn secret(&self) -> Field<'_> {
        let (kind, label, support) = match self.signs() {
            true => (Kind::Password, "step.phone-password-of", "step.password-form"),
            false => (Kind::Digits, "transaction-page.pin", "step.pin-form"),
        };
        parts::existing(&self.fault(), "secret", kind, label, support, self.shown.tries_left)
    }

    /// The language of a text that the asker wrote: what is signed is shown as it is.
    fn language(&self) -> &'static str {
        let kana = |c| matches!(c, '\u{3040}'..='\u{30ff}');
        if self.shown.transaction.text.contains(kana) { "ja" } else { "en" }
    }
}

/// Shows what is asked for by a link; without one, the page to enter it.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(query): Query<Link>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    match query.link {
        Some(link) => shown(fleet, &name, &link, &tells, &v).await,
        None => {
            find(fleet, name.clone()).await?;
            page(&v, &Scan { v: &v, title: "scan.title", phone: &name })
        }
    }
}

/// The answer to what is asked for.
#[derive(Deserialize)]
pub(super) struct ConsentForm {
    link: String,
    consent: String,
    secret: Option<Typed>,
    #[serde(flatten)]
    assertion: AssertionForm,
}

#[derive(Template)]
#[template(path = "answered.html")]
struct Answered<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    how: How,
    told: Option<StepProblem>,
}

/// How a transaction ended on the phone.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum How {
    /// The answer was given.
    Done,
    /// It was refused.
    Refused,
    /// It could not be answered.
    Failed,
}

impl Answered<'_> {
    fn is_done(&self) -> bool {
        self.how == How::Done
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        Fault::new(self.v, self.told.as_ref()).trouble()
    }
}

/// Answers. A PIN that is wrong may be entered again on the page that says so; a reload of that page
/// costs no try.
pub(super) async fn consent(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<ConsentForm>,
) -> Result<Response, Problem> {
    let (_, id) = fleet.asker(&form.link)?;
    let phone = find(fleet.clone(), name.clone()).await?;
    let assertion = form.assertion.into_assertion();
    let by_passkey = assertion.is_some();
    let consent = match (form.consent.as_str(), assertion) {
        ("approve", None) => {
            Consent::Approve { pin: form.secret.unwrap_or_else(|| Typed::new("")) }
        }
        ("approve", Some(assertion)) => {
            match phone.unseal(&assertion, &passkey::host(&headers, &uri), &form.link) {
                Ok(pin) => Consent::Approve { pin },
                Err(problem) => {
                    let page = page_of(&form.link);
                    return Ok(to_be_told(&phone, &name, &page, &problem).into_response());
                }
            }
        }
        ("refuse", _) => Consent::Refuse,
        _ => return Err(Problem::bad_request("consent")),
    };
    let led = match phone.clone().alone(|phone| phone.consent(id, consent)).await {
        Ok(done) if done.state == TransactionState::Done => to(&name, "/answered/done"),
        Ok(_) => to(&name, "/answered/refused"),
        Err(problem) if problem.is(Code::WRONG_PIN) || problem.is(Code::PIN_FORM) => {
            if by_passkey {
                // Another program has changed the chip's PIN: this one must cost no second try.
                phone.forget_passkey();
                phone.save().await?;
            }
            to_be_told(&phone, &name, &page_of(&form.link), &problem)
        }
        Err(problem) => to_be_told(&phone, &name, "/answered/failed", &problem),
    };
    Ok(led.into_response())
}

/// The end of a transaction. Where it is no longer known why it could not be answered, the menu goes on.
pub(super) async fn answered(
    State(fleet): State<Arc<Fleet>>,
    Path((name, how)): Path<(String, How)>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let title = match how {
        How::Done => "answered.done",
        How::Refused => "answered.refused",
        How::Failed => "answered.failed",
    };
    let told = if how == How::Failed { phone.told(&tells.told) } else { None };
    if how == How::Failed && told.is_none() {
        return Ok(to(&name, "").into_response());
    }
    page(&v, &Answered { v: &v, title, phone: &name, how, told })
}

async fn shown(
    fleet: Arc<Fleet>,
    name: &str,
    link: &str,
    tells: &Tells,
    v: &Visit,
) -> Result<Response, Problem> {
    let (asker, id) = fleet.asker(link)?;
    let phone = find(fleet, name.to_owned()).await?;
    let shown = phone.clone().open_transaction(asker, id).await?;
    let title = match shown.transaction.purpose {
        Purpose::Sign => "transaction-page.sign",
        Purpose::LogIn => "transaction-page.log-in",
    };
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let usage = usage_of(shown.transaction.purpose);
    let unable = home::unusable(&state, usage, v).or_else(|| {
        let pin = PinName::Phone(usage);
        let locked = Problem::new(Code::PIN_BLOCKED).by_rule(pin.rule()).with("pin", pin.as_str());
        (shown.tries_left == Some(0)).then_some(locked)
    });
    let can_answer = unable.is_none();
    let by_passkey = can_answer
        && shown.transaction.purpose == Purpose::LogIn
        && phone.live().stored.passkey.is_some();
    let asked = by_passkey.then(|| phone.ask_authenticator(Occasion::Answering(link.to_owned())));
    let told = unable.as_ref().map(kept).or_else(|| phone.told(&tells.told));
    page(v, &Shown { v, title, phone: name, link, shown: &shown, told, can_answer, asked })
}

/// What is typed on the page to enter a link.
#[derive(Deserialize)]
pub(super) struct ScanForm {
    link: String,
}

/// To the page of a link that was entered.
pub(super) async fn scanned(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(form): Form<ScanForm>,
) -> Result<Response, Problem> {
    find(fleet, name.clone()).await?;
    Ok(to(&name, &page_of(form.link.trim())).into_response())
}

/// The page of a link.
fn page_of(link: &str) -> String {
    format!("/open?link={}", percent(link))
}
