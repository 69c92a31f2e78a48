//! Several names on one port, told apart by the header `Host`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::http::request::Parts;
use tower::ServiceExt;

use super::Shell;
use crate::problem::{Code, Problem};

/// The names that a server answers to, and what answers to each. A request for any other name is
/// refused: that closes the door to DNS rebinding as well.
pub struct Hosts {
    named: BTreeMap<String, Router>,
    stray: Router,
}

impl Hosts {
    /// No name yet. The shell is for requests that no name's router gets to see.
    pub fn new(shell: Shell) -> Self {
        let stray = Router::new().fallback(async |request: Request| {
            let authority = authority(&request.into_parts().0);
            authority.map_or_else(|problem| problem, |_| Problem::new(Code::HOST_UNKNOWN))
        });
        Self { named: BTreeMap::new(), stray: shell.wrap(stray) }
    }

    /// Has `router` answer to each of `names`: host names or addresses without a port, an IPv6
    /// address in brackets.
    #[must_use]
    pub fn at<'a>(mut self, names: impl IntoIterator<Item = &'a str>, router: &Router) -> Self {
        for name in names {
            self.named.insert(name.to_ascii_lowercase(), router.clone());
        }
        self
    }

    /// The router that passes each request on to the one of its name.
    pub fn into_router(self) -> Router {
        let hosts = Arc::new(self);
        Router::new().fallback(async move |request: Request| {
            let (parts, body) = request.into_parts();
            let router = hosts.find(&parts).clone();
            router.oneshot(Request::from_parts(parts, body)).await
        })
    }

    fn find(&self, parts: &Parts) -> &Router {
        let named = authority(parts).ok().and_then(|name| self.named.get(without_port(&name)));
        named.unwrap_or(&self.stray)
    }
}

/// The host, and the port if there is one, that a request is meant for, in lower case: of the target
/// in absolute form, else of the one header `Host` (RFC 9112 §3.2).
///
/// # Errors
/// `bad-request` if there is none or more than one.
pub(crate) fn authority(parts: &Parts) -> Result<String, Problem> {
    let malformed = || Problem::bad_request("host");
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(malformed());
    }
    let authority = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => host.and_then(|host| host.to_str().ok()).ok_or_else(malformed)?,
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use inrou_pki::SystemEntropy;

    use super::*;

    fn names() -> Router {
        let named = |name: &'static str| Router::new().route("/", get(async move || name));
        let shell = Shell::new("test", Arc::new(SystemEntropy));
        Hosts::new(shell)
            .at(["localhost", "127.0.0.1", "[::1]"], &named("portal"))
            .at(["phone.localhost"], &named("phone"))
            .into_router()
    }

    async fn answer(hosts: &[&str], uri: &str) -> Result<String, StatusCode> {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header("host", *host);
        }
        let response = names().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        if response.status() != StatusCode::OK {
            assert!(response.headers().contains_key("trace-id"));
            return Err(response.status());
        }
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn each_name_has_its_own_router() {
        for host in ["localhost", "LocalHost:8080", "127.0.0.1:1", "[::1]:1", "[::1]"] {
            assert_eq!(answer(&[host], "/").await.unwrap(), "portal", "{host}");
        }
        assert_eq!(answer(&["phone.localhost:8080"], "/").await.unwrap(), "phone");
    }

    #[tokio::test]
    async fn the_target_in_absolute_form_counts_more_than_the_header() {
        let uri = "http://phone.localhost/";
        assert_eq!(answer(&["localhost"], uri).await.unwrap(), "phone");
    }

    #[tokio::test]
    async fn a_name_that_is_not_ours_is_refused() {
        for host in
            ["rebound.example", "localhost.example", "phone", "localhost:80:80", "[::1", ":"]
        {
            assert_eq!(answer(&[host], "/").await, Err(StatusCode::MISDIRECTED_REQUEST), "{host}");
        }
    }

    #[tokio::test]
    async fn no_name_and_two_names_are_bad_requests() {
        for hosts in [&[][..], &[""], &["user@localhost"], &["localhost", "localhost"]] {
            assert_eq!(answer(hosts, "/").await, Err(StatusCode::BAD_REQUEST), "{hosts:?}");
        }
    }
}
