//! What a phone's deletion receipt proves: for a shop, say, that is handed one on paper (END-1). Nobody has to
//! log in for it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::Query;
use inrou_api::wire::authority::{DeletionJudged, JudgeDeletion};
use inrou_web::{Trouble, Visit, page};
use serde::Deserialize;

use super::{Screens, to};

/// What the printed proof leads to; whoever comes without it is led to the portal.
#[derive(Deserialize)]
pub(super) struct Printed {
    #[serde(default)]
    chip: String,
    #[serde(default)]
    receipt: String,
    #[serde(default)]
    certificate: String,
}

impl Printed {
    /// What is to be judged; `None` if it is not even of that form.
    fn read(self) -> Option<JudgeDeletion> {
        Some(JudgeDeletion {
            chip: self.chip.parse().ok()?,
            receipt: self.receipt.try_into().ok()?,
            certificate: self.certificate.try_into().ok()?,
        })
    }
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct Judged<'a> {
    v: &'a Visit,
    title: &'static str,
    chip: &'a str,
    judged: Option<&'a DeletionJudged>,
}

impl Judged<'_> {
    /// Why it is not good, if it is not.
    fn trouble(&self) -> Option<Trouble<'_>> {
        match self.judged {
            None => Some(Trouble::of(self.v, Code::RECEIPT_INVALID.as_str(), std::iter::empty())),
            Some(_) => None,
        }
    }
}

/// Whether the receipt in the address is the chip's, and what it says.
pub(super) async fn judge(
    State(screens): State<Screens>,
    Query(printed): Query<Printed>,
    v: Visit,
) -> Result<Response, Problem> {
    if printed.receipt.is_empty() {
        return Ok(to("/portal").into_response());
    }
    let chip = printed.chip.clone();
    let judged = match printed.read() {
        None => None,
        Some(shown) => match screens.portal.judge_deletion(&shown).await {
            Ok(judged) => Some(judged),
            Err(problem) if problem.is(Code::RECEIPT_INVALID) => None,
            Err(problem) => return Err(problem),
        },
    };
    let title = if judged.is_some() { "receipt.good" } else { "receipt.bad" };
    let mut answer = page(&v, &Judged { v: &v, title, chip: &chip, judged: judged.as_ref() })?;
    if judged.is_none() {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}
