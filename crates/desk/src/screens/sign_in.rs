//! Signing in: by a passkey; in a sandbox also as somebody who is invented, without one.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Query};
use inrou_api::wire::Base64;
use inrou_web::passkey::{AssertionForm, host};
use inrou_web::{Form, Said, Trouble, Visit, page};
use inrou_words::{Language, PlaceName, Term};
use serde::{Deserialize, Serialize};

use super::staff::label;
use super::visitor::{own_path, to_sign_in};
use super::{Screens, cookies};
use crate::passkeys::Occasion;
use crate::sign_ins::Known;
use crate::staff::{Duty, Member, Office};

/// Where to go after the sign-in.
#[derive(Default, Deserialize)]
pub(super) struct Whither {
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn<'a> {
    v: &'a Visit,
    title: &'static str,
    challenge: Base64,
    /// Whom one may play, in a sandbox.
    players: &'a [Member],
    problem: Option<&'a Problem>,
    to: &'a str,
}

impl SignIn<'_> {
    fn trouble(&self) -> Option<Trouble<'_>> {
        let problem = self.problem?;
        Some(Trouble::telling(self.v, problem))
    }

    fn office(&self, member: &Member) -> Said<'_> {
        office(self.v, member.is.office)
    }

    fn duties(&self, member: &Member) -> Vec<Said<'_>> {
        let said = |duty: &Duty| self.v.say(label(*duty));
        member.is.duties.iter().map(said).collect()
    }
}

/// What an office is called.
pub(super) fn office(v: &Visit, office: Office) -> Said<'static> {
    let say = |code| Said::of(code, v.language);
    match office {
        Office::Hotline => say("office-of.hotline"),
        Office::Operator => say("office-of.operator"),
        Office::Counter(code) => match inrou_words::place(code) {
            Some(place) => say("value.municipality")
                .with("prefecture", term(place.prefecture, v))
                .with("municipality", term(place.municipality, v)),
            None => say("office.municipality-unknown"),
        },
    }
}

fn term(name: PlaceName, v: &Visit) -> Term<'static> {
    match v.language {
        Language::En => Term { text: name.romaji, reading: "" },
        Language::Ja | Language::JaEasy => Term { text: name.kanji, reading: name.reading },
    }
}

/// The page.
pub(super) async fn show(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Query(query): Query<Whither>,
    v: Visit,
) -> Result<Response, Problem> {
    let ended = match screens.known(&headers).await? {
        Known::Before => Some(Problem::new(Code::SESSION_ENDED)),
        Known::Now(_) | Known::Never => None,
    };
    let to = query.to.as_deref().and_then(own_path).unwrap_or_default();
    shown(&screens, &v, to, ended.as_ref()).await
}

async fn shown(
    screens: &Screens,
    v: &Visit,
    to: &str,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let desk = &screens.desk;
    let mut players = Vec::new();
    if desk.settings.practice {
        players = desk.store(|store| store.members(None)).await?;
        players.retain(|member| screens.is_of(member.is.office));
    }
    let challenge = desk.challenge(Occasion::SignIn);
    page(v, &SignIn { v, title: "sign-in.title", challenge, players: &players, problem, to })
}

/// What the passkey's form sends.
#[derive(Deserialize)]
pub(super) struct PasskeyForm {
    #[serde(default)]
    to: String,
    #[serde(flatten)]
    assertion: AssertionForm,
}

/// Signs in by a passkey.
pub(super) async fn by_passkey(
    State(screens): State<Screens>,
    headers: HeaderMap,
    uri: Uri,
    v: Visit,
    Form(form): Form<PasskeyForm>,
) -> Result<Response, Problem> {
    let desk = &screens.desk;
    let signs = async {
        let assertion = form.assertion.into_assertion();
        let assertion = assertion.ok_or_else(|| Problem::new(Code::SIGN_IN_REFUSED))?;
        let member = desk.member_of(assertion, &host(&headers, &uri)).await?;
        if !screens.is_of(member.is.office) {
            return Err(Problem::new(Code::SIGN_IN_REFUSED));
        }
        desk.sign_in(&member, false).await
    };
    done(&screens, &headers, &v, &form.to, signs.await).await
}

/// Whom one plays.
#[derive(Deserialize)]
pub(super) struct PlayForm {
    #[serde(default)]
    to: String,
    member: String,
}

/// Signs in without a passkey, in a sandbox.
pub(super) async fn practise(
    State(screens): State<Screens>,
    headers: HeaderMap,
    v: Visit,
    Form(form): Form<PlayForm>,
) -> Result<Response, Problem> {
    let desk = &screens.desk;
    let signs = async {
        let refused = || Problem::new(Code::SIGN_IN_REFUSED);
        let id = form.member.parse().map_err(|_| refused())?;
        let member = desk.store(move |store| store.member(id)).await?;
        let member = member.filter(|member| screens.is_of(member.is.office)).ok_or_else(refused)?;
        desk.sign_in(&member, true).await
    };
    done(&screens, &headers, &v, &form.to, signs.await).await
}

/// To where the member wanted, with the cookie; or the page again. Who was signed in here before is no longer.
async fn done(
    screens: &Screens,
    headers: &HeaderMap,
    v: &Visit,
    to: &str,
    signed: Result<String, Problem>,
) -> Result<Response, Problem> {
    let to = own_path(to);
    match signed {
        Ok(token) => {
            if let Some(before) = cookies::read(headers, cookies::STAFF) {
                screens.desk.sign_out(before).await?;
            }
            let cookie = cookies::set(cookies::STAFF, &token, screens.desk.settings.longest)?;
            Ok((AppendHeaders([cookie]), Redirect::to(to.unwrap_or("/"))).into_response())
        }
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => {
            let page = shown(screens, v, to.unwrap_or_default(), Some(&problem)).await?;
            Ok((problem.status(), page).into_response())
        }
    }
}

/// Signs out.
pub(super) async fn sign_out(
    State(screens): State<Screens>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = cookies::read(&headers, cookies::STAFF) {
        screens.desk.sign_out(token).await?;
    }
    let cookie = cookies::clear(cookies::STAFF)?;
    Ok((AppendHeaders([cookie]), Redirect::to("/sign-in")).into_response())
}

/// How much is left.
#[derive(Serialize)]
pub(super) struct Left {
    /// In seconds; 0 if it is over.
    left: u64,
    /// Until when, in words.
    text: String,
}

/// How much is left, for the page to warn by. To ask puts nothing off.
pub(super) async fn left(
    State(screens): State<Screens>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Json<Left>, Problem> {
    let until = match screens.known(&headers).await? {
        Known::Now(found) => found.0.until,
        Known::Before | Known::Never => v.now,
    };
    let text = v.say("sign-in.until").with("until", until).kana();
    Ok(Json(Left { left: v.seconds_to(&until), text }))
}

/// Where the button to stay was pressed.
#[derive(Deserialize)]
pub(super) struct ExtendForm {
    #[serde(default)]
    to: String,
}

/// Puts the end off, as any page does, and leads back.
pub(super) async fn extend(
    State(screens): State<Screens>,
    headers: HeaderMap,
    Form(form): Form<ExtendForm>,
) -> Result<Response, Problem> {
    match screens.known(&headers).await? {
        Known::Now(found) => {
            screens.desk.looked(found.0).await?;
            let back = own_path(&form.to).unwrap_or("/");
            Ok((StatusCode::SEE_OTHER, Redirect::to(back)).into_response())
        }
        Known::Before | Known::Never => Ok(to_sign_in(&form.to)),
    }
}
