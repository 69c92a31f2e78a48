//! A site's keys: one that it signs with, one that results are encrypted to.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A site's keys, as they lie in its folder.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
pub(crate) struct Keys {
    /// PKCS#8, base64.
    signing: String,
    /// RFC 5915, base64.
    opening: String,
}

impl Keys {
    /// New ones on P-256.
    pub(crate) fn make() -> Result<Self, Unspecified> {
        let signing = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?;
        let opening = PrivateKey::generate(&ECDH_P256)?;
        let opening = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&opening)?;
        let text = |bytes: &[u8]| STANDARD.encode(bytes);
        Ok(Self { signing: text(signing.as_ref()), opening: text(opening.as_ref()) })
    }

    /// The public ones (RFC 7517), as they are registered.
    pub(crate) fn public(&self) -> Result<Value, Unspecified> {
        let (signing, opening) = (self.signing()?, self.opening()?);
        let opening = opening.compute_public_key()?;
        Ok(json!({"keys": [
            jwk(signing.public_key().as_ref(), json!({"use": "sig", "kid": "site", "alg": "ES256"})),
            jwk(opening.as_ref(), json!({"use": "enc", "kid": "results"})),
        ]}))
    }

    /// A JWT by ES256 (RFC 7515).
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Unspecified> {
        let header = json!({"alg": "ES256", "kid": "site", "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.signing()?.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }

    /// What opens results.
    pub(crate) fn opening(&self) -> Result<PrivateKey, Unspecified> {
        let der = Zeroizing::new(STANDARD.decode(&self.opening).map_err(|_| Unspecified)?);
        PrivateKey::from_private_key_der(&ECDH_P256, &der).map_err(|_| Unspecified)
    }

    fn signing(&self) -> Result<EcdsaKeyPair, Unspecified> {
        let der = Zeroizing::new(STANDARD.decode(&self.signing).map_err(|_| Unspecified)?);
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).map_err(|_| Unspecified)
    }
}

/// A point on P-256, uncompressed, as a JWK with these members.
fn jwk(point: &[u8], mut members: Value) -> Value {
    let (x, y) = point.get(1..).and_then(|both| both.split_at_checked(32)).unwrap_or_default();
    members["kty"] = json!("EC");
    members["crv"] = json!("P-256");
    members["x"] = json!(URL_SAFE_NO_PAD.encode(x));
    members["y"] = json!(URL_SAFE_NO_PAD.encode(y));
    members
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn keys_that_were_kept_are_the_same() {
        let made = Keys::make().unwrap();
        let public = made.public().unwrap();
        let kept: Keys = serde_json::from_value(serde_json::to_value(&made).unwrap()).unwrap();
        assert_eq!(kept.public().unwrap(), public);
        let jwt = kept.sign(&json!({"iss": "a"})).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let decode = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
        let (x, y) = (decode(&public["keys"][0]["x"]), decode(&public["keys"][0]["y"]));
        let point = [vec![4], x, y].concat();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &signature).unwrap();
    }
}
