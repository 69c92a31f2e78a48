//! Which problems an operation answers, as its document says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use inrou_words::{Form, Language, error};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::operations;
use crate::problem::{Code, MEDIA_TYPE, Problem, ProblemDocument, status_of};

/// Where a handler names its own codes. `*` stands for: any code.
pub(super) const PROBLEMS: &str = "x-problems";

/// The answer to whatever may happen to any request.
pub(super) const ANYWHERE: &str = "#/components/responses/Anywhere";

/// What may be answered to any request, however it is made.
const EVERYWHERE: [&str; 10] = [
    "bad-request",
    "body-too-large",
    "cross-origin-refused",
    "host-unknown",
    "internal-error",
    "method-not-allowed",
    "not-found",
    "request-timeout",
    "service-unavailable",
    "store-unavailable",
];

/// The codes that each operation's document names, by route and method.
#[derive(Clone)]
pub(super) struct Catalogue(Arc<BTreeMap<String, BTreeMap<String, BTreeSet<String>>>>);

impl Catalogue {
    /// Has the document say of each operation which problems it answers.
    pub(super) fn add_to(document: &mut Value) -> Self {
        let mut by_route = BTreeMap::<String, BTreeMap<_, _>>::new();
        for (path, method, operation) in operations(document) {
            let mut listed = operation.remove(PROBLEMS).unwrap_or_default();
            add_codes(&mut listed, &implied(operation));
            let codes: BTreeSet<String> = serde_json::from_value(listed).unwrap_or_default();
            add_responses(operation, &codes);
            by_route.entry(path.to_owned()).or_default().insert(method.to_uppercase(), codes);
        }
        let named = by_route.values().flat_map(BTreeMap::values).flatten();
        let named: BTreeSet<&str> = named.map(String::as_str).collect();
        let components = &mut document["components"];
        for code in named.into_iter().chain(EVERYWHERE).filter(|code| *code != ANY) {
            components["examples"][code] = example(code);
        }
        let everywhere = EVERYWHERE.map(str::to_owned).into();
        components["responses"]["Anywhere"] =
            response("What may happen to any request", &everywhere, false);
        components["schemas"][&*ProblemDocument::name()] = json!(ProblemDocument::schema());
        Self(Arc::new(by_route))
    }

    /// Lets requests through that the document knows, and looks whether an answer's problem is one that
    /// it names. Another method is refused here, before anybody asks who calls.
    pub(super) async fn check(self, request: Request, next: Next) -> Response {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let Some((route, methods)) = route.and_then(|route| self.0.get_key_value(route.as_str()))
        else {
            return next.run(request).await;
        };
        let method = match request.method() {
            &Method::HEAD => Method::GET,
            method => method.clone(),
        };
        let Some(codes) = methods.get(method.as_str()) else {
            return method_not_allowed(methods.keys());
        };
        let response = next.run(request).await;
        if let Some(problem) = response.extensions().get::<Problem>() {
            let code = problem.code();
            let is_named = [code, ANY].iter().any(|&code| codes.contains(code));
            if !is_named && !EVERYWHERE.contains(&code) {
                tracing::warn!(%method, route, code, "a problem that the API document lacks");
                debug_assert!(is_named, "{method} {route} does not document {code}");
            }
        }
        response
    }
}

fn method_not_allowed<'a>(methods: impl Iterator<Item = &'a String>) -> Response {
    let with_head = methods.flat_map(|method| match method.as_str() {
        "GET" => vec!["GET", "HEAD"],
        other => vec![other],
    });
    let allow = with_head.collect::<Vec<_>>().join(",");
    let mut response = Problem::new(Code::METHOD_NOT_ALLOWED).into_response();
    if let Ok(allow) = HeaderValue::try_from(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// Adds codes to a list of them, which is made if there is none.
pub(super) fn add_codes(list: &mut Value, codes: &[&str]) {
    let mut all = list.as_array().cloned().unwrap_or_default();
    all.extend(codes.iter().map(|code| json!(code)));
    *list = Value::Array(all);
}

/// Stands for any code.
const ANY: &str = "*";

/// What follows from an operation's parameters and body.
fn implied(operation: &Map<String, Value>) -> Vec<&'static str> {
    let mut codes = Vec::new();
    if operation.contains_key("requestBody") {
        codes.extend(["body-malformed", "unsupported-media-type"]);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        match (parameter["in"].as_str(), parameter["name"].as_str()) {
            (Some("query"), _) => codes.push("bad-request"),
            (Some("path"), _) => codes.push("not-found"),
            (_, Some("Idempotency-Key")) => codes.extend([
                "body-malformed",
                "idempotency-key-malformed",
                "idempotency-key-missing",
                "idempotency-key-reused",
                "unsupported-media-type",
            ]),
            _ => {}
        }
    }
    codes
}

fn add_responses(operation: &mut Map<String, Value>, codes: &BTreeSet<String>) {
    let mut by_status: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for code in codes.iter().filter(|code| *code != ANY) {
        by_status.entry(status_of(code).as_u16()).or_default().insert(code.clone());
    }
    for code in EVERYWHERE {
        let status = status_of(code).as_u16();
        by_status.entry(status).and_modify(|codes| _ = codes.insert(code.to_owned()));
    }
    let any = codes.contains(ANY);
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        // What is answered is described by its schema.
        if response["description"].as_str().unwrap_or_default().is_empty() {
            let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
            response["description"] =
                json!(status.and_then(|status| status.canonical_reason()).unwrap_or("Answer"));
        }
    }
    for (status, codes) in by_status {
        let mut answer = response("One of these", &codes, any);
        if matches!(status, 429 | 503) {
            answer["headers"]["Retry-After"] = json!({
                "description": "After how many seconds to come again.",
                "schema": {"type": "integer", "minimum": 1},
            });
        }
        // What the handler itself answers at that status stays beside it.
        let own = responses[status.to_string()]["content"].take();
        for (media_type, content) in own.as_object().into_iter().flatten() {
            answer["content"][media_type] = content.clone();
        }
        responses[status.to_string()] = answer;
    }
    responses["default"] = if any {
        let everywhere = EVERYWHERE.map(str::to_owned).into();
        response(
            "Whatever the authority, the chip or the site answered; among others",
            &everywhere,
            true,
        )
    } else {
        json!({"$ref": ANYWHERE})
    };
}

/// A problem with one of these codes, or with others as well.
fn response(about: &str, codes: &BTreeSet<String>, others: bool) -> Value {
    let named: Vec<String> =
        codes.iter().map(|code| format!("- `{code}`: {}", title(code))).collect();
    let problem = json!({"$ref": format!("#/components/schemas/{}", ProblemDocument::name())});
    let schema = if others {
        problem
    } else {
        json!({"allOf": [problem, {"type": "object", "properties": {"code": {"enum": codes}}}]})
    };
    let example =
        |code: &String| (code.clone(), json!({"$ref": format!("#/components/examples/{code}")}));
    let examples: Map<String, Value> = codes.iter().map(example).collect();
    json!({
        "description": format!("{about}:\n{}", named.join("\n")),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    })
}

/// The whole document of a problem, in English; its parameters are left open.
fn example(code: &str) -> Value {
    let problem = Problem::of(code.to_owned(), status_of(code));
    json!({"summary": title(code), "value": problem.document(Language::En)})
}

fn title(code: &str) -> String {
    let text = error(code).expect("a documented code is one that words knows");
    text.title().in_language(Language::En).render(Form::Plain)
}
