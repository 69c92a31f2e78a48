//! A site as the provider's client: it registers itself, sends its visitors to log in, learns who they are.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreIdTokenVerifier, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthorizationCode, Client, ClientId, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse,
};
use reqwest::{Certificate, redirect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::book;
use crate::ground::Ground;
use crate::keys::Keys;

/// Where a log-in leads back to, at the site.
const CALLBACK: &str = "/callback";

/// The file with what the site is registered as.
pub const REGISTRATION: &str = "registration.json";

/// RFC 7523 §2.2.
pub(crate) const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// For how many seconds an assertion is good.
const ASSERTION_LIFE: i64 = 60;

/// As what a site registers itself.
#[derive(Clone, Copy)]
pub struct Asks {
    /// The name that its visitors are shown by the provider and on their phones.
    pub name: &'static str,
    /// All that it may ask for, apart by spaces.
    pub scope: &'static str,
}

/// A site as the provider's client.
pub struct RelyingParty {
    pub(crate) ground: Ground,
    asks: Asks,
    pub(crate) http: reqwest::Client,
    known: OnceCell<Known>,
}

/// What the site is known as, and whom it asks: found out when it is first needed.
pub struct Known {
    pub(crate) id: String,
    pub(crate) keys: Keys,
    provider: CoreProviderMetadata,
}

/// What lies in the file.
#[derive(Serialize, Deserialize)]
struct Registered {
    client_id: String,
    keys: Keys,
    /// Where the site was then: another address is another registration.
    #[serde(default)]
    own: String,
}

/// A log-in that was begun, to be kept in the visitor's session.
#[derive(Clone)]
pub struct Begun {
    state: CsrfToken,
    nonce: Nonce,
    verifier: String,
}

/// What the visitor comes back with.
#[derive(Deserialize)]
pub struct Back {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    inrou_code: Option<String>,
}

/// Who came back. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Person {
    /// What the provider calls the person here: always the same, and another one at other sites.
    pub subject: String,
    /// The name, if it was asked for; likewise the others.
    pub name: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// The day of birth, `YYYY-MM-DD`.
    pub birthdate: Option<String>,
    /// By what the person answered; this provider says it, others need not.
    pub medium: Option<Medium>,
    pub(crate) token: AccessToken,
}

/// What carries the key by which somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// A card.
    Card,
    /// A phone.
    Phone,
}

/// What the ID token says beside what is standard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Beside {
    medium: Option<Medium>,
}

