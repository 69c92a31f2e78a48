//! Refuses requests that a page of another origin has a browser send.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::hosts::authority;
use crate::problem::{Code, Problem};

/// Refuses a request that a page of another origin has a browser send, unless it is a visit: people come
/// by links, but no page embeds or fetches what is here, nor changes anything. Browsers say where a
/// request comes from by `Sec-Fetch-Site`, those without it by `Origin`; names below one `localhost` are
/// one site to them, so that `SameSite` holds nobody off. Clients that are no browsers send neither.
///
/// # Errors
/// `cross-origin-refused`.
pub(super) fn refuse_cross_origin(parts: &Parts, open: &OpenToOthers) -> Result<(), Problem> {
    let only_looks = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let named = |paths: &[&str]| paths.contains(&parts.uri.path());
    let passes = if only_looks {
        !is_embedded(&parts.headers) || named(open.reads)
    } else {
        same_origin(parts) || (named(open.forms) && is_sent_form(parts))
    };
    if passes { Ok(()) } else { Err(Problem::new(Code::CROSS_ORIGIN_REFUSED)) }
}

/// What pages of other origins may have a browser ask for all the same, by path.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenToOthers {
    /// What is published for everybody's scripts: the same for whoever asks.
    pub reads: &'static [&'static str],
    /// Where forms of other sites lead a visitor, without changing anything.
    pub forms: &'static [&'static str],
}

/// Whether a browser goes where a form leads, as far as it says what it does.
fn is_sent_form(parts: &Parts) -> bool {
    let is_or_absent = |name: &str, word: &str| parts.headers.get(name).is_none_or(|v| v == word);
    parts.method == Method::POST
        && is_or_absent("sec-fetch-mode", "navigate")
        && is_or_absent("sec-fetch-dest", "document")
}

/// Whether a browser says that another origin's page asks for this as a part of itself.
fn is_embedded(headers: &HeaderMap) -> bool {
    let says = |name: &str, word: &str| headers.get(name).is_some_and(|value| value == word);
    let elsewhere = says("sec-fetch-site", "cross-site") || says("sec-fetch-site", "same-site");
    elsewhere && !(says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document"))
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
        passes_at("/", method, headers)
    }

    fn passes_at(path: &str, method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let request = Request::builder().method(method).uri(path);
        let mut request = request.header("host", "localhost:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let open = OpenToOthers { reads: &["/published"], forms: &["/visited"] };
        refuse_cross_origin(&request.body(()).unwrap().into_parts().0, &open).is_ok()
    }

    const SCRIPT: [(&str, &str); 3] =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    const FORM: [(&str, &str); 3] = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];

    #[test]
    fn what_is_published_is_for_scripts_of_other_sites_as_well() {
        assert!(passes_at("/published", Method::GET, &SCRIPT));
        assert!(!passes_at("/published", Method::POST, &SCRIPT));
        assert!(!passes_at("/published/more", Method::GET, &SCRIPT));
        assert!(!passes_at("/", Method::GET, &SCRIPT));
    }

    #[test]
    fn a_form_of_another_site_leads_where_visitors_are_awaited_and_nowhere_else() {
        assert!(passes_at("/visited", Method::POST, &FORM));
        assert!(passes_at("/visited", Method::POST, &[("origin", "https://site.example")]));
        assert!(!passes_at("/visited", Method::POST, &SCRIPT));
        assert!(!passes_at("/visited", Method::DELETE, &FORM));
        assert!(!passes_at("/", Method::POST, &FORM));
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
    fn a_page_of_another_origin_may_be_left_for_here_but_changes_nothing() {
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
            let visit = [header, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
            assert!(passes(Method::GET, &visit), "{header:?}");
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!passes(method, &[header]), "{header:?}");
            }
        }
        let forged = [("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8080")];
        assert!(!passes(Method::POST, &forged));
    }

    #[test]
    fn no_page_of_another_origin_embeds_or_fetches_what_is_here() {
        for site in ["cross-site", "same-site"] {
            for (mode, dest) in [
                ("navigate", "iframe"),
                ("navigate", "embed"),
                ("no-cors", "image"),
                ("no-cors", "empty"),
                ("cors", "empty"),
            ] {
                let headers =
                    [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
                assert!(!passes(Method::GET, &headers), "{headers:?}");
            }
        }
        let own = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];
        assert!(passes(Method::GET, &own));
    }
}
