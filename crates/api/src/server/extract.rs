//! Extractors that answer malformed requests with problems.
//!
//! The text of a parser's error can repeat what was sent, a PIN for instance: problems carry only
//! where it went wrong and a fixed word.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::{Code, Problem};

/// A JSON body, in a request or an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = read_json(request, state).await?;
        parse_json(&body).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [(header::CONTENT_TYPE, HeaderValue::from_static(JSON))],
                body,
            )
                .into_response(),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// The parameters of a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|_| Problem::new(Code::BAD_REQUEST).with("reason", "query"))
    }
}

/// The variable segments of a path. One that does not have its form is one that nothing is at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| Problem::new(Code::NOT_FOUND))
    }
}

const JSON: &str = "application/json";

/// How long a body may take to arrive, in real time.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads a body that is JSON by its media type. A request without any body is read as `null`, which
/// `()` and `Option` take.
pub(crate) async fn read_json<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let body = read_body(request, state).await?;
    match media_type {
        None if body.is_empty() => Ok(Bytes::from_static(b"null")),
        Some(media_type) if is_json(&media_type) => Ok(body),
        _ => Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE).with("expected", JSON)),
    }
}

/// Reads a whole body, within the router's limit.
pub(crate) async fn read_body<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, Problem> {
    match tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Problem::new(Code::BODY_TOO_LARGE))
        }
        Ok(Err(_)) => Err(Problem::new(Code::BAD_REQUEST).with("reason", "body-cut-off")),
        Err(_) => Err(Problem::new(Code::REQUEST_TIMEOUT)),
    }
}

/// Reads JSON of the form `T`.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let (member, error) = match parsed {
        Ok(value) => match deserializer.end() {
            Ok(()) => return Ok(value),
            Err(error) => (String::new(), error),
        },
        Err(error) => (error.path().to_string(), error.into_inner()),
    };
    let reason = match error.classify() {
        Category::Syntax | Category::Io => "syntax",
        Category::Eof => "cut-off",
        Category::Data => "form",
    };
    let member: String = member.chars().take(LONGEST_MEMBER).collect();
    Err(Problem::new(Code::BODY_MALFORMED)
        .with("reason", reason)
        .with("member", member)
        .with("line", error.line())
        .with("column", error.column()))
}

fn is_json(media_type: &HeaderValue) -> bool {
    let text = media_type.to_str().unwrap_or_default();
    let essence = text.split_once(';').map_or(text, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case(JSON)
}

/// A path to a member is the sender's own text: no more than this of it is repeated.
const LONGEST_MEMBER: usize = 100;
