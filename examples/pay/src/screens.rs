//! The pages: log-in, wallet and code for customers, the till of a shop, the back office.

use std::io;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use example_site::{Asks, Back, Book, Ground, Person, RelyingParty, Visitors, not_logged_in};
use inrou_api::problem::Problem;
use inrou_api::server::Query;
use inrou_web::{Choice, Field, Form, Kind, Place, Qr, Said, Site, Visit, back, page};
use serde::Deserialize;

use crate::accounts::{Account, Accounts, EntryKind, PayCode, Refusal, TOP_UPS};

/// The name under which the site is reached.
pub const HOST: &str = "pay.localhost";

/// Who one is, and where one lives, as the law wants it of whoever keeps money for others.
const SCOPE: &str = "openid name address";

/// Digits of a code.
const CODE_DIGITS: usize = 12;

/// Digits of a receipt: too many to be guessed.
const RECEIPT_DIGITS: usize = 20;

/// How many lines of an account its page shows.
const SHOWN: usize = 20;

#[derive(Clone)]
struct Pay(Arc<Parts>);

struct Parts {
    ground: Ground,
    provider: RelyingParty,
    visitors: Visitors<String>,
    accounts: Book<Accounts>,
}

/// The site's pages.
///
/// # Errors
/// Its folder cannot be read.
pub fn router(ground: Ground) -> io::Result<Router> {
    let asks = Asks { name: "見本ペイ", scope: SCOPE };
    let provider = RelyingParty::new(ground.clone(), asks).map_err(io::Error::other)?;
    let parts = Parts {
        provider,
        visitors: Visitors::new(ground.clone(), "__Host-pay"),
        accounts: Book::open(ground.folder.join("accounts.json"))?,
        ground,
    };
    let (site, entropy) = (site(&parts.ground), parts.ground.entropy.clone());
    let router = Router::new()
        .route("/", get(start))
        .route("/log-in", get(log_in))
        .route("/callback", get(come_back))
        .route("/log-out", get(back).post(log_out))
        .route("/top-up", get(back).post(top_up))
        .route("/code", get(code).post(give_code))
        .route("/till", get(till).post(pay))
        .route("/office", get(office))
        .route("/office/accept", get(back).post(accept))
        .with_state(Pay(Arc::new(parts)))
        .merge(inrou_web::assets());
    Ok(site.wrap(router, &*entropy))
}

/// Where the pages stand.
pub fn site(ground: &Ground) -> Site {
    Site::new(Place::Pay, ground.clock.clone())
}

/// How it went that was asked for.
#[derive(Deserialize)]
struct Told {
    /// Why it was refused: a code.
    refused: Option<String>,
}

impl Told {
    /// Why, in words; of what is no code of ours, nothing.
    fn refused<'a>(&'a self, v: &'a Visit) -> Option<Said<'a>> {
        let known = [Refusal::NameDiffers, Refusal::WalletFull, Refusal::AmountUnknown];
        let refusal = known.into_iter().find(|one| self.refused.as_deref() == Some(one.code()))?;
        Some(v.say(refusal.text()))
    }
}

impl Refusal {
    fn code(self) -> &'static str {
        self.text().split_once('.').map_or("", |(_, code)| code)
    }

    fn text(self) -> &'static str {
        match self {
            Refusal::AccountUnknown => "pay-refusal.account-unknown",
            Refusal::NameDiffers => "pay-refusal.name-differs",
            Refusal::WalletFull => "pay-refusal.wallet-full",
            Refusal::AmountUnknown => "pay-refusal.amount-unknown",
            Refusal::CodeUnknown => "pay-refusal.code-unknown",
            Refusal::CodeExpired => "pay-refusal.code-expired",
            Refusal::BalanceTooSmall => "pay-refusal.balance-too-small",
        }
    }
}

#[derive(Template)]
#[template(path = "pay-welcome.html")]
struct Welcome<'a> {
    v: &'a Visit,
    title: &'static str,
}

#[derive(Template)]
#[template(path = "pay-wallet.html")]
struct Wallet<'a> {
    v: &'a Visit,
    title: &'static str,
    account: Account,
    refused: Option<Said<'a>>,
}

