//! What lies around every handler: trace id, access log, limits, security headers, and a problem
//! document for whatever goes wrong.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use inrou_pki::Entropy;
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;

use super::guard::refuse_cross_origin;
use crate::problem::{Code, Problem, accepted_language};
use crate::trace::TraceId;

/// Has a router answer `GET {path}` with the OpenAPI document of its routes.
pub fn documented(router: OpenApiRouter, path: &str) -> Router {
    let (router, document) = router.split_for_parts();
    let json = document
        .to_json()
        .expect("an OpenAPI document has a form in JSON");
    let json = Bytes::from(json);
    router.route(
        path,
        get(async move || ([(header::CONTENT_TYPE, "application/json")], json)),
    )
}

/// What lies around every handler of a role.
#[derive(Clone)]
pub struct Shell {
    role: &'static str,
    entropy: Arc<dyn Entropy>,
}

impl Shell {
    /// The longest body that is taken, in bytes, unless a route sets its own `DefaultBodyLimit`.
    pub const BODY_LIMIT: usize = 64 * 1024;

    /// A shell for the role of that name in the log; trace ids are drawn from `entropy`.
    pub fn new(role: &'static str, entropy: Arc<dyn Entropy>) -> Self {
        Self { role, entropy }
    }

    /// Lays the shell around a router, once its routes are complete.
    pub fn wrap(self, router: Router) -> Router {
        router
            .layer(DefaultBodyLimit::max(Self::BODY_LIMIT))
            .layer(from_fn_with_state(self, around))
    }
}

async fn around(State(shell): State<Shell>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut bytes = [0; 16];
    shell.entropy.fill(&mut bytes);
    let trace = TraceId::from_bytes(bytes);
    let language = accepted_language(request.headers());
    let method = request.method().clone();
    // The route, not the path: a path may hold an OCSP request or an identifier.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    request.extensions_mut().insert(trace);

    let span = tracing::info_span!("request", role = shell.role, %trace);
    async {
        let mut response = answer(request, next).await;
        if let Some(problem) = problem_of(&response) {
            let headers = std::mem::take(response.headers_mut());
            response = problem.traced(trace).response(language);
            for (name, value) in &headers {
                // Such as Allow and Retry-After; what describes the body is the problem's own.
                response
                    .headers_mut()
                    .entry(name)
                    .or_insert_with(|| value.clone());
            }
        }
        add_headers(&mut response, trace);
        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        tracing::info!(%method, route, status, ?elapsed, "answered");
        response
    }
    .instrument(span)
    .await
}

async fn answer(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = refuse_cross_origin(&parts) {
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
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
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
