//! Reading a signed message.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::ID_SIGNED_DATA;
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, ErrorKind, Header, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged};

use super::attributes::{SignedAttributes, UnsignedAttribute};
use super::message::{SignerId, SignerInfo};
use super::{CmsError, SignedMessage};
use crate::certificate::Certificate;
use crate::decode;
use crate::digest::HashAlgorithm;
use crate::encode::SET;
use crate::keys::SignatureAlgorithm;
use crate::name::Name;

/// Longest message that is read, in bytes.
const MAX_LENGTH: usize = 32 * 1024 * 1024;

/// Most certificates, or CRLs and OCSP responses, that a message may bring along.
const MAX_BROUGHT: usize = 32;

pub(super) fn read_message(der: &[u8]) -> Result<SignedMessage, CmsError> {
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

fn read_signed_data(signed_data: &mut SliceReader<'_>) -> Result<SignedMessage, CmsError> {
    u8::decode(signed_data)?;
    let digest_algorithms = signed_data.tlv_bytes()?;
    AnyRef::from_der(digest_algorithms)?.tag().assert_eq(Tag::Set)?;
    let encapsulated = signed_data.tlv_bytes()?;
    let (content_type, content) = decode::decode_sequence(encapsulated, |content_info| {
        let content_type = ObjectIdentifier::decode(content_info)?;
        let content = decode::explicit(content_info, 0, <&OctetStringRef>::decode)?;
        Ok::<_, CmsError>((content_type, content.map(|content| content.as_bytes().to_vec())))
    })?;
    // Other kinds than X.509 certificates are not supported.
    let certificates = decode::explicit(signed_data, 0, read_elements)?.unwrap_or_default();
    let certificates = certificates.iter().map(|der| Certificate::from_der(der));
    let certificates = certificates.collect::<Result<_, _>>()?;
    let revocations = decode::explicit(signed_data, 1, read_elements)?.unwrap_or_default();
    let header = Header::decode(signed_data)?;
    header.tag().assert_eq(Tag::Set)?;
    let mut signers = signed_data.read_nested(header.length(), read_elements)?;
    let count = signers.len();
    let (Some(signer), 1) = (signers.pop(), count) else {
        return Err(CmsError::Signers(count));
    };
    Ok(SignedMessage {
        digest_algorithms: digest_algorithms.to_vec(),
        encapsulated: encapsulated.to_vec(),
        content_type,
        content,
        certificates,
        revocations,
        signer: read_signer(&signer)?,
    })
}

/// Each element of a SET, whole.
fn read_elements(set: &mut SliceReader<'_>) -> Result<Vec<Vec<u8>>, CmsError> {
    let mut elements = Vec::new();
    while !set.is_finished() {
        if elements.len() == MAX_BROUGHT {
            return Err(CmsError::TooLong);
        }
        elements.push(set.tlv_bytes()?.to_vec());
    }
    Ok(elements)
}

fn read_signer(der: &[u8]) -> Result<SignerInfo, CmsError> {
    let header = Header::decode(&mut SliceReader::new(der)?)?;
    let length = usize::try_from(header.length())?;
    let content = der.len().checked_sub(length).and_then(|at| der.get(at..));
    let content = content.ok_or_else(malformed)?;
    header.tag().assert_eq(Tag::Sequence)?;
    decode::decode(content, |signer| {
        let version = u8::decode(signer)?;
        let id = read_signer_id(signer)?;
        let (hash, _parameters) = decode::algorithm(signer)?;
        let hash = HashAlgorithm::from_oid(hash);
        if !decode::comes_next(signer, 0) {
            return Err(CmsError::NoSignedAttributes);
        }
        let mut signed_attributes = signer.tlv_bytes()?.to_vec();
        if let Some(tag) = signed_attributes.first_mut() {
            // They are signed as the SET OF that they would be without their context (RFC 5652 §5.4).
            *tag = SET;
        }
        let attributes = SignedAttributes::read(&signed_attributes)?;
        let algorithm = read_signature_algorithm(signer, hash)?;
        let signature = <&OctetStringRef>::decode(signer)?.as_bytes().to_vec();
        let signed = content.get(..decode::position(signer)).unwrap_or_default().to_vec();
        let unsigned = match decode::comes_next(signer, 1) {
            true => UnsignedAttribute::read_all(AnyRef::decode(signer)?.value())?,
            false => Vec::new(),
        };
        Ok(SignerInfo {
            signed,
            version,
            id,
            hash,
            algorithm,
            signed_attributes,
            attributes,
            signature,
            unsigned,
        })
    })
}

fn read_signer_id(signer: &mut SliceReader<'_>) -> Result<SignerId, CmsError> {
    let key = signer.context_specific::<&OctetStringRef>(TagNumber(0), TagMode::Implicit)?;
    match key {
        Some(key) => Ok(SignerId::Key(key.as_bytes().to_vec())),
        None => signer.sequence(|fields| {
            let issuer = Name::read(fields)?;
            Ok::<_, CmsError>(SignerId::IssuerAndSerial(issuer, decode::serial(fields)?.to_vec()))
        }),
    }
}

/// A signature's algorithm; `rsaEncryption` alone stands for RSA with the message's hash (RFC 5754 §3.2).
fn read_signature_algorithm(
    signer: &mut SliceReader<'_>,
    hash: Option<HashAlgorithm>,
) -> Result<Option<SignatureAlgorithm>, CmsError> {
    let (oid, _parameters) = decode::algorithm(&mut signer.clone())?;
    if oid == RSA_ENCRYPTION {
        decode::algorithm(signer)?;
        return Ok(hash.and_then(SignatureAlgorithm::rsa_with));
    }
    Ok(decode::signature_algorithm(signer)?)
}

fn malformed() -> CmsError {
    der::Error::from(ErrorKind::Failed).into()
}
