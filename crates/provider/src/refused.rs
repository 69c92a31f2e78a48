//! Requests that are refused, in the words of OAuth 2.0.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_words::{Form, Language, error};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// A request of a client that is refused: a stable code with its parameters, which has a word in OAuth
/// 2.0 and its extensions as well.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// Boxed: most functions may refuse, few do.
    problem: Box<Problem>,
    /// Its word, where it is another than the code has for itself.
    word: Option<&'static str>,
    challenge: Challenge,
}

/// What `WWW-Authenticate` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    /// Nothing: the header would have to name a scheme of HTTP, and clients use none (RFC 6749 §5.2).
    None,
    /// How a resource is opened (RFC 6750 §3, RFC 9449 §7.1).
    Token,
    /// The client used a scheme of HTTP.
    Basic,
}

/// The body of a refusal (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedDocument {
    /// The word of OAuth 2.0.
    pub error: String,
    /// Why, in English, for the developer.
    pub error_description: String,
    /// Our own stable code, more exact than `error`.
    pub code: String,
}

/// The answers of a protocol's endpoint that refuses.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described, for the OpenAPI document")]
pub(crate) enum Refusals {
    /// The request does not hold.
    #[response(status = 400)]
    Request(RefusedDocument),
    /// Client, token or proof does not hold.
    #[response(status = 401)]
    Proof(RefusedDocument),
    /// The client may not.
    #[response(status = 403)]
    Client(RefusedDocument),
    /// The body did not come.
    #[response(status = 408)]
    Late(RefusedDocument),
    /// The body is too long.
    #[response(status = 413)]
    Long(RefusedDocument),
    /// The client has had residents asked as often as it may, for the moment.
    #[response(status = 429)]
    Often(RefusedDocument),
    /// The service failed.
    #[response(status = 500)]
    Failed(RefusedDocument),
    /// The service is not available for the moment.
    #[response(status = 503)]
    Unavailable(RefusedDocument),
}

impl Refused {
    /// The refusal of this code.
    pub(crate) fn new(code: Code) -> Self {
        Self::from(Problem::new(code))
    }

    /// That nothing was granted, for the reason of this code (RFC 6749 §4.1.2.1).
    pub(crate) fn denied(code: Code) -> Self {
        let own = error(code.as_str()).and_then(|text| text.oauth());
        Self { word: own.or(Some("access_denied")), ..Self::new(code) }
    }

    /// Adds a parameter. Never an attribute value or a secret.
    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        Self { problem: Box::new(self.problem.with(name, value)), ..self }
    }

    /// As a resource tells it that an access token opens.
    pub(crate) fn at_resource(self) -> Self {
        Self { challenge: Challenge::Token, ..self }
    }

    /// As it is told to who used HTTP's own scheme of passwords.
    pub(crate) fn at_basic(self) -> Self {
        Self { challenge: Challenge::Basic, ..self }
    }

    /// The word of OAuth 2.0 (RFC 6749 §4.1.2.1, §5.2).
    pub(crate) fn word(&self) -> &'static str {
        let text = error(self.code());
        self.word.or(text.and_then(|text| text.oauth())).unwrap_or(match self.problem.status() {
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        })
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        self.problem.code()
    }

    /// What is wrong, in fixed words, where the code alone does not say.
    pub(crate) fn detail(&self) -> Option<&str> {
        ["reason", "member", "parameter"].into_iter().find_map(|name| self.problem.param(name))
    }

    /// Why, for the developer, in the characters that OAuth allows.
    pub(crate) fn description(&self) -> String {
        let Some(text) = error(self.code()) else { return String::new() };
        let cause = text.cause().in_language(Language::En).with_all(self.problem.params());
        let cause = cause.render(Form::Plain);
        let plain = |c: char| match c {
            '"' | '`' | '’' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            _ => ' ',
        };
        cause.chars().map(plain).collect()
    }

    /// As a problem, to be shown to a person.
    pub(crate) fn into_problem(self) -> Problem {
        *self.problem
    }

    /// At a resource, a proof that does not hold is as good as none (RFC 9449 §7.1).
    fn status(&self) -> StatusCode {
        match self.challenge {
            Challenge::Token if self.is_of_proof() => StatusCode::UNAUTHORIZED,
            _ => self.problem.status(),
        }
    }

    fn is_of_proof(&self) -> bool {
        matches!(self.word(), "invalid_dpop_proof" | "use_dpop_nonce")
    }

    /// The lines of `WWW-Authenticate`.
    fn challenges(&self) -> Vec<String> {
        // RFC 6750 §3.1: who sent no token is told nothing but what to send.
        let told = match self.code() {
            "access-token-missing" => String::new(),
            _ => {
                let (word, description) = (self.word(), self.description());
                format!(", error=\"{word}\", error_description=\"{description}\"")
            }
        };
        let bearer = || format!("Bearer realm=\"inrou\"{told}");
        let dpop = || format!("DPoP realm=\"inrou\"{told}, algs=\"ES256 PS256 EdDSA\"");
        match self.challenge {
            Challenge::None => Vec::new(),
            Challenge::Basic => vec![format!("Basic realm=\"inrou\"{told}")],
            Challenge::Token if self.problem.status().is_server_error() => Vec::new(),
            // What is wrong with a proof says nothing of a token that is sent without.
            Challenge::Token if self.is_of_proof() => vec![dpop()],
            Challenge::Token => vec![bearer(), dpop()],
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), word: None, challenge: Challenge::None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let document = RefusedDocument {
            error: self.word().to_owned(),
            error_description: self.description(),
            code: self.code().to_owned(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let json = HeaderValue::from_static("application/json");
        let mut response = (self.status(), [(header::CONTENT_TYPE, json)], body).into_response();
        if let Some(wait) = self.problem.retry_after().map(HeaderValue::from_str) {
            response.headers_mut().extend(wait.ok().map(|wait| (header::RETRY_AFTER, wait)));
        }
        for challenge in self.challenges() {
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }
}
