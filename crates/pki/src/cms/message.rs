//! A signed message that was read: what it says, and whether its signature holds.

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST};
use jiff::Timestamp;

use super::attributes::{SignedAttributes, UnsignedAttribute};
use super::read::read_message;
use super::{CmsError, PEM_LABEL, SIGNATURE_TIME_STAMP, SIGNING_CERTIFICATE_V2};
use crate::certificate::Certificate;
use crate::digest::{Digest, HashAlgorithm};
use crate::keys::SignatureAlgorithm;
use crate::name::Name;
use crate::pem;

/// A signed message as it was read. What the signature does not depend on is kept as it came, so that a
/// message can be [extended](Self::extended) under its signature.
pub struct SignedMessage {
    /// `digestAlgorithms`, whole.
    pub(super) digest_algorithms: Vec<u8>,
    /// `encapContentInfo`, whole.
    pub(super) encapsulated: Vec<u8>,
    pub(super) content_type: ObjectIdentifier,
    pub(super) content: Option<Vec<u8>>,
    pub(super) certificates: Vec<Certificate>,
    /// `crls`: each element whole.
    pub(super) revocations: Vec<Vec<u8>>,
    pub(super) signer: SignerInfo,
}

pub(super) struct SignerInfo {
    /// All fields but the unsigned attributes, as they came.
    pub(super) signed: Vec<u8>,
    pub(super) version: u8,
    pub(super) id: SignerId,
    pub(super) hash: Option<HashAlgorithm>,
    pub(super) algorithm: Option<SignatureAlgorithm>,
    /// As they are signed: a SET OF.
    pub(super) signed_attributes: Vec<u8>,
    pub(super) attributes: SignedAttributes,
    pub(super) signature: Vec<u8>,
    pub(super) unsigned: Vec<UnsignedAttribute>,
}

pub(super) enum SignerId {
    IssuerAndSerial(Name, Vec<u8>),
    Key(Vec<u8>),
}

/// What a valid signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// Who signed. Whether to trust the certificate: [`crate::path`].
    pub signer: &'a Certificate,
    /// When, as the signer claims.
    pub signing_time: Option<Timestamp>,
    /// What.
    pub content: &'a [u8],
}

impl SignedMessage {
    /// Reads a DER message.
    ///
    /// # Errors
    /// It cannot be read, or does not have exactly one signer with signed attributes.
    pub fn from_der(der: &[u8]) -> Result<Self, CmsError> {
        read_message(der)
    }

    /// Reads a message from PEM.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), or not PEM.
    pub fn from_pem(text: &str) -> Result<Self, CmsError> {
        Self::from_der(&pem::decode(PEM_LABEL, text)?)
    }

