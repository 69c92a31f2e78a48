//! What a site asks for: shown with who asks and what for, and answered (USE-1, REG-4).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Path, Query};
use inrou_api::wire::phone::{Consent, PhoneSummary, ShownTransaction, StepProblem, Typed};
use inrou_api::wire::transaction::{
    Afterwards, Attribute, LoginOrigin, Purpose, Transaction, TransactionId, TransactionState,
};
use inrou_rules::Use;
use inrou_web::{Field, Form, Kind, Said, Trouble, Visit, page, passkey, percent};
use inrou_words::Term;
use serde::Deserialize;

use super::parts::{self, Fault};
use super::passkey::AssertionForm;
use super::{Tells, find, home, to, to_be_told};
use crate::answer::{usage_of, uses_of};
use crate::fleet::Fleet;
use crate::hindrance;
use crate::passkey::{Asked, Occasion};
use crate::problem::kept;

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
    /// Those that can do something, first; then all others.
    phones: Vec<(PhoneSummary, Vec<&'static str>)>,
}

/// A link that was pressed in a browser: on which phone it is to be opened.
pub(super) async fn choose_phone(
    State(fleet): State<Arc<Fleet>>,
    Query(query): Query<Link>,
    v: Visit,
) -> Result<Response, Problem> {
    let link = query.link.as_deref().unwrap_or_default();
    let (all, now) = (home::all(fleet.clone()).await?, v.now);
    let sorted = tokio::task::spawn_blocking(move || {
        let can = |phone: &PhoneSummary| -> Vec<&'static str> {
            let Ok(glance) = fleet.glance(&phone.name) else { return Vec::new() };
            let uses =
                [(Use::UserAuthentication, "open.can-log-in"), (Use::Signature, "open.can-sign")];
            uses.into_iter()
                .filter(|(usage, _)| glance.carries(*usage, now))
                .map(|(_, can)| can)
                .collect()
        };
        let mut phones: Vec<_> = all
            .into_iter()
            .map(|phone| {
                let can = can(&phone);
                (phone, can)
            })
            .collect();
        phones.sort_by_key(|(_, can)| can.is_empty());
        phones
    });
    let phones = sorted.await.or_internal()?;
    page(&v, &Open { v: &v, title: "open.title", link, phones })
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
    fn asked_for(&self) -> &Transaction {
        &self.shown.transaction
    }

    fn signs(&self) -> bool {
        self.asked_for().purpose != Purpose::LogIn
    }

    /// What the signature is for.
    fn reason(&self) -> Option<&str> {
        self.asked_for().reason.as_deref()
    }

    /// What is signed, in hexadecimal digits, where that is a digest.
    fn digest(&self) -> Option<String> {
        let digest = self.asked_for().digest.as_ref()?;
        Some(digest.0.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn tells(&self, code: Code) -> bool {
        self.told.as_ref().is_some_and(|told| told.code == code.as_str())
    }

    fn is_locked(&self) -> bool {
        self.tells(Code::PIN_BLOCKED)
    }

    /// Whether the person may say that it cannot be done, and why.
    fn may_give_up(&self) -> bool {
        !self.can_answer || self.tells(Code::WRONG_PIN)
    }

    fn asker(&self) -> Term<'_> {
        Term { text: &self.asked_for().asker_name, reading: "" }
    }

    /// Who asks, by name and host.
    fn who(&self) -> Said<'_> {
        match &self.asked_for().site {
            Some(site) => self
                .v
                .say("transaction-page.site")
                .with("asker", self.asker())
                .with("host", Term { text: site, reading: "" }),
            None => self.v.say("transaction-page.who").with("asker", self.asker()),
        }
    }

    /// What a log-in means: the portal says itself what is seen there.
    fn logs_in_to(&self) -> Said<'_> {
        match &self.asked_for().site {
            Some(host) => self
                .v
                .say("site-log-in.asked")
                .with("site", self.asker())
                .with("host", Term { text: host, reading: "" }),
            None => self.v.say("transaction.log-in").with("asker", self.asker()),
        }
    }

    /// When it was begun, and on what.
    fn begun(&self) -> Said<'_> {
        let (begun, of) = (self.asked_for().begun, self.asked_for().origin.as_ref());
        match of {
            Some(LoginOrigin::Page { browser }) if !browser.is_empty() => self
                .v
                .say("transaction-page.begun-on")
                .with("begun", begun)
                .with("browser", Term { text: browser, reading: "" }),
            _ => self.v.say("transaction-page.begun").with("begun", begun),
        }
    }

    fn shared(&self) -> impl Iterator<Item = Said<'_>> {
        self.asked_for().shares.iter().map(|share| {
            self.v.say(match share {
                Attribute::Name => "attribute.name",
                Attribute::Address => "attribute.address",
                Attribute::Birthdate => "attribute.birthdate",
                Attribute::Gender => "attribute.gender",
            })
        })
    }

    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        let fields = self.can_answer.then(|| std::iter::once(self.secret()).chain(self.proof()));
        self.fault().trouble_at(fields.into_iter().flatten())
    }

    fn secret(&self) -> Field<'_> {
        let usage = usage_of(self.asked_for().purpose);
        parts::own(self.v, self.told.as_ref(), "secret", usage, self.shown.tries_left)
    }

    /// The field for the PIN by which is proven who signs.
    fn proof(&self) -> Option<Field<'_>> {
        let usage = uses_of(self.asked_for()).nth(1)?;
        let left = self.shown.proof_tries_left;
        Some(parts::own(self.v, self.told.as_ref(), "proof", usage, left))
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
    /// The PIN by which is proven who signs.
    proof: Option<Typed>,
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
    afterwards: Option<Afterwards>,
}

