//! JSON Web Tokens: those of others, verified; our own, signed.

use std::sync::Arc;

use inrou_api::problem::{OrInternal, Problem};
use inrou_pki::keys::ecdsa;
use inrou_pki::{PublicKey, Signer, digest};
use jiff::Timestamp;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::secrets::base64url;

/// Why a token of somebody else does not hold, in fixed words.
pub(crate) type Fault = &'static str;

/// The claims of a token that one of `keys` signed by one of `algorithms`. What they say is not judged.
///
/// # Errors
/// What does not hold.
pub(crate) fn verify<T: DeserializeOwned + Clone>(
    token: &str,
    keys: &JwkSet,
    algorithms: &[Algorithm],
) -> Result<T, Fault> {
    let header = header(token)?;
    check_header(&header, algorithms)?;
    let mut known = false;
    for key in keys.keys.iter().filter(|key| may_have_signed(key, &header)) {
        known = true;
        if let Some(claims) = claims(token, key, header.alg)? {
            return Ok(claims);
        }
    }
    Err(if known { "its signature" } else { "it is signed by no registered key" })
}

/// The claims of a token that is signed by the key in it.
///
/// # Errors
/// What does not hold.
pub(crate) fn verify_by_own_key<T: DeserializeOwned + Clone>(
    token: &str,
    key: &Jwk,
    algorithms: &[Algorithm],
) -> Result<T, Fault> {
    let header = header(token)?;
    check_header(&header, algorithms)?;
    match fits(key, header.alg) {
        true => claims(token, key, header.alg)?.ok_or("its signature"),
        false => Err("its key is not of its algorithm"),
    }
}

/// A token's header.
///
/// # Errors
/// It is no JWT, or is signed by an algorithm that nobody may use.
pub(crate) fn header(token: &str) -> Result<Header, Fault> {
    decode_header(token).map_err(|_| "it is no JWT, or by an unknown algorithm")
}

fn check_header(header: &Header, algorithms: &[Algorithm]) -> Result<(), Fault> {
    if !algorithms.contains(&header.alg) {
        return Err("its algorithm");
    }
    // RFC 7515 §4.1.11: none is understood here.
    if header.crit.is_some() {
        return Err("a header that it says is critical");
    }
    Ok(())
}

/// RFC 7517 §4: the key is named, for signing, and for that algorithm, as far as either says.
fn may_have_signed(key: &Jwk, header: &Header) -> bool {
    let common = &key.common;
    let is_named = header.kid.is_none() || common.key_id == header.kid;
    let signs = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption));
    let by_it = common.key_algorithm.is_none_or(|of| of == KeyAlgorithm::from(header.alg));
    is_named && signs && by_it && fits(key, header.alg)
}

/// Whether a key is of the kind of an algorithm.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    match (&key.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::PS256) => true,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    }
}

/// `None` if that key did not sign it.
fn claims<T: DeserializeOwned + Clone>(
    token: &str,
    key: &Jwk,
    algorithm: Algorithm,
) -> Result<Option<T>, Fault> {
    let Ok(key) = DecodingKey::from_jwk(key) else { return Ok(None) };
    let mut validation = Validation::new(algorithm);
    // Time and audience are judged by who knows the service's clock and its names.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    match decode(token, &key, &validation) {
        Ok(token) => Ok(Some(token.claims)),
        Err(error) => match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => Ok(None),
            _ => Err("its claims"),
        },
    }
}

/// Signs the provider's own tokens by ES256, and knows those that were signed by its keys of before.
#[derive(Clone)]
pub struct Issuer {
    key: Arc<dyn Signer>,
    kid: String,
    /// The public keys, the one that signs first.
    keys: JwkSet,
}

impl Issuer {
    /// An issuer with that key, on P-256.
    ///
    /// # Errors
    /// The key is of another kind.
    pub fn new(key: Arc<dyn Signer>) -> Result<Self, Problem> {
        let (kid, jwk) = own_jwk(key.public_key())?;
        Ok(Self { key, kid, keys: JwkSet { keys: vec![jwk] } })
    }

    /// Which has signed by these keys, too, and takes what they signed until they are retired.
    ///
    /// # Errors
    /// A key is of another kind.
    pub fn with_former(mut self, former: &[PublicKey]) -> Result<Self, Problem> {
        for key in former {
            let (kid, jwk) = own_jwk(key)?;
            if self.keys.find(&kid).is_none() {
                self.keys.keys.push(jwk);
            }
        }
        Ok(self)
    }

    /// By which name a key stands in the headers of the tokens that it signs: its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// The key is of another kind.
    pub fn key_id(key: &PublicKey) -> Result<String, Problem> {
        own_jwk(key).map(|(kid, _)| kid)
    }

    /// Its public keys, to be published.
    pub(crate) fn keys(&self) -> JwkSet {
        self.keys.clone()
    }

    /// The claims of a token that this issuer signed, however long ago.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn verify<T: DeserializeOwned + Clone>(&self, token: &str) -> Result<T, Fault> {
        verify(token, &self.keys, &[Algorithm::ES256])
    }

    /// Signs claims.
    ///
    /// # Errors
    /// `internal-error` if the key did not sign.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, Problem> {
        #[derive(Serialize)]
        struct Head<'a> {
            alg: &'static str,
            typ: &'static str,
            kid: &'a str,
        }
        let head = Head { alg: "ES256", typ: "JWT", kid: &self.kid };
        let head = serde_json::to_vec(&head).or_internal()?;
        let claims = serde_json::to_vec(claims).or_internal()?;
        let mut token = format!("{}.{}", base64url(&head), base64url(&claims));
        let digest = digest::HashAlgorithm::Sha256.digest(token.as_bytes());
        let signature = self.key.sign_digest(&digest).or_internal()?;
        let raw = ecdsa::to_raw(&signature).ok_or(NotOnP256).or_internal()?;
        token.push('.');
        token.push_str(&base64url(&raw));
        Ok(token)
    }
}

/// A public key of the provider's own, under its name.
fn own_jwk(key: &PublicKey) -> Result<(String, Jwk), Problem> {
    let point = key.subject_public_key().split_first_chunk().ok_or(NotOnP256);
    let ([_], coordinates) = point.or_internal()?;
    let sound = key.algorithm() == inrou_pki::KeyAlgorithm::EcP256;
    let split = coordinates.split_at_checked(32).filter(|_| sound);
    let (x, y) = split.ok_or(NotOnP256).or_internal()?;
    let mut jwk = Jwk {
        common: CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(KeyAlgorithm::ES256),
            ..CommonParameters::default()
        },
        algorithm: AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
            key_type: EllipticCurveKeyType::EC,
            curve: EllipticCurve::P256,
            x: base64url(x),
            y: base64url(y),
        }),
    };
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).or_internal()?;
    jwk.common.key_id = Some(kid.clone());
    Ok((kid, jwk))
}

#[derive(Debug, thiserror::Error)]
#[error("the key that signs tokens is not on P-256")]
struct NotOnP256;

/// Seconds since 1970, as tokens write time.
pub(crate) fn numeric_date(at: Timestamp) -> i64 {
    at.as_second()
}
