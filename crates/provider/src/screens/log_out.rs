//! Somebody logs out of a site, which has sent the browser.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_web::{Form, Said, Visit, cookies, page};
use inrou_words::Term;
use serde::Deserialize;
use url::Url;

use super::authorize::BROWSER;
use super::{Screens, may_lead_to};
use crate::clients::ClientId;
use crate::log_out::LogOut;
use crate::parameters::Parameters;
use crate::secrets::{Digest, sha256};

#[derive(Template)]
#[template(path = "log-out.html")]
struct Asks<'a> {
    v: &'a Visit,
    title: &'static str,
    site: Option<&'a str>,
    client: &'a str,
    back: &'a str,
    mark: &'a str,
}

impl Asks<'_> {
    fn asked(&self) -> Said<'_> {
        match self.site {
            Some(text) => self.v.say("site-log-out.of").with("site", Term { text, reading: "" }),
            None => self.v.say("site-log-out.of-all"),
        }
    }
}

/// The end-session endpoint: a site has sent the browser. Nothing ends before the person says so (§2).
pub(super) async fn ask(
    State(screens): State<Screens>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let LogOut { client, back } = screens.provider.read_log_out(&parameters).await?;
    let address = back.as_ref().map(Url::as_str).unwrap_or_default();
    let id = client.as_ref().map(|client| client.id.as_str()).unwrap_or_default();
    let mark = screens.provider.secrets.log_out_mark(&browser(&headers), id, address);
    let asks = Asks {
        v: &v,
        title: "site-log-out.title",
        site: client.as_ref().map(|client| client.registration.name()),
        client: id,
        back: address,
        mark: &mark,
    };
    let mut response = page(&v, &asks)?;
    if let Some(back) = &back {
        may_lead_to(&mut response, back)?;
    }
    Ok(response)
}

/// What the button sends: what was asked for, and a mark by which it is known that it was.
#[derive(Deserialize)]
pub(super) struct Sent {
    client: String,
    back: String,
    mark: String,
}

/// The person wants it.
pub(super) async fn log_out(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let browser = browser(&headers);
    if sent.mark != provider.secrets.log_out_mark(&browser, &sent.client, &sent.back) {
        let reason = "the form is not of this browser";
        return Err(Problem::new(Code::LOG_OUT_INVALID).with("reason", reason));
    }
    let client = (!sent.client.is_empty()).then(|| ClientId::sent(&sent.client));
    provider.log_out(browser, client).await?;
    let to = if sent.back.is_empty() { "/provider/log-out" } else { &sent.back };
    Ok(Redirect::to(to).into_response())
}

#[derive(Template)]
#[template(path = "logged-out.html")]
struct Done<'a> {
    v: &'a Visit,
    title: &'static str,
}

/// It is done, and no site waits.
pub(super) async fn done(v: Visit) -> Result<Response, Problem> {
    page(&v, &Done { v: &v, title: "site-log-out.done" })
}

/// The browser, if it is known.
fn browser(headers: &HeaderMap) -> Digest {
    sha256(cookies::read(headers, BROWSER).unwrap_or_default().as_bytes())
}
