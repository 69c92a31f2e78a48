//! Reading a signed message.

use const_oid::db::rfc5911::ID_SIGNED_DATA;
use const_oid::db::rfc5912::RSA_ENCRYPTION;

use super::attributes::{SignedAttributes, UnsignedAttribute};
use super::message::{SignerId, SignerInfo};
use super::{CmsError, SignedMessage};
use crate::certificate::Certificate;
use crate::decode::{self, Element, Malformed, Reader};
use crate::digest::HashAlgorithm;
use crate::encode::{SEQUENCE, SET, constructed, primitive};
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
        let kind = content_info.oid()?;
        if kind != ID_SIGNED_DATA {
            return Err(CmsError::Type(kind));
        }
        let read = content_info.explicit(0, |explicit| explicit.sequence(read_signed_data))?;
        read.ok_or_else(|| Malformed::Unexpected.into())
    })
}

fn read_signed_data(signed_data: &mut Reader<'_>) -> Result<SignedMessage, CmsError> {
    signed_data.unsigned::<u8>()?;
    let digest_algorithms = signed_data.whole_of(SET)?;
    let encapsulated = signed_data.whole()?;
    let (content_type, content) = decode::decode_sequence(encapsulated, |content_info| {
        let content_type = content_info.oid()?;
        let content = content_info.explicit(0, Reader::octets)?;
        Ok::<_, CmsError>((content_type, content.map(<[u8]>::to_vec)))
    })?;
    // Other kinds than X.509 certificates are not supported.
    let certificates = signed_data.explicit(0, read_elements)?.unwrap_or_default();
    let certificates = certificates.into_iter().map(Certificate::from_der);
    let certificates = certificates.collect::<Result<_, _>>()?;
    let revocations = signed_data.explicit(1, read_elements)?.unwrap_or_default();
    let signers = signed_data.nest(SET, read_elements)?;
    let [signer] = signers[..] else {
        return Err(CmsError::Signers(signers.len()));
    };
    Ok(SignedMessage {
        digest_algorithms: digest_algorithms.to_vec(),
        encapsulated: encapsulated.to_vec(),
        content_type,
        content,
        certificates,
        revocations: revocations.into_iter().map(<[u8]>::to_vec).collect(),
        signer: read_signer(signer)?,
    })
}

/// Each element of a SET, whole.
fn read_elements<'a>(set: &mut Reader<'a>) -> Result<Vec<&'a [u8]>, CmsError> {
    let mut elements = Vec::new();
    while !set.is_finished() {
        if elements.len() == MAX_BROUGHT {
            return Err(CmsError::TooLong);
        }
        elements.push(set.whole()?);
    }
    Ok(elements)
}

fn read_signer(der: &[u8]) -> Result<SignerInfo, CmsError> {
    let content = Element::from_der(der)?.expect(SEQUENCE)?;
    decode::decode(content, |signer| {
        let version = signer.unsigned()?;
        let id = read_signer_id(signer)?;
        let (hash, _parameters) = decode::algorithm(signer)?;
        let hash = HashAlgorithm::from_oid(hash);
        if !signer.comes_next(constructed(0)) {
            return Err(CmsError::NoSignedAttributes);
        }
        let mut signed_attributes = signer.whole()?.to_vec();
        if let Some(tag) = signed_attributes.first_mut() {
            // They are signed as the SET OF that they would be without their context (RFC 5652 §5.4).
            *tag = SET;
        }
        let attributes = SignedAttributes::read(&signed_attributes)?;
        let algorithm = read_signature_algorithm(signer, hash)?;
        let signature = signer.octets()?.to_vec();
        let signed = content.get(..signer.position()).unwrap_or_default().to_vec();
        let unsigned = signer.take_if(constructed(1))?;
        let unsigned = unsigned.map(UnsignedAttribute::read_all).transpose()?.unwrap_or_default();
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

fn read_signer_id(signer: &mut Reader<'_>) -> Result<SignerId, CmsError> {
    match signer.take_if(primitive(0))? {
        Some(key) => Ok(SignerId::Key(key.to_vec())),
        None => signer.sequence(|fields| {
            let issuer = Name::read(fields)?;
            Ok::<_, CmsError>(SignerId::IssuerAndSerial(issuer, decode::serial(fields)?.to_vec()))
        }),
    }
}

/// A signature's algorithm; `rsaEncryption` alone stands for RSA with the message's hash (RFC 5754 §3.2).
fn read_signature_algorithm(
    signer: &mut Reader<'_>,
    hash: Option<HashAlgorithm>,
) -> Result<Option<SignatureAlgorithm>, CmsError> {
    let (oid, _parameters) = decode::algorithm(&mut signer.clone())?;
    if oid == RSA_ENCRYPTION {
        decode::algorithm(signer)?;
        return Ok(hash.and_then(SignatureAlgorithm::rsa_with));
    }
    Ok(decode::signature_algorithm(signer)?)
}
