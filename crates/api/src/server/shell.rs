//! What lies around every handler: trace id, access log, limits, security headers, and a problem
//! document for whatever goes wrong.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use inrou_pki::Entropy;
use tracing::Instrument;

use super::guard::{OpenToOthers, refuse_cross_origin};
use crate::clock::{Clock, http_date};
use crate::problem::{Code, Problem, asked_language};
use crate::trace::TraceId;

/// What lies around every handler of a role.
#[derive(Clone)]
pub struct Shell {
    role: &'static str,
    entropy: Arc<dyn Entropy>,
    clock: Option<Arc<dyn Clock>>,
    pages: Option<Arc<dyn ShowProblem>>,
    open: OpenToOthers,
}

/// Shows a problem to a person who looks with a browser.
pub trait ShowProblem: Send + Sync {
    /// The page that says it; the request's headers tell in which language.
    fn show(&self, problem: &Problem, headers: &HeaderMap, uri: &Uri, trace: TraceId) -> Response;
}

impl Shell {
    /// The longest body that is taken, in bytes, unless a route sets its own `DefaultBodyLimit`.
    pub const BODY_LIMIT: usize = 64 * 1024;

    /// A shell for the role of that name in the log; trace ids are drawn from `entropy`.
    pub fn new(role: &'static str, entropy: Arc<dyn Entropy>) -> Self {
        Self { role, entropy, clock: None, pages: None, open: OpenToOthers::default() }
    }

    /// Has problems shown as pages to who asks for HTML.
    #[must_use]
    pub fn with_pages(mut self, pages: Arc<dyn ShowProblem>) -> Self {
        self.pages = Some(pages);
        self
    }

    /// Has answers tell the service's time in `Date`: that by which they are signed, kept and expire. A
    /// sandbox's clock may be turned; without this, the server tells the system's time.
    #[must_use]
    pub fn telling(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Lets pages of other origins have a browser ask for this.
    #[must_use]
    pub fn open_to_others(self, open: OpenToOthers) -> Self {
        Self { open, ..self }
    }

    /// Lays the shell around a router, once its routes are complete.
    pub fn wrap(self, router: Router) -> Router {
        router
            .layer(DefaultBodyLimit::max(Self::BODY_LIMIT))
            .layer(from_fn_with_state(self, around))
    }
}

async fn around(State(shell): State<Shell>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut bytes = [0; 16];
    shell.entropy.fill(&mut bytes);
    let trace = TraceId::from_bytes(bytes);
    let language = asked_language(request.headers());
    let pages = shell.pages.filter(|_| wants_html(request.headers()));
    let asked = pages.map(|pages| (pages, request.headers().clone(), request.uri().clone()));
    let method = request.method().clone();
    // The route, not the path: a path may hold an OCSP request or an identifier.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("-", MatchedPath::as_str);

    let span = tracing::info_span!("request", role = shell.role, %trace);
    async {
        let mut response = answer(request, next, shell.open).await;
        if let Some(problem) = problem_of(&response) {
            match problem.source() {
                Some(cause) if problem.status().is_server_error() => {
                    tracing::error!(code = problem.code(), cause, "a request failed");
                }
                // Whoever asked is told what to change.
                Some(cause) => {
                    tracing::debug!(code = problem.code(), cause, "a request is refused")
                }
                None => {}
            }
            if let Some(upstream) = problem.trace() {
                tracing::info!(code = problem.code(), %upstream, "passed on from another role");
            }
            let headers = std::mem::take(response.headers_mut());
            response = match &asked {
                Some((pages, asked, uri)) => pages.show(&problem, asked, uri, trace),
                None => problem.traced(trace).response(language),
            };
            keep_headers(response.headers_mut(), headers);
        }
        add_headers(&mut response, trace);
        if let Some(clock) = &shell.clock {
            response.headers_mut().insert(header::DATE, http_date(clock.now()));
        }
        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        tracing::info!(%method, route, status, ?elapsed, "answered");
        response
    }
    .instrument(span)
    .await
}

async fn answer(request: Request, next: Next, open: OpenToOthers) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = refuse_cross_origin(&parts, &open) {
        return problem.response(Default::default());
    }
    let mut handler = pin!(next.run(Request::from_parts(parts, body)));
    let caught = std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    caught.await.unwrap_or_else(|panic| {
        tracing::error!(panic = panic_text(&*panic), "a handler panicked");
        Problem::new(Code::INTERNAL_ERROR).response(Default::default())
    })
}

/// The problem that a response stands for: its own, or, if it is a bare error of the framework, the
/// one that its status means.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    if response.headers().contains_key(header::CONTENT_TYPE) {
        return None;
    }
    let code = match response.status() {
        StatusCode::NOT_FOUND => Code::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => Code::METHOD_NOT_ALLOWED,
        StatusCode::INTERNAL_SERVER_ERROR => Code::INTERNAL_ERROR,
        _ => return None,
    };
    Some(Problem::new(code))
}

/// Whether HTML is asked for: a browser that goes to a page names it, a script or a tool does not.
fn wants_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).into_iter();
    accepted.any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")))
}

