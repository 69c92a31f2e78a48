//! Reading an authorization request.

use std::fmt;

use inrou_api::problem::Code;
use inrou_api::wire::transaction::Attribute;
use inrou_words::Language;
use serde::{Deserialize, Serialize};

use super::claims::Claims;
use crate::clients::Client;
use crate::parameters::Parameters;
use crate::refused::Refused;

/// The most characters of a code challenge: base64url of SHA-256 has 43.
const LONGEST_CHALLENGE: usize = 128;

/// The longest identifier of a person, or hint at one.
const LONGEST_HINT: usize = 255;

/// A request that has its form, and asks for what its client may ask for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRequest {
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What is asked for.
    pub scope: Scope,
    /// Given back with the answer.
    pub state: Option<String>,
    /// Given back in the ID token.
    pub nonce: Option<String>,
    /// The SHA-256 of the code verifier, base64url.
    pub code_challenge: String,
    /// Whether the answer has `session_state`.
    pub tells_session_state: bool,
    /// The thumbprint of the key to which the code is bound (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// Whether a log-in of before may be used again.
    pub again: Again,
    /// How the site calls the one person who may log in.
    pub subject: Option<String>,
    /// Who the site thinks will log in.
    pub login_hint: Option<String>,
    /// What is to be signed, if something is.
    #[serde(default)]
    pub sign_transaction: Option<String>,
    /// The code of the language in which the person is to be spoken to, if it is one of ours.
    pub language: Option<String>,
}

/// What would help somebody else to go on with it, and who it is about, is left out.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &String::from(self.scope))
            .field("again", &self.again)
            .finish_non_exhaustive()
    }
}

/// Whether a log-in of before, of the same browser to the same client, may be used again: a site must
/// say so, since a log-in is otherwise asked of the phone each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// No: the phone is asked.
    No,
    /// If it is at most so many seconds old (`max_age`).
    Within(i64),
    /// Nobody is to be asked (`prompt=none`); at most so many seconds old.
    Only(Option<i64>),
}

/// One thing that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Who logs in.
    OpenId,
    /// One of the four attributes.
    Attribute(Attribute),
    /// A signature.
    Sign,
}

impl Wanted {
    const ALL: [Wanted; 6] = [
        Wanted::OpenId,
        Wanted::Attribute(Attribute::Name),
        Wanted::Attribute(Attribute::Address),
        Wanted::Attribute(Attribute::Birthdate),
        Wanted::Attribute(Attribute::Gender),
        Wanted::Sign,
    ];

    /// Its word in `scope`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Wanted::OpenId => "openid",
            Wanted::Attribute(attribute) => attribute.as_str(),
            Wanted::Sign => "sign",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Wanted::OpenId => 1,
            Wanted::Attribute(Attribute::Name) => 2,
            Wanted::Attribute(Attribute::Address) => 4,
            Wanted::Attribute(Attribute::Birthdate) => 8,
            Wanted::Attribute(Attribute::Gender) => 16,
            Wanted::Sign => 32,
        }
    }
}

/// What is asked for. Words that nobody knows here are left out (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(u8);

impl Scope {
    /// Whether that is asked for.
    pub(crate) fn has(self, asked: Wanted) -> bool {
        self.0 & asked.bit() != 0
    }

    /// Whether nothing is asked for that `granted` does not have.
    pub(crate) fn is_within(self, granted: Scope) -> bool {
        self.0 & !granted.0 == 0
    }

    /// What is asked for by words that are all known here; `None` if one is not, or there are none.
    pub(crate) fn of_known(text: &str) -> Option<Self> {
        let is_known = |word: &str| Wanted::ALL.iter().any(|known| known.word() == word);
        text.split(' ').all(is_known).then(|| Self::from(text))
    }

    /// This, and these attributes.
    pub(super) fn with(self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        let bits = attributes.into_iter().map(|attribute| Wanted::Attribute(attribute).bit());
        Self(bits.fold(self.0, |all, bit| all | bit))
    }

    /// The words that are known here, among them.
    pub(crate) fn words(self) -> impl Iterator<Item = &'static str> {
        Wanted::ALL.into_iter().filter(move |&asked| self.has(asked)).map(Wanted::word)
    }

    /// All words that are known.
    pub(crate) fn known() -> impl Iterator<Item = &'static str> {
        Wanted::ALL.into_iter().map(Wanted::word)
    }
}

impl From<&str> for Scope {
    fn from(text: &str) -> Self {
        let named = |asked: &Wanted| text.split(' ').any(|word| word == asked.word());
        Self(Wanted::ALL.into_iter().filter(named).fold(0, |all, asked| all | asked.bit()))
    }
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.words().collect::<Vec<_>>().join(" ")
    }
}

