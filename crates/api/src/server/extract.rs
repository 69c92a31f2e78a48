//! Extractors that answer malformed requests with problems.
//!
//! The text of a parser's error can repeat what was sent, a PIN for instance: problems carry only
//! where it went wrong and a fixed word.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Body as _;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
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
            Ok(body) => {
                ([(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], body).into_response()
            }
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
            .map_err(|_| Problem::bad_request("query"))
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
        _ if body.is_empty() => Ok(Bytes::from_static(NO_BODY)),
        Some(media_type) if is_json(&media_type) => Ok(body),
        _ => Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE).with("expected", JSON)),
    }
}

/// Reads a whole body, within the route's limit. One that says by its `Content-Length` that it is longer
/// is refused before it arrives.
///
/// # Errors
/// `body-too-large`, `request-timeout`; `bad-request` if it breaks off.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let announced = request.body().size_hint().lower();
    let request = request.with_limited_body();
    if request.body().size_hint().upper().is_some_and(|most| announced > most) {
        return Err(Problem::new(Code::BODY_TOO_LARGE));
    }
    match tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Problem::new(Code::BODY_TOO_LARGE))
        }
        Ok(Err(_)) => Err(Problem::bad_request("body")),
        Err(_) => Err(Problem::new(Code::REQUEST_TIMEOUT)),
    }
}

/// Reads JSON of the form `T`.
///
/// # Errors
/// `body-malformed`, with the place and a fixed word.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let value = parsed.map_err(|error| {
        let at = error.path().to_string();
        match reason(error.inner()) {
            _ if body == NO_BODY => malformed("no-body", &at, error.inner()),
            (reason, None) => malformed(reason, &at, error.inner()),
            (reason, Some(name)) if at == "." => malformed(reason, &name, error.inner()),
            (reason, Some(name)) => malformed(reason, &format!("{at}.{name}"), error.inner()),
        }
    })?;
    deserializer.end().map_err(|error| malformed("trailing-data", ".", &error))?;
    // Maps take the last of two members of one name, and somebody else the first (RFC 8259 §4).
    let mut again = serde_json::Deserializer::from_slice(body);
    if let Err(error) = serde_path_to_error::deserialize::<_, Distinct>(&mut again) {
        let member = error.path().to_string();
        return Err(malformed("duplicate-member", &member, error.inner()));
    }
    Ok(value)
}

/// What is wrong, in a fixed word, and the name of the member that is missing or stands twice, which is
/// the type's own. Nothing else of a parser's text is used.
fn reason(error: &serde_json::Error) -> (&'static str, Option<String>) {
    match error.classify() {
        Category::Syntax | Category::Io => ("syntax", None),
        Category::Eof => ("cut-off", None),
        Category::Data => {
            let text = error.to_string();
            let name = || text.split('`').nth(1).map(str::to_owned);
            if text.starts_with("missing field `") {
                ("missing-member", name())
            } else if text.starts_with("duplicate field `") {
                ("duplicate-member", name())
            } else if text.starts_with("unknown field `") {
                ("unknown-member", None)
            } else {
                ("form", None)
            }
        }
    }
}

fn malformed(reason: &'static str, member: &str, error: &serde_json::Error) -> Problem {
    let member = member.chars().take(LONGEST_MEMBER).collect::<String>();
    let mut place = match member.as_str() {
        "." => "in the body as a whole".to_owned(),
        member => format!("at the member `{member}`"),
    };
    let mut problem = Problem::new(Code::BODY_MALFORMED).with("reason", reason);
    // Parts of a body that are read twice have no line of their own.
    if error.line() > 0 {
        place.push_str(&format!(", line {}, column {}", error.line(), error.column()));
        problem = problem.with("line", error.line()).with("column", error.column());
    }
    problem.with("member", member).with("place", place)
}

