//! The OpenAPI document of a role.
//!
//! A handler's `utoipa::path` says what is its own: parameters, bodies, the answer of success, and
//! under `x-problems` the codes that only this operation gives. What is the same for all operations of
//! a kind is added here: who may call, the problems that follow from that, from a body, a query, a key.

mod access;
mod problems;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;

pub use access::{Access, with_access};
use problems::Catalogue;

/// The version that documents name.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What holds for every operation of every role.
const ABOUT: &str = "\
Part of an Inrou sandbox: not a service of the government; its certificates are worth nothing outside.

- **Problems** are `application/problem+json` (RFC 9457). `code` is stable and says what is the matter; \
`what` and `now` are for a person, in the language of `Accept-Language` (`ja`, `ja-easy` or `ja-x-easy`, \
`en`); `developer` is for you. Each code is explained in `docs/errors.md`. With 429 and 503, `Retry-After` \
says after how many seconds to come again.
- **Idempotency-Key**: where an operation takes it, the same request under the same key has the same \
answer and is carried out once; a refused request may be made again under its key.
- **Pages**: `next` of an answer is the `cursor` of the next request; the last page has none.
- **Time** is that of the sandbox's clock, which may be turned forward. Instants are RFC 3339 in UTC.
- **Bytes** are base64 (RFC 4648 §4, padded), APDUs hexadecimal.
- Members that a request's schema does not name are refused. An answer may have more than its schema.";

/// Has a router answer `GET {path}` with the OpenAPI 3.1 document of its routes and of that one.
///
/// An answer with a problem that the document does not name is reported in the log; a debug build
/// takes it for a fault, so that tests find it.
pub fn documented(router: OpenApiRouter, title: &str, path: &str) -> Router {
    let (router, document) = router.split_for_parts();
    let mut document =
        serde_json::to_value(document).expect("an OpenAPI document has a form in JSON");
    document["info"] = json!({
        "title": format!("{title} (sandbox)"),
        "version": VERSION,
        "description": ABOUT,
    });
    document["servers"] = json!([{"url": "/", "description": "Whoever served this document."}]);
    let catalogue = Catalogue::add_to(&mut document);
    add_itself(&mut document, path);
    access::add_schemes(&mut document);
    close_requests(&mut document);
    write_wildcards_plainly(&mut document);
    let json = Bytes::from(document.to_string());
    router
        .layer(axum::middleware::from_fn(move |request, next| {
            catalogue.clone().check(request, next)
        }))
        .route(path, get(async move || ([(header::CONTENT_TYPE, "application/json")], json)))
}

/// Each operation: its path, its method in lower case, itself.
fn operations(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Map<String, Value>)> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let methods = item.as_object_mut().into_iter().flatten();
        methods.filter_map(|(method, operation)| {
            Some((path.as_str(), method.as_str(), operation.as_object_mut()?))
        })
    })
}

