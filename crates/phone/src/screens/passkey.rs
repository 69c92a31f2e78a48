//! 生体認証などの利用登録 (REG-2): a passkey in place of the user-authentication PIN.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Path, Query};
use inrou_api::wire::phone::{PhoneState, StepProblem, Typed};
use inrou_rules::Use;
use inrou_web::{Field, Form, Said, Trouble, Visit, page, passkey};
use serde::Deserialize;

use super::parts::{self, Fault};
use super::{Tells, find, home, to, to_be_told, working};
use crate::fleet::Fleet;
use crate::passkey::{Asked, Assertion, Occasion};

#[derive(Template)]
#[template(path = "passkey.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    since: Option<jiff::Timestamp>,
    asked: Asked,
    tries_left: Option<u8>,
    told: Option<StepProblem>,
}

impl Shown<'_> {
    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        self.fault().trouble_at(self.can_be_registered().then(|| self.secret()))
    }

    fn can_be_registered(&self) -> bool {
        self.phone.biometrics && home::is_active(self.phone, Use::UserAuthentication, self.v)
    }

    fn since(&self) -> Option<Said<'_>> {
        self.since.map(|since| self.v.say("passkey.since").with("since", since))
    }

    fn secret(&self) -> Field<'_> {
        let usage = Use::UserAuthentication;
        let (kind, label, form) = (parts::kind(usage), parts::own_label(usage), parts::form(usage));
        parts::existing(&self.fault(), "pin", kind, label, form, self.tries_left)
    }
}

/// Whether there is one, and how to register or remove it.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let (told, asked) = (phone.told(&tells.told), phone.ask_authenticator(Occasion::Registering));
    let since = phone.live().stored.passkey.as_ref().map(|passkey| passkey.since);
    let (state, tries_left) = phone
        .blocking(|phone| {
            let left = phone.chip.jpki(|client| client.tries_left(Use::UserAuthentication));
            Ok((phone.state(), left.ok().and_then(Result::ok)))
        })
        .await?;
    let (title, phone) = ("passkey.title", &state);
    page(&v, &Shown { v: &v, title, phone, since, asked, tries_left, told })
}

/// What the form sends: the PIN, and what the authenticator answered.
#[derive(Deserialize)]
pub(super) struct RegisterForm {
    pin: Typed,
    #[serde(flatten)]
    assertion: AssertionForm,
}

/// What the script put into a form; empty where it did not run.
#[derive(Deserialize)]
pub(super) struct AssertionForm {
    #[serde(flatten)]
    answered: passkey::AssertionForm,
    prf: Option<Typed>,
}

impl AssertionForm {
    /// What the authenticator answered; `None` if it was not asked.
    pub(super) fn into_assertion(self) -> Option<Assertion> {
        Some(Assertion { answered: self.answered.into_assertion()?, prf: self.prf? })
    }
}

/// Registers one.
pub(super) async fn register(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<RegisterForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let done = match form.assertion.into_assertion() {
        Some(assertion) => {
            let host = passkey::host(&headers, &uri);
            phone.clone().alone(|phone| phone.register_passkey(assertion, form.pin, host)).await
        }
        None => Err(Problem::new(Code::PASSKEY_REFUSED).by_rule("REG-2")),
    };
    let page = match done {
        Ok(()) => to(&name, "/passkey"),
        Err(problem) => to_be_told(&phone, &name, "/passkey", &problem),
    };
    Ok(page.into_response())
}

/// Removes it: the PIN is asked for again.
pub(super) async fn remove(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    phone.forget_passkey();
    phone.save().await?;
    Ok(to(&name, "/passkey").into_response())
}
