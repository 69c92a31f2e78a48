//! Reading and verifying a signed message.

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME};
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, ErrorKind, Header, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged};
use jiff::Timestamp;

use super::{PEM_LABEL, SIGNING_CERTIFICATE_V2};
use crate::certificate::{Certificate, CertificateError};
use crate::decode::{self, Malformed};
use crate::digest::HashAlgorithm;
use crate::encode::SET;
use crate::keys::SignatureAlgorithm;
use crate::name::Name;
use crate::pem::{self, PemError};

/// Longest message that is read, in bytes.
const MAX_LENGTH: usize = 32 * 1024 * 1024;

/// Most certificates that a message may bring along.
const MAX_CERTIFICATES: usize = 16;

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

impl From<der::Error> for CmsError {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error.into())
    }
}

/// A signed message as it was read.
pub struct SignedMessage {
    content_type: ObjectIdentifier,
    content: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
    signer: SignerInfo,
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

struct SignerInfo {
    id: SignerId,
    hash: Option<HashAlgorithm>,
    algorithm: Option<SignatureAlgorithm>,
    /// As they are signed: a SET OF.
    signed_attributes: Vec<u8>,
    attributes: Attributes,
    signature: Vec<u8>,
}

enum SignerId {
    IssuerAndSerial(Name, Vec<u8>),
    Key(Vec<u8>),
}

#[derive(Default)]
struct Attributes {
    content_type: Option<ObjectIdentifier>,
    message_digest: Option<Vec<u8>>,
    signing_time: Option<Timestamp>,
    /// Hash algorithm, if it is known, and hash of the signer's certificate.
    signing_certificate: Option<(Option<HashAlgorithm>, Vec<u8>)>,
}

impl SignedMessage {
    /// Reads a DER message.
    ///
    /// # Errors
    /// It cannot be read, or does not have exactly one signer with signed attributes.
    pub fn from_der(der: &[u8]) -> Result<Self, CmsError> {
        if der.len() > MAX_LENGTH {
            return Err(CmsError::TooLong);
        }
        decode::decode_sequence(der, |content_info| {
            let kind = ObjectIdentifier::decode(content_info)?;
            if kind != ID_SIGNED_DATA {
                return Err(CmsError::Type(kind));
            }
            decode::explicit(content_info, 0, |explicit| explicit.sequence(read_signed_data))?
                .ok_or_else(malformed)
        })
    }

    /// Reads a message from PEM.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), or not PEM.
    pub fn from_pem(text: &str) -> Result<Self, CmsError> {
        Self::from_der(&pem::decode(PEM_LABEL, text)?)
    }

