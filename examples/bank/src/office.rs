//! The back office: what was applied for, by which signature it was decided, how the certificate stands since.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Path;
use inrou_web::{Said, Trouble, Visit, back, page};

use crate::applications::{Application, Applications, Decided, Look, Outcome};
use crate::judging::look;
use crate::screens::Bank;

pub(crate) fn router() -> Router<Bank> {
    Router::new()
        .route("/office", get(list))
        .route("/office/{number}", get(file))
        .route("/office/{number}/look", get(back).post(ask))
}

#[derive(Template)]
#[template(path = "bank-office.html")]
struct List<'a> {
    v: &'a Visit,
    title: &'static str,
    applications: Vec<(u32, Application)>,
}

impl List<'_> {
    /// How an application stands: the class of the mark, and its words.
    fn standing(&self, application: &Application) -> (&'static str, Said<'_>) {
        let (class, code) = match application.decided.as_ref().map(|decided| &decided.outcome) {
            None => ("waits", "bank-office.unsigned"),
            Some(Outcome::Opened(_)) => ("good", "bank-office.opened"),
            Some(Outcome::Refused(_)) => ("bad", "bank-office.refused"),
        };
        (class, self.v.say(code))
    }
}

async fn list(State(bank): State<Bank>, v: Visit) -> Result<Response, Problem> {
    let all = |all: &Applications| {
        all.all().map(|(number, application)| (number, application.clone())).collect()
    };
    let applications = bank.0.applications.look(all);
    page(&v, &List { v: &v, title: "bank-office.title", applications })
}

#[derive(Template)]
#[template(path = "bank-file.html")]
struct File<'a> {
    v: &'a Visit,
    title: &'static str,
    number: u32,
    application: &'a Application,
    decided: Option<&'a Decided>,
}

impl File<'_> {
    /// When it was asked how the certificate stands, whether it holds, and what was told; newest first.
    fn looks<'a>(
        &'a self,
        decided: &'a Decided,
    ) -> impl Iterator<Item = (Said<'a>, bool, Said<'a>)> {
        decided.looks.iter().rev().map(|Look { at, code }| {
            let at = self.v.say("value.moment").with("value", *at);
            match code {
                None => (at, true, self.v.say("bank-office.holds")),
                Some(code) => (at, false, Trouble::of(self.v, code, std::iter::empty()).title()),
            }
        })
    }
}

async fn file(
    State(bank): State<Bank>,
    Path(number): Path<u32>,
    v: Visit,
) -> Result<Response, Problem> {
    let application = bank.found(number)?;
    let decided = application.decided.as_ref();
    let title = "bank-office.application";
    page(&v, &File { v: &v, title, number, application: &application, decided })
}

/// Asks how the certificate stands now.
async fn ask(
    State(bank): State<Bank>,
    Path(number): Path<u32>,
    v: Visit,
) -> Result<Redirect, Problem> {
    if let Some(decided) = bank.found(number)?.decided {
        let look = look(&bank.0.validator, &decided.signed, v.now).await;
        bank.0.applications.note(move |all: &mut Applications| all.note(number, look)).await?;
    }
    Ok(Redirect::to(&format!("/office/{number}")))
}

impl Bank {
    fn found(&self, number: u32) -> Result<Application, Problem> {
        let found = self.0.applications.look(|all| all.of(number).cloned());
        found.ok_or_else(|| Problem::new(Code::NOT_FOUND))
    }
}
