//! The public keys of a client (RFC 7517): by which it signs, and to which results are encrypted.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse, ThumbprintHash,
};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::Profile;

/// The most keys of a client: each purpose has an old and a new one, and some to spare.
pub(crate) const MOST_KEYS: usize = 10;

/// The longest name of a key, and the longest key in JSON, in bytes.
const LONGEST_NAME: usize = 255;
const LONGEST_KEY: usize = 16 * 1024;

/// The bits of an RSA modulus: FAPI 2.0 §5.4.1, and what can be computed with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// What a private or a secret key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// How results are encrypted (RFC 7518 §4.3, §4.6): to an RSA key, to one on P-256.
const TO_RSA: &str = "RSA-OAEP-256";
const TO_P256: &str = "ECDH-ES+A256KW";

/// Whether a JWK has what only its owner may know.
pub(crate) fn is_private(key: &Value) -> bool {
    PRIVATE.iter().any(|member| key.get(member).is_some())
}

/// A client's public keys. What was sent is kept as it was, for whoever reads the registration.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    set: JwkSet,
    sent: Vec<Value>,
    /// Why what was sent cannot be kept.
    fault: Option<KeyFault>,
}

/// Why a key cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// It is a private key, which nobody but its owner may know.
    Private,
    /// It is not sound, for this reason, in fixed words.
    Unsound(&'static str),
}

impl Keys {
    /// That one key.
    pub(crate) fn of(key: Value) -> Self {
        Self::read(vec![key])
    }

    fn read(sent: Vec<Value>) -> Self {
        if sent.iter().any(is_private) {
            // Not kept for a moment longer than it takes to say so.
            let set = JwkSet { keys: Vec::new() };
            return Self { set, sent: Vec::new(), fault: Some(KeyFault::Private) };
        }
        let mut fault = None;
        let keys = sent.iter().filter_map(|key| match Jwk::deserialize(key) {
            Ok(key) => Some(key),
            Err(_) => {
                fault = Some(KeyFault::Unsound("its type, or a member of it, is not known here"));
                None
            }
        });
        let set = JwkSet { keys: keys.collect() };
        Self { set, sent, fault }
    }

    /// That each key can be used for what it is for, and one of them signs.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn check(&self, profile: Profile) -> Result<(), KeyFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let unsound = |reason| Err(KeyFault::Unsound(reason));
        if self.sent.len() > MOST_KEYS {
            return unsound("there are more than 10");
        }
        let is_long = |key: &Value| key.to_string().len() > LONGEST_KEY;
        if self.sent.iter().any(is_long) {
            return unsound("it is longer than 16 KiB");
        }
        for (key, sent) in self.set.keys.iter().zip(&self.sent) {
            if let Some(fault) = fault(key).or_else(|| misused(key, sent, profile)) {
                return unsound(fault);
            }
        }
        if !self.set.keys.iter().any(signs) {
            return unsound("none of them is for signing");
        }
        let mut names = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for key in &self.set.keys {
            // FAPI 2.0 §5.4.2.
            if key.common.key_id.as_ref().is_some_and(|name| !names.insert(name)) {
                return unsound("two of them have one `kid`");
            }
            if !keys.insert(name(key).1) {
                return unsound("one of them stands twice");
            }
        }
        Ok(())
    }

    /// With another key.
    pub(crate) fn with(&self, key: &Keys) -> Self {
        let mut all = self.clone();
        all.set.keys.extend(key.set.keys.iter().cloned());
        all.sent.extend(key.sent.iter().cloned());
        all.fault = all.fault.or(key.fault);
        all
    }

    /// Without the key of that name, or of that thumbprint; `None` if there is no such key.
    pub(crate) fn without(&self, named: &str) -> Option<Self> {
        let is_it = |key: &Jwk| {
            let (kid, thumbprint) = name(key);
            kid == Some(named) || thumbprint == named
        };
        let at = self.set.keys.iter().position(is_it)?;
        let mut all = self.clone();
        all.set.keys.remove(at);
        all.sent.remove(at);
        Some(all)
    }

    /// Each key as it was sent, with the name by which it is removed.
    pub(crate) fn named(&self) -> impl Iterator<Item = (String, &Value)> {
        let names = self.set.keys.iter().map(|key| {
            let (kid, thumbprint) = name(key);
            kid.map_or(thumbprint, str::to_owned)
        });
        names.zip(&self.sent)
    }
}

/// A key's own name, and its thumbprint (RFC 7638).
fn name(key: &Jwk) -> (Option<&str>, String) {
    let thumbprint = key.thumbprint(ThumbprintHash::SHA256).unwrap_or_default();
    (key.common.key_id.as_deref(), thumbprint)
}

/// Whether a key is for signing: one that says of no use may be.
fn signs(key: &Jwk) -> bool {
    !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
}

