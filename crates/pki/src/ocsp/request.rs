//! OCSP requests.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc6960::ID_PKIX_OCSP_NONCE;
use inrou_rules::Serial;

use super::NONCE_LENGTHS;
use crate::certificate::Certificate;
use crate::decode::{self, Element, Malformed, Reader, serial_number};
use crate::digest::HashAlgorithm;
use crate::encode::{Encoder, INTEGER, NULL, OCTET_STRING, constructed, encode};
use crate::keys::KeyError;

/// Longest request that is read, in bytes.
pub const MAX_REQUEST: usize = 8 * 1024;

/// Most certificates that one request may ask about.
const MAX_CERTIFICATES: usize = 32;

/// Names a certificate by hashes of its issuer's name and key, and its serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertId<'a> {
    der: &'a [u8],
    hash: Option<HashAlgorithm>,
    issuer_name_hash: &'a [u8],
    issuer_key_hash: &'a [u8],
    serial: &'a [u8],
}

/// A request as it was read. Its signature, should it have one, is not looked at: nobody is asked who
/// they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest<'a> {
    certificates: Vec<CertId<'a>>,
    nonce: Option<&'a [u8]>,
}

/// Why a request cannot be read: the answer is `malformedRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestMalformed {
    /// Longer than [`MAX_REQUEST`].
    #[error("the request is too long")]
    TooLong,
    /// Not a DER request of version 1.
    #[error(transparent)]
    Der(#[from] Malformed),
    /// It asks about no certificate, or about more than 32.
    #[error("the request asks about {0} certificates")]
    Certificates(usize),
    /// The nonce is not of 1 to 128 bytes.
    #[error("the nonce has {0} bytes")]
    Nonce(usize),
    /// A critical extension that is not understood.
    #[error("the request has a critical extension that is not supported: {0}")]
    Extension(ObjectIdentifier),
}

impl<'a> OcspRequest<'a> {
    /// Reads a DER request.
    ///
    /// # Errors
    /// [`RequestMalformed`].
    pub fn from_der(der: &'a [u8]) -> Result<Self, RequestMalformed> {
        if der.len() > MAX_REQUEST {
            return Err(RequestMalformed::TooLong);
        }
        decode::decode_sequence(der, |request| {
            let read = request.sequence(|tbs| read_tbs(tbs, der))?;
            request.explicit(0, |signature| signature.element().map(drop))?;
            Ok(read)
        })
    }

    /// The certificates that are asked about: at least one.
    pub fn certificates(&self) -> &[CertId<'a>] {
        &self.certificates
    }

    /// The nonce, 1 to 128 bytes.
    pub fn nonce(&self) -> Option<&'a [u8]> {
        self.nonce
    }
}

impl<'a> CertId<'a> {
    /// The serial number, where it is one that this service could have issued.
    pub fn serial(&self) -> Option<Serial> {
        serial_number(self.serial)
    }

    /// The serial number's content octets.
    pub fn serial_bytes(&self) -> &'a [u8] {
        self.serial
    }

    /// The hash by which it names the issuer, where it is one that is known.
    pub fn hash(&self) -> Option<HashAlgorithm> {
        self.hash
    }

    /// The hash of the issuer's name.
    pub fn issuer_name_hash(&self) -> &'a [u8] {
        self.issuer_name_hash
    }

    /// The hash of the issuer's key.
    pub fn issuer_key_hash(&self) -> &'a [u8] {
        self.issuer_key_hash
    }

    /// Its DER.
    pub fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Reads the `CertID` that comes next in `reader`, which reads `whole`.
    pub(super) fn read(reader: &mut Reader<'a>, whole: &'a [u8]) -> Result<Self, Malformed> {
        let start = reader.position();
        let mut read = reader.sequence(|fields| {
            let (oid, parameters) = decode::algorithm(fields)?;
            // A hash has no parameters, or NULL: what else stands there could be of any length.
            let is_plain = parameters.is_none_or(Element::is_null);
            Ok::<_, Malformed>(Self {
                der: whole,
                hash: HashAlgorithm::from_oid(oid).filter(|_| is_plain),
                issuer_name_hash: fields.octets()?,
                issuer_key_hash: fields.octets()?,
                serial: decode::serial(fields)?,
            })
        })?;
        read.der = &whole[start..reader.position()];
        Ok(read)
    }
}

