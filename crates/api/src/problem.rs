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
use inrou_words::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::trace::TraceId;

pub use codes::Code;
pub(crate) use codes::status_of;
use text::Said;
pub use text::{accepted_language, asked_language, language_tag};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// After how many seconds a client comes again to what is not available.
const UNAVAILABLE_FOR: &str = "5";

/// Something that did not go through: a stable code with its parameters, never text.
///
/// As an answer it is written in Japanese; [`crate::server::Shell`] writes it in the language that the
/// request asks for, and adds the trace id.
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
        Self::of(code.as_str(), code.status())
    }

    /// `bad-request`: `reason` says in fixed words what does not have its form. What was sent is not
    /// repeated, for it may be a PIN.
    pub fn bad_request(reason: &'static str) -> Self {
        Self::new(Code::BAD_REQUEST).with("reason", reason)
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
        self.code == code.as_str()
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
        self.params.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The trace id of the request in which it arose.
    pub fn trace(&self) -> Option<TraceId> {
        self.trace
    }

    /// The document, with its texts in `language`.
    pub fn document(&self, language: Language) -> ProblemDocument {
        let said = Said::of(self, language).expect("words has a text for every error of its own");
        ProblemDocument {
            kind: format!("{TYPE_PREFIX}{}", self.code),
            detail: said.detail(language),
            title: said.title,
            status: self.status.as_u16(),
            code: self.code.to_string(),
            rule: self.rule.as_ref().map(ToString::to_string),
            params: self
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            trace: self.trace.map(|trace| trace.to_string()),
            what: said.what,
            now: said.now,
            help: said.help,
            developer: said.developer,
        }
    }

    /// The answer that carries it, with its texts in `language`.
    pub fn response(&self, language: Language) -> Response {
        let body = serde_json::to_vec(&self.document(language)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.bcp47()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge.
            let scheme = if self.is(Code::LOGIN_REQUIRED) { "Bearer" } else { "Signature" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        let retry_after = self.retry_after().map(HeaderValue::from_str);
        if let Some(Ok(seconds)) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        response.extensions_mut().insert(self.clone());
        response
    }

    /// After how many seconds to come again (RFC 6585 §4, RFC 9110 §10.2.3, §15.6.4).
    pub fn retry_after(&self) -> Option<&str> {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => self.param("wait"),
            StatusCode::SERVICE_UNAVAILABLE => Some(UNAVAILABLE_FOR),
            _ => None,
        }
    }

    /// Reads a problem document that another role answered with `status`. `None` if the body is
    /// none.
    pub fn parse(status: StatusCode, body: &[u8]) -> Option<Self> {
        let document: ProblemDocument = serde_json::from_slice(body).ok()?;
        let params = document.params.into_iter();
        Some(Self {
            rule: document.rule.map(Cow::Owned),
            params: params.map(|(name, value)| (Cow::Owned(name), value)).collect(),
            trace: document.trace.and_then(|trace| trace.parse().ok()),
            ..Self::of(document.code, status)
        })
    }

    pub(crate) fn of(code: impl Into<Cow<'static, str>>, status: StatusCode) -> Self {
        Self {
            code: code.into(),
            status,
            rule: None,
            params: BTreeMap::new(),
            trace: None,
            cause: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(rule) = &self.rule {
            write!(f, " ({rule})")?;
        }
        self.params().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let params = refusal.params().into_iter();
        Self {
            rule: Some(Cow::Borrowed(refusal.rule())),
            params: params.map(|(name, value)| (Cow::Borrowed(name), value)).collect(),
            ..Self::of(refusal.code(), status_of(refusal.code()))
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
    /// What is the matter, in a few words, in the language asked for.
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// `what` and `now` in one.
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
    /// What happened, for a person, in the language asked for.
    pub what: String,
    /// What the person can do now.
    pub now: String,
    /// Where there is help (HELP-1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
    /// Why it came to this and what to change, for a developer, in English.
    pub developer: String,
}

const TYPE_PREFIX: &str = "urn:inrou:problem:";

#[cfg(test)]
mod tests {
    use std::io;

    use jiff::Timestamp;

    use super::*;

    fn json(problem: &Problem, language: Language) -> serde_json::Value {
        serde_json::to_value(problem.document(language)).unwrap()
    }

    #[test]
    fn apply_2_a_refusal_is_a_problem_with_its_rule() {
        let problem = Problem::from(Refusal::NoneSelected);
        let document = json(&problem, Language::En);
        assert_eq!(document["type"], "urn:inrou:problem:none-selected");
        assert_eq!(document["code"], "none-selected");
        assert_eq!(document["rule"], "APPLY-2");
        assert_eq!(document["status"], 422);
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
        for text in ["title", "what", "now", "developer"] {
            assert!(document[text].as_str().unwrap().is_ascii() || text != "developer", "{text}");
            assert!(!document[text].as_str().unwrap().is_empty(), "{text}");
        }
        assert!(document.get("trace").is_none());
    }

    #[test]
    fn every_problem_speaks_every_language_and_leaves_no_parameter_open() {
        let sample = |name: &str| match name {
            "left" | "most" | "failures" | "line" | "column" | "version" | "wait" => "3",
            "now" | "asked" | "created" => "2026-04-01T03:00:00Z",
            "pin" => "phone-signature",
            "fault" => "length",
            _ => "x",
        };
        for code in Code::ALL {
            for language in Language::ALL {
                let text = inrou_words::error(code.as_str()).unwrap();
                let mut problem = Problem::new(*code);
                for parameter in text.what().parameters() {
                    let value = sample(&parameter.name);
                    problem.params.insert(Cow::Owned(parameter.name.clone()), value.to_owned());
                }
                let document = problem.document(language);
                for said in [&document.title, &document.what, &document.now, &document.developer] {
                    assert!(!said.is_empty() && !said.contains('{'), "{code}: {said}");
                }
                assert!(document.detail.starts_with(&document.what), "{code}");
                assert!(document.detail.ends_with(&document.now), "{code}");
            }
        }
    }

    #[test]
    fn help_2_easy_japanese_is_written_in_kana() {
        let kanji = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        let document = Problem::from(Refusal::NoneSelected).document(Language::JaEasy);
        assert!(!document.what.contains(kanji), "{}", document.what);
        assert!(Problem::from(Refusal::NoneSelected).document(Language::Ja).what.contains(kanji));
    }

    #[test]
    fn an_internal_error_says_nothing_of_its_cause() {
        let failed: Result<(), _> = Err(io::Error::other("secret path"));
        let problem = failed.or_internal().unwrap_err();
        assert!(problem.is(Code::INTERNAL_ERROR));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem.source().unwrap().to_string(), "secret path");
        assert!(!json(&problem, Language::En).to_string().contains("secret"));
        assert!(!problem.to_string().contains("secret"));
    }

    #[test]
    fn who_finds_a_service_unavailable_is_told_when_to_come_again() {
        let retry_after = |problem: Problem| {
            let response = problem.into_response();
            response
                .headers()
                .get(header::RETRY_AFTER)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        for code in [Code::SERVICE_UNAVAILABLE, Code::STORE_UNAVAILABLE, Code::STATUS_UNAVAILABLE] {
            assert_eq!(retry_after(Problem::new(code)).as_deref(), Some("5"), "{code}");
        }
        let many = Problem::new(Code::TOO_MANY_REQUESTS).with("wait", 40);
        assert_eq!(retry_after(many).as_deref(), Some("40"));
        assert_eq!(retry_after(Problem::new(Code::CONFLICT).with("wait", 40)), None);
    }

    #[test]
    fn a_problem_is_read_back_as_it_was_sent() {
        let trace = TraceId::from_bytes([7; 16]);
        let sent = Problem::new(Code::CLOCK_BACKWARDS)
            .with("now", Timestamp::UNIX_EPOCH)
            .with("asked", Timestamp::MIN)
            .by_rule("HOURS-1")
            .traced(trace);
        let body = serde_json::to_vec(&sent.document(Language::Ja)).unwrap();
        let read = Problem::parse(StatusCode::CONFLICT, &body).unwrap();
        assert!(read.is(Code::CLOCK_BACKWARDS));
        assert_eq!(read.to_string(), sent.to_string());
        assert_eq!((read.status(), read.trace()), (StatusCode::CONFLICT, Some(trace)));
        assert_eq!(read.param("now"), Some("1970-01-01T00:00:00Z"));
        assert_eq!(json(&read, Language::En), json(&sent, Language::En));
    }

    #[test]
    fn a_code_of_another_version_is_kept_and_spoken_of_as_an_internal_error() {
        let body = br#"{"type":"t","title":"t","status":418,"detail":"d","code":"from-the-future",
            "what":"w","now":"n","developer":"d"}"#;
        let problem = Problem::parse(StatusCode::IM_A_TEAPOT, body).unwrap();
        assert_eq!(problem.code(), "from-the-future");
        let document = problem.document(Language::En);
        assert_eq!(document.code, "from-the-future");
        assert_eq!(document.what, Problem::new(Code::INTERNAL_ERROR).document(Language::En).what);
    }

    #[test]
    fn what_is_no_problem_document_is_none() {
        for body in [&b""[..], b"null", b"{}", b"{\"code\":1}", b"<html>", &[b'['; 100_000]] {
            assert!(Problem::parse(StatusCode::BAD_GATEWAY, body).is_none());
        }
    }

    #[test]
    fn an_answer_has_the_media_type_of_problems_and_challenges_where_it_has_to() {
        let response = Problem::new(Code::SIGNATURE_MISSING).response(Language::En);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["content-type"], MEDIA_TYPE);
        assert_eq!(response.headers()["content-language"], "en");
        assert_eq!(response.headers()["www-authenticate"], "Signature");
        let response = Problem::new(Code::LOGIN_REQUIRED).into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.headers()["content-language"], "ja");
        let response = Problem::new(Code::CONFLICT).into_response();
        assert!(!response.headers().contains_key("www-authenticate"));
    }
}
