//! Cookies of sessions. Each is to have the prefix `__Host-`, so that no other host and no page without
//! encryption (but for loopback) can set it, and none is for scripts.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use inrou_api::problem::{OrInternal, Problem};
use jiff::SignedDuration;

/// A header that sets or clears a cookie.
pub type SetCookie = (HeaderName, HeaderValue);

/// The value that came along.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// Sets one for that long.
///
/// # Errors
/// `internal-error` if the value has characters that no header takes.
pub fn set(name: &str, value: &str, life: SignedDuration) -> Result<SetCookie, Problem> {
    let seconds = life.as_secs().max(0);
    let line = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    Ok((header::SET_COOKIE, HeaderValue::try_from(line).or_internal()?))
}

/// Clears one.
///
/// # Errors
/// None with the names of this module.
pub fn clear(name: &str) -> Result<SetCookie, Problem> {
    set(name, "", SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let line = HeaderValue::from_static("x__Host-portal=no; lang=en;__Host-portal=a=b ; c");
        let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
        assert_eq!(read(&headers, "__Host-portal"), Some("a=b"));
        assert_eq!(read(&headers, "__Host-login"), None);
    }

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        let (_, line) = set("__Host-portal", "t", SignedDuration::from_mins(1)).unwrap();
        let expected = "__Host-portal=t; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(line, expected);
        assert!(set("__Host-portal", "a\nb", SignedDuration::ZERO).is_err());
    }
}
