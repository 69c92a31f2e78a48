//! The client's connections: where they may go, whom they trust, how much they read.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Bytes;
use reqwest::{Certificate, Response, Url, redirect};

use super::ClientError;

/// How long, in real time, a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

pub(super) fn parse_base(base: &str) -> Result<Url, ClientError> {
    let refused = |why: &str| ClientError::Request(format!("{base}: {why}"));
    let url = Url::parse(base).map_err(|_| refused("not an address"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refused("plain HTTP is for loopback only, use https")),
        _ => Err(refused("neither http nor https")),
    }
}

pub(super) fn http_client(roots: &[Vec<u8>]) -> Result<reqwest::Client, ClientError> {
    let refused = |error: reqwest::Error| ClientError::Request(error.to_string());
    // Fails only where a provider is installed already, which then serves as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIME)
        .redirect(redirect::Policy::none())
        .no_proxy();
    if !roots.is_empty() {
        let roots: Result<Vec<_>, _> = roots
            .iter()
            .map(|root| Certificate::from_der(root))
            .collect();
        builder = builder.tls_certs_only(roots.map_err(refused)?);
    }
    builder.build().map_err(refused)
}

/// Reads an answer's body, bounded.
pub(super) async fn read(mut response: Response) -> Result<Bytes, ClientError> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(ClientError::Answer { status });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// Without the address: its query may hold what does not belong in a log.
pub(super) fn unavailable(error: reqwest::Error) -> ClientError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    ClientError::Unavailable(text)
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}
