//! The APIs, probed by a stranger who knows their documents alone: schemathesis makes requests that hold
//! and requests that do not, and looks whether every answer is one that the document has.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_journeys::python;

const DOCUMENTS: [&str; 7] = [
    "/authority/v1",
    "/ca",
    "/phone/v1",
    "/portal/v1",
    "/provider/v1",
    "/timestamps",
    "/validation/v1",
];

/// Requests for each operation: enough to find what is plainly wrong, in some ten seconds a document.
const EXAMPLES: &str = "8";

/// What is looked at. Of methods that are not served the document says nothing, and an answer has more
/// headers than it names.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_no_failure_and_no_answer_that_a_document_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: DataFolder::create(&folder.path().join("sandbox")).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    for path in DOCUMENTS {
        let document = format!("{}{path}/openapi.json", sandbox.base);
        let probe = tokio::task::spawn_blocking(move || {
            Command::new(python())
                .env("SCHEMATHESIS_HOOKS", "hooks")
                .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi_probed"))
                .args(["-m", "schemathesis.cli", "run", &document, "--checks", CHECKS])
                .args(["--max-examples", EXAMPLES, "--seed", "1", "--workers", "1"])
                .args(["--phases", "examples,fuzzing"])
                .args(["--suppress-health-check", "all", "--no-color", "--request-timeout", "60"])
                .output()
                .expect("a Python interpreter: see journeys/requirements.txt")
        });
        let output = probe.await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{path}: {said}{error}");
    }
    sandbox.stop().await;
}
