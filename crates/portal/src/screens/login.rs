//! Log-in by hand-over to a phone (USE-1), and log-out.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Query, Source};
use inrou_api::wire::transaction::LoginOrigin;
use inrou_relying::{Standing, TransactionRecord};
use inrou_web::{Form, HandOver, NumberForm, NumberTyped, Said, Trouble, Visit, browser, page};
use jiff::Timestamp;
use serde::Deserialize;

use super::visitor::Visitor;
use super::{Screens, cookies, path_below, patience, to};
use crate::store::Confirmation;

/// Where to go after the log-in.
#[derive(Deserialize)]
pub(super) struct Whither {
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    v: &'a Visit,
    title: &'static str,
    key: &'a str,
    to: &'a str,
    trouble: Option<Trouble<'a>>,
    /// Whether something is kept that was typed before.
    kept: bool,
}

/// To the log-in, and back to that page afterwards.
pub(super) fn asked_from(path: &str) -> Response {
    let page = match own_path(path) {
        Some(path) => format!("/portal/login?to={path}"),
        None => "/portal/login".to_owned(),
    };
    to(&page).into_response()
}

/// Before a log-in: what it is, and the button that begins it.
pub(super) async fn show(
    State(screens): State<Screens>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
    Query(query): Query<Whither>,
    v: Visit,
) -> Result<Response, Problem> {
    let asked_from = query.to.as_deref().and_then(own_path);
    if visitor.is_some() {
        return Ok(to(asked_from.unwrap_or("/portal")).into_response());
    }
    // Whoever wanted to see a page is told why it is not there.
    let past = screens.past_session(&headers).await?;
    let code = if past.is_some() { Code::SESSION_ENDED } else { Code::LOGIN_REQUIRED };
    let trouble = asked_from.map(|_| Trouble::of(&v, code.as_str(), std::iter::empty()));
    let kept = match &past {
        Some(past) => !screens.portal.drafts(&past.subject).await?.is_empty(),
        None => false,
    };
    let key = IdempotencyKey::new(&*screens.portal.entropy);
    let to = asked_from.unwrap_or_default();
    page(&v, &Login { v: &v, title: "login.title", key: key.as_str(), to, trouble, kept })
}

/// What the button sends.
#[derive(Deserialize)]
pub(super) struct BeginForm {
    key: String,
    to: Option<String>,
}

/// Begins a log-in; a second press finds the same one.
pub(super) async fn begin(
    State(screens): State<Screens>,
    source: Source,
    headers: HeaderMap,
    v: Visit,
    Form(form): Form<BeginForm>,
) -> Result<Response, Problem> {
    let key: IdempotencyKey =
        form.key.parse().map_err(|_| Problem::new(Code::IDEMPOTENCY_KEY_MALFORMED))?;
    let origin = LoginOrigin::Page { browser: browser::name(&headers) };
    let begun = screens.portal.begin_login(&key, source, origin, v.language).await?;
    let path = form.to.as_deref().and_then(own_path).unwrap_or_default();
    let value = format!("{}:{path}", begun.login);
    let life = screens.portal.settings.login_life.saturating_mul(4);
    let cookie = cookies::set(cookies::LOGIN, &value, life)?;
    Ok((AppendHeaders([cookie]), to("/portal/login/wait")).into_response())
}

#[derive(Template)]
#[template(path = "login-wait.html")]
struct Waits<'a> {
    v: &'a Visit,
    title: &'static str,
    hand_over: Option<HandOver<'a>>,
    standing: Standing,
    expires: Timestamp,
}

impl Waits<'_> {
    fn left(&self) -> Said<'_> {
        time_left(self.v, self.expires)
    }

    fn number(&self) -> Option<NumberForm<'_>> {
        match self.standing {
            Standing::AsksNumber { left, first } => {
                let left = (!first).then_some(left);
                Some(NumberForm::new(self.v, "/portal/login/number", left))
            }
            _ => None,
        }
    }
}

