//! スマホ電子証明書の確認: what the chip holds (REG-3), without PINs and with them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query};
use inrou_api::wire::phone::{ChipContents, PhoneState, ReadContents, StepProblem, Typed};
use inrou_pki::Certificate;
use inrou_rules::Use;
use inrou_web::{Field, Form, Trouble, Visit, page};
use serde::Deserialize;

use super::parts::{self, Fault};
use super::{Tells, find, to_be_told, working};
use crate::check::serial;
use crate::fleet::Fleet;
use crate::phone::Phone;

#[derive(Template)]
#[template(path = "contents.html")]
struct Contents<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    label: String,
    keys: Vec<Key>,
    told: Option<StepProblem>,
    state: PhoneState,
    portal: Option<String>,
}

/// A key, with what its certificate says if that was read.
struct Key {
    usage: Use,
    tries_left: u8,
    certificate: Option<Facts>,
}

struct Facts {
    serial: String,
    not_before: jiff::Timestamp,
    not_after: jiff::Timestamp,
    subject: String,
    issuer: String,
}

impl Facts {
    fn of(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        Some(Self {
            serial: serial(&certificate),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
        })
    }
}

impl Contents<'_> {
    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        self.fault().trouble_at(self.keys.iter().map(|key| self.secret(&key.usage)))
    }

    fn secret(&self, usage: &Use) -> Field<'_> {
        let name = match usage {
            Use::Signature => "signature_password",
            Use::UserAuthentication => "user_authentication_pin",
        };
        parts::own(self.v, self.told.as_ref(), name, *usage, None).optional()
    }
}

/// What the chip holds, without any PIN.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let told = phone.told(&tells.told);
    let contents = phone.blocking(|phone| phone.contents(&ReadContents::default())).await?;
    shown(&fleet, &phone, &v, contents, told).await
}

/// What the form sends; what is empty is not asked for.
#[derive(Deserialize)]
pub(super) struct PinsForm {
    signature_password: Option<Typed>,
    user_authentication_pin: Option<Typed>,
}

/// What the chip holds, with the certificates whose PINs are given. It is shown at once and kept
/// nowhere; a PIN that is wrong is told by the page without PINs, so that a reload costs no try.
pub(super) async fn read(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
    Form(form): Form<PinsForm>,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    let given = |typed: Option<Typed>| typed.filter(|typed| !typed.as_str().is_empty());
    let asked = ReadContents {
        signature_password: given(form.signature_password),
        user_authentication_pin: given(form.user_authentication_pin),
    };
    let read = phone
        .clone()
        .alone(|phone| async move { phone.blocking(move |phone| phone.contents(&asked)).await });
    match read.await {
        Ok(contents) => shown(&fleet, &phone, &v, contents, None).await,
        Err(problem) => Ok(to_be_told(&phone, &name, "/contents", &problem).into_response()),
    }
}

async fn shown(
    fleet: &Fleet,
    phone: &Arc<Phone>,
    v: &Visit,
    contents: ChipContents,
    told: Option<StepProblem>,
) -> Result<Response, Problem> {
    let ChipContents { label, keys } = contents;
    let keys = keys.into_iter().map(|key| Key {
        usage: key.usage,
        tries_left: key.tries_left,
        certificate: key.certificate.and_then(|der| Facts::of(&der.0)),
    });
    let (keys, portal) = (keys.collect(), fleet.portal());
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let (title, phone) = ("button.check-certificate", &state.name.clone());
    page(v, &Contents { v, title, phone, label, keys, told, state, portal })
}
