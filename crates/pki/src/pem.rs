//! PEM (RFC 7468): the text form of certificates, CRLs, CMS and keys.

use der::pem::{LineEnding, decode_vec, encode_string};

/// Longest PEM text that is read, in bytes.
const MAX_LENGTH: usize = 64 * 1024 * 1024;

/// Why a text is not PEM of the label that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// There is no block, or it is not Base64.
    #[error("not PEM")]
    Malformed,
    /// The block has another label.
    #[error("the PEM block is of another kind")]
    Label,
    /// The text is longer than any that is read here.
    #[error("the PEM text is too long")]
    TooLong,
}

/// The text with `label` around the Base64 of `der`, 64 characters a line.
pub fn encode(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der)
        .expect("labels are fixed texts, and the length of PEM fits in memory")
}

/// Reads the one block in `text`, which must have that label. Text before it is passed over.
///
/// # Errors
/// [`PemError`].
pub fn decode(label: &str, text: &str) -> Result<Vec<u8>, PemError> {
    if text.len() > MAX_LENGTH {
        return Err(PemError::TooLong);
    }
    let (found, der) = decode_vec(text.as_bytes()).map_err(|_| PemError::Malformed)?;
    if found == label { Ok(der) } else { Err(PemError::Label) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let der: Vec<u8> = (0..=255).collect();
        let text = encode("X509 CRL", &der);
        assert!(text.starts_with("-----BEGIN X509 CRL-----\n"));
        assert_eq!(decode("X509 CRL", &text), Ok(der.clone()));
        assert_eq!(decode("X509 CRL", &format!("subject=C=JP\n{text}")), Ok(der.clone()));
        assert_eq!(decode("X509 CRL", &text.replace('\n', "\r\n")), Ok(der));
        assert_eq!(decode("CERTIFICATE", &text), Err(PemError::Label));
        for broken in ["", "-----BEGIN X509 CRL-----\n", &text[..100]] {
            assert_eq!(decode("X509 CRL", broken), Err(PemError::Malformed));
        }
    }
}
