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
    "get /portal/v1/history",
    "get /portal/v1/logins/{login}",
    "get /portal/v1/notices",
    "get /portal/v1/sessions",
    "get /portal/v1/transactions/{transaction}",
    "post /office/v1/applications/{application}/decision",
    "post /portal/v1/applications",
    "post /portal/v1/applications/{application}/signature",
    "post /portal/v1/logins",
    "post /portal/v1/logout",
    "post /portal/v1/sessions/{session}/end",
    "post /portal/v1/transactions/{transaction}/answer",
];

#[tokio::test]
async fn the_openapi_document_knows_every_operation_and_every_type() {
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
    let mut seen = 0;
    check_references(&document, &document, &mut seen);
    assert!(seen > 30, "{seen}");
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let names: Vec<_> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let distinct: BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{method} {path}: {names:?}");
            for segment in path.split('/').filter(|segment| segment.starts_with('{')) {
                let name = segment.trim_matches(['{', '}']);
                assert!(names.contains(&name), "{method} {path}: {names:?}");
            }
        }
    }
}

fn check_references(value: &Value, document: &Value, seen: &mut usize) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
                *seen += 1;
            }
            members.values().for_each(|member| check_references(member, document, seen));
        }
        Value::Array(items) => {
            items.iter().for_each(|item| check_references(item, document, seen));
        }
        _ => {}
    }
}
