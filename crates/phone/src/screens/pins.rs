//! The phone's PINs: changing one (PIN-2), and what to do about a forgotten one (PIN-2, END-5).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query};
use inrou_api::wire::phone::{ChangePin, PhoneState, StepProblem, Typed};
use inrou_rules::{CertificateStatus, Use, UserAuthenticationPin};
use inrou_web::{Field, Form, Trouble, Visit, page};
use serde::Deserialize;

use super::parts::{self, Fault, Occasion};
use super::{Tells, find, home, to, to_be_told, to_be_told_done, working};
use crate::fleet::Fleet;

#[derive(Template)]
#[template(path = "pins.html")]
struct Pins<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
}

impl Pins<'_> {
    /// Whether the phone carries the certificate.
    fn has(&self, usage: Use) -> bool {
        carries(self.phone, usage)
    }
}

/// Which PIN is to be changed.
pub(super) async fn list(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    page(&v, &Pins { v: &v, title: "pins-page.title", phone: &state })
}

/// What came of a change.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Changed {
    /// It is changed.
    Yes,
    /// It is changed, and to one that is easily guessed.
    EasilyGuessed,
}

/// Whether the page says that the change is made.
#[derive(Deserialize)]
pub(super) struct ChangedQuery {
    changed: Option<Changed>,
}

#[derive(Template)]
#[template(path = "pin.html")]
struct Change<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    usage: Use,
    tries_left: Option<u8>,
    told: Option<StepProblem>,
    changed: Option<Changed>,
}

impl Change<'_> {
    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        self.fault().trouble_at([self.old(), self.new_pin(), self.again()])
    }

    fn old(&self) -> Field<'_> {
        let (kind, form) = (parts::kind(self.usage), parts::form(self.usage));
        let label = match self.usage {
            Use::Signature => "field-of.old-password",
            Use::UserAuthentication => "field-of.old-pin",
        };
        parts::existing(&self.fault(), "old", kind, label, form, self.tries_left)
    }

    fn new_pin(&self) -> Field<'_> {
        parts::new(&self.fault(), "new", self.usage, Occasion::Changing)
    }

    fn again(&self) -> Field<'_> {
        parts::again(&self.fault(), self.usage, Occasion::Changing)
    }
}

/// The form to change a PIN.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path((name, usage)): Path<(String, Use)>,
    Query(query): Query<ChangedQuery>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let (state, tries_left) = phone
        .blocking(move |phone| {
            let left = phone.chip.jpki(|client| client.tries_left(usage));
            Ok((phone.state(), left.ok().and_then(Result::ok)))
        })
        .await?;
    if !carries(&state, usage) {
        return Ok(to(&name, "/pins").into_response());
    }
    let told = phone.told(&tells.told);
    let changed = query.changed.filter(|_| phone.is_told_done(&tells.told));
    let title = match (changed, usage) {
        (Some(_), _) => "pin-change.done",
        (None, Use::Signature) => "pin-change.signature",
        (None, Use::UserAuthentication) => "pin-change.user-authentication",
    };
    let phone = name.as_str();
    page(&v, &Change { v: &v, title, phone, usage, tries_left, told, changed })
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct ChangeForm {
    old: Typed,
    new: Typed,
    again: Typed,
}

/// Changes a PIN. What went wrong the page tells that is shown then: a reload costs no try.
pub(super) async fn change(
    State(fleet): State<Arc<Fleet>>,
    Path((name, usage)): Path<(String, Use)>,
    Form(form): Form<ChangeForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let guessed = usage == Use::UserAuthentication
        && UserAuthenticationPin::parse(form.new.as_str())
            .is_ok_and(|pin| pin.is_easily_guessed(None));
    let change = ChangePin { old: form.old, new: form.new, again: form.again };
    let set = phone.clone().alone(|phone| phone.change_pin(usage, change));
    let page = match usage {
        Use::Signature => "/pins/signature",
        Use::UserAuthentication => "/pins/user-authentication",
    };
    let led = match set.await {
        Ok(()) if guessed => {
            to_be_told_done(&phone, &name, &format!("{page}?changed=easily-guessed"))
        }
        Ok(()) => to_be_told_done(&phone, &name, &format!("{page}?changed=yes")),
        Err(problem) => to_be_told(&phone, &name, page, &problem),
    };
    Ok(led.into_response())
}

#[derive(Template)]
#[template(path = "forgotten.html")]
struct Forgotten<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
}

impl Forgotten<'_> {
    fn has(&self, usage: Use) -> bool {
        carries(self.phone, usage)
    }

    fn under_way(&self) -> bool {
        home::under_way(self.phone)
    }
}

/// パスワードがわからない場合: what can be done at home, at the counter, and by the hotline.
pub(super) async fn forgotten(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    page(&v, &Forgotten { v: &v, title: "button.forgotten", phone: &state })
}

fn carries(phone: &PhoneState, usage: Use) -> bool {
    let there = home::certificate(phone, usage);
    there.is_some_and(|view| !matches!(view.status, CertificateStatus::Revoked { .. }))
}
