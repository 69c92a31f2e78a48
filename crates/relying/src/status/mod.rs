//! Asking status services: OCSP (RFC 6960) and CRLs, over HTTP.

mod cache;
mod crl;
mod evidence;
pub(crate) mod http;
mod kept;
mod ocsp;

use std::fmt;
use std::sync::Arc;

use inrou_pki::certificate::Certificate;
use inrou_pki::digest::Digest;
use inrou_pki::path::{StatusError, TrustAnchors};
use inrou_pki::status::Moment;
use inrou_pki::{Entropy, Status};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Kind, Settings};
use cache::{Cache, Kept, Verdict};
use http::Http;

pub use evidence::StatusEvidence;
pub use http::FetchError;

/// Where a status can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusSource {
    /// The OCSP responder.
    Ocsp,
    /// The CRL of the certificate's partition.
    Crl,
}

impl fmt::Display for StatusSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ocsp => "OCSP",
            Self::Crl => "CRL",
        })
    }
}

/// A source that did not tell a status, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked}: {reason}")]
pub struct SourceFailure {
    /// Which.
    pub asked: StatusSource,
    /// Why.
    pub reason: FailureReason,
}

/// Why a source did not tell a status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailureReason {
    /// Neither settings nor certificate say where it is.
    #[error("no address is known")]
    NoAddress,
    /// There was no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What was answered does not hold.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// The request could not be written.
    #[error("the issuer's key is not supported")]
    Issuer,
}

/// A client of status services. It keeps what may be used again.
pub struct StatusClient {
    http: Http,
    cache: Cache<String, Kept>,
    /// By the certificate's fingerprint.
    verdicts: Cache<Digest, Verdict>,
    entropy: Arc<dyn Entropy>,
}

impl StatusClient {
    /// A client with the limits of these settings; nonces are drawn from `entropy`.
    ///
    /// # Errors
    /// [`FetchError`]: the machine has no TLS to offer.
    pub fn new(settings: &Settings, entropy: Arc<dyn Entropy>) -> Result<Self, FetchError> {
        Self::trusting(&[], settings, entropy)
    }

    /// As [`StatusClient::new`]; the certificates in `roots` (DER) are trusted for TLS, and only they. If
    /// there are none, those of the operating system.
    ///
    /// # Errors
    /// [`FetchError`]: a root is no certificate, or the machine has no TLS to offer.
    pub fn trusting(
        roots: &[Vec<u8>],
        settings: &Settings,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, FetchError> {
        Ok(Self {
            http: Http::new(settings.patience.unsigned_abs(), roots)?,
            cache: Cache::new(settings.cache),
            verdicts: Cache::new(settings.cache),
            entropy,
        })
    }

    /// Asks the sources in their order until one tells a certificate's status. The certificate's path
    /// has been checked: its addresses are taken for the issuer's word. `kind`: `None` if it is no resident's.
    ///
    /// # Errors
    /// Why each source failed.
    pub(crate) async fn ask(
        &self,
        certificate: &Certificate,
        kind: Option<Kind>,
        anchors: &TrustAnchors,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(Status, StatusEvidence), Vec<SourceFailure>> {
        let question = Question { certificate, kind, anchors, settings, now };
        if !settings.nonce
            && !settings.sources.is_empty()
            && let Some(said) = self.said_lately(&question)
        {
            return Ok(said);
        }
        let mut failures = Vec::new();
        for &source in &settings.sources {
            let told = match source {
                StatusSource::Ocsp => self.ask_ocsp(&question).await,
                StatusSource::Crl => self.ask_crl(&question).await,
            };
            match told {
                Ok((status, der)) => {
                    let evidence = StatusEvidence::new(source, der, now);
                    return Ok((status, evidence));
                }
                Err(reason) => {
                    if reason != FailureReason::NoAddress {
                        tracing::warn!(%source, %reason, "a status source did not answer");
                    }
                    failures.push(SourceFailure { asked: source, reason });
                }
            }
        }
        Err(failures)
    }

    /// Fetches a file of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn download(&self, address: &str, limit: usize) -> Result<Vec<u8>, FetchError> {
        let answer = self.http.get(address, None, limit).await?;
        answer.body.ok_or(FetchError::Status(304))
    }
}

impl fmt::Debug for StatusClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusClient({:?})", self.cache)
    }
}

/// What is asked, and by which rules.
struct Question<'a> {
    certificate: &'a Certificate,
    /// Which of a resident's it is, by which the settings have addresses.
    kind: Option<Kind>,
    anchors: &'a TrustAnchors,
    settings: &'a Settings,
    now: Timestamp,
}

impl Question<'_> {
    /// The moment that an answer fresh from its service must speak for.
    fn moment(&self) -> Moment {
        Moment { at: self.now, tolerance: self.settings.tolerance }
    }

    /// The moment that what was kept must speak for: nothing is used beyond its nextUpdate.
    fn moment_of_kept(&self) -> Moment {
        Moment { at: self.now, tolerance: SignedDuration::ZERO }
    }
}

/// A status, and the DER that told it.
type Told = Result<(Status, Vec<u8>), FailureReason>;
