//! Raising a signature from baseline B to T and LT (CAdES, ETSI EN 319 122-1; PAdES, ETSI EN 319 142-1): a
//! time-stamp over it, then the certificates and statuses by which it is judged, so that it can be judged years later without asking
//! anybody.

use std::future::Future;

use inrou_api::wire::transaction::Purpose;
use inrou_pdf::{AppendError, Pdf, SecurityStore, SignatureInvalid, SubFilter};
use inrou_pki::Entropy;
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{Additions, CmsError, SignedMessage};
use inrou_pki::ocsp::OcspResponse;
use inrou_pki::tsp::{ResponseError, TimeStampRequest, TimeStampToken, TokenError, read_response};
use jiff::Timestamp;

use crate::report::brought::{Brought, known_at};
use crate::report::gather::Effort;
use crate::status::http::Http;
use crate::{FetchError, Invalid, Settings, StatusSource, Validator};

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";

/// Where time-stamps come from: over HTTP ([`TimeStampClient`]), or from a unit that is at hand.
pub trait TimeStampSource: Sync {
    /// The DER answer to a DER request (RFC 3161).
    fn ask(&self, request: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// A time-stamp authority over HTTP (RFC 3161 §3.4).
pub struct TimeStampClient {
    http: Http,
    address: String,
}

/// Why a signature was not raised.
#[derive(Debug, thiserror::Error)]
pub enum RaiseError {
    /// It cannot be read.
    #[error(transparent)]
    Message(#[from] CmsError),
    /// It is not of baseline B: signing time, the signer's certificate, or its hash are missing.
    #[error("the signature is not of the baseline level B")]
    NotBaseline,
    /// There was no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// There is no token in the answer.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The token was not made for the request.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token's unit is not trusted.
    #[error("the time-stamp is not trusted: {0}")]
    Untrusted(String),
    /// It has no time-stamp that holds.
    #[error("the signature has no time-stamp that holds")]
    NoTimeStamp,
    /// What tells the status of the signer's certificate is from before the time-stamp, and does not
    /// speak for the signature: newer is to be had later.
    #[error("what tells the certificate's status is from before the time-stamp")]
    StatusTooEarly,
    /// The signer's certificate does not hold.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The PDF file cannot be read, or appended to.
    #[error(transparent)]
    Pdf(#[from] AppendError),
    /// A signature in it does not say what it covers.
    #[error(transparent)]
    Signature(#[from] SignatureInvalid),
}

impl TimeStampClient {
    /// The authority at that address, which is waited for as long as these settings say.
    ///
    /// # Errors
    /// [`FetchError`]: the machine has no TLS to offer.
    pub fn new(address: String, settings: &Settings) -> Result<Self, FetchError> {
        Self::trusting(&[], address, settings)
    }

    /// As [`TimeStampClient::new`]; the certificates in `roots` (DER) are trusted for TLS, and only they. If
    /// there are none, those of the operating system.
    ///
    /// # Errors
    /// [`FetchError`]: a root is no certificate, or the machine has no TLS to offer.
    pub fn trusting(
        roots: &[Vec<u8>],
        address: String,
        settings: &Settings,
    ) -> Result<Self, FetchError> {
        Ok(Self { http: Http::new(settings.patience.unsigned_abs(), roots)?, address })
    }
}

impl TimeStampSource for TimeStampClient {
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        self.http.post(&self.address, (QUERY, request), REPLY, MAX_ANSWER).await
    }
}

impl Validator {
    /// Raises a CMS signature (DER) of level B to T: with a time-stamp over it, which must be by a unit that
    /// is trusted here.
    ///
    /// # Errors
    /// [`RaiseError`].
    pub async fn raise_to_t(
        &self,
        cms: &[u8],
        source: &impl TimeStampSource,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Vec<u8>, RaiseError> {
        if SignedMessage::from_der(cms)?.signing_time().is_none() {
            return Err(RaiseError::NotBaseline);
        }
        self.add_time_stamp(cms, source, entropy, now).await
    }

    /// Adds a time-stamp to a CMS signature (DER) that stands in a PDF file, before it is put there: to
    /// raise it to PAdES baseline T.
    ///
    /// # Errors
    /// [`RaiseError`].
    pub async fn add_time_stamp(
        &self,
        cms: &[u8],
        source: &impl TimeStampSource,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Vec<u8>, RaiseError> {
        let message = SignedMessage::from_der(cms)?;
        let hash = message.hash().ok_or(CmsError::Algorithms)?;
        message.signer()?;
        if !message.names_certificate() {
            return Err(RaiseError::NotBaseline);
        }
        let mut nonce = [0; 8];
        entropy.fill(&mut nonce);
        let request = TimeStampRequest::new(hash.digest(message.signature()), nonce);
        let token = read_response(&source.ask(request.to_der()).await?)?;
        token.verify_answer(&request)?;
        let brought = Brought::by(&message);
        let (signature, mut effort) = (message.signature(), Effort::default());
        let judged = self.find_token(&token, signature, &brought, now, &mut effort).await;
        judged.map_err(|why| RaiseError::Untrusted(why.to_string()))?;
        Ok(message.extended(&Additions {
            signature_time_stamps: &[token.as_der().to_vec()],
            ..Additions::default()
        }))
    }

    /// Raises a CMS signature (DER) of level T to LT: with the certificates of signer, status service and
    /// time-stamp, and what tells now that the signer's is good.
    ///
    /// # Errors
    /// [`RaiseError`].
    pub async fn raise_to_lt(&self, cms: &[u8], now: Timestamp) -> Result<Vec<u8>, RaiseError> {
        let message = SignedMessage::from_der(cms)?;
        let material = self.material(&message, now).await?;
        Ok(message.extended(&Additions {
            certificates: &material.certificates,
            crls: &material.crls,
            ocsp_responses: &material.ocsp_responses,
            signature_time_stamps: &[],
        }))
    }

    /// Raises the signatures of a PDF file from PAdES baseline T to LT: by a further revision with a
    /// security store. Time-stamps over the whole file are passed over.
    ///
    /// # Errors
    /// [`RaiseError`].
    pub async fn raise_pdf_to_lt(
        &self,
        file: Vec<u8>,
        now: Timestamp,
    ) -> Result<Vec<u8>, RaiseError> {
        let pdf = Pdf::read(file).map_err(AppendError::from)?;
        let mut store = SecurityStore::default();
        for signature in pdf.signatures()? {
            let signature = signature?;
            if signature.sub_filter == SubFilter::TimeStamp {
                continue;
            }
            let message = SignedMessage::from_der(&signature.contents)?;
            let material = self.material(&message, now).await?;
            let certificates = material.certificates.iter().chain(message.certificates());
            store.certificates.extend(certificates.map(|each| each.as_der().to_vec()));
            store.crls.extend(material.crls);
            store.ocsp_responses.extend(material.ocsp_responses);
        }
        Ok(pdf.with_security_store(&store)?)
    }

    /// By what a signature with a time-stamp is judged years later.
    async fn material(
        &self,
        message: &SignedMessage,
        now: Timestamp,
    ) -> Result<Material, RaiseError> {
        let signer = message.signer()?;
        let brought = Brought::by(message);
        let (mut tokens, mut paths) = (Vec::new(), Vec::new());
        let (signature, mut effort) = (message.signature(), Effort::default());
        for der in message.signature_time_stamps() {
            let Ok(token) = TimeStampToken::from_der(der) else { continue };
            let judged = self.find_token(&token, signature, &brought, now, &mut effort).await;
            let Ok(path) = judged else { continue };
            tokens.push(token);
            paths.push(path);
        }
        if paths.is_empty() {
            return Err(RaiseError::NoTimeStamp);
        }
        let who = self.find_signer(signer, now, Purpose::Sign).await?;
        let evidence = self.check_signer(signer, who, now).await?;
        let stamped = tokens.iter().map(|token| token.info().time).min();
        if known_at(evidence.source, &evidence.der) < stamped {
            return Err(RaiseError::StatusTooEarly);
        }
        let anchors = self.anchors_of(who);
        let issuer = anchors.issuer_of(signer).map_err(Invalid::from)?.clone();
        let mut material = Material { certificates: vec![issuer], ..Material::default() };
        for path in &paths {
            material.certificates.push(path.anchor().clone());
            material.certificates.extend_from_slice(path.certificates());
        }
        match evidence.source {
            StatusSource::Crl => material.crls.push(evidence.der),
            StatusSource::Ocsp => {
                let response = OcspResponse::from_der(&evidence.der);
                let certificates = response.iter().flat_map(|read| read.certificates());
                material.certificates.extend(certificates.cloned());
                material.ocsp_responses.push(evidence.der);
            }
        }
        Ok(material)
    }
}

#[derive(Default)]
struct Material {
    certificates: Vec<Certificate>,
    crls: Vec<Vec<u8>>,
    ocsp_responses: Vec<Vec<u8>>,
}
