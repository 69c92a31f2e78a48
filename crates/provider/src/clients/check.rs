//! Whether a registration holds.

use std::collections::BTreeSet;

use inrou_api::problem::{Code, Problem};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use url::{Host, Url};

use super::Registration;
use crate::authorize::{Scope, Wanted};

/// The longest address, and the most of them.
const LONGEST_URI: usize = 255;
const MOST_URIS: usize = 20;

/// The longest name that residents are shown, in characters.
const LONGEST_NAME: usize = 60;

/// That a registration holds. Where `is_sandbox`, addresses of this machine need no TLS.
///
/// # Errors
/// `registration-invalid`, with the `member` that does not; `redirect-uri-local`.
pub(super) fn check(registration: &Registration, is_sandbox: bool) -> Result<(), Problem> {
    members(registration)
        .map_err(|member| Problem::new(Code::REGISTRATION_INVALID).with("member", member))?;
    let Registration { redirect_uris, post_logout_redirect_uris, .. } = registration;
    let mut all = redirect_uris.iter().chain(post_logout_redirect_uris);
    match is_sandbox || all.all(|uri| uri.starts_with("https:")) {
        true => Ok(()),
        false => Err(Problem::new(Code::REDIRECT_URI_LOCAL)),
    }
}

/// The first member that does not hold.
fn members(registration: &Registration) -> Result<(), &'static str> {
    let Registration {
        client_name,
        redirect_uris,
        post_logout_redirect_uris,
        jwks,
        scope,
        sector,
        ..
    } = registration;
    let is_shown = |name: &str| {
        let length = name.chars().count();
        !name.trim().is_empty() && length <= LONGEST_NAME && !name.chars().any(char::is_control)
    };
    let are_uris = |uris: &[String]| uris.len() <= MOST_URIS && uris.iter().all(|uri| is_safe(uri));
    let checks = [
        (is_shown(client_name), "client_name"),
        (!redirect_uris.is_empty() && are_uris(redirect_uris), "redirect_uris"),
        (are_uris(post_logout_redirect_uris), "post_logout_redirect_uris"),
        (!jwks.keys.is_empty() && jwks.keys.iter().all(is_sound), "jwks"),
        (are_told_apart(&jwks.keys), "jwks"),
        (Scope::from(scope.as_str()).has(Wanted::OpenId), "scope"),
        (Host::parse(sector).is_ok(), "sector"),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, member)| Err(member))
}

/// An address without a fragment, over TLS unless it stays on this machine (FAPI 2.0 §5.3.2.2-8), whose names
/// RFC 6761 §6.3 has.
fn is_safe(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_encrypted = url.scheme() == "https" && url.host().is_some();
    let is_plain =
        url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    uri.len() <= LONGEST_URI && is_plain && (is_encrypted || (url.scheme() == "http" && is_local))
}

/// A public key of RSA from 2048 bits on, on P-256, or of Ed25519 (FAPI 2.0 §5.4).
pub(crate) fn is_sound(key: &Jwk) -> bool {
    match &key.algorithm {
        // Four characters of base64url are three bytes.
        AlgorithmParameters::RSA(key) => key.n.len() >= 342,
        AlgorithmParameters::EllipticCurve(key) => key.curve == EllipticCurve::P256,
        AlgorithmParameters::OctetKeyPair(key) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    }
}

/// FAPI 2.0 §5.4.2: no two keys are called alike.
fn are_told_apart(keys: &[Jwk]) -> bool {
    let mut names = BTreeSet::new();
    keys.iter().filter_map(|key| key.common.key_id.as_ref()).all(|name| names.insert(name))
}
