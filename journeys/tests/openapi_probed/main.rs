//! The APIs, probed by somebody who knows their documents alone: schemathesis makes requests that hold
//! and requests that do not, and looks whether every answer is one that the document has. Once as a
//! stranger, then as those who may: their requests are signed on the way.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod signing;

use std::process::Command;

use inrou::sandbox::{DataFolder, Options, Role, Sandbox};
use inrou_api::page::Page;
use inrou_api::wire::authority::ResidentSummary;
use inrou_journeys::python;
use serde_json::{Value, json};

const DOCUMENTS: [&str; 7] = [
    "/authority/v1",
    "/ca",
    "/phone/v1",
    "/portal/v1",
    "/provider/v1",
    "/timestamps",
    "/validation/v1",
];

/// Who may what a stranger may not: in which document, and what for example.
const ALLOWED: [(Role, &str, &str); 4] = [
    (Role::Counter, "/authority/v1", "/authority/v1/residents"),
    (Role::Provider, "/authority/v1", "/authority/v1/consents/none"),
    (Role::Clerk, "/portal/v1", "/office/v1/applications"),
    (Role::Staff, "/provider/v1", "/provider/v1/approvals"),
];

/// Requests for each operation: enough to find what is plainly wrong, in some ten seconds a document.
const EXAMPLES: &str = "8";

/// What is looked at. Of methods that are not served the document says nothing, and an answer has more
/// headers than it names.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

async fn sandbox(folder: &std::path::Path) -> Sandbox {
    let options = Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    };
    Sandbox::start(options).await.unwrap()
}

/// Probes what a document describes. `known` are values of parameters in paths: what nobody guesses.
async fn probe(who: &str, document: String, known: Value, more: Vec<String>) {
    let probe = tokio::task::spawn_blocking(move || {
        Command::new(python())
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi_probed"))
            .env("KNOWN", known.to_string())
            .current_dir(std::env::temp_dir())
            .args(["-m", "schemathesis.cli", "run", &document, "--checks", CHECKS])
            .args(["--max-examples", EXAMPLES, "--seed", "1", "--workers", "1"])
            .args(["--phases", "examples,fuzzing"])
            .args(["--suppress-health-check", "all", "--no-color", "--request-timeout", "60"])
            .args(more)
            .output()
            .expect("a Python interpreter: see journeys/requirements.txt")
    });
    let output = probe.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{who}: {said}{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_no_failure_and_no_answer_that_a_document_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(&folder.path().join("sandbox")).await;
    for path in DOCUMENTS {
        probe(path, format!("{}{path}/openapi.json", sandbox.base), json!({}), Vec::new()).await;
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_finds_no_failure_and_no_answer_that_a_document_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(&folder.path().join("sandbox")).await;
    let counter = sandbox.world().unwrap().client("/authority/v1", Role::Counter).unwrap();
    let all: Page<ResidentSummary> = counter.get("/residents").answer().await.unwrap();
    let known = json!({ "resident": all.items[0].resident, "client": register(&sandbox).await["client_id"] });
    let keys = signing::keys(&folder.path().join("sandbox"));
    for (role, path, allowed) in ALLOWED {
        let front = signing::front(&sandbox, keys.signer(role)).await;
        let answer = signing::asks(&format!("{front}{allowed}"), "").await;
        assert!(![401, 403].contains(&answer), "{role:?} may: {answer}");
        let document = format!("{front}{path}/openapi.json");
        probe(&format!("{role:?} at {path}"), document, known.clone(), Vec::new()).await;
    }
    // A site has a token of its own, and what it deletes is gone.
    let site = register(&sandbox).await;
    let known = json!({ "client": site["client_id"] });
    let token =
        format!("Authorization: Bearer {}", site["registration_access_token"].as_str().unwrap());
    let own =
        format!("{}/provider/v1/clients/{}", sandbox.base, site["client_id"].as_str().unwrap());
    assert_eq!(signing::asks(&own, token.strip_prefix("Authorization: ").unwrap()).await, 200);
    let more = ["--header", &token, "--exclude-method", "DELETE"].map(str::to_owned).to_vec();
    probe("a site", format!("{}/provider/v1/openapi.json", sandbox.base), known, more).await;
    sandbox.stop().await;
}

/// A site's registration.
async fn register(sandbox: &Sandbox) -> Value {
    let client = sandbox.world().unwrap().anybody("/provider/v1").unwrap();
    let metadata = json!({
        "client_name": "見本の店",
        "redirect_uris": ["http://localhost:3000/callback"],
        "scope": "openid name address sign",
        "sector": "localhost",
        // The public key of RFC 7517, appendix A.1: nobody signs with it here.
        "jwks": { "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "site",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        }] },
    });
    client.post("/clients").json(&metadata).answer().await.unwrap()
}
