//! カードリーダーでの利用 (REG-4): whether a reader reaches the chip over the contactless link.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::Path;
use inrou_web::{Form, Visit, page};
use serde::Deserialize;

use super::{find, to};
use crate::fleet::Fleet;

#[derive(Template)]
#[template(path = "contactless.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a str,
    allowed: bool,
}

/// Whether it is allowed, and the button to change that.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let allowed = phone.live().stored.contactless;
    page(&v, &Shown { v: &v, title: "contactless.title", phone: &name, allowed })
}

/// What the button sends.
#[derive(Deserialize)]
pub(super) struct AllowForm {
    allowed: bool,
}

/// Allows it, or forbids it.
pub(super) async fn allow(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Form(form): Form<AllowForm>,
) -> Result<Response, Problem> {
    find(fleet, name.clone()).await?.allow_contactless(form.allowed).await?;
    Ok(to(&name, "/contactless").into_response())
}
