//! What the log says of a request. Alone in its process, since there is one log a process.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::Shell;
use inrou_api::trace::TraceId;
use inrou_pki::SeededEntropy;
use tower::ServiceExt;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const UPSTREAM: TraceId = TraceId::from_bytes([0xAB; 16]);

async fn fails() -> Result<(), Problem> {
    let failed = Err(io::Error::other("the disk is full")).or_internal();
    failed.map_err(|problem| problem.traced(UPSTREAM))
}

async fn is_not_there() -> Result<(), Problem> {
    Err(Problem::new(Code::NOT_FOUND).caused_by(io::Error::other("no such item")))
}

#[tokio::test]
async fn the_log_has_route_and_cause_under_the_trace_and_nothing_that_was_sent() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let router = Router::new().route("/item/{id}", get(fails)).route("/none", get(is_not_there));
    let router = Shell::new("desk", Arc::new(SeededEntropy::new(1))).wrap(router);
    let request = Request::get("/item/4711?token=hunter2").header("authorization", "hunter2");
    let response =
        router.clone().oneshot(request.body(Body::from("hunter2")).unwrap()).await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let trace = response.headers()["trace-id"].to_str().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines.iter().all(|line| line.contains(trace) && line.contains("desk")), "{text}");
    assert!(lines[0].contains("the disk is full") && lines[0].contains("internal-error"), "{text}");
    assert!(lines[1].contains(&format!("upstream={UPSTREAM}")), "{text}");
    assert!(lines[2].contains("/item/{id}") && lines[2].contains("status=500"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
    assert!(lines[0].contains("ERROR"), "{text}");

    // What its client can mend is no error of the service.
    log.0.lock().unwrap().clear();
    router.oneshot(Request::get("/none").body(Body::empty()).unwrap()).await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("DEBUG") && text.contains("no such item"), "{text}");
    assert!(text.contains("status=404") && !text.contains("ERROR"), "{text}");
}
