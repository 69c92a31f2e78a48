//! Biometrics in place of the user-authentication PIN (REG-2): a passkey of the device that the person
//! holds (WebAuthn Level 3), whose `prf` extension gives a secret only after fingerprint, face or the
//! device's own lock. The PIN is sealed with that secret: what the phone remembers opens nothing.
//!
//! The creation of the passkey is not judged, for no attestation is asked for, and without one it proves
//! nothing: what counts is the assertion that follows at once, which shows that whoever holds the key
//! was verified.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::phone::Typed;
use inrou_chip::client::Pin;
use inrou_pki::PublicKey;
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{Use, UserAuthenticationPin};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::phone::Phone;
use crate::problem::of_chip;
use crate::secrets::{PinName, pin};

/// How long a challenge may be answered, and how many are open at a time.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
const MOST: usize = 16;

/// What the sealing key is derived for.
const INFO: &[u8] = b"inrou: seal of the user-authentication PIN, v1";

/// Flags in authenticator data (WebAuthn §6.1): the person was there, and was verified.
const PRESENT_AND_VERIFIED: u8 = 0b101;

/// The shortest authenticator data: digest of the site's name, flags, counter. The counter is not looked
/// at, for passkeys that are on several devices count nothing; nor is whether this is one of those.
const SHORTEST_DATA: usize = 37;

/// A passkey that stands in for the user-authentication PIN. *This type is stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passkey {
    /// The credential's id.
    pub(crate) credential: Base64,
    /// Its public key, `SubjectPublicKeyInfo`.
    key: Base64,
    /// What the `prf` extension is asked with.
    pub(crate) salt: Base64,
    nonce: Base64,
    sealed: Base64,
    /// Since when.
    pub(crate) since: Timestamp,
}

/// What a page needs to ask an authenticator.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) challenge: Base64,
    pub(crate) salt: Base64,
    /// The passkey to be used; `None` if one is to be made.
    pub(crate) credential: Option<Base64>,
}

/// What an authenticator is asked for. An answer serves nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A passkey is registered.
    Registering,
    /// What a site asks for by this link is answered.
    Answering(String),
}

/// A challenge that waits for its answer.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    value: Base64,
    /// The salt of a passkey that is to be made.
    salt: Base64,
    occasion: Occasion,
    expires: Timestamp,
}

/// What an authenticator answered.
pub(crate) struct Assertion {
    /// The credential's id.
    pub(crate) credential: Base64,
    /// The public key of a new passkey.
    pub(crate) key: Option<Base64>,
    /// Authenticator data (WebAuthn §6.1).
    pub(crate) authenticator: Base64,
    /// The client data, JSON.
    pub(crate) client: Base64,
    /// The signature over both.
    pub(crate) signature: Base64,
    /// The first output of the `prf` extension, in base64.
    pub(crate) prf: Typed,
}

/// What the browser says of the ceremony (WebAuthn §5.8.1).
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

impl Phone {
    /// Asks an authenticator: for the passkey there is, or for a new one.
    pub(crate) fn ask_authenticator(&self, occasion: Occasion) -> Asked {
        let draw = || {
            let mut bytes = [0; 32];
            self.parts.entropy.fill(&mut bytes);
            Base64(bytes.to_vec())
        };
        let (challenge, fresh) = (draw(), draw());
        let now = self.parts.clock.now();
        let mut live = self.live();
        let passkey = live.stored.passkey.as_ref();
        let (credential, salt) = match passkey {
            Some(passkey) => (Some(passkey.credential.clone()), passkey.salt.clone()),
            None => (None, fresh),
        };
        let expires = now.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
        live.challenges.retain(|open| open.expires > now);
        let too_many = (live.challenges.len() + 1).saturating_sub(MOST);
        live.challenges.drain(..too_many);
        let (value, kept) = (challenge.clone(), salt.clone());
        live.challenges.push(Challenge { value, salt: kept, occasion, expires });
        Asked { challenge, salt, credential }
    }

