//! Problem documents (RFC 9457): how every role says over HTTP that something did not go through.
//!
//! A handler answers `Result<_, Problem>`; a [`Refusal`] becomes one by `?`, an unforeseen error by
//! [`OrInternal::or_internal`]. The text is chosen when the answer is written, in the language that
//! the request asks for.

mod codes;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inrou_rules::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::ClockError;
use crate::trace::TraceId;

pub use codes::Code;
pub use text::{Language, accepted_language, tag};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Something that did not go through: a stable code with its parameters, never text.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Cow<'static, str>,
    status: StatusCode,
    rule: Option<Cow<'static, str>>,
    params: BTreeMap<Cow<'static, str>, String>,
    trace: Option<TraceId>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// The problem of this code, without parameters.
    pub fn new(code: Code) -> Self {
        Self {
            code: Cow::Borrowed(code.code),
            status: code.status,
            rule: None,
            params: BTreeMap::new(),
            trace: None,
            cause: None,
        }
    }

    /// An error that nobody foresaw: `internal-error`. What it says goes to the log, not to the
    /// caller.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Code::INTERNAL_ERROR).caused_by(cause)
    }

    /// Adds a parameter. Never an attribute value, a PIN or another secret.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.params.insert(Cow::Borrowed(name), value.to_string());
        self
    }

    /// Names the rule of the rulebook by which this is a problem.
    #[must_use]
    pub fn by_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(Cow::Borrowed(rule));
        self
    }

    /// Notes what lies behind it, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The same problem with the trace id of the request at hand.
    #[must_use]
    pub fn traced(mut self, trace: TraceId) -> Self {
        self.trace = Some(trace);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether this is the problem of that code.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The rule of the rulebook, such as `APPLY-2`.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// A parameter's value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// The parameters, by name.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The trace id of the request in which it arose.
    pub fn trace(&self) -> Option<TraceId> {
        self.trace
    }

    /// The document, with its texts in `language`.
    pub fn document(&self, language: Language) -> ProblemDocument {
        let text = text::text(self, language);
        ProblemDocument {
            kind: format!("{TYPE_PREFIX}{}", self.code),
            title: text.title,
            status: self.status.as_u16(),
            detail: text.detail,
            code: self.code.to_string(),
            rule: self.rule.as_ref().map(ToString::to_string),
            params: self
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            trace: self.trace.map(|trace| trace.to_string()),
            what: text.what,
            now: text.now,
            developer: text.developer,
        }
    }

    /// The answer that carries it, with its texts in `language`.
    pub fn response(&self, language: Language) -> Response {
        let body = serde_json::to_vec(&self.document(language)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.bcp47()),
        );
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge. The scheme is that of RFC 9421.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Signature"),
            );
        }
        response.extensions_mut().insert(self.clone());
        response
    }

    /// Reads a problem document that another role answered with `status`. `None` if the body is
    /// none.
    pub fn parse(status: StatusCode, body: &[u8]) -> Option<Self> {
        let document: ProblemDocument = serde_json::from_slice(body).ok()?;
        Some(Self {
            code: Cow::Owned(document.code),
            status,
            rule: document.rule.map(Cow::Owned),
            params: document
                .params
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name), value))
                .collect(),
            trace: document.trace.and_then(|trace| trace.parse().ok()),
            cause: None,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(rule) = &self.rule {
            write!(f, " ({rule})")?;
        }
        self.params()
            .try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// A refusal is answered with 422: the request was understood, and repeating it as it is would be
/// refused again.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: Cow::Borrowed(refusal.code()),
            status: StatusCode::UNPROCESSABLE_ENTITY,
            rule: Some(Cow::Borrowed(refusal.rule())),
            params: refusal
                .params()
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
            trace: None,
            cause: None,
        }
    }
}

impl From<ClockError> for Problem {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::Backwards { now, asked } => Problem::new(Code::CLOCK_BACKWARDS)
                .with("now", now)
                .with("asked", asked),
            ClockError::OutOfRange => {
                Problem::new(Code::BAD_REQUEST).with("reason", "time-out-of-range")
            }
            ClockError::Unreadable { .. } | ClockError::Io(_) => Problem::internal(error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response(Language::default())
    }
}

/// Turns an error that nobody foresaw into the problem `internal-error`.
pub trait OrInternal<T> {
    /// The value, or the problem.
    ///
    /// # Errors
    /// `internal-error`, with the error as its cause.
    fn or_internal(self) -> Result<T, Problem>;
}

impl<T, E: Error + Send + Sync + 'static> OrInternal<T> for Result<T, E> {
    fn or_internal(self) -> Result<T, Problem> {
        self.map_err(Problem::internal)
    }
}

/// A problem document as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    /// Names the kind of problem; it does not lead anywhere.
    #[serde(rename = "type")]
    #[schema(example = "urn:inrou:problem:none-selected")]
    pub kind: String,
    /// What happened, for a person, in the language asked for.
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened and what to do now, for a person, in the language asked for.
    pub detail: String,
    /// The stable code.
    #[schema(example = "none-selected")]
    pub code: String,
    /// The rule of the rulebook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "APPLY-2")]
    pub rule: Option<String>,
    /// The parameters of the code.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// The id under which the service's log tells more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What happened, for a resident.
    pub what: String,
    /// What to do now, for a resident.
    pub now: String,
    /// What happened and what to do, for a developer, in English.
    pub developer: String,
}

const TYPE_PREFIX: &str = "urn:inrou:problem:";
