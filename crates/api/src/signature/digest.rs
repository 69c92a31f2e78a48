//! `Content-Digest` (RFC 9530): SHA-256 when it is made, SHA-256 and SHA-512 when it is checked.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::base::CONTENT_DIGEST;
use crate::problem::{Code, Problem};

/// The field's value for a body.
pub(super) fn content_digest(body: &[u8]) -> HeaderValue {
    let digest = STANDARD.encode(digest(&SHA256, body));
    HeaderValue::try_from(format!("sha-256=:{digest}:"))
        .expect("base64 and punctuation are a header's value")
}

/// Checks the body against the field, if there is one. Every digest whose algorithm is known has to
/// fit, and there has to be one.
///
/// # Errors
/// `content-digest-mismatch`.
pub(super) fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let lines: Vec<&HeaderValue> = headers.get_all(CONTENT_DIGEST).iter().collect();
    if lines.is_empty() {
        return Ok(());
    }
    let mismatch = || Problem::new(Code::CONTENT_DIGEST_MISMATCH);
    let text = lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>().join(&b',');
    let digests: Dictionary = Parser::new(&text).parse().map_err(|_| mismatch())?;
    let known = digests.iter().filter_map(|(name, entry)| Some((algorithm(name.as_str())?, entry)));
    let mut checked = false;
    for (algorithm, entry) in known {
        checked = true;
        let expected = match entry {
            ListEntry::Item(item) => match &item.bare_item {
                BareItem::ByteSequence(bytes) => bytes,
                _ => return Err(mismatch()),
            },
            ListEntry::InnerList(_) => return Err(mismatch()),
        };
        if digest(algorithm, body).as_ref() != expected.as_slice() {
            return Err(mismatch());
        }
    }
    if checked { Ok(()) } else { Err(mismatch()) }
}

fn algorithm(name: &str) -> Option<&'static Algorithm> {
    match name {
        "sha-256" => Some(&SHA256),
        "sha-512" => Some(&SHA512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body and digests of RFC 9530 appendix D and RFC 9421 appendix B.2.
    const BODY: &[u8] = br#"{"hello": "world"}"#;
    const SHA_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    const SHA_512: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

    fn checked(lines: &[&str], body: &[u8]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_DIGEST, line.parse().unwrap());
        }
        check(&headers, body).is_ok()
    }

    #[test]
    fn the_digest_is_that_of_the_rfcs_example() {
        assert_eq!(content_digest(BODY), SHA_256);
    }

    #[test]
    fn a_digest_that_fits_is_accepted_whatever_stands_beside_it() {
        assert!(checked(&[], BODY));
        assert!(checked(&[SHA_256], BODY));
        assert!(checked(&[SHA_512], BODY));
        assert!(checked(&[SHA_256, SHA_512], BODY));
        assert!(checked(&["md5=:AAAA:", SHA_512], BODY));
    }

    #[test]
    fn every_known_digest_has_to_fit_and_one_has_to_be_known() {
        assert!(!checked(&[SHA_256], b"another body"));
        assert!(!checked(&[SHA_512, "sha-256=:AAAA:"], BODY));
        assert!(!checked(&["md5=:AAAA:"], BODY));
    }

    #[test]
    fn a_malformed_digest_fits_nothing() {
        let long = format!("sha-256=:{}:", "A".repeat(100_000));
        for line in ["", "sha-256", "sha-256=1", "sha-256=(1)", "=", "sha-256=:!:", &long] {
            assert!(!checked(&[line], BODY), "{line:.40}");
        }
    }
}
