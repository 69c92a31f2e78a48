//! Pages that every site has.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_web::{Trouble, Visit, page};

use crate::relying_party::{Failed, NotLoggedIn};

#[derive(Template)]
#[template(path = "not-logged-in.html")]
struct NotIn<'a> {
    v: &'a Visit,
    title: &'static str,
    /// Why, by the provider's code; `None` if nothing was begun in this browser.
    trouble: Option<Trouble<'a>>,
}

/// Tells whoever did not get in why.
///
/// # Errors
/// `service-unavailable` if the provider could not be asked.
pub fn not_logged_in(v: &Visit, why: &NotLoggedIn) -> Result<Response, Problem> {
    let trouble = match why {
        NotLoggedIn::Told(code) => Some(Trouble::of(v, code, std::iter::empty())),
        NotLoggedIn::NotBegun => None,
        NotLoggedIn::Failed(failed) => return Err(Problem::from(failed)),
    };
    let shown = page(v, &NotIn { v, title: "site-visit.failed", trouble })?;
    Ok((StatusCode::FORBIDDEN, shown).into_response())
}

/// Why the provider could not be asked is for the site's developer: it is logged.
impl From<&Failed> for Problem {
    fn from(failed: &Failed) -> Self {
        tracing::warn!("the provider could not be asked: {failed}");
        Problem::new(Code::SERVICE_UNAVAILABLE)
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        Problem::from(&failed)
    }
}
