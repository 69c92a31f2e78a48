//! The authorization request, from the browser's arrival to its return (OpenID Connect Core §3.1.2).

mod again;
mod claims;
mod object;
mod request;

use inrou_api::problem::{Code, Problem};
use inrou_api::server::Source;
use inrou_api::wire::transaction::{Attribute, LoginOrigin, Purpose, TransactionId};
use inrou_relying::{Checks, Handover, Standing, TransactionRecord};
use inrou_words::{Form, Language, Term, text};
use url::Url;

use crate::Provider;
use crate::clients::{Client, ClientId, Counted, NumberCheck, Use};
use crate::parameters::Parameters;
use crate::personas;
use crate::pushed::PREFIX;
use crate::refused::Refused;
use crate::secrets::{Digest, sha256};
use crate::signing::{Content, SignTransaction};
use crate::store::{Authorization, Pushed, Store};

pub(crate) use claims::ACR;
pub(crate) use request::Wanted;
pub use request::{Again, AuthorizationRequest, Scope};

/// Where a request leads that was looked at.
pub(crate) enum Led {
    /// To the page on which the phone is asked, in the language that the site chose, if it did.
    Wait(TransactionId, Option<Language>),
    /// Back to the site.
    Back(Url),
}

/// A browser that brings a request.
pub(crate) struct Browser {
    /// SHA-256 of its secret.
    pub(crate) digest: Digest,
    /// What it calls itself.
    pub(crate) name: String,
}

/// A request, and whose it is.
struct Asked {
    client: Client,
    to: BackTo,
    request: Result<AuthorizationRequest, Refused>,
    pushed: Option<Digest>,
}

/// Where an answer goes.
struct BackTo {
    redirect_uri: String,
    state: Option<String>,
}

impl Provider {
    /// Takes a request that a browser brings.
    ///
    /// # Errors
    /// What is to be shown to the person, since nobody can be trusted to be led back to: `client-unknown`,
    /// `client-not-approved`, `redirect-uri-unregistered`, `request-uri-invalid`, a parameter that is
    /// needed to know that; `too-many-requests`; the store's.
    pub(crate) async fn authorize(
        &self,
        parameters: &Parameters,
        browser: Browser,
        source: Source,
        language: Language,
    ) -> Result<Led, Problem> {
        let asked = self.asked_for(parameters).await.map_err(Refused::into_problem)?;
        let Asked { client, to, request, pushed } = asked;
        let request = match request {
            Ok(request) => request,
            Err(refused) => {
                return self
                    .answer(&to.redirect_uri, to.state.as_deref(), Err(&refused))
                    .map(Led::Back);
            }
        };
        // RFC 6749 §4.1.2.1: a status of HTTP would not reach the site.
        let limited = |problem: Problem| match problem.is(Code::CLIENT_LIMIT_REACHED) {
            true => {
                let refused = Refused::from(problem);
                self.answer(&to.redirect_uri, to.state.as_deref(), Err(&refused)).map(Led::Back)
            }
            false => Err(problem),
        };
        match self.again(&client, &request, browser.digest, pushed).await {
            Ok(Some(led)) => return Ok(Led::Back(led)),
            Ok(None) => {}
            Err(problem) => return limited(problem),
        }
        let order = match &request.sign_transaction {
            Some(id) => match self.to_be_signed(id, &client).await {
                Ok(order) => Some(order),
                Err(refused) => {
                    return self
                        .answer(&to.redirect_uri, to.state.as_deref(), Err(&refused))
                        .map(Led::Back);
                }
            },
            None => None,
        };
        let chosen = request.language.as_deref().and_then(|code| code.parse().ok());
        let language = chosen.unwrap_or(language);
        let transaction = self.new_transaction(&client, &request, &browser, language);
        let transaction = match order {
            Some(order) => to_sign(transaction, order, &client, language),
            None => transaction,
        };
        let id = transaction.id.clone();
        self.open_logins.open(id.clone(), source, self.now(), transaction.expires)?;
        let (whose, browser) = (client.id.clone(), browser.digest);
        let authorization =
            Authorization { transaction, client: whose, browser, request, pushed, grant: None };
        let begin = move |store: &dyn Store, one: &Use| store.begin(&authorization, one);
        if let Err(problem) = self.one_more(&client, Counted::LogIns, begin).await {
            self.open_logins.close(&id);
            return limited(problem);
        }
        if let Some(led) = self.answered_by_persona(&id, &browser).await? {
            return Ok(Led::Back(led));
        }
        Ok(Led::Wait(id, chosen))
    }

