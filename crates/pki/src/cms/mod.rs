//! Signed messages: CMS `SignedData` (RFC 5652), attached and detached, and what is added to them later.
//!
//! Only DER is read, never the other encodings of BER; and only messages with one signer, whose
//! signature covers signed attributes. The structures are few and are read here as they came, since the
//! signed attributes must be hashed byte for byte.

mod attributes;
mod error;
mod extend;
mod message;
mod read;
mod write;

pub use error::CmsError;
pub use extend::{Additions, Revocation};
pub use message::{Signed, SignedMessage};
pub(crate) use write::Draft;
pub use write::{NewMessage, NewPdfMessage, PrepareError, PreparedMessage, SignatureRefused};

use const_oid::ObjectIdentifier;

/// The PEM label of a message (RFC 7468 §9).
pub const PEM_LABEL: &str = "CMS";

/// id-aa-signingCertificateV2 (RFC 5035).
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// id-aa-signingCertificate (RFC 2634), by SHA-1: read where foreigners write it.
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");

/// id-aa-signatureTimeStampToken (RFC 3161 appendix A).
const SIGNATURE_TIME_STAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
