//! Several names on one port, told apart by the header `Host`.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use crate::problem::{Code, Problem, accepted_language};

/// The names that a server answers to, and what answers to each. A request for any other name is
/// refused: that closes the door to DNS rebinding as well.
#[derive(Clone, Debug, Default)]
pub struct Hosts(BTreeMap<String, Router>);

impl Hosts {
    /// No name yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has `router` answer to each of `names`: host names or addresses without a port, an IPv6
    /// address in brackets.
    #[must_use]
    pub fn at<'a>(mut self, names: impl IntoIterator<Item = &'a str>, router: &Router) -> Self {
        for name in names {
            self.0.insert(name.to_ascii_lowercase(), router.clone());
        }
        self
    }

    /// The router that passes each request on to the one of its name.
    pub fn into_router(self) -> Router {
        Router::new().fallback(move |request: Request| {
            let hosts = self.clone();
            async move { hosts.answer(request).await }
        })
    }

    async fn answer(self, request: Request) -> Response {
        let language = accepted_language(request.headers());
        let (parts, body) = request.into_parts();
        let authority = match authority(&parts) {
            Ok(authority) => authority,
            Err(problem) => return problem.response(language),
        };
        match self.0.get(without_port(&authority)) {
            Some(router) => router
                .clone()
                .oneshot(Request::from_parts(parts, body))
                .await
                .into_response(),
            None => Problem::new(Code::HOST_UNKNOWN).response(language),
        }
    }
}

/// The host, and the port if there is one, that a request is meant for, in lower case: of the target
/// in absolute form, else of the one header `Host` (RFC 9112 §3.2).
///
/// # Errors
/// `bad-request` if there is none or more than one.
pub fn authority(parts: &Parts) -> Result<String, Problem> {
    let malformed = || Problem::new(Code::BAD_REQUEST).with("reason", "host");
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(malformed());
    }
    let authority = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => host
            .and_then(|host| host.to_str().ok())
            .ok_or_else(malformed)?,
    };
    if authority.is_empty() || authority.contains('@') {
        return Err(malformed());
    }
    Ok(authority.to_ascii_lowercase())
}

/// `localhost:8080` → `localhost`, `[::1]:8080` → `[::1]`.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}
