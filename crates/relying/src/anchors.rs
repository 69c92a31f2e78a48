//! Reading the issuers that are trusted.

use std::io::Read;
use std::path::{Path, PathBuf};

use inrou_pki::certificate::{Certificate, CertificateError};
use inrou_pki::path::{AnchorInvalid, TrustAnchors};

use crate::{FetchError, StatusClient};

/// Longest file of anchors that is read, in bytes.
const MAX_LENGTH: usize = 1024 * 1024;

/// Why there are no anchors.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Longer than a list of anchors can be.
    #[error("the list of trust anchors is too long")]
    TooLong,
    /// There is no certificate.
    #[error("there is no certificate in the list of trust anchors")]
    None,
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A certificate is no issuer's.
    #[error(transparent)]
    Invalid(#[from] AnchorInvalid),
    /// The list could not be fetched.
    #[error("the trust anchors could not be fetched: {0}")]
    Fetch(#[from] FetchError),
    /// None of the fetched certificates has this fingerprint.
    #[error("no trust anchor with the SHA-256 fingerprint {0} was fetched")]
    Pin(String),
}

/// Reads anchors from files, each one DER certificate or any number of PEM ones. Generations of one
/// issuer stand beside each other.
///
/// # Errors
/// [`AnchorError`].
pub fn from_files(
    paths: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Result<TrustAnchors, AnchorError> {
    let mut certificates = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let bytes =
            read_file(path).map_err(|error| AnchorError::File { path: path.to_owned(), error })?;
        certificates.extend(read_certificates(&bytes)?);
    }
    trust(certificates)
}

/// Reads anchors from one DER certificate or any number of PEM ones.
///
/// # Errors
/// [`AnchorError`].
pub fn from_bytes(bytes: &[u8]) -> Result<TrustAnchors, AnchorError> {
    trust(read_certificates(bytes)?)
}

/// Fetches anchors once from the address where an authority publishes them, such as
/// `http://localhost:8080/ca/anchors.pem`. Only certificates whose SHA-256 fingerprint (hexadecimal)
/// is among `pins` are taken, and each pin must be met: what is trusted is decided by the caller, not
/// by the network.
///
/// # Errors
/// [`AnchorError`].
pub async fn fetch(
    client: &StatusClient,
    address: &str,
    pins: &[String],
) -> Result<TrustAnchors, AnchorError> {
    let bytes = client.download(address, MAX_LENGTH).await?;
    let fetched = read_certificates(&bytes)?;
    let mut certificates = Vec::new();
    for pin in pins {
        let wanted = pin.to_ascii_lowercase();
        let found = fetched.iter().find(|each| fingerprint(each) == wanted);
        certificates.push(found.ok_or_else(|| AnchorError::Pin(pin.clone()))?.clone());
    }
    trust(certificates)
}

/// The SHA-256 fingerprint of a certificate, as a pin writes it.
pub fn fingerprint(certificate: &Certificate) -> String {
    let digest = certificate.fingerprint();
    let digits = digest.as_bytes().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

fn trust(certificates: Vec<Certificate>) -> Result<TrustAnchors, AnchorError> {
    if certificates.is_empty() {
        return Err(AnchorError::None);
    }
    Ok(TrustAnchors::new(certificates)?)
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is taken shows that there is more.
    let longest = MAX_LENGTH as u64 + 1;
    std::fs::File::open(path)?.take(longest).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, AnchorError> {
    const END: &str = "-----END CERTIFICATE-----";
    if bytes.len() > MAX_LENGTH {
        return Err(AnchorError::TooLong);
    }
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains(END)) else {
        return Ok(vec![Certificate::from_der(bytes)?]);
    };
    let blocks = text.split_inclusive(END).filter(|block| block.ends_with(END));
    blocks.map(|block| Ok(Certificate::from_pem(block)?)).collect()
}