    /// Has the persona answer that the request of an authorization names, if it does, and leads back.
    async fn answered_by_persona(
        &self,
        id: &TransactionId,
        browser: &Digest,
    ) -> Result<Option<Url>, Problem> {
        let authorization = self.authorization(id, browser).await?;
        let request = &authorization.request;
        let Some(persona) = personas::hinted(request.login_hint.as_deref()) else {
            return Ok(None);
        };
        match self.answer_as(persona, id).await {
            Ok(()) => self.outcome(&self.authorization(id, browser).await?).await,
            Err(refused) => {
                let state = request.state.as_deref();
                self.answer(&request.redirect_uri, state, Err(&refused)).map(Some)
            }
        }
    }

    /// Who asks, for what, and where the answer goes.
    async fn asked_for(&self, parameters: &Parameters) -> Result<Asked, Refused> {
        let id = ClientId::sent(parameters.needed("client_id")?);
        let client = self.client(&id).await?;
        let client = client.ok_or_else(|| Refused::new(Code::CLIENT_UNKNOWN))?;
        // Before a signature is looked at, which takes longer.
        if !client.may_ask() {
            return Err(Refused::new(Code::CLIENT_NOT_APPROVED));
        }
        let (to, request, pushed) = match parameters.one("request_uri")? {
            Some(name) if name.starts_with(PREFIX) && parameters.one("request")?.is_none() => {
                let pushed = self.find_pushed(name, &client).await?;
                let Pushed { name, request, .. } = pushed;
                let to = BackTo {
                    redirect_uri: request.redirect_uri.clone(),
                    state: request.state.clone(),
                };
                (to, Ok(request), Some(name))
            }
            _ => {
                let (to, request) = self.brought(parameters, &client)?;
                (to, request, None)
            }
        };
        Ok(Asked { client, to, request, pushed })
    }

    /// The request that the browser itself brings, and where the answer goes, whatever it is.
    fn brought(
        &self,
        parameters: &Parameters,
        client: &Client,
    ) -> Result<(BackTo, Result<AuthorizationRequest, Refused>), Refused> {
        let signed = self.own_parameters(parameters, client);
        let counting = match &signed {
            Ok(Some(signed)) => signed,
            Ok(None) | Err(_) => parameters,
        };
        let redirect_uri = registered_uri(counting, client)?;
        let state = counting.one("state").ok().flatten().map(str::to_owned);
        let request = signed
            .as_ref()
            .map_err(Refused::clone)
            .and_then(|_| self.read_request(counting, client, &redirect_uri));
        Ok((BackTo { redirect_uri, state }, request))
    }

    /// The parameters inside a request object, if the client sends such.
    fn own_parameters(
        &self,
        parameters: &Parameters,
        client: &Client,
    ) -> Result<Option<Parameters>, Refused> {
        if parameters.one("request_uri")?.is_some() {
            // RFC 9101 §5: not both.
            return Err(match parameters.one("request")? {
                Some(_) => Refused::new(Code::PARAMETER_REPEATED).with("parameter", "request"),
                None => Refused::new(Code::REQUEST_URI_UNSUPPORTED),
            });
        }
        if client.registration.profile.wants_push() {
            return Err(Refused::new(Code::PUSH_NEEDED));
        }
        self.signed_parameters(parameters, client)
    }