#[derive(Template)]
#[template(path = "login-over.html")]
struct Over<'a> {
    v: &'a Visit,
    title: &'static str,
    trouble: Trouble<'a>,
    key: &'a str,
    to: &'a str,
}

/// While the phone is asked, and what came of it. A log-in that is done begins the session here.
pub(super) async fn wait(
    State(screens): State<Screens>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let portal = &screens.portal;
    let (login, path) = under_way(&headers).unwrap_or_default();
    let now = portal.now();
    let record = portal.login_transaction(login).await?;
    let code = match record.as_ref().map(|record| (record, record.standing(now))) {
        Some((record, Standing::Done)) => {
            if let Some(token) = portal.unused_token(&record.id, now).await? {
                return screens.enter(&headers, &token, path).await;
            }
            Code::LOGIN_REQUIRED
        }
        Some((_, Standing::Over(code))) => return over(&screens, &v, &code, path),
        Some((record, standing)) => return waits(&screens, &v, record, standing),
        // It was forgotten, or the browser keeps no cookies.
        None => Code::LOGIN_NOT_BEGUN,
    };
    // Another tab may have gone on from here, and taken the cookie of the log-in.
    if screens.session(&headers).await?.is_some() {
        return Ok(to(path.unwrap_or("/portal")).into_response());
    }
    over(&screens, &v, code.as_str(), path)
}

fn over(screens: &Screens, v: &Visit, code: &str, path: Option<&str>) -> Result<Response, Problem> {
    let key = IdempotencyKey::new(&*screens.portal.entropy);
    let over = Over {
        v,
        title: "login-over.title",
        trouble: Trouble::of(v, code, std::iter::empty()),
        key: key.as_str(),
        to: path.unwrap_or_default(),
    };
    page(v, &over)
}

fn waits(
    screens: &Screens,
    v: &Visit,
    record: &TransactionRecord,
    standing: Standing,
) -> Result<Response, Problem> {
    let title = match standing {
        Standing::AsksNumber { .. } => "hand-over.number-title",
        Standing::AwaitsReturn => "hand-over.return-title",
        _ => "login-wait.title",
    };
    let hand_over = match standing {
        Standing::Waits => Some(hand_over(screens, v, record, "/portal/login/code".to_owned())?),
        _ => None,
    };
    page(v, &Waits { v, title, hand_over, standing, expires: record.expires })
}

/// The part of a page that hands a transaction over.
pub(super) fn hand_over<'a>(
    screens: &'a Screens,
    v: &'a Visit,
    record: &TransactionRecord,
    renews: String,
) -> Result<HandOver<'a>, Problem> {
    let portal = &screens.portal;
    Ok(HandOver {
        v,
        app: portal.settings.app.as_deref(),
        link: portal.link(record),
        code: inrou_web::Code::new(v, portal.code(record))?,
        renews,
    })
}

/// The QR code of this second.
pub(super) async fn code(
    State(screens): State<Screens>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let (login, _) = under_way(&headers).ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
    let record = screens.portal.login_transaction(login).await?;
    let record = record.ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
    page(&v, &inrou_web::Code::new(&v, screens.portal.code(&record))?)
}

/// From the address that takes the number to the page that asks for it.
pub(super) async fn to_wait() -> Response {
    to("/portal/login/wait").into_response()
}

/// The number that was typed.
pub(super) async fn number(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Form(form): Form<NumberTyped>,
) -> Result<Response, Problem> {
    let portal = &screens.portal;
    let (login, _) = under_way(&headers).ok_or_else(|| Problem::new(Code::LOGIN_NOT_BEGUN))?;
    if let Some(record) = portal.login_transaction(login).await? {
        let is_right = portal.links.is_number(&record, &form.number);
        portal.confirm(&record, Confirmation::Number { is_right }).await?;
    }
    Ok(to("/portal/login/wait").into_response())
}

/// With what the person comes back from the app.
#[derive(Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    r: String,
}

