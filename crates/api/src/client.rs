//! The typed HTTP client by which roles speak to each other.
//!
//! A [`Client`] knows one service. A request is made with [`Client::get`] or [`Client::post`] and
//! ended with [`Call::answer`] (JSON) or [`Call::bytes`]. Requests are signed if the client was given
//! a key; those that carry an idempotency key are repeated when the connection fails or the service is
//! not available for the moment.

mod transport;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use inrou_pki::Entropy;
use inrou_words::Language;
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::acting::{self, Acting};
use crate::clock::Clock;
use crate::idempotency::{self, IdempotencyKey};
use crate::problem::{Code, Problem, language_tag};
use crate::signature::{self, RequestSigner, SigningError, Target};
use transport::{authority, http_client, parse_base, read, unavailable};

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service answered with a problem.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The service cannot be reached, or did not answer in time.
    #[error("the service does not answer: {0}")]
    Unavailable(String),
    /// What was answered is neither what was asked for nor a problem.
    #[error("the service answered with {status} in a form that is not understood")]
    Answer {
        /// The status it came with.
        status: StatusCode,
    },
    /// The key that is to sign did not.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The address or the request cannot be sent as it is.
    #[error("the request cannot be sent: {0}")]
    Request(String),
}

impl ClientError {
    /// The problem that the service answered with.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            ClientError::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether the same request may go through a little later.
    fn may_pass(&self) -> bool {
        match self {
            ClientError::Problem(problem) => UNAVAILABLE.contains(&problem.status()),
            ClientError::Unavailable(_) => true,
            _ => false,
        }
    }
}

/// For a role that passes on what another one said: a problem stays as it is, a service that does not
/// answer is `service-unavailable`, everything else is nobody's fault but ours.
impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => *problem,
            ClientError::Unavailable(_) => Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error),
            _ => Problem::internal(error),
        }
    }
}

/// A client of one service. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<Url>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    signer: Option<Arc<dyn RequestSigner>>,
    token: Option<Arc<Zeroizing<String>>>,
    language: Option<Language>,
}

impl Client {
    /// A client of the service at `base`, such as `http://localhost:8080/authority/v1`. The
    /// certificates in `roots` (DER) are trusted for TLS, and only they; if there are none, those of
    /// the operating system.
    ///
    /// # Errors
    /// [`ClientError::Request`]: no `http` or `https` address, plain HTTP to another machine, or a
    /// root that is no certificate.
    pub fn new(
        base: &str,
        roots: &[Vec<u8>],
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        let base = parse_base(base)?;
        Ok(Self {
            http: http_client(&base, roots)?,
            base: Arc::new(base),
            clock,
            entropy,
            signer: None,
            token: None,
            language: None,
        })
    }

    /// The same client, signing every request with this key.
    #[must_use]
    pub fn signing(mut self, signer: Arc<dyn RequestSigner>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The same client, showing this bearer token with every request (RFC 6750).
    #[must_use]
    pub fn showing(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Arc::new(Zeroizing::new(token.into())));
        self
    }

    /// The same client, asking for texts in this language.
    #[must_use]
    pub fn speaking(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// A GET of `path`, which is appended to the base.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A POST to `path`, which is appended to the base.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// A PUT to `path`, which is appended to the base.
    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let mut url = Url::clone(&self.base);
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        let client = self.clone();
        Call { client, method, url, key: None, acting: None, body: Ok(None), patience: PATIENCE }
    }
}