    /// A request that this client pushed, and by which nobody has logged in.
    async fn find_pushed(&self, name: &str, client: &Client) -> Result<Pushed, Refused> {
        let name = sha256(name.trim_start_matches(PREFIX).as_bytes());
        let found = self.store(move |store| store.pushed(&name)).await?;
        let is_good = |found: &Pushed| found.client == client.id && found.expires > self.now();
        found.filter(is_good).ok_or_else(|| Refused::new(Code::REQUEST_URI_INVALID))
    }

    /// Reads a request of a client.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read_request(
        &self,
        parameters: &Parameters,
        client: &Client,
        redirect_uri: &str,
    ) -> Result<AuthorizationRequest, Refused> {
        let hinted = |hint: &str| match self.hinted(hint) {
            Ok(hinted) if hinted.client == client.id => Ok(hinted.subject),
            _ => Err(Refused::new(Code::ID_TOKEN_HINT_INVALID)),
        };
        request::parse(parameters, client, redirect_uri, hinted)
    }

    fn new_transaction(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        browser: &Browser,
        language: Language,
    ) -> TransactionRecord {
        let mut challenge = vec![0; 32];
        self.entropy.fill(&mut challenge);
        let name = client.registration.name();
        let host = Url::parse(&request.redirect_uri).ok();
        let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
        let words = text("site-log-in.asked").in_language(language);
        let words = words.with("site", Term { text: name, reading: "" });
        let words = words.with("host", Term { text: host, reading: "" });
        let number = client.registration.number_check == NumberCheck::Always;
        let checks = Checks { number, comes_back: true, proof: false };
        TransactionRecord {
            id: TransactionId::from_random(self.random()),
            purpose: Purpose::LogIn,
            asker: self.settings.base().to_owned(),
            asker_name: name.to_owned(),
            site: Some(host.to_owned()),
            text: words.render(form(language)),
            digest: None,
            reason: None,
            shares: request.scope.attributes(),
            challenge,
            expires: self.until(self.settings.login_life),
            origin: Some(LoginOrigin::Page { browser: browser.name.clone() }),
            handover: Handover::new(self.now(), browser.digest, checks),
            answered: None,
        }
    }

    /// An authorization of this browser.
    ///
    /// # Errors
    /// `login-not-begun` if there is none, or another browser began it; the store's.
    pub(crate) async fn authorization(
        &self,
        id: &TransactionId,
        browser: &Digest,
    ) -> Result<Authorization, Problem> {
        let found = self.find_authorization(id).await?;
        let own = found.filter(|found| found.browser == *browser);
        own.ok_or_else(|| Problem::new(Code::LOGIN_NOT_BEGUN))
    }

    /// Where the browser goes once the phone has answered, or its time is over: back to the site. `None`
    /// while it is waited for.
    ///
    /// # Errors
    /// `transaction-done` if the browser was led back, and the site has gone on; the store's.
    pub(crate) async fn outcome(&self, of: &Authorization) -> Result<Option<Url>, Problem> {
        let (now, request) = (self.now(), &of.request);
        let state = request.state.as_deref();
        let back = |answer| self.answer(&request.redirect_uri, state, answer).map(Some);
        match of.transaction.standing(now) {
            Standing::Done => {
                if let Err(refused) = self.hand_in_consent(of).await? {
                    return self.ended(of, refused.code()).map(Some);
                }
                let code = self.secrets.code(&of.transaction.id);
                let (hash, id) = (sha256(code.as_bytes()), of.transaction.id.clone());
                let times = (now, self.until(self.settings.code_life));
                // Another tab went on before: a code that comes twice would take back what it gave.
                if !self.change(move |store| store.give_code(&id, &hash, times)).await? {
                    return Err(Problem::new(Code::TRANSACTION_DONE));
                }
                back(Ok(self.given(code, &of.client, request, &of.browser)))
            }
            Standing::Over(result) => self.ended(of, &result).map(Some),
            _ => Ok(None),
        }
    }

    /// Where the browser goes with nothing, for the reason of this code.
    fn ended(&self, of: &Authorization, result: &str) -> Result<Url, Problem> {
        let request = &of.request;
        let code = Code::ALL.iter().find(|code| code.as_str() == result);
        let refused = Refused::denied(*code.unwrap_or(&Code::TRANSACTION_EXPIRED));
        let mut url =
            self.answer(&request.redirect_uri, request.state.as_deref(), Err(&refused))?;
        let name = of.transaction.id.as_str();
        url.query_pairs_mut().append_pair("inrou_transaction", name);
        Ok(url)
    }

    /// What a site is given with a code.
    fn given(
        &self,
        code: String,
        client: &ClientId,
        request: &AuthorizationRequest,
        browser: &Digest,
    ) -> Given {
        let session = || self.secrets.session_state(client, browser);
        Given { code, session: request.tells_session_state.then(session) }
    }

    /// The address of an answer (RFC 6749 §4.1.2, RFC 9207).
    fn answer(
        &self,
        redirect_uri: &str,
        state: Option<&str>,
        answer: Result<Given, &Refused>,
    ) -> Result<Url, Problem> {
        let mut url = Url::parse(redirect_uri).map_err(Problem::internal)?;
        let mut pairs = url.query_pairs_mut();
        match answer {
            Ok(given) => {
                pairs.append_pair("code", &given.code);
                if let Some(session) = &given.session {
                    pairs.append_pair("session_state", session);
                }
            }
            Err(refused) => {
                pairs.append_pair("error", refused.word());
                pairs.append_pair("error_description", &refused.description());
                pairs.append_pair("inrou_code", refused.code());
            }
        }
        if let Some(state) = state {
            pairs.append_pair("state", state);
        }
        pairs.append_pair("iss", &self.settings.issuer());
        drop(pairs);
        Ok(url)
    }
}