fn add_itself(document: &mut Value, path: &str) {
    let role = path.split('/').nth(1).unwrap_or_default();
    document["paths"][path]["get"] = json!({
        "tags": ["document"],
        "summary": "This document.",
        "operationId": format!("{role}_openapi"),
        "security": [],
        "responses": {
            "200": {
                "description": "OpenAPI 3.1.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "default": {"$ref": problems::ANYWHERE},
        },
    });
}

/// Requests refuse members that their schemas do not name: so does each variant of a choice, of which
/// `utoipa` does not say it.
fn close_requests(document: &mut Value) {
    let mut requests = Vec::new();
    for (_, _, operation) in operations(document) {
        let content = operation.get("requestBody").and_then(|body| body.get("content"));
        let contents = content.and_then(Value::as_object).into_iter().flatten();
        let reference =
            |(_, content): (_, &Value)| content["schema"]["$ref"].as_str().map(str::to_owned);
        requests.extend(contents.filter_map(reference));
    }
    for reference in requests {
        let schema = document.pointer_mut(reference.trim_start_matches('#'));
        let variants = schema.and_then(|schema| schema.get_mut("oneOf")?.as_array_mut());
        for variant in variants.into_iter().flatten() {
            variant["additionalProperties"] = json!(false);
        }
    }
}

/// A router's `{*rest}` has no other form in OpenAPI than `{rest}`.
fn write_wildcards_plainly(document: &mut Value) {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        let all = std::mem::take(paths);
        paths.extend(all.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)));
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use tower::ServiceExt;
    use utoipa_axum::routes;

    use super::*;
    use crate::idempotency::{KeyHeader, KeyedJson};
    use crate::problem::{Code, MEDIA_TYPE, Problem};

    /// Answers with a word.
    #[utoipa::path(get, path = "/word/{*rest}", params(("rest" = String, Path)),
        responses((status = 200, description = "A word")))]
    async fn word() -> &'static str {
        "word"
    }

    /// Takes a word.
    #[utoipa::path(post, path = "/word", params(KeyHeader), request_body = String,
        extensions(("x-problems" = json!(["none-selected"]))),
        responses((status = 204, description = "Taken")))]
    async fn take(body: KeyedJson<String>) -> Result<(), Problem> {
        match body.body.as_str() {
            "none" => Err(inrou_rules::Refusal::NoneSelected.into()),
            "down" => Err(Problem::new(Code::SERVICE_UNAVAILABLE)),
            "other" => Err(Problem::new(Code::CONFLICT)),
            _ => Ok(()),
        }
    }

    fn router() -> Router {
        let open = with_access(OpenApiRouter::new().routes(routes!(word)), Access::Anybody);
        let closed = with_access(OpenApiRouter::new().routes(routes!(take)), Access::Role);
        documented(open.merge(closed), "Words", "/words/openapi.json")
    }

    async fn document() -> Value {
        let request = Request::get("/words/openapi.json").body(Body::empty()).unwrap();
        let response = router().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    async fn send(body: &'static str) -> StatusCode {
        let request = Request::post("/word")
            .header("content-type", "application/json")
            .header("idempotency-key", "k")
            .body(Body::from(body));
        router().oneshot(request.unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn the_document_is_openapi_3_1_and_describes_itself() {
        let document = document().await;
        assert_eq!(document["openapi"], "3.1.0");
        let about = document["info"]["description"].as_str().unwrap();
        assert!(about.contains("not a service of the government"), "{about}");
        assert_eq!(document["servers"][0]["url"], "/");
        assert_eq!(document["paths"]["/word/{rest}"]["get"]["summary"], "Answers with a word.");
        let itself = &document["paths"]["/words/openapi.json"]["get"];
        assert_eq!(itself["operationId"], "words_openapi");
    }

    #[tokio::test]
    async fn an_operation_says_who_may_call_it_and_which_problems_it_answers() {
        let document = document().await;
        let take = &document["paths"]["/word"]["post"];
        assert_eq!(take["security"], json!([{"role-key": []}]));
        assert!(document["components"]["securitySchemes"]["role-key"].is_object());
        assert_eq!(document["paths"]["/word/{rest}"]["get"]["security"], json!([]));
        for (status, code) in [
            ("400", "body-malformed"),
            ("400", "idempotency-key-missing"),
            ("401", "signature-invalid"),
            ("403", "permission-denied"),
            ("415", "unsupported-media-type"),
            ("422", "none-selected"),
        ] {
            let content = &take["responses"][status]["content"][MEDIA_TYPE];
            let codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"].as_array();
            assert!(codes.unwrap().contains(&json!(code)), "{status} {code}");
            let example = content["examples"][code]["$ref"].as_str().unwrap();
            let example = document.pointer(example.trim_start_matches('#')).unwrap();
            assert_eq!(example["value"]["code"], code);
            let description = take["responses"][status]["description"].as_str().unwrap();
            assert!(description.contains(code), "{description}");
        }
        assert!(take.get("x-problems").is_none());
        let default = take["responses"]["default"]["$ref"].as_str().unwrap();
        assert!(document.pointer(default.trim_start_matches('#')).is_some());
    }

    #[tokio::test]
    async fn a_method_that_is_not_documented_is_refused_with_those_that_are() {
        let head = Request::head("/word/x").body(Body::empty()).unwrap();
        assert_eq!(router().oneshot(head).await.unwrap().status(), StatusCode::OK);
        for (path, allow) in [("/word/x", "GET,HEAD"), ("/word", "POST")] {
            let request = Request::delete(path).body(Body::empty()).unwrap();
            let response = router().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()["allow"], allow);
        }
    }

    #[tokio::test]
    async fn a_problem_that_is_documented_goes_through() {
        assert_eq!(send("\"word\"").await, StatusCode::OK);
        assert_eq!(send("\"none\"").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(send("\"down\"").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(send("word").await, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    #[should_panic(expected = "POST /word does not document conflict")]
    async fn a_problem_that_is_not_documented_is_a_fault() {
        send("\"other\"").await;
    }
}
