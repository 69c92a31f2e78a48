//! The client's connections: where they may go, whom they trust, how much they read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::body::Bytes;
use reqwest::{Certificate, Response, Url, redirect};

use super::ClientError;

/// How long, in real time, a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long, in real time, an unused connection is kept: less than a server keeps it, so that no
/// request is sent just when the server closes it.
const IDLE_TIME: Duration = Duration::from_secs(20);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

pub(super) fn parse_base(base: &str) -> Result<Url, ClientError> {
    let refused = |why: &str| ClientError::Request(format!("{base}: {why}"));
    let url = Url::parse(base).map_err(|_| refused("not an address"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(refused("an address has neither a user nor a query here"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refused("plain HTTP is for loopback only, use https")),
        _ => Err(refused("neither http nor https")),
    }
}

pub(super) fn http_client(base: &Url, roots: &[Vec<u8>]) -> Result<reqwest::Client, ClientError> {
    let refused = |error: reqwest::Error| ClientError::Request(error.to_string());
    // Fails only where a provider is installed already, which then serves as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIME)
        .pool_idle_timeout(IDLE_TIME)
        .redirect(redirect::Policy::none())
        .no_proxy();
    if let Some(name) = base.host_str().filter(|name| is_localhost(name)) {
        builder = builder.resolve_to_addrs(name, &LOOPBACK);
    }
    if !roots.is_empty() {
        let roots: Result<Vec<_>, _> =
            roots.iter().map(|root| Certificate::from_der(root)).collect();
        builder = builder.tls_certs_only(roots.map_err(refused)?);
    }
    builder.build().map_err(refused)
}

/// Host and port, as the header `Host` has them.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
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
        Err(_) => is_localhost(host),
    }
}

/// `localhost` and the names below it are this machine (RFC 6761 §6.3), but not every resolver knows
/// the latter. Port 0 stands for the one in the address.
const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for base in [
            "http://localhost",
            "http://phone.localhost:8080/v1",
            "http://127.0.0.2:1",
            "http://[::1]:1/",
            "http://[::ffff:127.0.0.1]/",
            "https://authority.example/v1",
        ] {
            assert!(parse_base(base).is_ok(), "{base}");
        }
        for base in [
            "http://authority.example",
            "http://localhost.example",
            "http://notlocalhost",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://127.0.0.1.example",
            "http://user@localhost",
            "http://localhost/?a=b",
            "ftp://localhost",
            "file:///etc",
            "localhost:80",
            "",
        ] {
            assert!(matches!(parse_base(base), Err(ClientError::Request(_))), "{base}");
        }
    }

    #[test]
    fn the_authority_leaves_out_what_the_host_header_leaves_out() {
        let authority = |url| authority(&Url::parse(url).unwrap());
        assert_eq!(authority("http://LOCALHOST:80/a"), "localhost");
        assert_eq!(authority("http://localhost:8080/a"), "localhost:8080");
        assert_eq!(authority("https://[::1]:443"), "[::1]");
    }

    #[test]
    fn a_root_that_is_no_certificate_is_refused() {
        let base = Url::parse("https://localhost").unwrap();
        assert!(matches!(http_client(&base, &[vec![0; 3]]), Err(ClientError::Request(_))));
    }
}
