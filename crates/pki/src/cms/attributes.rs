//! Signed and unsigned attributes as they are read.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNING_TIME};
use jiff::Timestamp;

use super::{CmsError, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2};
use crate::decode::{self, Element, Malformed, Reader};
use crate::digest::HashAlgorithm;
use crate::encode::{SEQUENCE, SET};

/// Most attributes, signed or unsigned, and most values of one: anybody can add unsigned ones.
const MAX_ATTRIBUTES: usize = 64;

/// What the signed attributes say, as far as it is known here.
#[derive(Default)]
pub(super) struct SignedAttributes {
    pub(super) content_type: Option<ObjectIdentifier>,
    pub(super) message_digest: Option<Vec<u8>>,
    pub(super) signing_time: Option<Timestamp>,
    /// Hash algorithm, if it is known, and hash of the signer's certificate.
    pub(super) signing_certificate: Option<(Option<HashAlgorithm>, Vec<u8>)>,
    /// The same by the older attribute, which knows SHA-1 alone.
    pub(super) signing_certificate_v1: Option<Vec<u8>>,
}

/// An unsigned attribute, whole and in parts.
pub(super) struct UnsignedAttribute {
    pub(super) der: Vec<u8>,
    pub(super) kind: ObjectIdentifier,
    /// Each a whole element.
    pub(super) values: Vec<Vec<u8>>,
}

impl SignedAttributes {
    /// Reads them as they are signed: a SET OF.
    pub(super) fn read(set: &[u8]) -> Result<Self, CmsError> {
        let mut attributes = Self::default();
        each(Element::from_der(set)?.content, |_, kind, values| {
            attributes.take(kind, values).ok_or(CmsError::Attribute(kind))
        })?;
        Ok(attributes)
    }

    /// Takes an attribute with its one value; `None` if it is malformed or stands twice.
    fn take(&mut self, kind: ObjectIdentifier, value: &[u8]) -> Option<()> {
        match kind {
            ID_CONTENT_TYPE => {
                fill(&mut self.content_type, decode::decode(value, Reader::oid).ok()?)
            }
            ID_MESSAGE_DIGEST => {
                let digest = decode::decode(value, Reader::octets).ok()?;
                fill(&mut self.message_digest, digest.to_vec())
            }
            ID_SIGNING_TIME => {
                fill(&mut self.signing_time, decode::decode(value, decode::time).ok()?)
            }
            SIGNING_CERTIFICATE_V2 => {
                fill(&mut self.signing_certificate, read_signing_certificate(value).ok()?)
            }
            SIGNING_CERTIFICATE => {
                // An `ESSCertID` is an `ESSCertIDv2` without the algorithm.
                let (_, digest) = read_signing_certificate(value).ok()?;
                fill(&mut self.signing_certificate_v1, digest)
            }
            _ => Some(()),
        }
    }
}

impl UnsignedAttribute {
    /// Reads the content of `unsignedAttrs`.
    pub(super) fn read_all(content: &[u8]) -> Result<Vec<Self>, CmsError> {
        let mut attributes = Vec::new();
        each(content, |der, kind, values| {
            let values = decode::decode(values, |set| {
                let mut all = Vec::new();
                while !set.is_finished() {
                    if all.len() == MAX_ATTRIBUTES {
                        return Err(CmsError::TooLong);
                    }
                    all.push(set.whole()?.to_vec());
                }
                Ok::<_, CmsError>(all)
            })?;
            attributes.push(Self { der: der.to_vec(), kind, values });
            Ok(())
        })?;
        Ok(attributes)
    }
}

/// Goes through attributes: each whole, its kind, and the content of the SET of its values.
fn each<'a>(
    content: &'a [u8],
    mut take: impl FnMut(&'a [u8], ObjectIdentifier, &'a [u8]) -> Result<(), CmsError>,
) -> Result<(), CmsError> {
    let mut reader = Reader::new(content);
    for count in 0.. {
        if reader.is_finished() {
            break;
        }
        if count == MAX_ATTRIBUTES {
            return Err(CmsError::TooLong);
        }
        let der = reader.whole()?;
        let (kind, values) = decode::decode_sequence(der, |attribute| {
            Ok::<_, CmsError>((attribute.oid()?, attribute.take(SET)?))
        })?;
        take(der, kind, values)?;
    }
    Ok(())
}

fn fill<T>(field: &mut Option<T>, value: T) -> Option<()> {
    let is_first = field.is_none();
    *field = Some(value);
    is_first.then_some(())
}

/// Reads the first `ESSCertIDv2` of a `SigningCertificateV2`: that of the signer.
fn read_signing_certificate(value: &[u8]) -> Result<(Option<HashAlgorithm>, Vec<u8>), Malformed> {
    decode::decode_sequence(value, |signing_certificate| {
        let read = signing_certificate.sequence(|certificates| {
            let first = certificates.sequence(|id| {
                let hash = match id.comes_next(SEQUENCE) {
                    true => HashAlgorithm::from_oid(decode::algorithm(id)?.0),
                    false => Some(HashAlgorithm::Sha256),
                };
                let digest = id.octets()?.to_vec();
                id.skip_all()?;
                Ok::<_, Malformed>((hash, digest))
            })?;
            certificates.skip_all()?;
            Ok::<_, Malformed>(first)
        })?;
        signing_certificate.skip_all()?;
        Ok(read)
    })
}
