//! 動作確認 (REG-2): each certificate is used once, as it will be used.

use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query};
use inrou_api::wire::phone::{PhoneState, StepProblem, Typed};
use inrou_rules::Use;
use inrou_web::{Field, Form, Trouble, Visit, page};
use serde::Deserialize;
use tokio::time::timeout;

use super::parts::{self, Fault};
use super::{Tells, find, home, to_told, working};
use crate::check::Checked;
use crate::fleet::Fleet;

#[derive(Template)]
#[template(path = "check.html")]
struct Check<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    checked: Vec<Checked>,
    told: Option<StepProblem>,
}

/// What the check of a certificate is called, by codes of texts.
struct Words {
    does: &'static str,
    button: &'static str,
    works: &'static str,
}

impl Check<'_> {
    fn words(&self, &usage: &Use) -> Words {
        let (does, button, works) = match usage {
            Use::Signature => {
                ("check-page.signing-does", "button.check-signing", "check-page.signed")
            }
            Use::UserAuthentication => {
                ("check-page.log-in-does", "button.check-log-in", "check-page.logged-in")
            }
        };
        Words { does, button, works }
    }

    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        self.fault().trouble_at(Use::ALL.map(|usage| self.secret(&usage)))
    }

    fn is_active(&self, usage: impl Borrow<Use>) -> bool {
        home::is_active(self.phone, *usage.borrow(), self.v)
    }

    /// What the last check of a certificate found.
    fn checked(&self, &usage: &Use) -> Option<&Checked> {
        self.checked.iter().find(|checked| checked.usage == usage)
    }

    fn secret(&self, &usage: &Use) -> Field<'_> {
        let name = match usage {
            Use::Signature => "password",
            Use::UserAuthentication => "pin",
        };
        parts::own(self.v, self.told.as_ref(), name, usage, None)
    }
}

/// What can be checked, and what the last check found.
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
    let (told, checked) = (phone.told(&tells.told), phone.live().checked.clone());
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    page(&v, &Check { v: &v, title: "check-page.title", phone: &state, checked, told })
}

/// What the forms send: the PIN of the certificate to check.
#[derive(Deserialize)]
pub(super) struct CheckForm {
    pin: Option<Typed>,
    password: Option<Typed>,
}

/// Checks.
pub(super) async fn check(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(form): Form<CheckForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    let mark = phone.mark();
    let told = mark.clone();
    let done = phone.clone().alone(|phone| async move {
        let done = match (form.pin, form.password) {
            (Some(pin), _) => phone.clone().check_login(fleet, pin).await,
            (None, Some(password)) => {
                phone.blocking(move |phone| phone.check_signing(&password)).await
            }
            (None, None) => Err(Problem::bad_request("form")),
        };
        if let Err(problem) = &done {
            phone.tell(&told, problem);
        }
        done
    });
    // What comes of it, the page tells, also if it takes longer.
    let _ = timeout(working::PATIENCE, done).await;
    Ok(to_told(&name, "/check", &mark).into_response())
}
