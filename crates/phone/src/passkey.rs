//! Biometrics in place of the user-authentication PIN (REG-2): a passkey of the device that the person
//! holds (WebAuthn Level 3), whose `prf` extension gives a secret only after fingerprint, face or the
//! device's own lock. The PIN is sealed with that secret: what the phone remembers opens nothing.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::phone::Typed;
use inrou_chip::client::Pin;
use inrou_rules::{Use, UserAuthenticationPin};
use inrou_web::passkey;
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

/// What an authenticator answered, with the first output of the `prf` extension, in base64.
pub(crate) struct Assertion {
    pub(crate) answered: passkey::Assertion,
    pub(crate) prf: Typed,
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
        let key = assertion.answered.key.clone().ok_or_else(refused)?;
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
            let aad = Aad::from(&assertion.answered.credential.0);
            sealing_key(&assertion)?
                .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut *sealed)
                .or_internal()?;
            let since = phone.parts.clock.now();
            phone.live().stored.passkey = Some(Passkey {
                credential: assertion.answered.credential,
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
        if passkey.credential != assertion.answered.credential {
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

    /// Verifies an assertion with a key; gives the salt that was asked with. Its challenge is used up.
    fn verify(
        &self,
        assertion: &Assertion,
        key: &Base64,
        host: &str,
        occasion: &Occasion,
    ) -> Result<Base64, Problem> {
        let asked = {
            let (mut live, now) = (self.live(), self.parts.clock.now());
            let open =
                |open: &Challenge| assertion.answered.answers(&open.value) && open.expires > now;
            let at = live.challenges.iter().position(open).ok_or_else(refused)?;
            live.challenges.remove(at)
        };
        if asked.occasion != *occasion {
            return Err(refused());
        }
        assertion.answered.verify(key, host).map_err(|_| refused())?;
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

fn refused() -> Problem {
    Problem::new(Code::PASSKEY_REFUSED).by_rule("REG-2")
}