impl Wallet<'_> {
    fn top_ups(&self) -> impl Iterator<Item = Choice<'_>> {
        const VALUES: [&str; 4] = ["1000", "3000", "5000", "10000"];
        VALUES.into_iter().zip(TOP_UPS).map(|(value, yen)| Choice {
            name: "yen",
            value,
            label: self.v.say("pay.yen").with("yen", yen),
            support: None,
            checked: yen == TOP_UPS[0],
            one_of_several: true,
            faulty: false,
        })
    }

    fn entries(&self) -> impl Iterator<Item = (Said<'_>, Said<'_>, Said<'_>)> {
        self.account.entries.iter().rev().take(SHOWN).map(|entry| {
            let kind = match entry.kind {
                EntryKind::ToppedUp => "pay.topped-up",
                EntryKind::Paid => "pay.paid",
            };
            let at = self.v.say("value.moment").with("value", entry.at);
            (at, self.v.say(kind), self.v.say("pay.yen").with("yen", entry.yen))
        })
    }
}

async fn start(
    State(pay): State<Pay>,
    Query(told): Query<Told>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    match pay.account(&headers) {
        None => page(&v, &Welcome { v: &v, title: "pay.welcome" }),
        Some((_, account)) => {
            page(&v, &Wallet { v: &v, title: "pay.wallet", account, refused: told.refused(&v) })
        }
    }
}

/// Sends the visitor to the provider.
async fn log_in(State(pay): State<Pay>) -> Result<Response, Problem> {
    let (to, begun) = pay.0.provider.ask(SCOPE, None).await?;
    Ok(([pay.0.visitors.begin(begun)?], Redirect::to(&to)).into_response())
}

/// The visitor comes back.
async fn come_back(
    State(pay): State<Pay>,
    Query(back): Query<Back>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Response, Problem> {
    let begun = pay.0.visitors.begun(&headers);
    let person = match pay.0.provider.learn(begun, &back).await {
        Ok(person) => person,
        Err(why) => return not_logged_in(&v, &why),
    };
    let Person { subject, name, address, .. } = person;
    let (who, now) = (subject.clone(), v.now);
    let enter = move |accounts: &mut Accounts| {
        let (name, address) = (name.unwrap_or_default(), address.unwrap_or_default());
        accounts.log_in(&who, &name, &address, now);
    };
    pay.0.accounts.note(enter).await?;
    Ok(([pay.0.visitors.admit(subject)?], Redirect::to("/")).into_response())
}

async fn log_out(State(pay): State<Pay>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(([pay.0.visitors.leave(&headers)?], Redirect::to("/")).into_response())
}

/// What the form sends.
#[derive(Deserialize)]
struct Amount {
    #[serde(default)]
    yen: String,
}

async fn top_up(
    State(pay): State<Pay>,
    headers: HeaderMap,
    v: Visit,
    Form(sent): Form<Amount>,
) -> Result<Redirect, Problem> {
    let Some((subject, _)) = pay.account(&headers) else { return Ok(Redirect::to("/")) };
    let (yen, now) = (sent.yen.parse().unwrap_or(0), v.now);
    let done = pay.0.accounts.change(move |all: &mut Accounts| all.top_up(&subject, yen, now));
    Ok(match done.await? {
        Ok(()) => Redirect::to("/"),
        Err(refusal) => Redirect::to(&format!("/?refused={}", refusal.code())),
    })
}

async fn give_code(
    State(pay): State<Pay>,
    headers: HeaderMap,
    v: Visit,
) -> Result<Redirect, Problem> {
    let Some((subject, _)) = pay.account(&headers) else { return Ok(Redirect::to("/")) };
    let (digits, now) = (pay.0.ground.digits(CODE_DIGITS), v.now);
    let done =
        pay.0.accounts.change(move |all: &mut Accounts| all.give_code(&subject, digits, now));
    Ok(match done.await? {
        Ok(()) => Redirect::to("/code"),
        Err(refusal) => Redirect::to(&format!("/?refused={}", refusal.code())),
    })
}

#[derive(Template)]
#[template(path = "pay-code.html")]
struct CodePage<'a> {
    v: &'a Visit,
    title: &'static str,
    code: &'a PayCode,
    picture: Qr,
    balance: u64,
}

impl CodePage<'_> {
    /// In groups of four.
    fn digits(&self) -> String {
        let digits: Vec<char> = self.code.digits.chars().collect();
        let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
        groups.join(" ")
    }
}

async fn code(State(pay): State<Pay>, headers: HeaderMap, v: Visit) -> Result<Response, Problem> {
    let account = pay.account(&headers).map(|(_, account)| account);
    let Some((account, code)) = account.as_ref().and_then(|all| Some((all, all.code(v.now)?)))
    else {
        return Ok(Redirect::to("/").into_response());
    };
    // The digits alone: a till reads them as if they were typed.
    let picture = Qr::new(&code.digits, v.attr("pay.code"))?;
    page(&v, &CodePage { v: &v, title: "pay.code", code, picture, balance: account.balance })
}

