//! The API describes itself.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::House;

const OPERATIONS: &[&str] = &[
    "get /office/v1/applications",
    "get /office/v1/applications/{application}",
    "get /office/v1/applications/{application}/certificate",
    "get /office/v1/applications/{application}/document",
    "get /office/v1/applications/{application}/evidence",
    "get /office/v1/applications/{application}/signature",
    "get /portal/v1/applications",
    "get /portal/v1/applications/{application}",
    "get /portal/v1/applications/{application}/document",
    "get /portal/v1/consents",
    "get /portal/v1/history",
    "get /portal/v1/history/{index}/proof",
    "get /portal/v1/logins/{login}",
    "get /portal/v1/notices",
    "get /portal/v1/openapi.json",
    "get /portal/v1/phones",
    "get /portal/v1/sessions",
    "post /office/v1/applications/{application}/decision",
    "post /portal/v1/applications",
    "post /portal/v1/applications/{application}/signature",
    "post /portal/v1/consents/{consent}/withdrawal",
    "post /portal/v1/logins",
    "post /portal/v1/logout",
    "post /portal/v1/sessions/{session}/end",
    "post /portal/v1/transactions/{transaction}/answer",
    "post /portal/v1/transactions/{transaction}/taking",
];

#[tokio::test]
async fn the_openapi_document_knows_every_operation() {
    let house = House::new().await;
    let document: Value = house.anybody().get("/openapi.json").answer().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    let expected: BTreeSet<String> = OPERATIONS.iter().map(ToString::to_string).collect();
    assert_eq!(operations, expected);
}
