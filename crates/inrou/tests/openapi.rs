//! The API documents of a running sandbox: a stranger who has only them can do the job.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Map, Value};
use support::sandbox;

const DOCUMENTS: [&str; 7] = [
    "/authority/v1/openapi.json",
    "/ca/openapi.json",
    "/phone/v1/openapi.json",
    "/portal/v1/openapi.json",
    "/provider/v1/openapi.json",
    "/timestamps/openapi.json",
    "/validation/v1/openapi.json",
];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_are_complete_and_are_what_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let running = sandbox(folder.path()).await;
    let address = running.base.trim_start_matches("http://").to_owned();
    let served = tokio::task::spawn_blocking(move || {
        let mut ids = BTreeSet::new();
        for path in DOCUMENTS {
            let (status, _, body) = send(&address, "GET", path);
            assert_eq!(status, 200, "{path}");
            let document: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(document["servers"][0]["url"], "/");
            assert!(check_references(&document, &document) > 10, "{path}");
            for (path, method, operation) in operations(&document) {
                let here = format!("{method} {path}");
                check_operation(operation, &document, path, &here);
                let id = operation["operationId"].as_str().unwrap().to_owned();
                assert!(ids.insert(id.clone()), "{here}: {id} is another one's");
            }
            check_what_is_served(&address, &document);
        }
        ids.len()
    });
    assert!(served.await.unwrap() > 50);
    running.stop().await;
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap();
        methods.iter().map(move |(method, operation)| {
            (path.as_str(), method.as_str(), operation.as_object().unwrap())
        })
    })
}

fn check_operation(operation: &Map<String, Value>, document: &Value, path: &str, here: &str) {
    let summary = operation["summary"].as_str().unwrap_or_default();
    assert!(!summary.is_empty(), "{here} has no summary");
    for requirement in operation["security"].as_array().expect(here) {
        for scheme in requirement.as_object().unwrap().keys() {
            let described = &document["components"]["securitySchemes"][scheme];
            assert!(described["description"].is_string(), "{here}: {scheme}");
        }
    }
    check_parameters(operation, path, here);
    if let Some(body) = operation.get("requestBody") {
        for (media_type, content) in body["content"].as_object().unwrap() {
            let schema = resolved(&content["schema"], document);
            let is_bytes = ["application/ocsp-request", "application/timestamp-query"]
                .contains(&&**media_type);
            let has_example = schema.get("example").or(schema.get("examples")).is_some();
            assert!(is_bytes || has_example, "{here}: a body without an example");
        }
    }
    let responses = operation["responses"].as_object().unwrap();
    let by_oauth = |response: &Value| response["content"].as_object().is_some_and(refuses_as_oauth);
    if responses.values().any(by_oauth) {
        assert!(by_oauth(&responses["400"]), "{here}: what it mostly refuses by");
    }
    assert!(responses.keys().any(|status| status.starts_with('2')), "{here}");
    assert!(responses.contains_key("default"), "{here}");
    for (status, response) in responses {
        let response = resolved(response, document);
        let description = response["description"].as_str().unwrap_or_default();
        assert!(!description.is_empty(), "{here}: {status} has no description");
        let is_problem = !status.starts_with(['2', '3']);
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            // RFC 7009 §2.2: what was taken back is told by 200, and nothing else.
            let is_bare = ["204", "304"].contains(&status.as_str()) || path.ends_with("/revoke");
            assert!(!is_problem && is_bare, "{here}: {status}");
            continue;
        };
        let told_by_oauth = is_problem && refuses_as_oauth(content);
        let told_by_us = content.contains_key("application/problem+json");
        assert_eq!(told_by_us || told_by_oauth, is_problem, "{here}: {status}");
        if told_by_oauth && !told_by_us {
            continue;
        }
        for example in content.values().flat_map(|content| examples(content, document)) {
            let code = example["code"].as_str().unwrap();
            assert!(description.contains(code), "{here}: {status}");
            assert!(
                status == "default" || example["status"].as_u64() == status.parse().ok(),
                "{here}: {code}"
            );
        }
    }
}

/// RFC 6749 §5.2.
fn refuses_as_oauth(content: &Map<String, Value>) -> bool {
    let schema = content.get("application/json").map(|json| &json["schema"]["$ref"]);
    schema.is_some_and(|schema| schema == "#/components/schemas/RefusedDocument")
}

fn check_parameters(operation: &Map<String, Value>, path: &str, here: &str) {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let mut names = BTreeSet::new();
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        assert!(names.insert(name), "{here}: {name} stands twice");
        let schema = &parameter["schema"];
        let is_described =
            parameter["description"].is_string() || schema["description"].is_string();
        assert!(is_described, "{here}: {name} has no description");
    }
    for segment in path.split('/').filter(|segment| segment.starts_with('{')) {
        assert!(names.contains(segment.trim_matches(['{', '}'])), "{here}: {names:?}");
    }
}

/// The values of a content's examples.
fn examples<'a>(content: &'a Value, document: &'a Value) -> impl Iterator<Item = &'a Value> {
    let examples = content.get("examples").and_then(Value::as_object);
    examples.into_iter().flatten().map(|(_, example)| &resolved(example, document)["value"])
}

fn resolved<'a>(value: &'a Value, document: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Every reference leads somewhere; gives how many there are.
fn check_references(value: &Value, document: &Value) -> usize {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            if let Some(reference) = reference {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            let below = members.values().map(|member| check_references(member, document));
            usize::from(reference.is_some()) + below.sum::<usize>()
        }
        Value::Array(items) => items.iter().map(|item| check_references(item, document)).sum(),
        _ => 0,
    }
}

/// Each path is there with just the methods that are documented: a router tells by `Allow`.
fn check_what_is_served(address: &str, document: &Value) {
    let mut by_path: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations(document) {
        by_path.entry(path).or_default().insert(method.to_uppercase());
    }
    for (path, documented) in &by_path {
        let target = filled_in(path);
        for method in METHODS {
            let (status, allow, body) = send(address, method, &target);
            let here = format!("{method} {target}: {status} {body}");
            if documented.contains(method) {
                assert!(status != 405 && status < 500, "{here}");
            } else {
                assert_eq!(status, 405, "{here}");
                let served: BTreeSet<String> = allow
                    .split(',')
                    .map(|method| method.trim().to_owned())
                    .filter(|method| method != "HEAD")
                    .collect();
                assert_eq!(&served, documented, "{here}");
            }
        }
    }
    let role = by_path.keys().next().unwrap().split('/').nth(1).unwrap();
    assert_eq!(send(address, "GET", &format!("/{role}/nothing")).0, 404);
}

fn filled_in(path: &str) -> String {
    let segment = |segment: &str| match segment {
        "{usage}" | "{issuer}" => "signature".to_owned(),
        "{medium}" => "card".to_owned(),
        _ if segment.starts_with('{') => "0123456789abcdef0123456789abcdef".to_owned(),
        _ => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Sends a request without a body: status, `Allow`, body.
fn send(address: &str, method: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let allow = head.lines().find_map(|line| line.strip_prefix("allow: "));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, allow.unwrap_or_default().to_owned(), body.to_owned())
}
