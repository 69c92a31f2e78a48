//! Signed messages: CMS `SignedData` (RFC 5652), attached and detached.
//!
//! Only DER is read, never the other encodings of BER; and only messages with one signer, whose
//! signature covers signed attributes. The structures are few and are read here as they came, since the
//! signed attributes must be hashed byte for byte.

mod read;
mod write;

pub use read::{CmsError, Signed, SignedMessage};
pub use write::{NewMessage, PrepareError, PreparedMessage, SignatureRefused};

use const_oid::ObjectIdentifier;

/// The PEM label of a message (RFC 7468 §9).
pub const PEM_LABEL: &str = "CMS";

/// id-aa-signingCertificateV2 (RFC 5035).
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