/// Whether a public key is one of RSA from 2048 bits on, on P-256, or of Ed25519 (FAPI 2.0 §5.4), and can
/// be computed with.
pub(crate) fn is_sound(key: &Jwk) -> bool {
    fault(key).is_none()
}

/// What is wrong with a key by itself.
fn fault(key: &Jwk) -> Option<&'static str> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let not_decoded = Some("it is not base64url without padding");
    match &key.algorithm {
        AlgorithmParameters::RSA(key) => {
            let (Some(n), Some(e)) = (decode(&key.n), decode(&key.e)) else { return not_decoded };
            rsa_fault(&n, &e)
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            let (Some(x), Some(y)) = (decode(&key.x), decode(&key.y)) else { return not_decoded };
            let point = [&[4], x.as_slice(), &y].concat();
            let is_on_it = x.len() == 32 && parses(&ECDSA_P256_SHA256_FIXED, &point);
            (!is_on_it).then_some("its point is not on the curve")
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            let Some(x) = decode(&key.x) else { return not_decoded };
            (!parses(&ED25519, &x)).then_some("its point is not on the curve")
        }
        _ => Some("it is neither of RSA, nor on P-256, nor of Ed25519"),
    }
}

fn parses(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> bool {
    ParsedPublicKey::new(algorithm, key).is_ok()
}

fn rsa_fault(n: &[u8], e: &[u8]) -> Option<&'static str> {
    let leading = n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = n.len() * 8 - leading;
    if bits < *RSA_BITS.start() {
        return Some("its modulus is shorter than 2048 bits");
    }
    if bits > *RSA_BITS.end() {
        return Some("its modulus is longer than 8192 bits");
    }
    let components = PublicKeyComponents { n, e };
    let key = components.try_into().ok().and_then(|key| OaepPublicEncryptingKey::new(key).ok());
    let is_odd = n.last().is_some_and(|last| last % 2 == 1);
    (key.is_none() || !is_odd).then_some("its modulus or its exponent is none of RSA")
}

/// What is wrong with what a key is for.
fn misused(key: &Jwk, sent: &Value, profile: Profile) -> Option<&'static str> {
    let common = &key.common;
    if common.key_id.as_ref().is_some_and(|name| name.is_empty() || name.len() > LONGEST_NAME) {
        return Some("its `kid` is empty or longer than 255 bytes");
    }
    let does = |operations: &[KeyOperations]| {
        let named = common.key_operations.as_ref();
        named.is_none_or(|named| named.iter().any(|one| operations.contains(one)))
    };
    let algorithm = sent.get("alg").and_then(Value::as_str);
    match &common.public_key_use {
        Some(PublicKeyUse::Other(_)) => Some("its `use` is neither `sig` nor `enc`"),
        Some(PublicKeyUse::Encryption) => {
            let fitting = match &key.algorithm {
                AlgorithmParameters::RSA(_) => TO_RSA,
                AlgorithmParameters::EllipticCurve(_) => TO_P256,
                _ => return Some("nothing can be encrypted to it: `use` is `enc`"),
            };
            if algorithm.is_some_and(|algorithm| algorithm != fitting) {
                return Some("results are not encrypted by its `alg`");
            }
            let can = [KeyOperations::Encrypt, KeyOperations::WrapKey, KeyOperations::DeriveKey];
            (!does(&can)).then_some("its `key_ops` do not go with its `use`")
        }
        Some(PublicKeyUse::Signature) | None => {
            let known = algorithm.map(|name| name.parse::<Algorithm>());
            let is_taken = match (known, &key.algorithm) {
                (None, _) => true,
                (Some(Err(_)), _) => false,
                (Some(Ok(algorithm)), parameters) => {
                    profile.algorithms().contains(&algorithm) && is_of(parameters, algorithm)
                }
            };
            if !is_taken {
                return Some("clients of its profile do not sign by its `alg`");
            }
            (!does(&[KeyOperations::Verify])).then_some("its `key_ops` do not go with its `use`")
        }
    }
}

/// Whether a key is of an algorithm's type.
fn is_of(key: &AlgorithmParameters, algorithm: Algorithm) -> bool {
    match key {
        AlgorithmParameters::RSA(_) => matches!(algorithm, Algorithm::RS256 | Algorithm::PS256),
        AlgorithmParameters::EllipticCurve(_) => algorithm == Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
        _ => false,
    }
}

impl Deref for Keys {
    type Target = JwkSet;

    fn deref(&self) -> &JwkSet {
        &self.set
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.sent.len())
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"keys": self.sent}).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Value::deserialize(deserializer)?;
        match set.get_mut("keys").map(Value::take) {
            Some(Value::Array(keys)) => Ok(Self::read(keys)),
            _ => Err(D::Error::custom("`keys` is no list")),
        }
    }
}
