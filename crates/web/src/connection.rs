//! How this page is reached, as far as its server knows, and the server's certificate, to be compared with
//! what the browser shows (USE-6).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use inrou_pki::Certificate;
use serde::{Deserialize, Serialize};

use crate::{Visit, page};

/// How a host is reached.
#[derive(Clone, Debug)]
pub enum Reached {
    /// Over TLS, under this certificate.
    Encrypted(Arc<Certificate>),
    /// Without encryption, from within the computer alone. What else may lead there is not known.
    Plain,
    /// By a proxy in the same computer, whose word in this header is believed.
    Behind(ForwardedBy),
}

/// The header in which a proxy says how it was reached itself. It must set it anew in each request: what
/// came with the request would be anybody's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedBy {
    /// `Forwarded` (RFC 7239), by its `proto`.
    Forwarded,
    /// `X-Forwarded-Proto`.
    XForwardedProto,
}

impl Reached {
    /// Under that certificate; without one, without encryption.
    pub fn under(certificate: Option<Arc<Certificate>>) -> Self {
        certificate.map_or(Self::Plain, Self::Encrypted)
    }
}

impl ForwardedBy {
    /// Whether the proxy was reached over TLS. Where several stand in a row, the last has written last.
    fn is_encrypted(self, headers: &HeaderMap) -> bool {
        let lines = match self {
            Self::Forwarded => headers.get_all(header::FORWARDED),
            Self::XForwardedProto => headers.get_all("x-forwarded-proto"),
        };
        let last = lines.iter().next_back().and_then(|line| line.to_str().ok());
        let last = last.and_then(|line| line.split(',').next_back()).unwrap_or_default();
        let scheme = match self {
            Self::Forwarded => {
                let mut pairs = last.split(';').filter_map(|pair| pair.split_once('='));
                let proto = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("proto"));
                proto.map_or("", |(_, value)| value.trim().trim_matches('"'))
            }
            Self::XForwardedProto => last.trim(),
        };
        scheme.eq_ignore_ascii_case("https")
    }
}

#[derive(Template)]
#[template(path = "connection.html")]
struct Connection<'a> {
    v: &'a Visit,
    title: &'static str,
    reached: &'a Reached,
    /// Whether the proxy says that it was reached over TLS, if there is one.
    encrypted_before: Option<bool>,
}

impl Connection<'_> {
    fn certificate(&self) -> Option<&Certificate> {
        match self.reached {
            Reached::Encrypted(certificate) => Some(certificate),
            Reached::Plain | Reached::Behind(_) => None,
        }
    }

    fn fingerprint(&self, certificate: &&Certificate) -> String {
        let digest = certificate.fingerprint();
        let pairs = digest.as_bytes().iter().map(|byte| format!("{byte:02X}"));
        pairs.collect::<Vec<_>>().join(":")
    }
}

/// The page `/connection` of a host. It belongs inside [`Site::wrap`](crate::Site::wrap).
pub fn connection(reached: Reached) -> Router {
    let show = async move |headers: HeaderMap, v: Visit| {
        let encrypted_before = match &reached {
            Reached::Behind(by) => Some(by.is_encrypted(&headers)),
            Reached::Encrypted(_) | Reached::Plain => None,
        };
        let reached = &reached;
        page(&v, &Connection { v: &v, title: "connection.title", reached, encrypted_before })
    };
    Router::new().route("/connection", get(show))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use inrou_api::clock::TestClock;
    use tower::ServiceExt;

    use super::*;
    use crate::{Place, Site};

    /// The page, asked for with that header.
    async fn shown(reached: Reached, header: Option<(&str, &str)>) -> String {
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let router = Site::new(Place::Portal, clock).visit(connection(reached));
        let mut request = Request::get("/connection").header("accept-language", "en");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let body = to_bytes(response.into_body(), 100_000).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    const BEFORE: &str = "As far as the proxy";

    #[tokio::test]
    async fn use_6_a_proxys_word_is_told_where_one_is_set_up() {
        let forwarded = Reached::Behind(ForwardedBy::Forwarded);
        let x_forwarded = Reached::Behind(ForwardedBy::XForwardedProto);
        for (reached, name, value, is_encrypted) in [
            (&forwarded, "forwarded", "for=192.0.2.1;proto=https", true),
            (&forwarded, "forwarded", "for=a;proto=http, for=\"[::1]\"; Proto=\"HTTPS\"", true),
            (&forwarded, "forwarded", "proto=https, for=192.0.2.1;proto=http", false),
            (&forwarded, "forwarded", "for=192.0.2.1", false),
            (&forwarded, "x-forwarded-proto", "https", false),
            (&x_forwarded, "x-forwarded-proto", "https", true),
            (&x_forwarded, "x-forwarded-proto", "https, http", false),
            (&x_forwarded, "forwarded", "proto=https", false),
        ] {
            let page = shown(reached.clone(), Some((name, value))).await;
            assert_eq!(page.contains(BEFORE), is_encrypted, "{name}: {value}");
            assert_eq!(page.contains("is not encrypted"), !is_encrypted, "{name}: {value}");
            assert_eq!(page.contains("does not say"), !is_encrypted, "{name}: {value}");
            assert!(!page.contains("cannot know"), "the proxy's word is known");
        }
    }

    #[tokio::test]
    async fn use_6_nobodys_word_is_told_where_no_proxy_is_set_up() {
        for header in
            [None, Some(("x-forwarded-proto", "https")), Some(("forwarded", "proto=https"))]
        {
            let page = shown(Reached::Plain, header).await;
            assert!(!page.contains(BEFORE) && page.contains("is not encrypted"), "{page}");
            assert!(page.contains("cannot know"), "what stands before it is not known: {page}");
        }
    }
}
