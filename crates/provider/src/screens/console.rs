//! The console: where a site's developer registers it (REG-4). What is registered is changed over the API,
//! by the token that is shown here once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Response};
use inrou_api::page::PageQuery;
use inrou_api::problem::{Code, Problem};
use inrou_web::{Choice, Field, Form, Kind, Said, Visit, page};
use inrou_words::Term;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde::Deserialize;
use serde_json::json;

use super::{Screens, events};
use crate::authorize::Scope;
use crate::clients::{Client, Profile, Registration, Standing};

/// What the form sends, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    client_name: String,
    /// One a line.
    redirect_uris: String,
    sector: String,
    profile: Profile,
    jwk: String,
    name: Option<String>,
    address: Option<String>,
    birthdate: Option<String>,
    gender: Option<String>,
    sign: Option<String>,
}

impl Typed {
    /// Whether a scope is ticked.
    fn asks(&self, scope: &str) -> bool {
        let ticked = match scope {
            "name" => &self.name,
            "address" => &self.address,
            "birthdate" => &self.birthdate,
            "gender" => &self.gender,
            _ => &self.sign,
        };
        ticked.is_some()
    }

    /// As a registration.
    ///
    /// # Errors
    /// `registration-invalid`, if the key is none; all else is checked with the registration.
    fn registration(&self) -> Result<Registration, Problem> {
        let invalid = || Problem::new(Code::REGISTRATION_INVALID).with("member", "jwks");
        let key: Jwk = serde_json::from_str(&self.jwk).map_err(|_| invalid())?;
        let asked = Scope::known().filter(|scope| *scope == "openid" || self.asks(scope));
        let lines = self.redirect_uris.lines().map(str::trim).filter(|line| !line.is_empty());
        // What the form does not ask for is as it is for whoever leaves it out over the API.
        let registration = json!({
            "client_name": self.client_name.trim(),
            "redirect_uris": lines.collect::<Vec<_>>(),
            "jwks": JwkSet { keys: vec![key] },
            "scope": asked.collect::<Vec<_>>().join(" "),
            "sector": self.sector.trim(),
            "profile": self.profile,
        });
        serde_json::from_value(registration).map_err(Problem::internal)
    }
}

#[derive(Template)]
#[template(path = "console.html")]
struct Console<'a> {
    v: &'a Visit,
    title: &'static str,
    typed: &'a Typed,
    problem: Option<Problem>,
    /// The sites that are registered, where everybody may see them.
    clients: Vec<Client>,
}

impl Console<'_> {
    /// What is wrong with a member of the registration, if it is that one.
    fn fault(&self, member: &str) -> Option<Said<'_>> {
        let problem = self.problem.as_ref()?;
        let is_it = problem.params().any(|(name, value)| name == "member" && value == member);
        is_it.then(|| self.v.say("console.wrong"))
    }

    fn name(&self) -> Field<'_> {
        Field::new(self.v, "client_name", Kind::Text, self.v.say("console.name"))
            .support(self.v.say("console.name-is"))
            .value(&self.typed.client_name)
            .fault(self.fault("client_name"))
    }

    fn sector(&self) -> Field<'_> {
        Field::new(self.v, "sector", Kind::Text, self.v.say("console.sector"))
            .support(self.v.say("console.sector-is"))
            .value(&self.typed.sector)
            .fault(self.fault("sector"))
    }

    fn scopes(&self) -> impl Iterator<Item = Choice<'_>> {
        [
            ("name", "console.scope-name"),
            ("address", "console.scope-address"),
            ("birthdate", "console.scope-birthdate"),
            ("gender", "console.scope-gender"),
            ("sign", "console.scope-sign"),
        ]
        .into_iter()
        .map(|(name, label)| Choice {
            name,
            value: "yes",
            label: self.v.say(label),
            support: None,
            checked: self.typed.asks(name),
            one_of_several: false,
            faulty: false,
        })
    }

    fn profiles(&self) -> impl Iterator<Item = Choice<'_>> {
        [
            ("digital-auth", Profile::DigitalAuth, "console.profile-digital-auth"),
            ("fapi2", Profile::Fapi2, "console.profile-fapi2"),
        ]
        .into_iter()
        .map(|(value, profile, label)| Choice {
            name: "profile",
            value,
            label: self.v.say(label),
            support: None,
            checked: self.typed.profile == profile,
            one_of_several: true,
            faulty: false,
        })
    }
}

/// A registration that was made, with what it takes to use it.
#[derive(Template)]
#[template(path = "console-client.html")]
struct Registered<'a> {
    v: &'a Visit,
    title: &'static str,
    client: &'a Client,
    token: &'a str,
    issuer: String,
    address: String,
    redirect_uri: &'a str,
    kid: &'a str,
}

/// Where a site is registered, with those that are there.
pub(super) async fn show(State(screens): State<Screens>, v: Visit) -> Result<Response, Problem> {
    console(&screens, &v, &Typed::default(), None).await
}

/// Registers a site. Its token is shown with the answer, and nowhere again.
pub(super) async fn register(
    State(screens): State<Screens>,
    v: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let made = match typed.registration() {
        Ok(registration) => provider.register(registration).await,
        Err(problem) => Err(problem),
    };
    let made = match made {
        Ok(made) => made,
        Err(problem) if problem.is(Code::REGISTRATION_INVALID) => {
            let shown = console(&screens, &v, &typed, Some(problem)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
        }
        Err(problem) => return Err(problem),
    };
    let registration = &made.client.registration;
    let id = made.client.id.as_str();
    let kid = registration.jwks.keys.first().and_then(|key| key.common.key_id.as_deref());
    let known = events::known(&screens, &made.client.id, v.now)?;
    let shown = page(
        &v,
        &Registered {
            v: &v,
            title: "console.registered",
            client: &made.client,
            token: &made.token,
            issuer: provider.settings.issuer(),
            address: format!("{}/provider/v1/clients/{id}", provider.settings.base()),
            redirect_uri: registration.redirect_uris.first().map_or("", String::as_str),
            kid: kid.unwrap_or_default(),
        },
    )?;
    Ok((AppendHeaders([known]), shown).into_response())
}

async fn console(
    screens: &Screens,
    v: &Visit,
    typed: &Typed,
    problem: Option<Problem>,
) -> Result<Response, Problem> {
    let provider = &screens.provider;
    let clients = match provider.settings.approves_at_once {
        true => provider.clients(PageQuery::default()).await?.items,
        // In a service, who has registered is not for everybody to see.
        false => Vec::new(),
    };
    page(v, &Console { v, title: "console.title", typed, problem, clients })
}