/// Keeps what stood beside a problem, such as `Allow`. What describes the body is the new body's.
fn keep_headers(headers: &mut HeaderMap, old: HeaderMap) {
    let own: Vec<HeaderName> = headers.keys().cloned().chain([header::CONTENT_LENGTH]).collect();
    for (name, value) in &old {
        if !own.contains(name) {
            headers.append(name, value.clone());
        }
    }
}

fn add_headers(response: &mut Response, trace: TraceId) {
    const HEADERS: [(HeaderName, HeaderValue); 5] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
        headers.insert(HeaderName::from_static("trace-id"), value);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use inrou_pki::SeededEntropy;
    use tower::ServiceExt;

    use super::*;
    use crate::clock::TestClock;
    use crate::problem::{MEDIA_TYPE, OrInternal};

    async fn panics() -> &'static str {
        panic!("a secret")
    }

    async fn fails() -> Result<(), Problem> {
        Err(io::Error::other("a secret")).or_internal()
    }

    async fn refuses() -> Result<(), Problem> {
        Err(Problem::from(inrou_rules::Refusal::NoneSelected))
    }

    fn router() -> Router {
        let router = Router::new()
            .route("/word", get(async || "word"))
            .route("/panic", get(panics))
            .route("/fail", get(fails))
            .route("/refuse", post(refuses))
            .route("/bare", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/own", get(async || (StatusCode::NOT_FOUND, "a page").into_response()))
            .route("/cached", get(async || ([(header::CACHE_CONTROL, "max-age=5")], "an answer")));
        Shell::new("test", Arc::new(SeededEntropy::new(1))).wrap(router)
    }

    async fn send(request: axum::http::request::Builder) -> (Response, serde_json::Value) {
        let request: Request = request.body(Body::empty()).unwrap();
        let response = router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        (Response::from_parts(parts, Body::empty()), json)
    }

    #[tokio::test]
    async fn every_answer_has_a_trace_id_of_its_own_and_security_headers() {
        let (one, _) = send(Request::get("/word")).await;
        assert_eq!(one.status(), StatusCode::OK);
        assert_eq!(one.headers()["x-content-type-options"], "nosniff");
        assert_eq!(one.headers()["cache-control"], "no-store");
        let (other, _) = send(Request::get("/nothing")).await;
        assert_eq!(other.headers()["x-content-type-options"], "nosniff");
        for answer in [&one, &other] {
            assert!(answer.headers()["trace-id"].to_str().unwrap().parse::<TraceId>().is_ok());
        }
        let (cached, _) = send(Request::get("/cached")).await;
        assert_eq!(cached.headers()["cache-control"], "max-age=5", "a handler's own stands");
    }

    #[tokio::test]
    async fn apply_2_a_refusal_comes_as_a_problem_in_the_language_asked_for() {
        for (accept, language) in [("en", "en"), ("ja", "ja"), ("ja-x-easy", "ja"), ("fr", "ja")] {
            let (response, problem) =
                send(Request::post("/refuse").header("accept-language", accept)).await;
            assert_eq!(response.headers()["content-type"], MEDIA_TYPE);
            assert_eq!(response.headers()["content-language"], language);
            assert_eq!(problem["code"], "none-selected");
            assert_eq!(problem["trace"], response.headers()["trace-id"].to_str().unwrap());
        }
        let (_, english) = send(Request::post("/refuse").header("accept-language", "en")).await;
        let (_, japanese) = send(Request::post("/refuse").header("accept-language", "ja")).await;
        assert_ne!(english["what"], japanese["what"]);
        assert_eq!(english["developer"], japanese["developer"]);
    }

    #[tokio::test]
    async fn what_the_framework_refuses_is_a_problem_as_well() {
        for (request, code, status) in [
            (Request::get("/nothing"), "not-found", 404),
            (Request::post("/word"), "method-not-allowed", 405),
            (Request::get("/bare"), "internal-error", 500),
        ] {
            let (response, problem) = send(request).await;
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(problem["code"], code);
        }
        let (response, _) = send(Request::post("/word")).await;
        assert_eq!(response.headers()["allow"], "GET,HEAD");
        let (response, _) = send(Request::get("/own")).await;
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    }

    #[tokio::test]
    async fn the_service_s_own_time_is_told() {
        let clock = TestClock::at("2030-02-17T08:00:00.9Z".parse().unwrap());
        let shell = Shell::new("test", Arc::new(SeededEntropy::new(1))).telling(Arc::new(clock));
        let router = shell.wrap(Router::new().route("/word", get(async || "word")));
        for path in ["/word", "/nothing"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.headers()["date"], "Sun, 17 Feb 2030 08:00:00 GMT");
        }
    }

    #[tokio::test]
    async fn a_panic_or_an_unforeseen_error_says_nothing_of_its_cause() {
        for path in ["/panic", "/fail"] {
            let (response, problem) = send(Request::get(path)).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(problem["code"], "internal-error");
            assert!(!problem.to_string().contains("secret"));
            assert!(problem["trace"].is_string());
        }
    }

    #[tokio::test]
    async fn a_request_of_another_origin_does_not_reach_its_handler() {
        let request = Request::post("/refuse").header("sec-fetch-site", "cross-site");
        let (response, problem) = send(request).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(problem["code"], "cross-origin-refused");
    }
}
