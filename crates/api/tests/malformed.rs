//! A server that is sent rubbish answers with a problem or closes the connection, and goes on.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use inrou_api::idempotency::KeyedJson;
use inrou_api::page::PageQuery;
use inrou_api::server::{Hosts, Json, Query, Shell, Trigger, listen, serve, shutdown};
use inrou_pki::SystemEntropy;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn open() -> (SocketAddr, Trigger) {
    let router = Router::new()
        .route("/word", get(async || "word"))
        .route("/json", post(async |Json(numbers): Json<Vec<u8>>| Json(numbers)))
        .route("/keyed", post(async |keyed: KeyedJson<Vec<u8>>| Json(keyed.body)))
        .route("/page", get(async |Query(page): Query<PageQuery>| page.limit.count().to_string()));
    let router = Shell::new("test", Arc::new(SystemEntropy)).wrap(router);
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, told) = shutdown();
    let hosts = Hosts::new(Shell::new("test", Arc::new(SystemEntropy))).at(["localhost"], &router);
    tokio::spawn(serve(listener, hosts.into_router(), told));
    (address, trigger)
}

/// Sends bytes and reads what comes. A connection that the server resets while it is still being
/// written to counts as closed.
async fn send(address: SocketAddr, sent: &[u8]) -> String {
    exchange(address, sent, false).await
}

/// As [`send`], for bytes after which a server may wait for more: closes this side at their end. (A
/// server may drop a request whose sender is gone.)
async fn send_and_close(address: SocketAddr, sent: &[u8]) -> String {
    exchange(address, sent, true).await
}

async fn exchange(address: SocketAddr, sent: &[u8], close: bool) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    if stream.write_all(sent).await.is_ok() && close {
        let _ = stream.shutdown().await;
    }
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn answers(address: SocketAddr) -> bool {
    let request = b"GET /word HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    send(address, request).await.ends_with("word")
}

fn request(line: &str, headers: &str, body: &str) -> Vec<u8> {
    let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

#[tokio::test]
async fn malformed_requests_are_answered_with_their_code() {
    let (address, _serving) = open().await;
    const JSON: &str = "Content-Type: application/json\r\n";
    let sized = |headers: &str, body: &str| {
        request("POST /json", &format!("{JSON}{headers}Content-Length: {}\r\n", body.len()), body)
    };
    let long = "9".repeat(70_000);
    for (sent, status, code) in [
        (request("GET /absent", "", ""), 404, "not-found"),
        (request("GET /json", "", ""), 405, "method-not-allowed"),
        (request("BREW /word", "", ""), 405, "method-not-allowed"),
        (request("GET /page?limit=-1", "", ""), 400, "bad-request"),
        (request("GET /page?limit=4294967296", "", ""), 400, "bad-request"),
        (request("GET /page?limit=1&limit=2", "", ""), 400, "bad-request"),
        (request("GET /page?cursor=%FF&other=1", "", ""), 400, "bad-request"),
        (request("POST /json", "", ""), 400, "body-malformed"),
        (sized("", "[1, 2"), 400, "body-malformed"),
        (sized("", "[1, 256]"), 400, "body-malformed"),
        (sized("", "\u{FEFF}[]"), 400, "body-malformed"),
        (sized("", &"[".repeat(50_000)), 400, "body-malformed"),
        (sized("", &long), 413, "body-too-large"),
        (
            request("POST /json", "Content-Type: text/plain\r\nContent-Length: 2\r\n", "[]"),
            415,
            "unsupported-media-type",
        ),
        (
            request("POST /json", &format!("{JSON}Transfer-Encoding: chunked\r\n"), "zz\r\n"),
            400,
            "bad-request",
        ),
        (request("POST /keyed", JSON, ""), 400, "idempotency-key-missing"),
        (
            request("POST /keyed", "Idempotency-Key: two words\r\n", ""),
            400,
            "idempotency-key-malformed",
        ),
        (request("GET /word", "Host: localhost\r\n", ""), 400, "bad-request"),
        (b"GET /word HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(), 400, "bad-request"),
        (
            b"GET /word HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n".to_vec(),
            421,
            "host-unknown",
        ),
        (
            request("POST /json", "Origin: http://evil.example\r\nContent-Length: 0\r\n", ""),
            403,
            "cross-origin-refused",
        ),
    ] {
        let answer = send(address, &sent).await;
        let sent = String::from_utf8_lossy(&sent[..sent.len().min(200)]).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{sent}\n{answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{sent}\n{answer}");
        assert!(answer.contains("application/problem+json"), "{sent}\n{answer}");
    }
    assert!(answers(address).await);
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_not_taken_for_whole() {
    let (address, _serving) = open().await;
    let headers = "Content-Type: application/json\r\nContent-Length: 99\r\n";
    let answer = send_and_close(address, &request("POST /json", headers, "[1]")).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    assert!(answers(address).await);
}

#[tokio::test]
async fn what_is_not_http_is_not_answered_with_success() {
    let (address, _serving) = open().await;
    let huge_header = format!("X: {}\r\n", "a".repeat(1_000_000));
    let many_headers = "X: 1\r\n".repeat(1000);
    for sent in [
        b"".to_vec(),
        b"\r\n\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        request("GET /word", &huge_header, ""),
        request("GET /word", &many_headers, ""),
        request("GET /word", "Bad Header: 1\r\n", ""),
        request("GET /word", "X: \0\r\n", ""),
        request("POST /json", "Content-Length: -1\r\n", ""),
        request("POST /json", "Content-Length: 1\r\nContent-Length: 2\r\n", "[]"),
        vec![b'A'; 1_000_000],
    ] {
        let answer = send_and_close(address, &sent).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    assert!(answers(address).await);
}

#[test]
fn random_bytes_in_every_place_leave_the_server_up() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (address, _serving) = runtime.block_on(open());
    let part = || prop::collection::vec(any::<u8>(), 0..40);
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() };
    TestRunner::new(config)
        .run(&(part(), part(), part()), |(path, header, body)| {
            let sent = [
                &b"POST /"[..],
                &path,
                b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: ",
                &header,
                b"\r\nContent-Type: application/json\r\nContent-Length: ",
                body.len().to_string().as_bytes(),
                b"\r\n\r\n",
                &body,
            ]
            .concat();
            let answer = runtime.block_on(send_and_close(address, &sent));
            prop_assert!(!answer.contains("internal-error"), "{}", answer);
            Ok(())
        })
        .unwrap();
    assert!(runtime.block_on(answers(address)));
}
