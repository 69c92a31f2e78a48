//! Whether a registration holds.

use inrou_api::unseen::is_unseen;
use url::{Host, Url};

use super::{ClientFault, Limits, Registration};
use crate::authorize::{Scope, Wanted};

/// The longest address, and the most of them.
const LONGEST_URI: usize = 255;
const MOST_URIS: usize = 20;

/// The longest name that residents are shown, in characters.
const LONGEST_NAME: usize = 60;

/// The longest list of scopes, and the longest host (RFC 1035 §2.3.4), in bytes.
const LONGEST_SCOPE: usize = 255;
const LONGEST_HOST: usize = 253;

/// That a registration holds. Where `is_sandbox`, addresses of this machine need no TLS.
///
/// # Errors
/// What does not.
pub(super) fn check(registration: &Registration, is_sandbox: bool) -> Result<(), ClientFault> {
    members(registration).map_err(ClientFault::Member)?;
    registration.jwks.check(registration.profile)?;
    if let Some(member) = registration.limits.as_ref().and_then(Limits::fault) {
        return Err(ClientFault::Limits(member));
    }
    let Registration { redirect_uris, post_logout_redirect_uris, .. } = registration;
    let mut all = redirect_uris.iter().chain(post_logout_redirect_uris);
    match is_sandbox || all.all(|uri| uri.starts_with("https:")) {
        true => Ok(()),
        false => Err(ClientFault::Local),
    }
}

/// The first member that does not hold.
fn members(registration: &Registration) -> Result<(), &'static str> {
    let Registration {
        client_name,
        client_name_ja,
        redirect_uris,
        post_logout_redirect_uris,
        scope,
        sector,
        ..
    } = registration;
    let is_shown = |name: &str| {
        let length = name.chars().count();
        let is_plain = |c: char| !c.is_control() && !is_unseen(c);
        !name.trim().is_empty() && length <= LONGEST_NAME && name.chars().all(is_plain)
    };
    let are_uris = |uris: &[String]| uris.len() <= MOST_URIS && uris.iter().all(|uri| is_safe(uri));
    let is_scope = scope.len() <= LONGEST_SCOPE && Scope::from(scope.as_str()).has(Wanted::OpenId);
    let checks = [
        (is_shown(client_name), "client_name"),
        (client_name_ja.as_deref().is_none_or(is_shown), "client_name#ja"),
        (!redirect_uris.is_empty() && are_uris(redirect_uris), "redirect_uris"),
        (are_uris(post_logout_redirect_uris), "post_logout_redirect_uris"),
        (is_scope, "scope"),
        (sector.len() <= LONGEST_HOST && Host::parse(sector).is_ok(), "sector"),
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