    /// What kind of content is signed: id-data unless it is something of its own.
    pub fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }

    /// The content, where it is attached. Unverified.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The certificates that the message brings along. Unverified.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// When it was signed, as the signer claims. Unverified.
    pub fn signing_time(&self) -> Option<Timestamp> {
        self.signer.attributes.signing_time
    }

    /// Whether a signed attribute says which certificate is the signer's, by its hash: as CAdES asks.
    pub fn names_certificate(&self) -> bool {
        let attributes = &self.signer.attributes;
        attributes.signing_certificate.is_some() || attributes.signing_certificate_v1.is_some()
    }

    /// The hash of the content that is signed; `None` if it is not known.
    pub fn hash(&self) -> Option<HashAlgorithm> {
        self.signer.hash
    }

    /// The same where it goes with a signature algorithm that is supported: without one nothing can be verified,
    /// whatever the content is.
    pub fn supported_hash(&self) -> Option<HashAlgorithm> {
        self.signer.algorithms().map(|(hash, _)| hash)
    }

    /// The algorithm of the signature; `None` if it is not supported.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        self.signer.algorithm
    }

    /// The signed attributes as they are signed: a SET OF, DER.
    pub fn signed_attributes(&self) -> &[u8] {
        &self.signer.signed_attributes
    }

    /// The signature's octets: what a signature time-stamp is made over.
    pub fn signature(&self) -> &[u8] {
        &self.signer.signature
    }

    /// The time-stamp tokens over the signature (RFC 3161 appendix A): DER, unverified.
    pub fn signature_time_stamps(&self) -> impl Iterator<Item = &[u8]> {
        self.unsigned_attributes(SIGNATURE_TIME_STAMP)
    }

    /// The values of unsigned attributes of a kind: each a whole DER element.
    pub fn unsigned_attributes(&self, kind: ObjectIdentifier) -> impl Iterator<Item = &[u8]> {
        let of_kind = self.signer.unsigned.iter().filter(move |each| each.kind == kind);
        of_kind.flat_map(|attribute| &attribute.values).map(Vec::as_slice)
    }

    /// The certificate whose holder is said to have signed. Unverified.
    ///
    /// # Errors
    /// [`CmsError::SignerMissing`].
    pub fn signer(&self) -> Result<&Certificate, CmsError> {
        let is_named = |certificate: &&Certificate| match &self.signer.id {
            SignerId::IssuerAndSerial(issuer, serial) => {
                certificate.issuer().is_same(issuer) && certificate.serial_bytes() == serial
            }
            SignerId::Key(key) => certificate.subject_key_identifier() == Some(key),
        };
        self.certificates.iter().find(is_named).ok_or(CmsError::SignerMissing)
    }

    /// Verifies a message whose content is attached.
    ///
    /// # Errors
    /// [`CmsError`].
    pub fn verify(&self) -> Result<Signed<'_>, CmsError> {
        self.verify_content(self.content().ok_or(CmsError::Detached)?)
    }

    /// Verifies a message whose content is beside it.
    ///
    /// # Errors
    /// [`CmsError`].
    pub fn verify_detached<'a>(&'a self, content: &'a [u8]) -> Result<Signed<'a>, CmsError> {
        if self.content.is_some() {
            return Err(CmsError::Attached);
        }
        self.verify_content(content)
    }

    /// Verifies a message over the content of that digest, which must be by [`hash`](Self::hash): the
    /// content itself need not be had. Gives the signer's certificate.
    ///
    /// # Errors
    /// [`CmsError`]: the first that does not hold, of the signer's certificate, the content, the signature.
    pub fn verify_digest(&self, content: &Digest) -> Result<&Certificate, CmsError> {
        let SignerInfo { attributes, .. } = &self.signer;
        let signer = self.signer()?;
        let (hash, algorithm) = self.signer.algorithms().ok_or(CmsError::Algorithms)?;
        if attributes.content_type != Some(self.content_type) {
            return Err(CmsError::Attribute(ID_CONTENT_TYPE));
        }
        let digest =
            attributes.message_digest.as_deref().ok_or(CmsError::Attribute(ID_MESSAGE_DIGEST))?;
        attributes.check_signing_certificate(signer)?;
        if content.algorithm() != hash || content.as_bytes() != digest {
            return Err(CmsError::Content);
        }
        let key = signer.public_key().map_err(|_| CmsError::Algorithms)?;
        key.verify(algorithm, &self.signer.signed_attributes, &self.signer.signature)
            .map_err(|_| CmsError::Signature)?;
        Ok(signer)
    }

    fn verify_content<'a>(&'a self, content: &'a [u8]) -> Result<Signed<'a>, CmsError> {
        let hash = self.hash().ok_or(CmsError::Algorithms)?;
        let signer = self.verify_digest(&hash.digest(content))?;
        Ok(Signed { signer, signing_time: self.signing_time(), content })
    }
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedMessage({} certificates)", self.certificates.len())
    }
}

impl SignerInfo {
    /// Hash and signature algorithm, if they are known and go together. SHA-1 is not for signatures.
    fn algorithms(&self) -> Option<(HashAlgorithm, SignatureAlgorithm)> {
        let (hash, algorithm) = (self.hash?, self.algorithm?);
        (algorithm.hash() == hash).then_some((hash, algorithm))
    }
}

impl SignedAttributes {
    /// Whether the certificate is the one that they name; both attributes may stand there.
    fn check_signing_certificate(&self, signer: &Certificate) -> Result<(), CmsError> {
        let v1 = self.signing_certificate_v1.as_ref().map(|digest| (HashAlgorithm::Sha1, digest));
        let v2 = match &self.signing_certificate {
            Some((Some(hash), digest)) => Some((*hash, digest)),
            Some((None, _)) => return Err(CmsError::Attribute(SIGNING_CERTIFICATE_V2)),
            None => None,
        };
        let is_named =
            |(hash, digest): (HashAlgorithm, &Vec<u8>)| signer.digest(hash).as_bytes() == digest;
        if v1.into_iter().chain(v2).all(is_named) {
            Ok(())
        } else {
            Err(CmsError::SigningCertificate)
        }
    }
}
