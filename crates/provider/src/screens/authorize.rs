//! A browser that a site sends, until it is led back.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Path, Query, Source, Wait};
use inrou_api::wire::transaction::TransactionId;
use inrou_relying::Standing;
use inrou_rules::Medium;
use inrou_web::{Form, HandOver, NumberForm, NumberTyped, Said, Visit, browser, cookies, page};
use inrou_words::Term;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::Url;

use super::{Screens, may_lead_to};
use crate::authorize::{Browser, Led};
use crate::parameters::Parameters;
use crate::personas::Offered;
use crate::refused::Refused;
use crate::secrets::{Digest, base64url, sha256};
use crate::store::{Authorization, Confirmation};

/// The secret of a browser: what it began is shown to nobody else.
pub(super) const BROWSER: &str = "__Host-provider";

/// How long a browser is known.
const KNOWN: SignedDuration = SignedDuration::from_hours(12);

/// How long a page waits for news before it asks again, in seconds.
const PATIENCE: u32 = 25;

/// The authorization endpoint: a site has sent the browser.
pub(super) async fn begin(
    State(screens): State<Screens>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    source: Source,
    v: Visit,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let secret = match cookies::read(&headers, BROWSER) {
        Some(secret) => secret.to_owned(),
        None => base64url(&screens.provider.random::<32>()),
    };
    let (digest, name) = (sha256(secret.as_bytes()), browser::name(&headers));
    let browser = Browser { digest, name };
    let led = screens.provider.authorize(&parameters, browser, source, v.language).await?;
    Ok(match led {
        Led::Back(url) => Redirect::to(url.as_str()).into_response(),
        Led::Wait(id, language) => {
            let query = language.map(|language| format!("?lang={language}")).unwrap_or_default();
            let page = format!("{}{query}", page_of(&id));
            let known = cookies::set(BROWSER, &secret, KNOWN)?;
            (AppendHeaders([known]), Redirect::to(&page)).into_response()
        }
    })
}

#[derive(Template)]
#[template(path = "log-in-wait.html")]
struct Waits<'a> {
    v: &'a Visit,
    title: &'static str,
    site: &'a str,
    host: &'a str,
    page: String,
    /// Where the number is sent.
    takes_number: String,
    hand_over: Option<HandOver<'a>>,
    standing: Standing,
    expires: Timestamp,
    /// Who may answer instead of a phone, by what comes of it.
    personas: Vec<PersonaGroup>,
}

/// Personas of one outcome and medium.
struct PersonaGroup {
    title: &'static str,
    names: Vec<String>,
}

/// Personas by outcome and medium.
fn grouped(offered: Vec<Offered>) -> Vec<PersonaGroup> {
    let groups = [
        ("personas.success-card", true, Some(Medium::Card)),
        ("personas.success-phone", true, Some(Medium::Phone)),
        ("personas.failure-card", false, Some(Medium::Card)),
        ("personas.failure-phone", false, Some(Medium::Phone)),
        ("personas.failure", false, None),
    ];
    let group = |(title, succeeds, medium)| {
        let own = offered.iter().filter(|one| one.succeeds == succeeds && one.medium == medium);
        PersonaGroup { title, names: own.map(|one| one.name.clone()).collect() }
    };
    groups.map(group).into_iter().filter(|group| !group.names.is_empty()).collect()
}

impl Waits<'_> {
    fn asks(&self) -> Said<'_> {
        let term = |text| Term { text, reading: "" };
        self.v.say("site-log-in.for").with("site", term(self.site)).with("host", term(self.host))
    }

    fn left(&self) -> Said<'_> {
        let seconds = self.v.seconds_to(&self.expires);
        let left = self.v.say("hand-over.left").with("left", seconds.div_ceil(60));
        left.with("until", self.expires)
    }

    fn number(&self) -> Option<NumberForm<'_>> {
        match self.standing {
            Standing::AsksNumber { left, first } => {
                Some(NumberForm::new(self.v, &self.takes_number, (!first).then_some(left)))
            }
            _ => None,
        }
    }
}

/// While the phone is asked; then back to the site.
pub(super) async fn wait(
    State(screens): State<Screens>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let (id, browser) = own(&transaction, &headers)?;
    let provider = &screens.provider;
    let authorization = provider.authorization(&id, &browser).await?;
    match provider.outcome(&authorization).await? {
        Some(back) => Ok(Redirect::to(back.as_str()).into_response()),
        None => waits(&screens, &v, &authorization),
    }
}