/// A request in the making.
pub struct Call {
    client: Client,
    method: Method,
    url: Url,
    key: Option<IdempotencyKey>,
    acting: Option<Acting>,
    body: Result<Option<(&'static str, Vec<u8>)>, String>,
    patience: Duration,
}

impl Call {
    /// With this JSON as its body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = match serde_json::to_vec(body) {
            Ok(body) => Ok(Some(("application/json", body))),
            Err(error) => Err(error.to_string()),
        };
        self
    }

    /// With these parameters in its query.
    #[must_use]
    pub fn query<'p>(mut self, params: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        self.url.query_pairs_mut().extend_pairs(params);
        self
    }

    /// Under this idempotency key: the request is repeated when the connection fails, and carried out
    /// once all the same.
    #[must_use]
    pub fn once(mut self, key: &IdempotencyKey) -> Self {
        self.key = Some(key.clone());
        self
    }

    /// As an act of that member of the staff.
    #[must_use]
    pub fn acting(mut self, acting: Acting) -> Self {
        self.acting = Some(acting);
        self
    }

    /// Waiting for the answer this much longer than usual: for long polls.
    #[must_use]
    pub fn waiting(mut self, longer: Duration) -> Self {
        self.patience = PATIENCE + longer;
        self
    }

    /// Sends it and reads the answer as JSON. An empty answer is read as `null`, which `()` and
    /// `Option` take.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn answer<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let (status, body) = self.send().await?;
        let json: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(json).map_err(|_| ClientError::Answer { status })
    }

    /// Sends it and gives the answer as it came.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn bytes(self) -> Result<Bytes, ClientError> {
        self.send().await.map(|(_, body)| body)
    }

    async fn send(self) -> Result<(StatusCode, Bytes), ClientError> {
        let mut pauses = PAUSES.iter().filter(|_| self.key.is_some());
        loop {
            match (self.sign_and_attempt().await, pauses.next()) {
                (Err(error), Some(pause)) if error.may_pass() => {
                    tracing::debug!(%error, "a request is repeated");
                    tokio::time::sleep(*pause).await;
                }
                (outcome, _) => return outcome,
            }
        }
    }

    /// A sandbox's clock may be turned while a signed request is under way: once more with the new
    /// time, since nothing has been done.
    async fn sign_and_attempt(&self) -> Result<(StatusCode, Bytes), ClientError> {
        match self.attempt().await {
            Err(ClientError::Problem(problem)) if problem.is(Code::SIGNATURE_EXPIRED) => {
                self.attempt().await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self) -> Result<(StatusCode, Bytes), ClientError> {
        let (headers, body) = self.prepare().await?;
        let response = self
            .client
            .http
            .request(self.method.clone(), self.url.clone())
            .headers(headers)
            .body(body)
            .timeout(self.patience)
            .send()
            .await
            .map_err(unavailable)?;
        let status = response.status();
        let body = read(response).await?;
        if status.is_success() {
            return Ok((status, body));
        }
        Err(match Problem::parse(status, &body) {
            Some(problem) => ClientError::Problem(Box::new(problem)),
            None if UNAVAILABLE.contains(&status) => ClientError::Unavailable(status.to_string()),
            None => ClientError::Answer { status },
        })
    }

    /// Headers and body, signed anew for every attempt: a nonce is taken once.
    async fn prepare(&self) -> Result<(HeaderMap, Vec<u8>), ClientError> {
        let body = self.body.as_ref().map_err(|error| ClientError::Request(error.clone()))?;
        let mut headers = HeaderMap::new();
        if let Some((media_type, _)) = body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        if let Some(language) = self.client.language {
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language_tag(language)));
        }
        if let Some(token) = &self.client.token {
            let credentials = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut credentials = HeaderValue::try_from(credentials.as_str())
                .map_err(|_| ClientError::Request("the token is no header's value".to_owned()))?;
            credentials.set_sensitive(true);
            headers.insert(AUTHORIZATION, credentials);
        }
        if let Some(key) = &self.key {
            headers.insert(idempotency::HEADER, key.to_header());
        }
        if let Some(acting) = self.acting {
            headers.insert(acting::HEADER, acting.to_header());
        }
        let body = body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
        if let Some(signer) = &self.client.signer {
            let authority = authority(&self.url);
            let target = Target {
                method: &self.method,
                authority: &authority,
                path: self.url.path(),
                query: self.url.query(),
            };
            let (now, entropy) = (self.client.clock.now(), &*self.client.entropy);
            signature::sign(&target, &mut headers, &body, &**signer, now, entropy).await?;
        }
        Ok((headers, body))
    }
}

/// How long, in real time, an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long, in real time, a request with an idempotency key rests before it is tried again.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

const UNAVAILABLE: [StatusCode; 3] =
    [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
