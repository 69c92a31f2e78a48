//! How this page is reached, and the server's certificate, to be compared with what the browser shows
//! (USE-6).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::get;
use inrou_pki::Certificate;

use crate::{Visit, page};

#[derive(Template)]
#[template(path = "connection.html")]
struct Connection<'a> {
    v: &'a Visit,
    title: &'static str,
    certificate: Option<&'a Certificate>,
}

impl Connection<'_> {
    fn fingerprint(&self, certificate: &&Certificate) -> String {
        let digest = certificate.fingerprint();
        let pairs = digest.as_bytes().iter().map(|byte| format!("{byte:02X}"));
        pairs.collect::<Vec<_>>().join(":")
    }
}

/// The page `/connection`, of a host that is served under this certificate; without one, of a host that
/// is reached without encryption. It belongs inside [`Site::wrap`](crate::Site::wrap).
pub fn connection(certificate: Option<Arc<Certificate>>) -> Router {
    let show = async move |v: Visit| {
        let certificate = certificate.as_deref();
        page(&v, &Connection { v: &v, title: "connection.title", certificate })
    };
    Router::new().route("/connection", get(show))
}