    /// The content, where it is attached. Unverified.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The certificates that the message brings along. Unverified.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate whose holder is said to have signed. Unverified.
    ///
    /// # Errors
    /// [`CmsError::SignerMissing`].
    pub fn signer(&self) -> Result<&Certificate, CmsError> {
        let is_named = |certificate: &&Certificate| match &self.signer.id {
            SignerId::IssuerAndSerial(issuer, serial) => {
                certificate.issuer() == issuer && certificate.serial_bytes() == serial
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

    fn verify_content<'a>(&'a self, content: &'a [u8]) -> Result<Signed<'a>, CmsError> {
        let SignerInfo { attributes, .. } = &self.signer;
        let signer = self.signer()?;
        let (hash, algorithm) = self.signer.algorithms().ok_or(CmsError::Algorithms)?;
        if attributes.content_type != Some(self.content_type) {
            return Err(CmsError::Attribute(ID_CONTENT_TYPE));
        }
        let digest =
            attributes.message_digest.as_deref().ok_or(CmsError::Attribute(ID_MESSAGE_DIGEST))?;
        if hash.digest(content).as_bytes() != digest {
            return Err(CmsError::Content);
        }
        if let Some((hash, digest)) = &attributes.signing_certificate {
            let hash = hash.ok_or(CmsError::Attribute(SIGNING_CERTIFICATE_V2))?;
            if hash.digest(signer.as_der()).as_bytes() != digest {
                return Err(CmsError::SigningCertificate);
            }
        }
        let key = signer.public_key().map_err(|_| CmsError::Algorithms)?;
        key.verify(algorithm, &self.signer.signed_attributes, &self.signer.signature)
            .map_err(|_| CmsError::Signature)?;
        Ok(Signed { signer, signing_time: attributes.signing_time, content })
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

fn read_signed_data(signed_data: &mut SliceReader<'_>) -> Result<SignedMessage, CmsError> {
    u8::decode(signed_data)?;
    let digest_algorithms = AnyRef::decode(signed_data)?;
    digest_algorithms.tag().assert_eq(Tag::Set)?;
    let (content_type, content) = signed_data.sequence(|content_info| {
        let content_type = ObjectIdentifier::decode(content_info)?;
        let content = decode::explicit(content_info, 0, <&OctetStringRef>::decode)?;
        Ok::<_, CmsError>((content_type, content.map(|content| content.as_bytes().to_vec())))
    })?;
    let certificates = decode::explicit(signed_data, 0, read_certificates)?.unwrap_or_default();
    if decode::comes_next(signed_data, 1) {
        // CRLs, which are taken from the status service instead.
        signed_data.tlv_bytes()?;
    }
    let header = Header::decode(signed_data)?;
    header.tag().assert_eq(Tag::Set)?;
    let mut signers = signed_data.read_nested(header.length(), |set| {
        let mut signers = Vec::new();
        while !set.is_finished() {
            signers.push(set.tlv_bytes()?);
        }
        Ok::<_, CmsError>(signers)
    })?;
    let count = signers.len();
    let (Some(signer), 1) = (signers.pop(), count) else {
        return Err(CmsError::Signers(count));
    };
    let signer = decode::decode_sequence(signer, read_signer)?;
    Ok(SignedMessage { content_type, content, certificates, signer })
}

/// Reads the elements of a `CertificateSet`: other kinds than X.509 certificates are not supported.
fn read_certificates(set: &mut SliceReader<'_>) -> Result<Vec<Certificate>, CmsError> {
    let mut certificates = Vec::new();
    while !set.is_finished() {
        if certificates.len() == MAX_CERTIFICATES {
            return Err(CmsError::TooLong);
        }
        certificates.push(Certificate::from_der(set.tlv_bytes()?)?);
    }
    Ok(certificates)
}

fn read_signer(signer: &mut SliceReader<'_>) -> Result<SignerInfo, CmsError> {
    u8::decode(signer)?;
    let key = signer.context_specific::<&OctetStringRef>(TagNumber(0), TagMode::Implicit)?;
    let id = match key {
        Some(key) => SignerId::Key(key.as_bytes().to_vec()),
        None => signer.sequence(|fields| {
            let issuer = Name::read(fields)?;
            Ok::<_, CmsError>(SignerId::IssuerAndSerial(issuer, decode::serial(fields)?.to_vec()))
        })?,
    };
    let (hash, _parameters) = decode::algorithm(signer)?;
    if !decode::comes_next(signer, 0) {
        return Err(CmsError::NoSignedAttributes);
    }
    let mut signed_attributes = signer.tlv_bytes()?.to_vec();
    if let Some(tag) = signed_attributes.first_mut() {
        // They are signed as the SET OF that they would be without their context (RFC 5652 §5.4).
        *tag = SET;
    }
    let attributes = Attributes::read(&signed_attributes)?;
    let algorithm = read_signature_algorithm(signer)?;
    let signature = <&OctetStringRef>::decode(signer)?.as_bytes().to_vec();
    if decode::comes_next(signer, 1) {
        // Unsigned attributes: nothing is taken from them.
        signer.tlv_bytes()?;
    }
    Ok(SignerInfo {
        id,
        hash: HashAlgorithm::from_oid(hash),
        algorithm,
        signed_attributes,
        attributes,
        signature,
    })
}

/// A signature's algorithm; `rsaEncryption` alone stands for RSA with the message's hash (RFC 5754 §3.2).
fn read_signature_algorithm(
    signer: &mut SliceReader<'_>,
) -> Result<Option<SignatureAlgorithm>, CmsError> {
    let (oid, _parameters) = decode::algorithm(&mut signer.clone())?;
    if oid == RSA_ENCRYPTION {
        decode::algorithm(signer)?;
        return Ok(Some(SignatureAlgorithm::Sha256WithRsa));
    }
    Ok(decode::signature_algorithm(signer)?)
}

impl Attributes {
    fn read(set: &[u8]) -> Result<Self, CmsError> {
        let mut attributes = Self::default();
        let set = AnyRef::from_der(set)?;
        let mut reader = SliceReader::new(set.value())?;
        while !reader.is_finished() {
            let (kind, values) = reader.sequence(|attribute| {
                let kind = ObjectIdentifier::decode(attribute)?;
                let values = AnyRef::decode(attribute)?;
                values.tag().assert_eq(Tag::Set)?;
                Ok::<_, CmsError>((kind, values.value()))
            })?;
            attributes.take(kind, values).ok_or(CmsError::Attribute(kind))?;
        }
        Ok(attributes)
    }

    /// Takes an attribute with its one value; `None` if it is malformed or stands twice.
    fn take(&mut self, kind: ObjectIdentifier, value: &[u8]) -> Option<()> {
        match kind {
            ID_CONTENT_TYPE => {
                fill(&mut self.content_type, ObjectIdentifier::from_der(value).ok()?)
            }
            ID_MESSAGE_DIGEST => {
                let digest = <&OctetStringRef>::from_der(value).ok()?;
                fill(&mut self.message_digest, digest.as_bytes().to_vec())
            }
            ID_SIGNING_TIME => {
                fill(&mut self.signing_time, decode::decode(value, decode::time).ok()?)
            }
            SIGNING_CERTIFICATE_V2 => {
                fill(&mut self.signing_certificate, read_signing_certificate(value).ok()?)
            }
            _ => Some(()),
        }
    }
}

fn fill<T>(field: &mut Option<T>, value: T) -> Option<()> {
    let is_first = field.is_none();
    *field = Some(value);
    is_first.then_some(())
}

/// Reads the first `ESSCertIDv2` of a `SigningCertificateV2`: that of the signer.
fn read_signing_certificate(value: &[u8]) -> der::Result<(Option<HashAlgorithm>, Vec<u8>)> {
    decode::decode_sequence(value, |signing_certificate| {
        let read = signing_certificate.sequence(|certificates| {
            let first = certificates.sequence(|id| {
                let hash = match Tag::peek(id)? {
                    Tag::Sequence => HashAlgorithm::from_oid(decode::algorithm(id)?.0),
                    _ => Some(HashAlgorithm::Sha256),
                };
                let digest = <&OctetStringRef>::decode(id)?.as_bytes().to_vec();
                skip_all(id)?;
                Ok::<_, der::Error>((hash, digest))
            })?;
            skip_all(certificates)?;
            Ok::<_, der::Error>(first)
        })?;
        skip_all(signing_certificate)?;
        Ok(read)
    })
}

fn skip_all(reader: &mut SliceReader<'_>) -> der::Result<()> {
    while !reader.is_finished() {
        reader.tlv_bytes()?;
    }
    Ok(())
}

fn malformed() -> CmsError {
    der::Error::from(ErrorKind::Failed).into()
}