/// JSON in which no object has two members of one name. Its content is not kept.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Distinct)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<Distinct>()?;
            if !names.insert(name) {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

fn is_json(media_type: &HeaderValue) -> bool {
    let text = media_type.to_str().unwrap_or_default();
    let essence = text.split_once(';').map_or(text, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case(JSON)
}

/// What a request without a body is read as.
const NO_BODY: &[u8] = b"null";

/// A path to a member is the sender's own text: no more than this of it is repeated.
const LONGEST_MEMBER: usize = 100;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::Router;
    use axum::body::Body;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::{get, post};
    use hyper::body::{Frame, SizeHint};
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        pin: String,
        count: Option<u8>,
    }

    /// A body that never comes, of so many announced bytes if any.
    #[derive(Default)]
    struct Stalled(Option<u64>);

    impl hyper::body::Body for Stalled {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }

        fn size_hint(&self) -> SizeHint {
            self.0.map_or_else(SizeHint::default, SizeHint::with_exact)
        }
    }

    fn router() -> Router {
        Router::new()
            .route("/order", post(async |Json(order): Json<Order>| Json(order)))
            .route("/empty", post(async |Json(()): Json<()>| ()))
            .route(
                "/long",
                post(async |Json(text): Json<String>| text).layer(DefaultBodyLimit::max(100_000)),
            )
            .route("/item/{number}", get(async |Path(number): Path<u8>| number.to_string()))
            .route("/find", get(async |Query(order): Query<Order>| Json(order)))
            .layer(DefaultBodyLimit::max(65536))
    }

    async fn send(request: Request) -> Result<String, Problem> {
        let response = router().oneshot(request).await.unwrap();
        if let Some(problem) = response.extensions().get::<Problem>() {
            return Err(problem.clone());
        }
        let body = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post_json(uri: &str, body: impl Into<Body>) -> Result<String, Problem> {
        let request = Request::post(uri).header("content-type", "application/json; charset=utf-8");
        send(request.body(body.into()).unwrap()).await
    }

    #[tokio::test]
    async fn json_goes_in_and_out() {
        let body = r#"{"pin":"1234","count":5}"#;
        assert_eq!(post_json("/order", body).await.unwrap(), body);
        assert_eq!(post_json("/empty", "null").await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_request_without_a_body_is_read_as_null() {
        let bare = |uri| send(Request::post(uri).body(Body::empty()).unwrap());
        assert_eq!(bare("/empty").await.unwrap(), "");
        assert!(bare("/order").await.unwrap_err().is(Code::BODY_MALFORMED));
    }

    #[tokio::test]
    async fn a_malformed_body_is_refused_by_place_and_never_repeated() {
        for (body, place) in [
            ("{\"pin\":\"9182\"", ["cut-off", "?", "1", "13"]),
            ("{\"pin\":9182}", ["form", "pin", "1", "11"]),
            ("{\"pin\":\"9182\",\n\"count\":\"9182\"}", ["form", "count", "2", "14"]),
            ("{\"pin\":\"9182\"} 9182", ["trailing-data", ".", "1", "16"]),
            ("{\"pin\":\"9182\",\"more\":1}", ["unknown-member", "more", "1", "20"]),
            ("{\"count\":9}", ["missing-member", "pin", "1", "11"]),
            ("{\"pin\":\"9182\",\"pin\":\"1\"}", ["duplicate-member", "pin", "1", "19"]),
            ("9182", ["form", ".", "1", "4"]),
        ] {
            let problem = post_json("/order", body).await.unwrap_err();
            assert!(problem.is(Code::BODY_MALFORMED), "{body}");
            let found = ["reason", "member", "line", "column"].map(|name| problem.param(name));
            assert_eq!(found, place.map(Some), "{body}");
            assert!(!problem.to_string().contains("9182"), "{body}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_in_a_map_too() {
        let fields = |body: &str| parse_json::<BTreeMap<String, Value>>(body.as_bytes());
        assert_eq!(fields(r#"{"a":{"b":1,"c":[{"b":2},{"b":3}]},"b":null}"#).unwrap().len(), 2);
        for body in [r#"{"a":1,"b":2,"a":1}"#, r#"{"b":[{"a":1.5,"a":"x"}]}"#] {
            let problem = fields(body).unwrap_err();
            assert_eq!(problem.param("reason"), Some("duplicate-member"), "{body}");
        }
    }

    #[test]
    fn what_has_no_place_in_a_body_is_not_given_one() {
        #[derive(Debug, Deserialize)]
        #[serde(tag = "step", rename_all = "kebab-case")]
        enum Step {
            Begin { again: bool },
        }
        let problem = parse_json::<Step>(br#"{"step":"begin","again":5}"#).unwrap_err();
        assert_eq!(problem.param("place"), Some("in the body as a whole"));
        assert_eq!((problem.param("line"), problem.param("column")), (None, None));
        let Step::Begin { again } = parse_json(br#"{"step":"begin","again":true}"#).unwrap();
        assert!(again);
        let nothing = parse_json::<Order>(NO_BODY).err().unwrap();
        assert_eq!(nothing.param("reason"), Some("no-body"));
    }

    #[tokio::test]
    async fn only_json_is_taken() {
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
        {
            let request = Request::post("/order").header("content-type", media_type);
            let problem = send(request.body("{}".into()).unwrap()).await.unwrap_err();
            assert!(problem.is(Code::UNSUPPORTED_MEDIA_TYPE), "{media_type}");
        }
        let problem = send(Request::post("/order").body("{}".into()).unwrap()).await.unwrap_err();
        assert!(problem.is(Code::UNSUPPORTED_MEDIA_TYPE));
    }

    #[tokio::test]
    async fn a_body_is_bounded_by_its_routes_limit() {
        let body = |length: usize| format!("\"{}\"", "a".repeat(length - 2));
        for (uri, limit) in [("/order", 65536), ("/long", 100_000)] {
            let problem = post_json(uri, body(limit + 1)).await.unwrap_err();
            assert!(problem.is(Code::BODY_TOO_LARGE));
        }
        assert_eq!(post_json("/long", body(100_000)).await.unwrap().len(), 99_998);
    }

    #[tokio::test]
    async fn deep_nesting_is_malformed() {
        let problem = post_json("/order", "[".repeat(60_000)).await.unwrap_err();
        assert!(problem.is(Code::BODY_MALFORMED));
        assert!(problem.param("member").unwrap().len() < 200);
    }

    #[tokio::test]
    async fn a_segment_that_has_not_its_form_is_not_found_and_a_query_a_bad_request() {
        let fetch = |uri: &'static str| send(Request::get(uri).body(Body::empty()).unwrap());
        assert_eq!(fetch("/item/7").await.unwrap(), "7");
        assert!(fetch("/item/seven").await.unwrap_err().is(Code::NOT_FOUND));
        assert!(fetch("/item/%FF").await.unwrap_err().is(Code::NOT_FOUND));
        assert_eq!(fetch("/find?pin=1&count=2").await.unwrap(), r#"{"pin":"1","count":2}"#);
        for query in ["/find", "/find?pin=1&count=x", "/find?pin=1&other=2", "/find?pin=1&pin=2"] {
            let problem = fetch(query).await.unwrap_err();
            assert_eq!(problem.param("reason"), Some("query"), "{query}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_not_waited_for_without_end() {
        let problem = post_json("/order", Body::new(Stalled::default())).await.unwrap_err();
        assert!(problem.is(Code::REQUEST_TIMEOUT));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_announced_too_long_is_refused_before_it_arrives() {
        for (uri, limit) in [("/order", 65536), ("/long", 100_000)] {
            let started = tokio::time::Instant::now();
            let announced = |length| post_json(uri, Body::new(Stalled(Some(length))));
            assert!(announced(limit + 1).await.unwrap_err().is(Code::BODY_TOO_LARGE));
            assert_eq!(started.elapsed(), Duration::ZERO);
            assert!(announced(limit).await.unwrap_err().is(Code::REQUEST_TIMEOUT));
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_json::<Order>(&body);
            let _ = parse_json::<Value>(&body);
        }
    }
}
