//! The report of a JSON Web Signature (RFC 7515) in compact form, with the signer's certificate in `x5c`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::{KeyAlgorithm, SignatureAlgorithm};
use jiff::Timestamp;
use serde::Deserialize;

use super::ValidationReport;
use super::assemble::assemble;
use super::brought::Brought;
use super::found::{CertificateFound, ContentFound, SignatureFound};
use super::gather::{Effort, Gathered};
use super::when::When;
use crate::{StatusEvidence, Validator};

/// Longest signature that is read, in bytes.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// Most certificates in a header.
const MAX_CERTIFICATES: usize = 16;

/// A JWS to be reported on.
#[derive(Clone, Debug)]
pub struct JwsFile<'a> {
    /// It, in compact form.
    pub jws: &'a str,
    /// What was signed, where the payload is left out (RFC 7515 appendix F).
    pub content: Option<&'a [u8]>,
    /// What tells the certificate's status. If there is any, nobody is asked.
    pub status: &'a [StatusEvidence],
    /// The name of what was signed.
    pub filename: Option<&'a str>,
    /// Whether the report is to say how it was judged.
    pub detailed: bool,
}

impl Validator {
    /// Reports on a JWS as of `when`. The signer need not claim a time; a time-stamp has no place in the
    /// compact form.
    pub async fn report_jws(&self, file: &JwsFile<'_>, when: impl Into<When>) -> ValidationReport {
        let when = when.into();
        let gathered = match read(file.jws) {
            Err(why) => Gathered::unreadable(why),
            Ok(jws) => {
                let mut gathered = jws.look_at(file.content);
                let brought = Brought { certificates: jws.chain, ..Brought::default() };
                let mut effort = Effort::default();
                self.gather(&mut gathered, brought, file.status, when, &mut effort).await;
                gathered
            }
        };
        assemble(&[gathered], self.rules(), when.at, file.filename, file.detailed)
    }
}

/// The header's members that are looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    x5c: Vec<String>,
    #[serde(rename = "x5t#S256")]
    x5t: Option<String>,
    /// Members that must be understood: none is.
    crit: Option<serde_json::Value>,
    /// When the signer claims to have signed (RFC 9701 and others), in seconds since 1970.
    iat: Option<i64>,
}

struct Jws<'a> {
    algorithm: Option<SignatureAlgorithm>,
    chain: Vec<Certificate>,
    /// SHA-256 of the signer's certificate, where the header has it.
    thumbprint: Option<Vec<u8>>,
    claimed: Option<Timestamp>,
    /// Header and payload as they are written.
    header: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

fn read(text: &str) -> Result<Jws<'_>, &'static str> {
    if text.len() > MAX_LENGTH {
        return Err("the signature is too long");
    }
    let mut parts = text.trim_end().split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("not a JWS in compact form");
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "not base64url");
    let json = decode(header)?;
    let read: Header = serde_json::from_slice(&json).map_err(|_| "the header cannot be read")?;
    if read.crit.is_some() {
        return Err("the header has members that must be understood");
    }
    if read.x5c.len() > MAX_CERTIFICATES {
        return Err("the header has too many certificates");
    }
    let certificate = |text: &String| Certificate::from_der(&STANDARD.decode(text).ok()?).ok();
    let chain: Option<Vec<_>> = read.x5c.iter().map(certificate).collect();
    Ok(Jws {
        algorithm: algorithm(&read.alg),
        chain: chain.ok_or("a certificate in the header cannot be read")?,
        thumbprint: read.x5t.as_deref().map(decode).transpose()?,
        claimed: read.iat.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        header,
        payload,
        signature: decode(signature)?,
    })
}

impl Jws<'_> {
    fn look_at(&self, content: Option<&[u8]>) -> Gathered {
        let mut gathered = Gathered {
            format: "JWS",
            signature: self.signature.clone(),
            algorithm: self.algorithm,
            signer: self.chain.first().cloned(),
            warnings: Vec::new(),
            ..Gathered::unreadable("")
        };
        let found = &mut gathered.found;
        found.claimed_time = self.claimed;
        found.needs_claimed_time = false;
        let inside = URL_SAFE_NO_PAD.decode(self.payload);
        found.has_format = inside.is_ok();
        let inside = inside.ok().filter(|payload| !payload.is_empty());
        let signed = match (inside.as_deref(), content) {
            (Some(inside), Some(beside)) if inside != beside => {
                found.content = ContentFound::Another;
                None
            }
            (Some(content), _) | (None, Some(content)) => Some(content),
            (None, None) => None,
        };
        let Some(signer) = &gathered.signer else { return gathered };
        let thumbprint = signer.fingerprint();
        let is_named = self.thumbprint.as_deref().is_none_or(|it| it == thumbprint.as_bytes());
        found.certificate =
            if is_named { CertificateFound::Identified } else { CertificateFound::Another };
        if let Some(content) = signed {
            found.content = ContentFound::Same;
            found.signature = self.verify(signer, content);
            gathered.digest = Some(HashAlgorithm::Sha256.digest(content));
        }
        gathered
    }

    fn verify(&self, signer: &Certificate, content: &[u8]) -> SignatureFound {
        let (Some(algorithm), Ok(key)) = (self.algorithm, signer.public_key()) else {
            return SignatureFound::NotSupported;
        };
        // In JWS an algorithm goes with one curve (RFC 7518 §3.4).
        let is_on_its_curve = match algorithm {
            SignatureAlgorithm::EcdsaWithSha256 => key.algorithm() == KeyAlgorithm::EcP256,
            SignatureAlgorithm::EcdsaWithSha384 => key.algorithm() == KeyAlgorithm::EcP384,
            _ => true,
        };
        let message = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(content));
        let holds = key.verify_fixed(algorithm, message.as_bytes(), &self.signature).is_ok();
        if is_on_its_curve && holds { SignatureFound::Holds } else { SignatureFound::Broken }
    }
}

/// By its name in RFC 7518 §3.1; `None` for what is no signature by a certificate's key, or not supported.
fn algorithm(name: &str) -> Option<SignatureAlgorithm> {
    Some(match name {
        "RS256" => SignatureAlgorithm::Sha256WithRsa,
        "RS384" => SignatureAlgorithm::Sha384WithRsa,
        "RS512" => SignatureAlgorithm::Sha512WithRsa,
        "PS256" => SignatureAlgorithm::PssWithSha256,
        "PS384" => SignatureAlgorithm::PssWithSha384,
        "PS512" => SignatureAlgorithm::PssWithSha512,
        "ES256" => SignatureAlgorithm::EcdsaWithSha256,
        "ES384" => SignatureAlgorithm::EcdsaWithSha384,
        _ => return None,
    })
}
