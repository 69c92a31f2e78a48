//! What a relying party sets.

use inrou_pki::profile::IssuerSettings;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::status::StatusSource;

/// How certificates are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The issuers' names and policies, by which a certificate's kind is recognised. Addresses of
    /// status services that stand here go before those in certificates.
    pub issuer: IssuerSettings,
    /// Whom to ask for a certificate's status, the first that answers; if none, nothing is accepted.
    pub sources: Vec<StatusSource>,
    /// Whether OCSP requests carry a nonce, so that every answer is of this moment (RFC 9654).
    /// Without one answers are cached until they end.
    pub nonce: bool,
    /// By how much the clocks of status services may differ from one's own.
    pub tolerance: SignedDuration,
    /// How long, in real time, a status service may take to answer.
    pub patience: SignedDuration,
    /// The longest CRL that is fetched, in bytes.
    pub longest_crl: usize,
    /// How many bytes of answers and CRLs are kept in memory.
    pub cache: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: IssuerSettings::default(),
            sources: vec![StatusSource::Ocsp, StatusSource::Crl],
            nonce: true,
            tolerance: SignedDuration::from_mins(5),
            patience: SignedDuration::from_secs(10),
            longest_crl: 64 * 1024 * 1024,
            cache: 128 * 1024 * 1024,
        }
    }
}