impl AdditionalClaims for Beside {}

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum NotLoggedIn {
    /// The provider says why, by its stable code.
    #[error("the provider says {0}")]
    Told(String),
    /// The log-in was not begun in this browser, or is not the provider's.
    #[error("it was not begun here")]
    NotBegun,
    /// It did not go through.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Why the provider could not be asked: for the site's developer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub(crate) String);

impl Begun {
    /// Whether it is this log-in that the visitor comes back from.
    pub fn is_of(&self, back: &Back) -> bool {
        back.state.as_deref().is_some_and(|state| is_same(state, self.state.secret()))
    }
}

type IdTokenParts = IdTokenFields<
    Beside,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Discovered = Client<
    Beside,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<IdTokenParts, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl RelyingParty {
    /// A site that asks for this.
    ///
    /// # Errors
    /// [`Failed`]: a certificate in `roots` is none.
    pub fn new(ground: Ground, asks: Asks) -> Result<Self, Failed> {
        // Fails only where a provider is installed already, which then serves as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
        if !ground.roots.is_empty() {
            let roots: Result<Vec<_>, _> =
                ground.roots.iter().map(|root| Certificate::from_der(root)).collect();
            builder = builder.tls_certs_only(roots.map_err(failed)?);
        }
        let http = builder.build().map_err(failed)?;
        Ok(Self { ground, asks, http, known: OnceCell::new() })
    }

    /// Begins a log-in: where the visitor is to be sent, and what is to be kept until then. `scope` is apart
    /// by spaces; `signs` names something that was ordered to be signed.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn ask(&self, scope: &str, signs: Option<&str>) -> Result<(String, Begun), Failed> {
        let known = self.known().await?;
        let client = self.client(known)?;
        let [state, nonce, verifier] = [(); 3].map(|()| self.ground.random());
        let begun = Begun { state: CsrfToken::new(state), nonce: Nonce::new(nonce), verifier };
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
            begun.verifier.clone(),
        ));
        let (state, nonce) = (begun.state.clone(), begun.nonce.clone());
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            // `openid` is added by itself.
            .add_scopes(
                scope
                    .split(' ')
                    .filter(|one| *one != "openid")
                    .map(|one| Scope::new(one.to_owned())),
            )
            .set_pkce_challenge(challenge);
        if let Some(signs) = signs {
            request = request.add_extra_param("sign_transaction_id", signs);
        }
        let (url, ..) = request.url();
        Ok((url.into(), begun))
    }

    /// The visitor came back from a log-in: who that is.
    ///
    /// # Errors
    /// [`NotLoggedIn`].
    pub async fn learn(&self, begun: Option<Begun>, back: &Back) -> Result<Person, NotLoggedIn> {
        let begun = begun.ok_or(NotLoggedIn::NotBegun)?;
        // The provider says who it is (RFC 9207), so that another one's answer is not taken for its.
        let is_ours = begun.is_of(back) && back.iss.as_deref() == Some(&self.ground.issuer());
        if !is_ours {
            return Err(NotLoggedIn::NotBegun);
        }
        if let Some(error) = &back.error {
            return Err(NotLoggedIn::Told(back.inrou_code.as_ref().unwrap_or(error).clone()));
        }
        let code = AuthorizationCode::new(back.code.clone().ok_or(NotLoggedIn::NotBegun)?);
        let known = self.known().await?;
        let client = self.client(known)?;
        let call = self.caller();
        let tokens = client
            .exchange_code(code)
            .map_err(failed)?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier))
            .add_extra_param("client_assertion_type", ASSERTION)
            .add_extra_param("client_assertion", self.assertion(known)?)
            .request_async(&call)
            .await
            .map_err(failed)?;
        let id_token = tokens.id_token().ok_or_else(|| Failed("no ID token came".to_owned()))?;
        let verifier = self.by_our_clock(client.id_token_verifier());
        let claims = id_token.claims(&verifier, &begun.nonce).map_err(failed)?;
        let token = tokens.access_token().clone();
        let told =
            client.user_info(token.clone(), Some(claims.subject().clone())).map_err(failed)?;
        let told: CoreUserInfoClaims = told.request_async(&call).await.map_err(failed)?;
        let name = told.name().and_then(|name| name.get(None)).map(|name| name.to_string());
        let address = told.address().and_then(|address| address.formatted.as_ref());
        Ok(Person {
            subject: claims.subject().to_string(),
            name,
            address: address.map(|address| address.to_string()),
            birthdate: told.birthdate().map(|day| day.to_string()),
            medium: claims.additional_claims().medium,
            token,
        })
    }

    /// What the site is known as; it registers itself if it is not.
    pub(crate) async fn known(&self) -> Result<&Known, Failed> {
        self.known.get_or_try_init(|| self.find_out()).await
    }

    async fn find_out(&self) -> Result<Known, Failed> {
        let registered = match std::fs::read(self.ground.folder.join(REGISTRATION)) {
            Ok(bytes) => {
                let kept: Registered = serde_json::from_slice(&bytes).map_err(failed)?;
                if kept.own == self.ground.own { kept } else { self.register().await? }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => self.register().await?,
            Err(error) => return Err(failed(error)),
        };
        let issuer = IssuerUrl::new(self.ground.issuer()).map_err(failed)?;
        let call = self.caller();
        let provider = CoreProviderMetadata::discover_async(issuer, &call).await;
        Ok(Known {
            id: registered.client_id,
            keys: registered.keys,
            provider: provider.map_err(failed)?,
        })
    }

    /// Registers the site (RFC 7591). In a sandbox that is approved at once.
    async fn register(&self) -> Result<Registered, Failed> {
        let keys = Keys::make().map_err(failed)?;
        let host = self.ground.own.split("://").last().unwrap_or_default();
        let registration = json!({
            "client_name": self.asks.name,
            "redirect_uris": [format!("{}{CALLBACK}", self.ground.own)],
            "jwks": keys.public().map_err(failed)?,
            "scope": self.asks.scope,
            "sector": host.split(':').next().unwrap_or_default(),
            "claims_format": "oidc",
        });
        let address = format!("{}/provider/v1/clients", self.ground.provider);
        let answer = self.http.post(address).json(&registration).send().await.map_err(failed)?;
        let answer: Value =
            answer.error_for_status().map_err(failed)?.json().await.map_err(failed)?;
        let client_id = answer["client_id"].as_str().unwrap_or_default().to_owned();
        let own = self.ground.own.clone();
        let registered = Registered { client_id, keys, own };
        let text = serde_json::to_vec(&registered).map_err(failed)?;
        book::write(&self.ground.folder.join(REGISTRATION), &text).map_err(failed)?;
        Ok(registered)
    }

    pub(crate) fn client(&self, known: &Known) -> Result<Discovered, Failed> {
        let callback = format!("{}{CALLBACK}", self.ground.own);
        let id = ClientId::new(known.id.clone());
        let client = Client::from_provider_metadata(known.provider.clone(), id, None);
        Ok(client.set_redirect_uri(RedirectUrl::new(callback).map_err(failed)?))
    }

    /// How the site proves itself: `private_key_jwt`, which the library leaves to its callers.
    pub(crate) fn assertion(&self, known: &Known) -> Result<String, Failed> {
        let now = self.ground.clock.now().as_second();
        let claims = json!({"iss": known.id, "sub": known.id, "aud": self.ground.issuer(),
            "iat": now, "exp": now + ASSERTION_LIFE, "jti": self.ground.random()});
        known.keys.sign(&claims).map_err(failed)
    }

    /// The library looks at the computer's clock, which is not the sandbox's.
    fn by_our_clock<'a>(&self, verifier: CoreIdTokenVerifier<'a>) -> CoreIdTokenVerifier<'a> {
        let now = self.ground.clock.now().as_second();
        verifier.set_time_fn(move || DateTime::<Utc>::from_timestamp(now, 0).unwrap_or_default())
    }

    /// What sends the library's requests, and follows nowhere.
    pub(crate) fn caller(&self) -> impl Fn(HttpRequest) -> Answering + Send + Sync + use<> {
        let http = self.http.clone();
        move |request| {
            let http = http.clone();
            Box::pin(async move {
                let response = http.execute(request.try_into()?).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
                *answer.status_mut() = status;
                *answer.headers_mut() = headers;
                Ok(answer)
            })
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>>;

impl Failed {
    /// With what it comes from: libraries' errors say little by themselves.
    pub fn of(error: impl std::error::Error) -> Self {
        failed(error)
    }
}

/// Compares digests, so that how long it takes tells nothing.
fn is_same(one: &str, other: &str) -> bool {
    digest(&SHA256, one.as_bytes()).as_ref() == digest(&SHA256, other.as_bytes()).as_ref()
}

pub(crate) fn failed(error: impl std::error::Error) -> Failed {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    Failed(told)
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}
