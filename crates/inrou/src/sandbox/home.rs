//! The sandbox's own plain page: what runs, what time it is, where to go.

use axum::Router;
use axum::response::Html;
use axum::routing::get;

/// The page at `/`.
pub fn router() -> Router {
    Router::new().route(
        "/",
        get(async || Html("<!doctype html><title>Inrou</title>")),
    )
}