/// How a transaction ended on the phone.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum How {
    /// The answer was given.
    Done,
    /// It was refused.
    Refused,
    /// It was said that it cannot be done.
    Cannot,
    /// It could not be answered.
    Failed,
}

impl Answered<'_> {
    /// What there is to say, where nothing is left to do.
    fn end(&self) -> Said<'_> {
        self.v.say(match self.how {
            How::Done => "answered.go-back",
            How::Cannot => "answered.was-told",
            How::Refused | How::Failed => "answered.nothing-happened",
        })
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        Fault::new(self.v, self.told.as_ref()).trouble()
    }
}

/// What is told on the page that asks, which stays.
const ON_THE_PAGE: [Code; 3] = [Code::WRONG_PIN, Code::PIN_FORM, Code::PIN_BLOCKED];

/// Answers. A PIN that is wrong may be entered again on the page that says so; a reload of that page
/// costs no try.
pub(super) async fn consent(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<ConsentForm>,
) -> Result<Response, Problem> {
    let id = fleet.link(&form.link)?.id;
    let phone = find(fleet.clone(), name.clone()).await?;
    let assertion = form.assertion.into_assertion();
    let by_passkey = assertion.is_some();
    let consent = match (form.consent.as_str(), assertion) {
        ("approve", None) => {
            let pin = form.secret.unwrap_or_else(|| Typed::new(""));
            Consent::Approve { pin, proof: form.proof }
        }
        ("approve", Some(assertion)) => {
            match phone.unseal(&assertion, &passkey::host(&headers, &uri), &form.link) {
                Ok(pin) => Consent::Approve { pin, proof: None },
                Err(problem) => {
                    let page = page_of(&form.link);
                    return Ok(to_be_told(&phone, &name, &page, &problem).into_response());
                }
            }
        }
        ("refuse", _) => Consent::Refuse,
        ("cannot", _) => Consent::Cannot,
        _ => return Err(Problem::bad_request("consent")),
    };
    let led = match phone.clone().alone(|phone| phone.consent(id, consent)).await {
        Ok(done) if done.state == TransactionState::Done => {
            to(&name, &format!("/answered/done?of={}", done.id.as_str()))
        }
        Ok(done) if done.state == TransactionState::Failed => to(&name, "/answered/cannot"),
        Ok(_) => to(&name, "/answered/refused"),
        Err(problem) if ON_THE_PAGE.iter().any(|code| problem.is(*code)) => {
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

/// Which transaction has ended.
#[derive(Deserialize)]
pub(super) struct AnsweredOf {
    of: Option<TransactionId>,
}

/// The end of a transaction. Where it is no longer known why it could not be answered, the menu goes on.
pub(super) async fn answered(
    State(fleet): State<Arc<Fleet>>,
    Path((name, how)): Path<(String, How)>,
    Query(tells): Query<Tells>,
    Query(of): Query<AnsweredOf>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let title = match how {
        How::Done => "answered.done",
        How::Refused => "answered.refused",
        How::Cannot => "answered.cannot",
        How::Failed => "answered.failed",
    };
    let told = if how == How::Failed { phone.told(&tells.told) } else { None };
    if how == How::Failed && told.is_none() {
        return Ok(to(&name, "").into_response());
    }
    let done = of.of.filter(|_| how == How::Done).and_then(|id| phone.answered(&id));
    let afterwards = done.and_then(|done| done.afterwards);
    page(&v, &Answered { v: &v, title, phone: &name, how, told, afterwards })
}

async fn shown(
    fleet: Arc<Fleet>,
    name: &str,
    link: &str,
    tells: &Tells,
    v: &Visit,
) -> Result<Response, Problem> {
    let taken = fleet.link(link)?;
    let phone = find(fleet, name.to_owned()).await?;
    let shown = phone.clone().open_transaction(taken).await?;
    let title = match shown.transaction.purpose {
        Purpose::Sign | Purpose::SignDigest => "transaction-page.sign",
        Purpose::LogIn => "transaction-page.log-in",
    };
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let tries = [shown.tries_left, shown.proof_tries_left];
    let unable = uses_of(&shown.transaction).zip(tries).find_map(|(usage, left)| {
        let hindrance = hindrance::of_answer(&state, usage, left, v.now)?;
        Some(hindrance::problem(hindrance, usage))
    });
    let can_answer = unable.is_none();
    let by_passkey = can_answer
        && shown.transaction.purpose == Purpose::LogIn
        && phone.live().stored.passkey.is_some();
    let asked = by_passkey.then(|| phone.ask_authenticator(Occasion::Answering(link.to_owned())));
    let unable = unable.map(|problem| kept(&problem));
    let told = unable.or_else(|| phone.told(&tells.told));
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
