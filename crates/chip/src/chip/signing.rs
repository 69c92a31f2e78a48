//! COMPUTE DIGITAL SIGNATURE.

use inrou_pki::Entropy;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey, rand_core};

use super::application::{Application, Element};
use super::dispatch::Powered;
use crate::apdu::{Answer, Command, StatusWord};
use crate::image::SecretBytes;
use crate::memory::Medium;

/// The most bytes that PKCS#1 v1.5 can sign with a key of 2048 bits.
const VERBATIM_MAXIMUM: usize = 245;

impl<M: Medium> Powered<'_, M> {
    /// COMPUTE DIGITAL SIGNATURE: P1 is the scheme, P2 the key. One VERIFY serves many signatures.
    pub(super) fn sign(&mut self, application: Application, command: &Command<'_>) -> Answer {
        let scheme = Scheme::from_p1(command.p1).ok_or(StatusWord::WRONG_P1_P2)?;
        let (id, element) = match (command.p2, application.default_key()) {
            (0x00, Some(id)) => (id, application.element(self.memory.image(), id)),
            _ => self
                .referenced(application, command)
                .map(|(id, element)| (id, Some(element)))?,
        };
        let Some(Element::PrivateKey(access)) = element else {
            return Err(StatusWord::WRONG_FILE_STRUCTURE);
        };
        if !self.session.satisfies(access) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let pkcs8 = application.private_key(self.memory.image(), id);
        let key = rsa_key(pkcs8.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?)?;
        scheme.sign(&key, command.data, &mut ChipRandom(self.entropy))
    }
}

/// Reads a stored key; `6985` if it is not an RSA key.
pub(super) fn rsa_key(pkcs8: &SecretBytes) -> Result<RsaPrivateKey, StatusWord> {
    RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(|_| StatusWord::CONDITIONS_NOT_SATISFIED)
}

/// What is padded, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// `00`: PKCS#1 v1.5 over the data as it is, usually a DigestInfo.
    Verbatim,
    /// `01`: PKCS#1 v1.5 over the bare SHA-256 of the data.
    BareHash,
    /// `02`: PKCS#1 v1.5 over the DigestInfo of a SHA-256.
    HashInDigestInfo,
    /// `03`: PKCS#1 v1.5 over the DigestInfo of the SHA-256 of the data.
    DigestInfo,
    /// `04`: PSS over a SHA-256, with 32 bytes of salt.
    HashInPss,
    /// `05`: PSS over the SHA-256 of the data.
    Pss,
}

impl Scheme {
    fn from_p1(p1: u8) -> Option<Self> {
        Some(match p1 {
            0x00 => Self::Verbatim,
            0x01 => Self::BareHash,
            0x02 => Self::HashInDigestInfo,
            0x03 => Self::DigestInfo,
            0x04 => Self::HashInPss,
            0x05 => Self::Pss,
            _ => return None,
        })
    }

    fn sign(self, key: &RsaPrivateKey, data: &[u8], random: &mut ChipRandom<'_>) -> Answer {
        if data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let fits = match self {
            Self::Verbatim => data.len() <= VERBATIM_MAXIMUM,
            Self::HashInDigestInfo | Self::HashInPss => data.len() == Sha256::output_size(),
            Self::BareHash | Self::DigestInfo | Self::Pss => true,
        };
        if !fits {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let hash = Sha256::digest(data);
        match self {
            Self::Verbatim => key.sign_with_rng(random, Pkcs1v15Sign::new_unprefixed(), data),
            Self::BareHash => key.sign_with_rng(random, Pkcs1v15Sign::new_unprefixed(), &hash),
            Self::HashInDigestInfo => {
                key.sign_with_rng(random, Pkcs1v15Sign::new::<Sha256>(), data)
            }
            Self::DigestInfo => key.sign_with_rng(random, Pkcs1v15Sign::new::<Sha256>(), &hash),
            Self::HashInPss => key.sign_with_rng(random, Pss::new::<Sha256>(), data),
            Self::Pss => key.sign_with_rng(random, Pss::new::<Sha256>(), &hash),
        }
        .map_err(|_| StatusWord::CONDITIONS_NOT_SATISFIED)
    }
}

/// The chip's entropy, in the form that crate `rsa` takes.
pub(super) struct ChipRandom<'a>(pub(super) &'a dyn Entropy);

impl rand_core::RngCore for ChipRandom<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for ChipRandom<'_> {}
