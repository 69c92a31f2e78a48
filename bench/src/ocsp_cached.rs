//! OCSP answers that are kept, over HTTP on loopback, beside a static answer of the same size from
//! the same server. The server has one thread, the load another.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use inrou_api::server::{Shell, Trigger, listen, serve, shutdown};
use inrou_authority::http::publication;
use inrou_authority::store::Status;
use inrou_pki::ocsp::request_to_path;
use inrou_pki::{KeyAlgorithm, SystemEntropy};
use tokio::runtime::Builder;

use crate::load::load;
use crate::office::{Office, ocsp_request};
use crate::report::Row;
use crate::rounds::Compared;

const ROUNDS: usize = 20;
const TIME: Duration = Duration::from_millis(500);
const CONNECTIONS: usize = 32;

pub fn run() -> Vec<Row> {
    println!("ocsp-cached: {ROUNDS} rounds of {TIME:?} each, {CONNECTIONS} connections kept alive");
    let mut rows = Vec::new();
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::open(folder.path(), algorithm);
        let issuer = office.issuer();
        let serial = office.issue(1, Status::Good)[0];
        drop(office);

        let authority = Office::open(folder.path(), algorithm).authority;
        let request = ocsp_request(&issuer, serial, None);
        let answer = authority.answer_ocsp(&request).der;
        let bytes = answer.len();
        let (address, _trigger) = start(publication(authority).merge(fixed(answer)));

        for (name, limit, measured) in [
            ("POST", post_of(address, "/fixed", &request), post_of(address, "/ocsp", &request)),
            ("GET", get_of(address, "/fixed", &request), get_of(address, "/ocsp", &request)),
        ] {
            let mut slowest = Vec::new();
            let compared = Compared::measure(
                ROUNDS,
                TIME,
                |time| load(address, &limit, CONNECTIONS, time).rate,
                |time| {
                    let load = load(address, &measured, CONNECTIONS, time);
                    slowest.push((load.percentile(50), load.percentile(99)));
                    load.rate
                },
            );
            rows.push(compared.row(
                "ocsp-cached",
                format!("{algorithm:?}, {name}, {bytes} bytes"),
                "≥ 0.8",
            ));
            slowest.sort_unstable();
            let (median, last) = slowest[slowest.len() / 2];
            println!("{:<34} p50 {median:?}, p99 {last:?}", "");
        }
    }
    rows
}

/// The same bytes, whatever is asked; by GET with what lets caches keep them, as long as that of
/// a kept answer (RFC 5019 §6.2).
fn fixed(answer: Bytes) -> Router {
    const KEPT: [(HeaderName, HeaderValue); 4] = [
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=86399, public, no-transform, must-revalidate"),
        ),
        (
            header::ETAG,
            HeaderValue::from_static(
                "\"0000000000000000000000000000000000000000000000000000000000000000\"",
            ),
        ),
        (header::LAST_MODIFIED, HeaderValue::from_static("Sat, 21 Nov 2026 01:00:00 GMT")),
        (header::EXPIRES, HeaderValue::from_static("Sun, 22 Nov 2026 01:00:00 GMT")),
    ];
    let response = move || {
        ([(header::CONTENT_TYPE, "application/ocsp-response")], answer.clone()).into_response()
    };
    let get_response = response.clone();
    Router::new()
        .route("/fixed/{*request}", get(async move || (KEPT, get_response())))
        .route("/fixed", post(async move |_: Bytes| response()))
}

fn start(router: Router) -> (SocketAddr, Trigger) {
    let (trigger, told) = shutdown();
    let (sender, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let shell = Shell::new("authority", Arc::new(SystemEntropy));
            serve(listener, shell.wrap(router), told).await;
        });
    });
    (address.recv().unwrap(), trigger)
}

fn post_of(address: SocketAddr, path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/ocsp-request\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn get_of(address: SocketAddr, path: &str, request: &[u8]) -> Vec<u8> {
    let request = request_to_path(request);
    format!("GET {path}/{request} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes()
}