/// Reads the request of a client that is known. `hinted` tells the subject of an ID token that was given
/// to that client.
///
/// # Errors
/// What is wrong with it, to be told to the site.
pub(super) fn parse(
    parameters: &Parameters,
    client: &Client,
    redirect_uri: &str,
    hinted: impl FnOnce(&str) -> Result<String, Refused>,
) -> Result<AuthorizationRequest, Refused> {
    let profile = client.registration.profile;
    parameters.check_each_once()?;
    if parameters.one("registration")?.is_some() {
        return Err(Refused::new(Code::REGISTRATION_PARAMETER_UNSUPPORTED));
    }
    if parameters.needed("response_type")? != "code" {
        return Err(Refused::new(Code::RESPONSE_TYPE_UNSUPPORTED));
    }
    if parameters.one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(malformed("response_mode"));
    }
    let claims = Claims::parse(parameters.one("claims")?)?;
    let scope = Scope::from(parameters.needed("scope")?).with(claims.attributes);
    if !scope.has(Wanted::OpenId) || !client.registration.may_ask(&String::from(scope)) {
        return Err(Refused::new(Code::SCOPE_INVALID));
    }
    let text = |name| {
        let value = parameters.printable(name, profile.longest_state())?;
        if value.is_none() && profile.wants_state_and_nonce() {
            return Err(Refused::new(Code::PARAMETER_MISSING).with("parameter", name));
        }
        Ok(value.map(str::to_owned))
    };
    let (state, nonce) = (text("state")?, text("nonce")?);
    let code_challenge = parameters.one("code_challenge")?;
    let by_sha256 = parameters.one("code_challenge_method")? == Some("S256");
    let code_challenge = code_challenge.filter(|challenge| by_sha256 && is_challenge(challenge));
    let code_challenge = code_challenge.ok_or_else(|| Refused::new(Code::PKCE_REQUIRED))?;
    let hinted = parameters.one("id_token_hint")?.map(hinted).transpose()?;
    let dpop_jkt = parameters.one("dpop_jkt")?;
    if dpop_jkt.is_some_and(|jkt| !is_challenge(jkt)) {
        return Err(malformed("dpop_jkt"));
    }
    if hinted.is_some() && claims.subject.is_some() && hinted != claims.subject {
        return Err(Refused::new(Code::OTHER_PERSON_LOGGED_IN));
    }
    let login_hint = parameters.one("login_hint")?;
    let sign_transaction = parameters.one("sign_transaction_id")?.map(str::to_owned);
    check_signing(scope, sign_transaction.is_some(), again(parameters)?)?;
    Ok(AuthorizationRequest {
        redirect_uri: redirect_uri.to_owned(),
        scope,
        state,
        nonce,
        code_challenge: code_challenge.to_owned(),
        tells_session_state: profile.tells_session_state(),
        dpop_jkt: dpop_jkt.map(str::to_owned),
        again: again(parameters)?,
        subject: hinted.or(claims.subject),
        // A hint may be anything; what is too long helps nobody.
        login_hint: login_hint.filter(|hint| hint.len() <= LONGEST_HINT).map(str::to_owned),
        sign_transaction,
        language: parameters.one("ui_locales")?.and_then(language),
    })
}

/// What is signed is asked of a phone each time, and brings no attributes with it: a signature is not asked
/// for to get personal data.
fn check_signing(scope: Scope, names_one: bool, again: Again) -> Result<(), Refused> {
    let reason = match (scope.has(Wanted::Sign), names_one) {
        (false, false) => return Ok(()),
        (true, false) => "`sign_transaction_id` is missing",
        (false, true) => "`sign` is missing",
        (true, true) if !scope.attributes().is_empty() => "attributes are asked for as well",
        (true, true) if again != Again::No => "the person must be asked",
        (true, true) => return Ok(()),
    };
    Err(Refused::new(Code::SIGN_SCOPE_INVALID).with("reason", reason))
}

/// OpenID Connect Core §3.1.2.1: `prompt` and `max_age`.
fn again(parameters: &Parameters) -> Result<Again, Refused> {
    let max_age = match parameters.one("max_age")? {
        None => None,
        Some(age) if age.bytes().all(|c| c.is_ascii_digit()) => {
            // More than there are is as long as one likes.
            Some(age.parse().unwrap_or(i64::MAX))
        }
        Some(_) => return Err(malformed("max_age")),
    };
    let prompts: Vec<&str> = parameters.one("prompt")?.unwrap_or_default().split(' ').collect();
    match prompts[..] {
        ["none"] => Ok(Again::Only(max_age)),
        [""] => Ok(max_age.map_or(Again::No, Again::Within)),
        _ if prompts.iter().all(|one| ["login", "consent", "select_account"].contains(one)) => {
            Ok(Again::No)
        }
        _ => Err(malformed("prompt")),
    }
}

/// The first language of the list that is one of ours.
fn language(locales: &str) -> Option<String> {
    let known = |locale: &str| match locale.to_ascii_lowercase().as_str() {
        "ja-x-easy" | "ja-easy" => Some(Language::JaEasy),
        locale => match locale.split('-').next() {
            Some("ja") => Some(Language::Ja),
            Some("en") => Some(Language::En),
            _ => None,
        },
    };
    locales.split(' ').find_map(known).map(|language| language.to_string())
}

fn malformed(parameter: &'static str) -> Refused {
    Refused::new(Code::PARAMETER_MALFORMED).with("parameter", parameter)
}

/// RFC 7636 §4.2, and RFC 7638 §3 likewise.
fn is_challenge(text: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    (43..=LONGEST_CHALLENGE).contains(&text.len()) && text.bytes().all(is_plain)
}
