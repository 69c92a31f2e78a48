//! Answers: one status for each certificate asked about, signed by a delegated responder.

use std::fmt;
use std::sync::Arc;

use const_oid::db::rfc5280::ID_KP_OCSP_SIGNING;
use jiff::Timestamp;

use super::request::{CertId, OcspRequest, write_nonce};
use crate::certificate::Certificate;
use crate::digest::{Digest, HashAlgorithm};
use crate::encode::{
    ENUMERATED, Encoder, OCTET_STRING, OID, SEQUENCE, constructed, element_length, encode,
    primitive,
};
use crate::keys::{SignError, SignatureAlgorithm, Signer};
use crate::status::{Status, Withdrawal};

/// An answer that tells no status (RFC 6960 §2.3). It is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request cannot be read.
    MalformedRequest,
    /// The responder is out of order.
    InternalError,
    /// The responder cannot answer now.
    TryLater,
    /// The responder does not speak for the issuer that was asked about.
    Unauthorized,
}

impl Refusal {
    /// The whole response.
    pub fn to_der(self) -> Vec<u8> {
        encode(|out| out.sequence(|response| response.value(ENUMERATED, &[self.code()])))
    }

    fn code(self) -> u8 {
        match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::Unauthorized => 6,
        }
    }
}

/// Why a certificate and a key do not make a responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponderInvalid {
    /// The issuer's key is not supported, or the issuer did not sign the responder's certificate.
    #[error("the responder's certificate is not signed by the issuer")]
    Issuer,
    /// The responder's certificate is not for OCSP signing.
    #[error("the responder's certificate is not for OCSP signing")]
    Purpose,
    /// The key is not that of the responder's certificate.
    #[error("the key is not that of the responder's certificate")]
    Key,
}

/// The times in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerTimes {
    /// When it is signed.
    pub produced_at: Timestamp,
    /// As of when the statuses are known to be right.
    pub this_update: Timestamp,
    /// By when there will be newer information.
    pub next_update: Timestamp,
}

/// Answers for one issuer's key. Shared between threads.
pub struct Responder {
    /// Hashes of the issuer's name and key, by SHA-1 and by SHA-256.
    issuer: [(Digest, Digest); 2],
    certificate: Certificate,
    /// `certs` of the answers, ready: the responder's certificate.
    certificates: Vec<u8>,
    signer: Arc<dyn Signer>,
    algorithm: SignatureAlgorithm,
}

impl Responder {
    /// A responder that `issuer` has delegated by `certificate`, whose key is `signer`.
    ///
    /// # Errors
    /// [`ResponderInvalid`].
    pub fn new(
        issuer: &Certificate,
        certificate: Certificate,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, ResponderInvalid> {
        let issuer_key = issuer.public_key().map_err(|_| ResponderInvalid::Issuer)?;
        if certificate.issuer() != issuer.subject()
            || certificate.verify_signature(issuer_key).is_err()
        {
            return Err(ResponderInvalid::Issuer);
        }
        if !certificate.extended_key_usages().contains(&ID_KP_OCSP_SIGNING) {
            return Err(ResponderInvalid::Purpose);
        }
        if certificate.public_key().ok() != Some(signer.public_key()) {
            return Err(ResponderInvalid::Key);
        }
        let hashes = |hash: HashAlgorithm| {
            (hash.digest(issuer.subject().as_der()), hash.digest(issuer_key.subject_public_key()))
        };
        Ok(Self {
            issuer: [hashes(HashAlgorithm::Sha1), hashes(HashAlgorithm::Sha256)],
            certificates: encode(|out| {
                out.nest(constructed(0), |explicit| {
                    explicit.sequence(|list| list.raw(certificate.as_der()));
                });
            }),
            certificate,
            algorithm: signer.algorithm(),
            signer,
        })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether the certificate that is asked about is of this issuer's key. Of several generations of an
    /// issuer, each has a responder of its own.
    pub fn speaks_for(&self, id: &CertId<'_>) -> bool {
        self.issuer.iter().any(|(name, key)| {
            id.hash() == Some(name.algorithm())
                && id.issuer_name_hash() == name.as_bytes()
                && id.issuer_key_hash() == key.as_bytes()
        })
    }

    /// Answers a request: `status` is asked for every certificate that this responder
    /// [speaks for](Self::speaks_for); the others are answered as unknown. The request's nonce is
    /// repeated.
    ///
    /// # Errors
    /// The signer failed.
    pub fn answer(
        &self,
        request: &OcspRequest<'_>,
        times: AnswerTimes,
        mut status: impl FnMut(&CertId<'_>) -> Status,
    ) -> Result<Vec<u8>, SignError> {
        let mut data = Encoder::with_capacity(512);
        data.sequence(|data| {
            data.nest(constructed(2), |by_key| {
                by_key.value(OCTET_STRING, &self.signer.public_key().identifier().0);
            });
            data.generalized_time(times.produced_at);
            data.sequence(|responses| {
                for id in request.certificates() {
                    let known = if self.speaks_for(id) { status(id) } else { Status::Unknown };
                    write_single(responses, id, known, times);
                }
            });
            if let Some(nonce) = request.nonce() {
                data.nest(constructed(1), |explicit| write_nonce(explicit, nonce));
            }
        });
        let signature = self.signer.sign(data.as_bytes())?;
        data.signature(self.algorithm, &signature);
        Ok(self.wrap(data.as_bytes()))
    }

    /// The response around the signed part and the signature. All lengths are known before anything is
    /// written, so nothing is moved: signing leaves little time to be lost.
    fn wrap(&self, signed: &[u8]) -> Vec<u8> {
        let content = signed.len() + self.certificates.len();
        let basic = element_length(content);
        let response = element_length(basic);
        let bytes = BASIC_TYPE.len() + response;
        let explicit = element_length(bytes);
        let whole = SUCCESSFUL.len() + element_length(explicit);
        let mut out = Encoder::with_capacity(element_length(whole));
        out.header(SEQUENCE, whole);
        out.raw(&SUCCESSFUL);
        out.header(constructed(0), explicit);
        out.header(SEQUENCE, bytes);
        out.raw(&BASIC_TYPE);
        out.header(OCTET_STRING, basic);
        out.header(SEQUENCE, content);
        out.raw(signed);
        out.raw(&self.certificates);
        out.into_bytes()
    }
}

/// `responseStatus` successful.
const SUCCESSFUL: [u8; 3] = [ENUMERATED, 1, 0];

/// `responseType` id-pkix-ocsp-basic.
const BASIC_TYPE: [u8; 11] = [OID, 9, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Responder({:?})", self.certificate)
    }
}

fn write_single(out: &mut Encoder, id: &CertId<'_>, status: Status, times: AnswerTimes) {
    out.sequence(|single| {
        single.raw(id.as_der());
        match status {
            Status::Good => single.value(primitive(0), &[]),
            Status::Unknown => single.value(primitive(2), &[]),
            Status::Revoked { at, reason } => {
                write_revoked(single, at, Withdrawal::Revoked(reason))
            }
            Status::OnHold { since } => write_revoked(single, since, Withdrawal::Hold),
        }
        single.generalized_time(times.this_update);
        single.nest(constructed(0), |explicit| explicit.generalized_time(times.next_update));
    });
}

fn write_revoked(out: &mut Encoder, at: Timestamp, withdrawal: Withdrawal) {
    out.nest(constructed(1), |revoked| {
        revoked.generalized_time(at);
        if let Some(code) = withdrawal.code() {
            revoked.nest(constructed(0), |reason| reason.value(ENUMERATED, &[code]));
        }
    });
}
