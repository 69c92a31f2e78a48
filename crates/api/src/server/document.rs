//! The OpenAPI document of a role.

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{
    ComponentsBuilder, Content, Info, OpenApi, PathItem, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::problem::{MEDIA_TYPE, ProblemDocument};

/// The version that documents name.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Has a router answer `GET {path}` with the OpenAPI 3.1 document of its routes. Every operation is
/// said to answer with a problem document where it does not answer as it says itself.
pub fn documented(router: OpenApiRouter, path: &str) -> Router {
    let (router, mut document) = router.split_for_parts();
    document.info = Info::new("Inrou sandbox (not a service of the government)", VERSION);
    add_problems(&mut document);
    let json = document.to_json().expect("an OpenAPI document has a form in JSON");
    let json = Bytes::from(json);
    router.route(path, get(async move || ([(header::CONTENT_TYPE, "application/json")], json)))
}

fn add_problems(document: &mut OpenApi) {
    let name = ProblemDocument::name();
    let schema = RefOr::Ref(Ref::from_schema_name(name.clone()));
    let problem = ResponseBuilder::new()
        .description("A problem: `code` says which.")
        .content(MEDIA_TYPE, Content::new(Some(schema)))
        .build();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let responses = &mut operation.responses.responses;
            responses.entry("default".into()).or_insert_with(|| problem.clone().into());
        }
    }
    let components = document.components.get_or_insert_with(|| ComponentsBuilder::new().build());
    components.schemas.insert(name.into_owned(), ProblemDocument::schema());
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
        &mut item.head,
        &mut item.options,
        &mut item.trace,
    ];
    methods.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use serde_json::Value;
    use tower::ServiceExt;
    use utoipa_axum::routes;

    use super::*;

    /// Answers with a word.
    #[utoipa::path(get, path = "/word", responses((status = 200, description = "A word")))]
    async fn word() -> &'static str {
        "word"
    }

    /// Takes a word.
    #[utoipa::path(post, path = "/word", responses((status = "default", description = "Own")))]
    async fn take() {}

    #[tokio::test]
    async fn the_document_is_openapi_3_1_and_knows_problems() {
        let router = OpenApiRouter::new().routes(routes!(word, take));
        let router = documented(router, "/openapi.json");
        let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let title = document["info"]["title"].as_str().unwrap();
        assert!(title.contains("not a service of the government"), "{title}");
        let get = &document["paths"]["/word"]["get"];
        assert_eq!(get["summary"], "Answers with a word.");
        let problem = &get["responses"]["default"]["content"][MEDIA_TYPE]["schema"]["$ref"];
        let schema = problem.as_str().unwrap().trim_start_matches('#');
        assert!(document.pointer(schema).unwrap()["properties"]["code"].is_object());
        let post = &document["paths"]["/word"]["post"];
        assert_eq!(post["responses"]["default"]["description"], "Own", "a route's own stands");
    }
}