fn waits(screens: &Screens, v: &Visit, of: &Authorization) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let record = &of.transaction;
    let page_of = page_of(&record.id);
    let standing = record.standing(v.now);
    let title = match standing {
        Standing::AsksNumber { .. } => "hand-over.number-title",
        Standing::AwaitsReturn => "hand-over.return-title",
        _ => "site-log-in.title",
    };
    let hand_over = match standing {
        Standing::Waits => Some(HandOver {
            v,
            app: provider.settings.app.as_deref(),
            link: provider.link(record),
            code: inrou_web::Code::new(v, provider.code(record))?,
            renews: format!("{page_of}/code"),
        }),
        _ => None,
    };
    let waits = Waits {
        v,
        title,
        site: &record.asker_name,
        host: record.site.as_deref().unwrap_or_default(),
        takes_number: format!("{page_of}/number"),
        page: page_of,
        hand_over,
        standing,
        expires: record.expires,
        personas: grouped(provider.personas(record.purpose)),
    };
    let mut response = page(v, &waits)?;
    // Its forms may end at the site: the log-in may be over when they are sent.
    if let Ok(site) = Url::parse(&of.request.redirect_uri) {
        may_lead_to(&mut response, &site)?;
    }
    Ok(response)
}

/// The QR code of this second.
pub(super) async fn code(
    State(screens): State<Screens>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let (id, browser) = own(&transaction, &headers)?;
    let of = screens.provider.authorization(&id, &browser).await?;
    page(&v, &inrou_web::Code::new(&v, screens.provider.code(&of.transaction))?)
}

#[derive(Template)]
#[template(path = "log-in-on.html")]
struct On<'a> {
    v: &'a Visit,
    title: &'static str,
    page: String,
    site: &'a str,
}

/// The number that was typed. A form does not lead to another site by itself, since browsers follow none
/// that the page's policy does not name: the page that comes after it does.
pub(super) async fn number(
    State(screens): State<Screens>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    Form(form): Form<NumberTyped>,
) -> Result<Response, Problem> {
    let (id, browser) = own(&transaction, &headers)?;
    let provider = &screens.provider;
    let of = provider.authorization(&id, &browser).await?;
    let is_right = provider.links.is_number(&of.transaction, &form.number);
    provider.confirm(&id, Confirmation::Number { is_right }).await?;
    Ok(Redirect::to(&format!("{}/number", page_of(&id))).into_response())
}

/// After the number: on to the site, or again to the page that asks for it.
pub(super) async fn numbered(
    State(screens): State<Screens>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let (id, browser) = own(&transaction, &headers)?;
    let of = screens.provider.authorization(&id, &browser).await?;
    let standing = of.transaction.standing(v.now);
    if !matches!(standing, Standing::Done | Standing::Over(_)) {
        return Ok(Redirect::to(&page_of(&id)).into_response());
    }
    let site = &of.transaction.asker_name;
    page(&v, &On { v: &v, title: "site-log-in.on", page: page_of(&id), site })
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
    Path(transaction): Path<String>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Problem> {
    let other = |_| Problem::new(Code::HANDOVER_OTHER_BROWSER);
    let (id, browser) = own(&transaction, &headers).map_err(other)?;
    let provider = &screens.provider;
    let of = match provider.authorization(&id, &browser).await {
        Err(problem) if problem.is(Code::LOGIN_NOT_BEGUN) => return Err(other(problem)),
        of => of?,
    };
    if !provider.links.is_return(&of.transaction, &returned.r) {
        return Err(Problem::new(Code::HANDOVER_FORGED));
    }
    provider.confirm(&id, Confirmation::Return).await?;
    Ok(Redirect::to(&page_of(&id)).into_response())
}

/// What the page shows.
#[derive(Deserialize)]
pub(super) struct Seen {
    #[serde(default)]
    shown: String,
}

/// The persona that was chosen.
#[derive(Deserialize)]
pub(super) struct Chosen {
    persona: String,
}

/// A persona answers in place of a phone.
pub(super) async fn choose_persona(
    State(screens): State<Screens>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    Form(Chosen { persona }): Form<Chosen>,
) -> Result<Response, Problem> {
    let (id, browser) = own(&transaction, &headers)?;
    let provider = &screens.provider;
    provider.authorization(&id, &browser).await?;
    provider.answer_as(&persona, &id).await.map_err(Refused::into_problem)?;
    // A form does not lead to another site by itself: the page after it does.
    Ok(Redirect::to(&format!("{}/number", page_of(&id))).into_response())
}

/// Whether the page should look again: 200, or 204 if nothing has happened.
pub(super) async fn news(
    State(screens): State<Screens>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    let (id, browser) = own(&transaction, &headers)?;
    let (provider, wait) = (&screens.provider, Wait::from(PATIENCE));
    let turned = provider.turns((&id, &browser), &seen.shown, wait, &screens.shutdown).await?;
    Ok(if turned { StatusCode::OK } else { StatusCode::NO_CONTENT })
}

/// The page of a log-in.
fn page_of(id: &TransactionId) -> String {
    format!("/provider/log-ins/{}", id.as_str())
}

/// The log-in that is named, and the browser that asks for it.
fn own(transaction: &str, headers: &HeaderMap) -> Result<(TransactionId, Digest), Problem> {
    let id = TransactionId::try_from(transaction.to_owned());
    let id = id.map_err(|_| Problem::new(Code::NOT_FOUND))?;
    let secret = cookies::read(headers, BROWSER);
    let secret = secret.ok_or_else(|| Problem::new(Code::LOGIN_NOT_BEGUN))?;
    Ok((id, sha256(secret.as_bytes())))
}
