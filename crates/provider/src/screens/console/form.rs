//! The form of a registration, for a new one and for one that is changed.

use askama::Template;
use askama::filters::HtmlSafe;
use inrou_api::problem::{Code, Problem};
use inrou_web::{Choice, Field, Kind, Said, Visit};
use inrou_words::{Form as Written, Language, error};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::authorize::Scope;
use crate::clients::{Client, Limits, Profile, Registration};

/// The name in Japanese (RFC 7591 §2.2).
const NAME_JA: &str = "client_name#ja";

/// What the form sends, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    client_name: String,
    /// One a line, as the next ones.
    redirect_uris: String,
    post_logout_redirect_uris: String,
    sector: String,
    profile: Profile,
    jwk: String,
    log_ins_a_minute: String,
    log_ins_a_day: String,
    signatures_a_minute: String,
    signatures_a_day: String,
    name: Option<String>,
    address: Option<String>,
    birthdate: Option<String>,
    gender: Option<String>,
    sign: Option<String>,
    /// Which version is changed.
    pub(super) version: Option<u64>,
}

impl Typed {
    /// As a registration stands.
    pub(super) fn of(registration: &Registration, version: u64) -> Self {
        let asks = |scope: &str| registration.may_ask(scope).then(|| "yes".to_owned());
        let limit = |of: fn(&Limits) -> u32| {
            registration.limits.as_ref().map_or_else(String::new, |limits| of(limits).to_string())
        };
        Self {
            client_name: registration.name().to_owned(),
            redirect_uris: registration.redirect_uris.join("\n"),
            post_logout_redirect_uris: registration.post_logout_redirect_uris.join("\n"),
            sector: registration.sector.clone(),
            profile: registration.profile,
            jwk: String::new(),
            log_ins_a_minute: limit(|limits| limits.log_ins_a_minute),
            log_ins_a_day: limit(|limits| limits.log_ins_a_day),
            signatures_a_minute: limit(|limits| limits.signatures_a_minute),
            signatures_a_day: limit(|limits| limits.signatures_a_day),
            name: asks("name"),
            address: asks("address"),
            birthdate: asks("birthdate"),
            gender: asks("gender"),
            sign: asks("sign"),
            version: Some(version),
        }
    }

    /// The same, as a change of that version.
    pub(super) fn of_version(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// As it is shown again: a private key is not.
    pub(super) fn without_private_key(mut self, problem: &Problem) -> Self {
        if problem.is(Code::PRIVATE_KEY_SENT) {
            self.jwk.clear();
        }
        self
    }

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

    /// As a registration; what the form does not ask for is as it was before, or as it is for whoever leaves
    /// it out over the API.
    ///
    /// # Errors
    /// `key-unsound`, if the key is none; `limits-invalid`; all else is checked with the registration.
    pub(super) fn registration(&self, was: Option<&Registration>) -> Result<Registration, Problem> {
        let mut all = match was {
            Some(was) => serde_json::to_value(was).map_err(Problem::internal)?,
            None => {
                let reason = "it is not written in JSON";
                let none = |_| Problem::new(Code::KEY_UNSOUND).with("reason", reason);
                let key: Value = serde_json::from_str(&self.jwk).map_err(none)?;
                json!({"jwks": {"keys": [key]}})
            }
        };
        let asked = Scope::known().filter(|scope| *scope == "openid" || self.asks(scope));
        let lines = |text: &str| {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            json!(lines.collect::<Vec<_>>())
        };
        // The form asks for the name that residents are shown.
        let is_tagged = was.is_some_and(|was| was.client_name_ja.is_some());
        let name = if is_tagged { NAME_JA } else { "client_name" };
        all[name] = json!(self.client_name.trim());
        all["redirect_uris"] = lines(&self.redirect_uris);
        all["post_logout_redirect_uris"] = lines(&self.post_logout_redirect_uris);
        all["scope"] = json!(asked.collect::<Vec<_>>().join(" "));
        all["sector"] = json!(self.sector.trim());
        all["profile"] = json!(self.profile);
        let typed = self.limits();
        all["limits"] = json!(limits(typed.map(|(member, _, typed)| (member, typed)))?);
        serde_json::from_value(all).map_err(Problem::internal)
    }

    /// The limits: the member, its label, what was typed.
    fn limits(&self) -> [(&'static str, &'static str, &str); 4] {
        [
            ("log_ins_a_minute", "limits.log-ins-a-minute", &self.log_ins_a_minute),
            ("log_ins_a_day", "limits.log-ins-a-day", &self.log_ins_a_day),
            ("signatures_a_minute", "limits.signatures-a-minute", &self.signatures_a_minute),
            ("signatures_a_day", "limits.signatures-a-day", &self.signatures_a_day),
        ]
    }
}

/// Limits that were typed; none, if nothing was.
///
/// # Errors
/// `limits-invalid`, with the `member` that is no number.
pub(in crate::screens) fn limits(
    typed: [(&'static str, &str); 4],
) -> Result<Option<Limits>, Problem> {
    if typed.iter().all(|(_, typed)| typed.trim().is_empty()) {
        return Ok(None);
    }
    let mut numbers = [0; 4];
    for (number, (member, typed)) in numbers.iter_mut().zip(typed) {
        let none = |_| Problem::new(Code::LIMITS_INVALID).with("member", member);
        *number = typed.trim().parse().map_err(none)?;
    }
    let [log_ins_a_minute, log_ins_a_day, signatures_a_minute, signatures_a_day] = numbers;
    Ok(Some(Limits { log_ins_a_minute, log_ins_a_day, signatures_a_minute, signatures_a_day }))
}

/// The fields of the form.
#[derive(Template)]
#[template(path = "console-fields.html")]
pub(super) struct Fields<'a> {
    pub(super) v: &'a Visit,
    pub(super) typed: &'a Typed,
    pub(super) problem: Option<&'a Problem>,
    /// What holds for a site without limits of its own.
    pub(super) usual: Limits,
}

impl HtmlSafe for Fields<'_> {}

impl Fields<'_> {
    /// What is wrong with a member of the registration, if it is that one.
    fn fault(&self, member: &str) -> Option<Said<'_>> {
        (member_of(self.problem?) == Some(member)).then(|| self.v.say("console.wrong"))
    }

