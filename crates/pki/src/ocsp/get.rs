//! Requests over GET (RFC 6960 appendix A.1): the request's Base64, percent-encoded, is the path.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::MAX_REQUEST;

/// Writes padding, and reads with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The path is not a request's Base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path is not the Base64 of an OCSP request")]
pub struct InvalidPath;

/// The path that carries a request, without a slash before it.
pub fn request_to_path(request: &[u8]) -> String {
    BASE64.encode(request).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// The request in the rest of a path, percent-encoded or not, slashes within it included.
///
/// # Errors
/// [`InvalidPath`].
pub fn request_from_path(path: &str) -> Result<Vec<u8>, InvalidPath> {
    // Every byte percent-encoded, four characters for three bytes.
    if path.len() > 3 * 4 * MAX_REQUEST.div_ceil(3) {
        return Err(InvalidPath);
    }
    BASE64.decode(percent_decode(path)?).map_err(|_| InvalidPath)
}

fn percent_decode(path: &str) -> Result<Vec<u8>, InvalidPath> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(InvalidPath);
        };
        decoded.push((high * 16 + low) as u8);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let request: Vec<u8> = (0..=255).rev().collect();
        let path = request_to_path(&request);
        assert!(!path.contains(['+', '/', '=']));
        assert_eq!(request_from_path(&path), Ok(request.clone()));
        let plain = path.replace("%2F", "/").replace("%2B", "+").replace("%3D", "");
        assert_eq!(request_from_path(&plain), Ok(request.clone()));
        assert_eq!(request_from_path(&path.replace("%2F", "%2f")), Ok(request));
        for broken in ["%", "%2", "%zz", "a", "ab cd", "日本"] {
            assert_eq!(request_from_path(broken), Err(InvalidPath), "{broken}");
        }
        assert_eq!(request_from_path(&"A".repeat(12 * MAX_REQUEST)), Err(InvalidPath));
    }
}
