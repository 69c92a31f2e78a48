//! A front before the sandbox: what comes to it is signed by a role and passed on.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use inrou::sandbox::{DataFolder, RoleKeys, Sandbox};
use inrou_api::clock::Clock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::signature::{RoleKey, Target, sign};
use inrou_pki::SystemEntropy;

/// More than any role takes.
const LONGEST: usize = 64 * 1024 * 1024;

/// The keys of the sandbox's roles.
pub fn keys(folder: &Path) -> RoleKeys {
    RoleKeys::of(&DataFolder::find(folder).unwrap()).unwrap()
}

/// Serves the front; its address.
pub async fn front(sandbox: &Sandbox, key: Arc<RoleKey>) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let authority = sandbox.base.strip_prefix("http://").unwrap().to_owned();
    let clock = sandbox.world().unwrap().clock.clone();
    let pass = move |request: Request| {
        let (authority, key, clock) = (authority.clone(), key.clone(), clock.clone());
        async move { pass_on(request, &authority, &key, &*clock).await }
    };
    tokio::spawn(async move {
        axum::serve(listener, Router::new().fallback(pass)).await.unwrap();
    });
    address
}

async fn pass_on(request: Request, authority: &str, key: &RoleKey, clock: &dyn Clock) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.unwrap();
    let path_and_query = parts.uri.path_and_query().unwrap().clone();
    let host = HeaderValue::from_str(authority).unwrap();
    parts.headers.insert(header::HOST, host);
    parts.headers.remove(header::TRANSFER_ENCODING);
    if parts.method == Method::POST {
        let fresh = IdempotencyKey::new(&SystemEntropy);
        let fresh = HeaderValue::from_str(fresh.as_str()).unwrap();
        parts.headers.entry("idempotency-key").or_insert(fresh);
    }
    let target = Target {
        method: &parts.method,
        authority,
        path: path_and_query.path(),
        query: path_and_query.query(),
    };
    // A header that cannot be signed is sent as it is: that has an answer, too.
    let _ = sign(&target, &mut parts.headers, &body, key, clock.now(), &SystemEntropy).await;
    parts.uri = format!("http://{authority}{path_and_query}").parse().unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let answer = client.request(Request::from_parts(parts, Body::from(body))).await.unwrap();
    answer.map(Body::new)
}

/// How somebody who shows this in `Authorization` is answered.
pub async fn asks(address: &str, shown: &str) -> u16 {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let request = Request::get(address).header(header::AUTHORIZATION, shown);
    client.request(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
}
