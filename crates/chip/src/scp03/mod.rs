//! Secure Channel Protocol 03 (GlobalPlatform Card Specification 2.3, Amendment D), with AES-128
//! keys, random challenges and security level `33`: commands and answers are both authenticated
//! and encrypted.
//!
//! [`CardChannel`] is the chip's end, [`Handshake`] and [`HostChannel`] are the other. Keys differ
//! from chip to chip and come from one [`MasterKey`].

mod card;
mod host;
mod keys;
mod session;

pub use card::CardChannel;
pub use host::{ChannelError, Handshake, HostChannel};
pub use keys::{MasterKey, StaticKeys};

use crate::apdu::StatusWord;

/// INS of INITIALIZE UPDATE.
pub const INITIALIZE_UPDATE: u8 = 0x50;
/// INS of EXTERNAL AUTHENTICATE.
pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
/// The only version of the keys that a chip has; a host may also say `00`, for whichever there is.
pub const KEY_VERSION: u8 = 0x01;
/// C-MAC, C-DECRYPTION, R-MAC and R-ENCRYPTION: the only security level that is accepted.
pub const SECURITY_LEVEL: u8 = 0x33;
/// The most bytes of command data for which the protected command still has a short Lc.
pub const MAXIMUM_DATA: usize = 239;

/// Key information in the answer to INITIALIZE UPDATE: key version, protocol 03, and its parameter
/// `i`: R-MAC and R-ENCRYPTION are supported, card challenges are random.
const KEY_INFORMATION: [u8; 3] = [KEY_VERSION, 0x03, 0x60];
/// EXTERNAL AUTHENTICATE with a wrong host cryptogram (§7.1.2.4).
const AUTHENTICATION_FAILED: StatusWord = StatusWord(0x6300);
/// CLA of INITIALIZE UPDATE.
const CLASS: u8 = 0x80;
/// CLA of everything that bears a C-MAC.
const PROTECTED_CLASS: u8 = 0x84;
/// Bytes of a chip's identifier that INITIALIZE UPDATE shows as key diversification data.
const DIVERSIFICATION: usize = 10;
