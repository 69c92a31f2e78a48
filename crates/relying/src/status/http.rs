//! Fetching over HTTP, bounded in time and size.
//!
//! Plain HTTP is taken: what is fetched is signed (RFC 6960 appendix A, RFC 5280 §8). No redirect is
//! followed, so that a service cannot send its clients about.

use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH};
use reqwest::{Certificate, RequestBuilder, StatusCode, redirect};

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The service cannot be reached, or did not answer in time.
    #[error("the service does not answer: {0}")]
    Unreachable(String),
    /// It answered with this HTTP status.
    #[error("the service answered with HTTP status {0}")]
    Status(u16),
    /// More came than is taken.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// An HTTP client for status services.
pub(crate) struct Http(reqwest::Client);

/// What was answered.
pub(crate) struct Answer {
    /// The body; `None` if what the client has is still right (304).
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) etag: Option<String>,
    pub(crate) caching: Caching,
}

/// How long an answer may be used without asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caching {
    /// The service does not say.
    Unsaid,
    /// Not at all: it may be kept, but the service is to be asked each time.
    Revalidate,
    /// It is not to be kept.
    Never,
    /// For this many seconds.
    Seconds(i64),
}

impl Http {
    /// A client that waits this long for an answer, and trusts these roots; without any, the operating
    /// system's.
    pub(crate) fn new(patience: Duration, roots: &[Vec<u8>]) -> Result<Self, FetchError> {
        // Fails only where a provider is installed already, which then serves as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(patience)
            .timeout(patience)
            .redirect(redirect::Policy::none())
            .no_proxy();
        if !roots.is_empty() {
            let roots: Result<Vec<_>, _> =
                roots.iter().map(|root| Certificate::from_der(root)).collect();
            builder = builder.tls_certs_only(roots.map_err(unreachable)?);
        }
        builder.build().map(Self).map_err(unreachable)
    }

    /// Gets what is at an address, unless it is what `etag` stands for.
    pub(crate) async fn get(
        &self,
        address: &str,
        etag: Option<&str>,
        limit: usize,
    ) -> Result<Answer, FetchError> {
        let mut request = self.0.get(address);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        send(request, limit).await
    }

    /// Posts a body of this media type and reads the answer.
    pub(crate) async fn post(
        &self,
        address: &str,
        (media_type, body): (&'static str, Vec<u8>),
        accept: &'static str,
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let request = self.0.post(address).body(body);
        let request = request.header(CONTENT_TYPE, media_type).header(ACCEPT, accept);
        let answer = send(request, limit).await?;
        answer.body.ok_or(FetchError::Status(304))
    }
}

async fn send(request: RequestBuilder, limit: usize) -> Result<Answer, FetchError> {
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let (etag, caching) = (etag(response.headers()), caching(response.headers()));
    if status == StatusCode::NOT_MODIFIED {
        return Ok(Answer { body: None, etag, caching });
    }
    if status != StatusCode::OK {
        return Err(FetchError::Status(status.as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { body: Some(body), etag, caching })
}

fn etag(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(ETAG)?.to_str().ok()?.to_owned())
}

/// Reads `Cache-Control` (RFC 9111 §5.2.2).
fn caching(headers: &HeaderMap) -> Caching {
    let mut found = Caching::Unsaid;
    let lines = headers.get_all(CACHE_CONTROL).iter();
    for directive in lines.flat_map(|line| line.to_str().unwrap_or("no-store").split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.as_str() {
            "no-store" => return Caching::Never,
            "no-cache" => found = Caching::Revalidate,
            _ => {
                let seconds = directive.strip_prefix("max-age=");
                let seconds = seconds.and_then(|text| text.trim_matches('"').parse().ok());
                if let (Some(seconds), Caching::Unsaid) = (seconds, found) {
                    found = Caching::Seconds(seconds);
                }
            }
        }
    }
    found
}

/// Without the address: it may hold the request, and so whose certificate is asked about.
fn unreachable(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    FetchError::Unreachable(text)
}
