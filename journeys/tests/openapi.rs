//! The API documents, judged by a stranger: openapi-spec-validator.

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

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_each_document_to_be_openapi_3_1() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: DataFolder::create(&folder.path().join("sandbox")).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    for path in DOCUMENTS {
        let document = sandbox.anybody(path).unwrap().get("/openapi.json").bytes().await.unwrap();
        let name = path.trim_start_matches('/').replace('/', "-");
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, &document).unwrap();
        let (accepted, said) = judge(&file);
        assert!(accepted, "{path}: {said}");

        let broken = String::from_utf8(document.to_vec()).unwrap();
        std::fs::write(&file, broken.replacen("\"summary\"", "\"sumary\"", 1)).unwrap();
        assert!(!judge(&file).0, "{path}: a document that is broken is found to be so");
    }
    sandbox.stop().await;
}

fn judge(file: &std::path::Path) -> (bool, String) {
    let program = ["-m", "openapi_spec_validator", "--schema", "3.1"];
    let output = Command::new(python()).args(program).arg(file).output();
    let output = output.expect("a Python interpreter: see journeys/requirements.txt");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