/// Writes a request about one certificate of `issuer`.
///
/// # Errors
/// The issuer's key is not supported.
pub fn write_request(
    issuer: &Certificate,
    certificate: &Certificate,
    hash: HashAlgorithm,
    nonce: Option<&[u8]>,
) -> Result<Vec<u8>, KeyError> {
    let issuer_key = issuer.public_key()?.subject_public_key();
    Ok(encode(|out| {
        out.sequence(|request| {
            request.sequence(|tbs| {
                tbs.sequence(|list| {
                    list.sequence(|single| {
                        single.sequence(|id| {
                            write_hash(id, hash);
                            id.value(
                                OCTET_STRING,
                                hash.digest(issuer.subject().as_der()).as_bytes(),
                            );
                            id.value(OCTET_STRING, hash.digest(issuer_key).as_bytes());
                            id.value(INTEGER, certificate.serial_bytes());
                        });
                    });
                });
                if let Some(nonce) = nonce {
                    tbs.nest(constructed(2), |explicit| write_nonce(explicit, nonce));
                }
            });
        });
    }))
}

/// Extensions with the nonce alone.
pub(super) fn write_nonce(out: &mut Encoder, nonce: &[u8]) {
    out.sequence(|extensions| {
        extensions.sequence(|extension| {
            extension.oid(ID_PKIX_OCSP_NONCE);
            extension.nest(OCTET_STRING, |value| value.value(OCTET_STRING, nonce));
        });
    });
}

/// Reads a request's or an answer's extensions: the nonce.
pub(super) fn read_nonce<'a>(
    reader: &mut Reader<'a>,
) -> Result<Option<&'a [u8]>, RequestMalformed> {
    let mut nonce = None;
    decode::extensions(reader, |oid, critical, value| {
        if oid == ID_PKIX_OCSP_NONCE {
            let bytes = decode::decode(value, Reader::octets)?;
            if !NONCE_LENGTHS.contains(&bytes.len()) {
                return Err(RequestMalformed::Nonce(bytes.len()));
            }
            nonce = Some(bytes);
        } else if critical {
            return Err(RequestMalformed::Extension(oid));
        }
        Ok(())
    })?;
    Ok(nonce)
}

fn read_tbs<'a>(
    tbs: &mut Reader<'a>,
    whole: &'a [u8],
) -> Result<OcspRequest<'a>, RequestMalformed> {
    if tbs.explicit(0, Reader::unsigned::<u8>)?.is_some_and(|version| version != 0) {
        return Err(Malformed::Value.into());
    }
    tbs.explicit(1, |requestor| requestor.element().map(drop))?;
    let certificates = tbs.sequence(|list| {
        let mut certificates = Vec::with_capacity(1);
        while !list.is_finished() {
            certificates.push(list.sequence(|single| read_single(single, whole))?);
        }
        Ok::<_, RequestMalformed>(certificates)
    })?;
    if !(1..=MAX_CERTIFICATES).contains(&certificates.len()) {
        return Err(RequestMalformed::Certificates(certificates.len()));
    }
    let nonce = tbs.explicit(2, read_nonce)?.flatten();
    Ok(OcspRequest { certificates, nonce })
}

fn read_single<'a>(
    single: &mut Reader<'a>,
    whole: &'a [u8],
) -> Result<CertId<'a>, RequestMalformed> {
    let id = CertId::read(single, whole)?;
    single.explicit(0, |extensions| {
        decode::extensions(extensions, |oid, critical, _| {
            if critical { Err(RequestMalformed::Extension(oid)) } else { Ok(()) }
        })
    })?;
    Ok(id)
}

/// The `AlgorithmIdentifier` of a hash: with NULL, as every OCSP client writes it.
fn write_hash(out: &mut Encoder, hash: HashAlgorithm) {
    out.sequence(|identifier| {
        identifier.oid(hash.oid());
        identifier.value(NULL, &[]);
    });
}