/// The address that a request names, which its client must have registered.
///
/// # Errors
/// `redirect-uri-unregistered`, `parameter-missing`.
pub(crate) fn registered_uri(parameters: &Parameters, client: &Client) -> Result<String, Refused> {
    let uri = parameters.needed("redirect_uri")?;
    match client.registration.redirect_uris.iter().any(|registered| registered == uri) {
        true => Ok(uri.to_owned()),
        false => Err(Refused::new(Code::REDIRECT_URI_UNREGISTERED)),
    }
}

/// The transaction that asks for a signature in place of a log-in.
fn to_sign(
    transaction: TransactionRecord,
    order: SignTransaction,
    client: &Client,
    language: Language,
) -> TransactionRecord {
    let (purpose, text, digest) = match &order.content {
        Content::Digest(digest) => (Purpose::SignDigest, order.purpose.clone(), Some(*digest)),
        Content::Document(document) => (Purpose::Sign, document.clone(), None),
        Content::Consent(asked) => {
            let document = asked.terms(&order, &transaction).map(|terms| terms.document(language));
            (Purpose::Sign, document.unwrap_or_default(), None)
        }
    };
    let number = client.registration.number_check != NumberCheck::Never;
    let checks = Checks { number, proof: true, ..transaction.handover.checks };
    let handover = Handover { checks, ..transaction.handover };
    let expires = transaction.expires.min(order.expires);
    let reason = Some(order.purpose);
    TransactionRecord { purpose, text, digest, reason, handover, expires, ..transaction }
}

/// What a site is given.
struct Given {
    code: String,
    session: Option<String>,
}

/// JSON has no place for readings: easy Japanese is written in kana.
fn form(language: Language) -> Form {
    match language {
        Language::JaEasy => Form::Kana,
        Language::Ja | Language::En => Form::Plain,
    }
}

/// What the phone gives beside the proof of who one is.
impl Scope {
    pub(crate) fn attributes(self) -> Vec<Attribute> {
        Attribute::ALL.into_iter().filter(|&one| self.has(Wanted::Attribute(one))).collect()
    }
}