#[derive(Template)]
#[template(path = "pay-till.html")]
struct Till<'a> {
    v: &'a Visit,
    title: &'static str,
    /// What the receipt says was paid.
    paid: Option<u64>,
    refused: Option<Refusal>,
    /// What stood in the form.
    typed: Sale,
}

impl Till<'_> {
    /// Why it was refused, in words.
    fn why(&self) -> Option<Said<'_>> {
        self.refused.map(|refusal| self.v.say(refusal.text()))
    }

    /// Whether that is about the code (or, if not, the amount).
    fn about_code(&self) -> bool {
        matches!(self.refused, Some(Refusal::CodeUnknown | Refusal::CodeExpired))
    }

    fn code(&self) -> Field<'_> {
        let fault = self.why().filter(|_| self.about_code());
        Field::new(self.v, "code", Kind::Number, self.v.say("pay-till.code"))
            .support(self.v.say("pay-till.code-is"))
            .value(&self.typed.code)
            .fault(fault)
    }

    fn yen(&self) -> Field<'_> {
        let fault = self.why().filter(|_| !self.about_code());
        Field::new(self.v, "yen", Kind::Number, self.v.say("pay-till.yen"))
            .value(&self.typed.yen)
            .fault(fault)
    }
}

/// Which receipt the till shows.
#[derive(Deserialize)]
struct Shown {
    receipt: Option<String>,
}

async fn till(
    State(pay): State<Pay>,
    Query(shown): Query<Shown>,
    v: Visit,
) -> Result<Response, Problem> {
    let paid = shown.receipt.and_then(|receipt| {
        pay.0.accounts.look(|all| all.receipt(&receipt).map(|entry| entry.yen))
    });
    let typed = Sale::default();
    page(&v, &Till { v: &v, title: "pay-till.title", paid, refused: None, typed })
}

/// What the till sends.
#[derive(Default, Deserialize)]
struct Sale {
    #[serde(default)]
    code: String,
    #[serde(default)]
    yen: String,
}

/// A code stands in no address: what was refused is shown at once, with what was typed.
async fn pay(
    State(pay): State<Pay>,
    v: Visit,
    Form(typed): Form<Sale>,
) -> Result<Response, Problem> {
    let digits: String = typed.code.chars().filter(char::is_ascii_digit).collect();
    let (yen, now) = (typed.yen.trim().parse().unwrap_or(0), v.now);
    let receipt = pay.0.ground.digits(RECEIPT_DIGITS);
    let to = format!("/till?receipt={receipt}");
    let work = move |all: &mut Accounts| all.pay(&digits, yen, receipt, now);
    let Err(refusal) = pay.0.accounts.change(work).await? else {
        return Ok(Redirect::to(&to).into_response());
    };
    let refused = Some(refusal);
    let shown = page(&v, &Till { v: &v, title: "pay-till.title", paid: None, refused, typed })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

#[derive(Template)]
#[template(path = "pay-office.html")]
struct Office<'a> {
    v: &'a Visit,
    title: &'static str,
    accounts: Vec<(String, Account)>,
}

async fn office(State(pay): State<Pay>, v: Visit) -> Result<Response, Problem> {
    let all = |accounts: &Accounts| {
        accounts.all().map(|(subject, account)| (subject.to_owned(), account.clone())).collect()
    };
    page(&v, &Office { v: &v, title: "pay-office.title", accounts: pay.0.accounts.look(all) })
}

/// Whose name is accepted.
#[derive(Deserialize)]
struct Accepted {
    subject: String,
}

async fn accept(
    State(pay): State<Pay>,
    Form(Accepted { subject }): Form<Accepted>,
) -> Result<Redirect, Problem> {
    let accept = move |all: &mut Accounts| all.accept_name(&subject);
    // An account that is not there needs nothing.
    let _ = pay.0.accounts.change(accept).await?;
    Ok(Redirect::to("/office"))
}

impl Pay {
    /// Whose account it is that a visitor looks at, and the account.
    fn account(&self, headers: &HeaderMap) -> Option<(String, Account)> {
        let subject = self.0.visitors.who(headers)?;
        let account = self.0.accounts.look(|all| all.of(&subject).cloned())?;
        Some((subject, account))
    }
}