    /// The same, for developers.
    fn explained(&self, member: &str) -> Option<String> {
        let problem = self.problem.filter(|problem| member_of(problem) == Some(member));
        problem.map(|problem| explained(problem).0)
    }

    /// Where it is that something is wrong: the field, and its label.
    pub(super) fn place(&self) -> Option<(&'static str, &'static str)> {
        let member = self.problem.and_then(member_of)?;
        let limit = self.typed.limits().into_iter().find(|(limit, ..)| *limit == member);
        let places = [
            ("client_name", "client_name", "console.name"),
            (NAME_JA, "client_name", "console.name"),
            ("redirect_uris", "redirect_uris", "console.redirect-uris"),
            (
                "post_logout_redirect_uris",
                "post_logout_redirect_uris",
                "console.post-logout-redirect-uris",
            ),
            ("sector", "sector", "console.sector"),
            // The profile says what keys have to be.
            if self.is_new() {
                ("jwks", "jwk", "console.key")
            } else {
                ("jwks", "profile", "console.profile")
            },
        ];
        let place = places.into_iter().find(|(known, ..)| *known == member);
        let place = place.map(|(_, id, label)| (id, label));
        place.or(limit.map(|(id, label, _)| (id, label)))
    }

    /// Which version is changed: the one that was looked at.
    pub(super) fn version(&self, client: &Client) -> u64 {
        self.typed.version.unwrap_or(client.version)
    }

    /// Whether a key is asked for: that of a registration that is there has a form of its own.
    fn is_new(&self) -> bool {
        self.typed.version.is_none()
    }

    fn name(&self) -> Field<'_> {
        Field::new(self.v, "client_name", Kind::Text, self.v.say("console.name"))
            .support(self.v.say("console.name-is"))
            .value(&self.typed.client_name)
            .fault(self.fault("client_name").or_else(|| self.fault(NAME_JA)))
    }

    fn sector(&self) -> Field<'_> {
        Field::new(self.v, "sector", Kind::Text, self.v.say("console.sector"))
            .support(self.v.say("console.sector-is"))
            .value(&self.typed.sector)
            .fault(self.fault("sector"))
    }

    fn limits(&self) -> impl Iterator<Item = Field<'_>> {
        self.typed.limits().into_iter().map(|(member, label, typed)| {
            Field::new(self.v, member, Kind::Number, self.v.say(label))
                .optional()
                .value(typed)
                .fault(self.fault(member))
        })
    }

    fn limits_are(&self) -> Said<'_> {
        self.v
            .say("console.limits-are")
            .with("minute", u64::from(self.usual.log_ins_a_minute))
            .with("day", u64::from(self.usual.log_ins_a_day))
            .with("signminute", u64::from(self.usual.signatures_a_minute))
            .with("signday", u64::from(self.usual.signatures_a_day))
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

/// The member of a registration that a problem is about, if it is about one.
pub(super) fn member_of(problem: &Problem) -> Option<&str> {
    if problem.is(Code::KEY_UNSOUND) || problem.is(Code::PRIVATE_KEY_SENT) {
        return Some("jwks");
    }
    if problem.is(Code::REDIRECT_URI_LOCAL) {
        return Some("redirect_uris");
    }
    let is_of_one = problem.is(Code::REGISTRATION_INVALID) || problem.is(Code::LIMITS_INVALID);
    problem.param("member").filter(|_| is_of_one)
}

/// What a problem means to a developer, and what to change: in English, as servers are told.
pub(in crate::screens) fn explained(problem: &Problem) -> (String, String) {
    let Some(text) = error(problem.code()) else { return Default::default() };
    let say = |text: inrou_words::Text<'static>| {
        text.in_language(Language::En).with_all(problem.params()).render(Written::Plain)
    };
    (say(text.cause()), say(text.change()))
}
