//! Refuses requests that a page of another origin has a browser send.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::hosts::authority;
use crate::problem::{Code, Problem};

/// Refuses a request that changes something if a browser says that another origin made it send it:
/// by `Sec-Fetch-Site`, or, in browsers without that, by `Origin`. Clients that are no browsers send
/// neither.
///
/// # Errors
/// `cross-origin-refused`.
pub(super) fn refuse_cross_origin(parts: &Parts) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) || same_origin(parts) {
        return Ok(());
    }
    Err(Problem::new(Code::CROSS_ORIGIN_REFUSED))
}

fn same_origin(parts: &Parts) -> bool {
    if let Some(site) = parts.headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match origin(&parts.headers) {
        None => true,
        // The scheme is left out: in front of a proxy that ends TLS it is not known here.
        Some(origin) => authority(parts).is_ok_and(|authority| origin == Some(authority)),
    }
}

/// The host and port of the header `Origin`, if there is one; `Some(None)` if it names no host.
fn origin(headers: &HeaderMap) -> Option<Option<String>> {
    let value = headers.get(header::ORIGIN)?;
    let origin = value.to_str().ok().and_then(|origin| origin.split_once("://"));
    Some(origin.map(|(_, authority)| authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;

    use super::*;

    fn passes(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let mut request = Request::builder().method(method).header("host", "localhost:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refuse_cross_origin(&request.body(()).unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn a_client_that_is_no_browser_passes() {
        assert!(passes(Method::POST, &[]));
    }

    #[test]
    fn a_page_of_the_same_origin_passes() {
        assert!(passes(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(passes(Method::POST, &[("sec-fetch-site", "none")]));
        assert!(passes(Method::DELETE, &[("origin", "http://localhost:8080")]));
        assert!(passes(Method::DELETE, &[("origin", "https://LocalHost:8080")]));
    }

    #[test]
    fn a_page_of_another_origin_may_look_but_not_change() {
        for header in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", ""),
            ("origin", "http://phone.localhost:8080"),
            ("origin", "http://localhost:8081"),
            ("origin", "http://localhost"),
            ("origin", "null"),
            ("origin", ""),
        ] {
            assert!(passes(Method::GET, &[header]), "{header:?}");
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!passes(method, &[header]), "{header:?}");
            }
        }
        let forged = [("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8080")];
        assert!(!passes(Method::POST, &forged));
    }
}