/// The person comes back from the app, if it is in the browser that began.
pub(super) async fn returned(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Problem> {
    let portal = &screens.portal;
    let other = || Problem::new(Code::HANDOVER_OTHER_BROWSER);
    let (login, _) = under_way(&headers).ok_or_else(other)?;
    let record = portal.login_transaction(login).await?;
    let own = record.filter(|record| portal.links.is_return(record, &returned.r));
    portal.confirm(&own.ok_or_else(other)?, Confirmation::Return).await?;
    Ok(to("/portal/login/wait").into_response())
}

/// How much time is left to answer, in minutes.
pub(super) fn time_left(v: &Visit, expires: Timestamp) -> Said<'static> {
    let seconds = expires.duration_since(v.now).as_secs().max(0);
    let minutes = u64::try_from(seconds).unwrap_or_default().div_ceil(60);
    Said::of("hand-over.left", v.language).with("left", minutes).with("until", expires)
}

/// What the page shows.
#[derive(Deserialize)]
pub(super) struct Seen {
    #[serde(default)]
    shown: String,
}

/// Whether the page should look again: 200, or 204 if nothing has happened.
pub(super) async fn news(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    let (login, _) = under_way(&headers).ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
    let portal = &screens.portal;
    let turned = portal.login_turns(login, &seen.shown, patience(), &screens.shutdown).await?;
    Ok(if turned { StatusCode::OK } else { StatusCode::NO_CONTENT })
}

impl Screens {
    /// Begins the session of a log-in in this browser. The one that was here before ends: a token that
    /// somebody knew before the log-in opens nothing after it.
    async fn enter(
        &self,
        headers: &HeaderMap,
        token: &str,
        path: Option<&str>,
    ) -> Result<Response, Problem> {
        let session = self.portal.known_session(token).await?;
        // Another tab may have begun it here already.
        let before = self.session(headers).await?.filter(|before| before.id != session.id);
        if let Some(before) = before {
            let id = before.id.clone();
            self.portal.end_session(before, id).await?;
        }
        let set = [self.portal.session_cookie(token, &session)?, cookies::clear(cookies::LOGIN)?];
        Ok((AppendHeaders(set), to(path.unwrap_or("/portal"))).into_response())
    }
}

/// Logs out. A session that is over already is left as it is.
pub(super) async fn log_out(
    State(screens): State<Screens>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(session) = screens.past_session(&headers).await? {
        let id = session.id.clone();
        screens.portal.end_session(session, id).await?;
    }
    let clear = [
        cookies::clear(cookies::SESSION)?,
        cookies::clear(cookies::LOGIN)?,
        cookies::clear(cookies::SEEN)?,
    ];
    Ok((AppendHeaders(clear), to("/portal/goodbye")).into_response())
}

#[derive(Template)]
#[template(path = "goodbye.html")]
struct Goodbye<'a> {
    v: &'a Visit,
    title: &'static str,
}

/// After a log-out. Whoever is logged in is not told otherwise.
pub(super) async fn goodbye(Visitor(visitor): Visitor, v: Visit) -> Result<Response, Problem> {
    if visitor.is_some() {
        return Ok(to("/portal").into_response());
    }
    page(&v, &Goodbye { v: &v, title: "goodbye.title" })
}

/// The secret of the log-in under way in this browser, and where to go after it.
fn under_way(headers: &HeaderMap) -> Option<(&str, Option<&str>)> {
    let (login, path) = cookies::read(headers, cookies::LOGIN)?.split_once(':')?;
    Some((login, own_path(path)))
}

/// An address of the portal's own pages: nothing else is gone to.
pub(super) fn own_path(path: &str) -> Option<&str> {
    path_below("/portal/", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_back_to_the_portals_own_pages_alone() {
        assert_eq!(own_path("/portal/apply/moving-out"), Some("/portal/apply/moving-out"));
        for other in [
            "",
            "/",
            "/portal//evil.example",
            "//evil.example/portal/",
            "https://evil.example/portal/",
            "/portal/../x",
            "/portal/a?b",
            "/portal/a;b",
            "/portal/\r\n",
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
        assert_eq!(own_path(&format!("/portal/{}", "a".repeat(200))), None);
    }
}
