//! The JPKI application, from outside.

use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin};

use super::CardError;
use super::link::{CURRENT_FILE, Link};
use crate::apdu::{Command, SHORT_MAXIMUM};
use crate::image::Personality;
use crate::jpki;
use crate::transport::Transport;

/// Bytes of the token label at the start of EF 0006.
const LABEL_LENGTH: usize = 32;

/// A PIN for one of the two keys.
#[derive(Clone, Copy, Debug)]
pub enum Pin<'a> {
    /// For the signature key.
    Signature(&'a SignaturePassword),
    /// For the user-authentication key.
    UserAuthentication(&'a UserAuthenticationPin),
}

impl Pin<'_> {
    /// Whose key it is for.
    pub fn usage(&self) -> Use {
        match self {
            Self::Signature(_) => Use::Signature,
            Self::UserAuthentication(_) => Use::UserAuthentication,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Signature(password) => password.as_bytes(),
            Self::UserAuthentication(pin) => pin.as_bytes(),
        }
    }
}

/// A chip whose JPKI application is selected.
///
/// What is verified stays so on the chip after this client is gone, until another application is
/// selected or the power goes.
pub struct JpkiClient<'t, T: ?Sized> {
    link: Link<'t, T>,
}

impl<'t, T: Transport + ?Sized> JpkiClient<'t, T> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`CardError::NotThisCard`], or there is no answer.
    pub fn select(transport: &'t mut T) -> Result<Self, CardError> {
        Link::select(transport, &jpki::AID).map(|link| Self { link })
    }

    /// The token label, without its filler: `JPKIAPICCTOKEN2` on a card.
    ///
    /// # Errors
    /// The file does not begin with a label.
    pub fn token_label(&mut self) -> Result<String, CardError> {
        let label = self.link.read(jpki::TOKEN_INFORMATION, LABEL_LENGTH)?;
        let label = String::from_utf8(label).map_err(|_| CardError::Malformed)?;
        Ok(label.trim_end_matches([' ', '\0']).to_owned())
    }

    /// What the chip is by its token label; `None` if the label is unknown.
    ///
    /// # Errors
    /// As [`JpkiClient::token_label`].
    pub fn personality(&mut self) -> Result<Option<Personality>, CardError> {
        let label = self.token_label()?;
        let known = [Personality::Card, Personality::Android, Personality::Ios];
        Ok(known.into_iter().find(|personality| personality.token_label() == label))
    }

    /// How many wrong entries the PIN still bears; 0 if it is locked or not set. Costs none.
    ///
    /// # Errors
    /// There is no answer, or not this one.
    pub fn tries_left(&mut self, usage: Use) -> Result<u8, CardError> {
        self.link.tries_left(jpki::pin(usage))
    }

    /// Verifies a PIN: what it guards is open from here on.
    ///
    /// # Errors
    /// [`CardError::WrongPin`], [`CardError::Blocked`], [`CardError::LastTries`],
    /// [`CardError::NotSetUp`].
    pub fn verify(&mut self, pin: Pin<'_>) -> Result<(), CardError> {
        self.link.verify(jpki::pin(pin.usage()), pin.as_bytes())
    }

    /// The holder's certificate, DER. The signature certificate, and on a phone either, needs its PIN.
    ///
    /// # Errors
    /// [`CardError::PinRequired`], [`CardError::NoFile`].
    pub fn certificate(&mut self, usage: Use) -> Result<Vec<u8>, CardError> {
        self.link.read_object(jpki::certificate(usage))
    }

    /// The certificate of the issuer, DER.
    ///
    /// # Errors
    /// [`CardError::NoFile`].
    pub fn issuer_certificate(&mut self, usage: Use) -> Result<Vec<u8>, CardError> {
        self.link.read_object(jpki::issuer_certificate(usage))
    }

    /// Signs a digest: RSASSA-PKCS1-v1_5, 256 bytes, or DER `ECDSA-Sig-Value`, as the key is. It must
    /// be of the hash that goes with the key: SHA-384 for P-384. The PIN must have been verified.
    ///
    /// # Errors
    /// [`CardError::PinRequired`], [`CardError::NotSetUp`].
    pub fn sign(&mut self, usage: Use, digest: &Digest) -> Result<Vec<u8>, CardError> {
        let (p1, data) = match digest.algorithm() {
            HashAlgorithm::Sha256 => (0x02, digest.as_bytes().to_vec()),
            _ => (0x00, digest.to_digest_info()),
        };
        self.link.select_file(jpki::private_key(usage))?;
        let sign =
            Command::new(0x80, 0x2A, p1, CURRENT_FILE).with_data(&data).expecting(SHORT_MAXIMUM);
        self.link.ask(&sign)
    }

    /// Sets a PIN. Either the old one was verified (PIN-2), or the issuer gave leave to do without:
    /// for the first PIN of a new key, or a reset (APPLY-5, PIN-2); that goes only over the phone's
    /// local interface.
    ///
    /// # Errors
    /// [`CardError::PinRequired`], [`CardError::PinForm`].
    pub fn set_pin(&mut self, new: Pin<'_>) -> Result<(), CardError> {
        self.link.set_pin(jpki::pin(new.usage()), new.as_bytes())
    }
}
