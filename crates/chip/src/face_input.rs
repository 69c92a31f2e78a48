//! The face-input application (券面入力補助AP): its name, its files and their forms, as chip and
//! clients know them.

mod attributes;
mod my_number;
mod records;
mod verification_number;

pub use attributes::CardAttributes;
pub(crate) use attributes::{attributes_file, parse_attributes_file};
pub use my_number::{InvalidMyNumber, MyNumber};
pub(crate) use my_number::{my_number_file, parse_my_number_file};
pub use records::{RecordError, RecordIssuer};
pub(crate) use records::{basic_information_file, session_public_key_file};
pub use verification_number::verification_number_b;

use crate::image::FileId;

/// The application identifier (AID).
pub const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];

/// Wrong verification numbers in a row that lock them.
pub const VERIFICATION_NUMBER_TRIES: u8 = 10;

/// The My Number (個人番号).
pub const MY_NUMBER: FileId = FileId(0x0001);
/// Name, address, birth date and sex (基本4情報).
pub const ATTRIBUTES: FileId = FileId(0x0002);
/// Digests of the two files above, signed.
pub const INTEGRITY: FileId = FileId(0x0003);
/// The card-verifiable certificate of the key that signs the records.
pub const CERTIFICATE: FileId = FileId(0x0004);
/// Basic information on the application.
pub const BASIC_INFORMATION: FileId = FileId(0x0005);
/// The public key to which a terminal encrypts a session key.
pub const SESSION_PUBLIC_KEY: FileId = FileId(0x0006);
/// The public key of [`SIGNING_KEY`], signed.
pub const SIGNED_PUBLIC_KEY: FileId = FileId(0x0007);
/// The card-face input PIN (券面入力用暗証番号), four digits.
pub const PIN: FileId = FileId(0x0011);
/// A PIN that was blocked on every card seen.
pub const BLOCKED_PIN: FileId = FileId(0x0012);
/// The application's own private key, for challenges.
pub const SIGNING_KEY: FileId = FileId(0x0013);
/// Verification number A (照合番号A): the My Number.
pub const VERIFICATION_NUMBER_A: FileId = FileId(0x0014);
/// Verification number B (照合番号B): [`verification_number_b`].
pub const VERIFICATION_NUMBER_B: FileId = FileId(0x0015);
