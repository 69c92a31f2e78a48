//! Why a message is not one that is signed.

use const_oid::ObjectIdentifier;

use crate::certificate::CertificateError;
use crate::decode::Malformed;
use crate::pem::PemError;

/// Why a message is not one that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CmsError {
    /// Not PEM with one message.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Longer than any message that is read here.
    #[error("the message is too long")]
    TooLong,
    /// Not DER `SignedData`. Indefinite lengths of BER are among what is refused.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The message is of another type than signed data.
    #[error("the message is of the type {0}, not signed data")]
    Type(ObjectIdentifier),
    /// A certificate in the message cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nobody signed, or more than one did.
    #[error("the message has {0} signers, not one")]
    Signers(usize),
    /// The signature covers the content itself: without signed attributes it is refused, since the same
    /// bytes could be passed off as attributes.
    #[error("the message has no signed attributes")]
    NoSignedAttributes,
    /// A signed attribute is missing, stands twice, or is malformed.
    #[error("the signed attribute {0} is missing or malformed")]
    Attribute(ObjectIdentifier),
    /// Hash or signature algorithm is not supported, or they do not go together.
    #[error("the message's algorithms are not supported")]
    Algorithms,
    /// The signer's certificate is not in the message.
    #[error("the signer's certificate is not in the message")]
    SignerMissing,
    /// The content is beside the message, and was not given.
    #[error("the content is not in the message")]
    Detached,
    /// The content is in the message, and was given as well.
    #[error("the content is in the message already")]
    Attached,
    /// The content is not what was signed.
    #[error("the content is not what was signed")]
    Content,
    /// The signed attributes name another certificate as the signer's.
    #[error("the signature names another certificate as the signer's")]
    SigningCertificate,
    /// The signature is not valid.
    #[error("the message's signature is not valid")]
    Signature,
}
