//! Keys: the issuer's master key, a chip's static keys, a session's keys.

use std::array::TryFromSliceError;
use std::fmt;

use aes::Aes128;
use cmac::{Cmac, KeyInit, Mac};
use inrou_rules::ChipId;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::image::SecretBytes;

/// The issuer's key from which every chip's keys are derived.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey(Key);

impl MasterKey {
    /// Takes sixteen secret bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Key(bytes))
    }

    /// The static keys of one chip, by the key derivation function of NIST SP 800-108 in counter
    /// mode with AES-CMAC: `CMAC(master, 01 ‖ label ‖ 00 ‖ chip identifier ‖ 0080)`, the label
    /// being `inrou-scp03-enc` or `inrou-scp03-mac` in ASCII.
    ///
    /// GlobalPlatform leaves diversification to the issuer.
    pub fn diversify(&self, chip: &ChipId) -> StaticKeys {
        let derive = |label: &[u8]| {
            Key(cmac(&self.0, &[&[0x01], label, &[0x00], chip.as_bytes(), &[0x00, 0x80]]))
        };
        StaticKeys { enc: derive(b"inrou-scp03-enc"), mac: derive(b"inrou-scp03-mac") }
    }
}

/// A chip's long-lived channel keys: Key-ENC and Key-MAC.
///
/// There is no Key-DEK, since nothing is ever encrypted under it: keys are made in the chip and
/// PINs do not pass the channel.
///
/// *Stored* in the chip, as Key-ENC and Key-MAC in hexadecimal.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(into = "[SecretBytes; 2]", try_from = "[SecretBytes; 2]")]
pub struct StaticKeys {
    enc: Key,
    mac: Key,
}

impl StaticKeys {
    /// Takes Key-ENC and Key-MAC.
    pub fn from_bytes(enc: [u8; 16], mac: [u8; 16]) -> Self {
        Self { enc: Key(enc), mac: Key(mac) }
    }

    /// The keys of the session with these challenges (Amendment D §6.2.1).
    pub(super) fn session(&self, challenges: &Challenges) -> SessionKeys {
        let context = challenges.context();
        SessionKeys {
            enc: Key(derive(&self.enc, Derived::SessionEnc, &context)),
            mac: Key(derive(&self.mac, Derived::SessionMac, &context)),
            rmac: Key(derive(&self.mac, Derived::SessionRmac, &context)),
        }
    }
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticKeys(..)")
    }
}

impl From<StaticKeys> for [SecretBytes; 2] {
    fn from(keys: StaticKeys) -> Self {
        [&keys.enc, &keys.mac].map(|key| SecretBytes::new(key.0.to_vec()))
    }
}

impl TryFrom<[SecretBytes; 2]> for StaticKeys {
    type Error = TryFromSliceError;

    fn try_from([enc, mac]: [SecretBytes; 2]) -> Result<Self, TryFromSliceError> {
        Ok(Self { enc: Key((*enc).try_into()?), mac: Key((*mac).try_into()?) })
    }
}

/// S-ENC, S-MAC and S-RMAC.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct SessionKeys {
    pub enc: Key,
    pub mac: Key,
    pub rmac: Key,
}

impl SessionKeys {
    /// What proves to the host that the card has the keys (§6.2.2.2).
    pub fn card_cryptogram(&self, challenges: &Challenges) -> [u8; 8] {
        left_half(&derive(&self.mac, Derived::CardCryptogram, &challenges.context()))
    }

    /// What proves to the card that the host has the keys (§6.2.2.3).
    pub fn host_cryptogram(&self, challenges: &Challenges) -> [u8; 8] {
        left_half(&derive(&self.mac, Derived::HostCryptogram, &challenges.context()))
    }
}

/// The two challenges of a session.
pub(super) struct Challenges {
    pub host: [u8; 8],
    pub card: [u8; 8],
}

impl Challenges {
    fn context(&self) -> [u8; 16] {
        let mut context = [0; 16];
        context[..8].copy_from_slice(&self.host);
        context[8..].copy_from_slice(&self.card);
        context
    }
}

/// An AES-128 key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// AES-CMAC (RFC 4493) over the concatenation of `parts`.
pub(super) fn cmac(key: &Key, parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Cmac::<Aes128>::new(key.as_bytes().into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The eight bytes of a block that go over the wire as MAC or cryptogram.
pub(super) fn left_half(block: &[u8; 16]) -> [u8; 8] {
    let mut left = [0; 8];
    left.copy_from_slice(&block[..8]);
    left
}

/// What a value is derived for, with its derivation constant (§4.1.5, table 4-1).
#[derive(Clone, Copy)]
enum Derived {
    CardCryptogram = 0x00,
    HostCryptogram = 0x01,
    SessionEnc = 0x04,
    SessionMac = 0x06,
    SessionRmac = 0x07,
}

impl Derived {
    /// Length of the derived value in bits.
    fn bits(self) -> u16 {
        match self {
            Self::CardCryptogram | Self::HostCryptogram => 64,
            Self::SessionEnc | Self::SessionMac | Self::SessionRmac => 128,
        }
    }
}

/// The data derivation scheme of §4.1.5: SP 800-108 in counter mode with the label before the
/// counter. One block of CMAC is enough for every length in use.
fn derive(key: &Key, derived: Derived, context: &[u8; 16]) -> [u8; 16] {
    let label = [&[0; 11][..], &[derived as u8]].concat();
    cmac(key, &[&label, &[0x00], &derived.bits().to_be_bytes(), &[0x01], context])
}
