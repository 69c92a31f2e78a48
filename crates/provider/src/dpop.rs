//! Proofs of a key (RFC 9449): tokens that are bound to one are of no use to who steals them.
//!
//! Every proof must have a nonce of this process, by which it is fresh whatever the client's clock says;
//! what a proof names itself by is remembered as long as its nonce is good. So neither has to be kept: a
//! restart makes the proofs of before worthless.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{constant_time, hmac};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_api::problem::Code;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::ThumbprintHash;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::Provider;
use crate::clients::{FAPI_ALGORITHMS, is_private, is_sound};
use crate::jwt::{self, Fault};
use crate::refused::Refused;
use crate::secrets::{Digest, base64url, sha256};

/// The header that has a proof.
const HEADER: &str = "dpop";

/// How long a nonce is told, in seconds; it is good for two more such steps.
const STEP: i64 = 60;
const GOOD_FOR: i64 = 2;

/// How far a client's clock may be behind.
const BEHIND: SignedDuration = SignedDuration::from_mins(5);

/// The longest `jti`.
const LONGEST_JTI: usize = 255;

/// Nonces, and the proofs that were seen.
pub(crate) struct Proofs {
    key: hmac::Key,
    seen: Mutex<BTreeMap<i64, HashSet<Digest>>>,
}

impl Proofs {
    /// By a secret that is drawn anew for each process.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret), seen: Mutex::default() }
    }

    fn nonce(&self, step: i64) -> String {
        let tag = hmac::sign(&self.key, &step.to_be_bytes());
        base64url(tag.as_ref().split_at(16).0)
    }

    /// The step of a nonce that is still good.
    fn step_of(&self, nonce: &str, now: Timestamp) -> Option<i64> {
        let present = step(now);
        let is = |step: &i64| {
            let made = self.nonce(*step);
            constant_time::verify_slices_are_equal(made.as_bytes(), nonce.as_bytes()).is_ok()
        };
        (present - GOOD_FOR..=present).rev().find(is)
    }

    /// Takes a proof; whether it came for the first time.
    fn take(&self, step_of_nonce: i64, proof: Digest, now: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = seen.split_off(&(step(now) - GOOD_FOR));
        seen.entry(step_of_nonce).or_default().insert(proof)
    }
}

fn step(now: Timestamp) -> i64 {
    now.as_second().div_euclid(STEP)
}

/// A key that a request proves to have.
pub(crate) struct Proof {
    /// Its thumbprint (RFC 7638).
    pub(crate) jkt: String,
    step: i64,
    digest: Digest,
}

/// For what a proof must be made.
pub(crate) struct Proved<'a> {
    /// The method of the request.
    pub(crate) method: &'a str,
    /// The address of the endpoint.
    pub(crate) endpoint: &'a str,
    /// The access token that comes with it.
    pub(crate) access_token: Option<&'a str>,
}

#[derive(Clone, Deserialize)]
struct Claims {
    jti: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    iat: Option<f64>,
    exp: Option<f64>,
    nbf: Option<f64>,
    nonce: Option<String>,
    ath: Option<String>,
}

impl Provider {
    /// The nonce that proofs must have now.
    pub(crate) fn dpop_nonce(&self) -> String {
        self.proofs.nonce(step(self.now()))
    }

    /// The key that a request proves, if it has a proof. It is to be taken when the request is.
    ///
    /// # Errors
    /// `dpop-proof-invalid`, `dpop-nonce-needed`.
    pub(crate) fn proof(
        &self,
        headers: &HeaderMap,
        of: &Proved<'_>,
    ) -> Result<Option<Proof>, Refused> {
        let mut proofs = headers.get_all(HEADER).into_iter();
        let Some(proof) = proofs.next() else { return Ok(None) };
        if proofs.next().is_some() {
            return Err(invalid("there are two"));
        }
        let proof = proof.to_str().map_err(|_| invalid("it is no JWT"))?;
        let (jkt, claims) = verify(proof).map_err(invalid)?;
        self.judge_proof(&claims, of).map_err(invalid)?;
        let nonce = claims.nonce.as_deref().unwrap_or_default();
        let step = self.proofs.step_of(nonce, self.now());
        let step = step.ok_or_else(|| Refused::new(Code::DPOP_NONCE_NEEDED))?;
        let jti = claims.jti.as_deref().unwrap_or_default();
        let digest = sha256([jkt.as_bytes(), b".", jti.as_bytes()].concat().as_slice());
        Ok(Some(Proof { jkt, step, digest }))
    }