    /// Registers a passkey in place of the PIN, which is tried on the chip first.
    ///
    /// # Errors
    /// `passkey-refused`; `pin-form`, `wrong-pin`, `pin-blocked`, `phone-carries-none`.
    pub(crate) async fn register_passkey(
        self: Arc<Self>,
        assertion: Assertion,
        typed: Typed,
        host: String,
    ) -> Result<(), Problem> {
        if !self.model().is_some_and(|model| model.biometrics) {
            return Err(refused());
        }
        let key = assertion.key.clone().ok_or_else(refused)?;
        let salt = self.verify(&assertion, &key, &host, &Occasion::Registering)?;
        self.blocking(move |phone| {
            let own = pin(&typed)?;
            let verified =
                phone.chip.jpki(|client| client.verify(Pin::UserAuthentication(&own)))?;
            let name = PinName::Phone(Use::UserAuthentication);
            verified.map_err(|error| of_chip(error, name))?;
            let mut nonce = [0; NONCE_LEN];
            phone.parts.entropy.fill(&mut nonce);
            let mut sealed = Zeroizing::new(own.as_bytes().to_vec());
            let aad = Aad::from(&assertion.credential.0);
            sealing_key(&assertion)?
                .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut *sealed)
                .or_internal()?;
            let since = phone.parts.clock.now();
            phone.live().stored.passkey = Some(Passkey {
                credential: assertion.credential,
                key,
                salt,
                nonce: Base64(nonce.to_vec()),
                sealed: Base64(sealed.to_vec()),
                since,
            });
            Ok(())
        })
        .await?;
        Arc::clone(&self).save().await
    }

    /// Gives the PIN for what an authenticator answered to what a site asks for by `link`.
    ///
    /// # Errors
    /// `passkey-refused`.
    pub(crate) fn unseal(
        &self,
        assertion: &Assertion,
        host: &str,
        link: &str,
    ) -> Result<Typed, Problem> {
        let passkey = self.live().stored.passkey.clone().ok_or_else(refused)?;
        if passkey.credential != assertion.credential {
            return Err(refused());
        }
        let occasion = Occasion::Answering(link.to_owned());
        self.verify(assertion, &passkey.key, host, &occasion)?;
        let nonce = Nonce::try_assume_unique_for_key(&passkey.nonce.0).map_err(|_| refused())?;
        let mut sealed = Zeroizing::new(passkey.sealed.0);
        let aad = Aad::from(&passkey.credential.0);
        let opened = sealing_key(assertion)?.open_in_place(nonce, aad, &mut sealed);
        let opened = opened.map_err(|_| refused())?;
        let text = std::str::from_utf8(opened).or_internal()?;
        UserAuthenticationPin::parse(text).map_err(|_| refused())?;
        Ok(Typed::new(text))
    }

    /// Forgets the passkey: it was removed, or the PIN that it stands for is no longer the chip's.
    pub(crate) fn forget_passkey(&self) {
        self.live().stored.passkey = None;
    }

    /// Verifies an assertion (WebAuthn §7.2) with a key; gives the salt that was asked with. Its
    /// challenge is used up.
    fn verify(
        &self,
        assertion: &Assertion,
        key: &Base64,
        host: &str,
        occasion: &Occasion,
    ) -> Result<Base64, Problem> {
        let client: ClientData =
            serde_json::from_slice(&assertion.client.0).map_err(|_| refused())?;
        let asked = {
            let (mut live, now) = (self.live(), self.parts.clock.now());
            let open =
                |open: &Challenge| url_safe(&open.value) == client.challenge && open.expires > now;
            let at = live.challenges.iter().position(open).ok_or_else(refused)?;
            live.challenges.remove(at)
        };
        let origins = ["https", "http"].map(|scheme| format!("{scheme}://{host}"));
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let of_site = HashAlgorithm::Sha256.digest(name.as_bytes());
        let data = &assertion.authenticator.0;
        let flags = data.get(32).copied().unwrap_or_default();
        let holds = client.kind == "webauthn.get"
            && origins.contains(&client.origin)
            && !client.cross_origin
            && asked.occasion == *occasion
            && data.len() >= SHORTEST_DATA
            && data.get(..32) == Some(of_site.as_bytes())
            && flags & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED;
        if !holds {
            return Err(refused());
        }
        let key = PublicKey::from_spki(&key.0).map_err(|_| refused())?;
        let client_digest = HashAlgorithm::Sha256.digest(&assertion.client.0);
        let message = [data.as_slice(), client_digest.as_bytes()].concat();
        let algorithm = key.algorithm().signature();
        key.verify(algorithm, &message, &assertion.signature.0).map_err(|_| refused())?;
        Ok(asked.salt)
    }
}

/// The key under which the PIN is sealed.
fn sealing_key(assertion: &Assertion) -> Result<LessSafeKey, Problem> {
    let secret = Base64::try_from(assertion.prf.as_str().to_owned()).map_err(|_| refused())?;
    let secret = Zeroizing::new(secret.0);
    if secret.len() != 32 {
        return Err(refused());
    }
    let derived = Salt::new(HKDF_SHA256, &[]).extract(&secret);
    let key = UnboundKey::from(derived.expand(&[INFO], &AES_256_GCM).or_internal()?);
    Ok(LessSafeKey::new(key))
}

/// As client data writes it: base64url without padding (RFC 4648 §5).
fn url_safe(bytes: &Base64) -> String {
    let text = String::from(bytes.clone());
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

fn refused() -> Problem {
    Problem::new(Code::PASSKEY_REFUSED).by_rule("REG-2")
}