    /// Takes a proof, which serves once.
    ///
    /// # Errors
    /// `dpop-proof-invalid` if it came before.
    pub(crate) fn take_proof(&self, proof: &Proof) -> Result<(), Refused> {
        match self.proofs.take(proof.step, proof.digest, self.now()) {
            true => Ok(()),
            false => Err(invalid("it was used before")),
        }
    }

    /// RFC 9449 §4.3.
    fn judge_proof(&self, claims: &Claims, of: &Proved<'_>) -> Result<(), Fault> {
        let jti = claims.jti.as_deref().unwrap_or_default();
        if jti.is_empty() || jti.len() > LONGEST_JTI {
            return Err("`jti` is missing or too long");
        }
        if claims.htm.as_deref() != Some(of.method) {
            return Err("`htm` is another method");
        }
        if claims.htu.as_deref().is_none_or(|htu| !is_same_address(htu, of.endpoint)) {
            return Err("`htu` is another address");
        }
        let time = |seconds: f64| Timestamp::from_second(seconds as i64).ok();
        let (now, latest) = (self.now(), self.latest());
        let at = claims.iat.and_then(time).ok_or("`iat` is missing")?;
        if at > latest || now.duration_since(at) > BEHIND {
            return Err("`iat` lies too far from now");
        }
        // RFC 7519 §4.1.4 and §4.1.5: of no need here, and to be heeded.
        if claims.exp.is_some_and(|exp| time(exp).is_none_or(|exp| exp <= now)) {
            return Err("it has expired");
        }
        if claims.nbf.is_some_and(|nbf| time(nbf).is_none_or(|nbf| nbf > latest)) {
            return Err("`nbf` lies ahead");
        }
        match of.access_token {
            Some(token) if claims.ath != Some(base64url(&sha256(token.as_bytes()))) => {
                Err("`ath` is missing, or of another token")
            }
            _ => Ok(()),
        }
    }
}

/// The thumbprint of the key that a proof names, and by which it is signed; what it claims.
fn verify(proof: &str) -> Result<(String, Claims), Fault> {
    let header = jwt::header(proof)?;
    if header.typ.as_deref() != Some("dpop+jwt") {
        return Err("`typ` is not `dpop+jwt`");
    }
    let key = header.jwk.ok_or("it names no key")?;
    if !is_sound(&key) || names_private_key(proof) {
        return Err("its key is weak, of another kind, or private");
    }
    let jkt = key.thumbprint(ThumbprintHash::SHA256).map_err(|_| "its key")?;
    let claims = jwt::verify_by_own_key(proof, &key, &FAPI_ALGORITHMS)?;
    Ok((jkt, claims))
}

/// RFC 9449 §4.3-7.
fn names_private_key(proof: &str) -> bool {
    let head = proof.split('.').next().unwrap_or_default();
    let head = URL_SAFE_NO_PAD.decode(head).unwrap_or_default();
    let head: Value = serde_json::from_slice(&head).unwrap_or_default();
    is_private(&head["jwk"])
}

/// RFC 9449 §4.3-9: without query and fragment, in the form of RFC 3986 §6.2.
fn is_same_address(htu: &str, endpoint: &str) -> bool {
    let plain = |address: &str| {
        let mut url = Url::parse(address).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    plain(htu).is_some_and(|htu| plain(endpoint) == Some(htu))
}

fn invalid(reason: Fault) -> Refused {
    Refused::new(Code::DPOP_PROOF_INVALID).with("reason", reason)
}
