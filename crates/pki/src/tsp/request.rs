//! Requests: what is to be stamped, by its hash.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

use super::Rejection;
use crate::decode;
use crate::digest::{Digest, HashAlgorithm};
use crate::encode::{BOOLEAN, Encoder, INTEGER, NULL, OCTET_STRING, encode};
use crate::profile::PolicyOid;

/// Longest request that is read, in bytes.
const MAX_REQUEST: usize = 8 * 1024;

/// Longest nonce that is repeated, in bytes.
const MAX_NONCE: usize = 64;

/// A request (RFC 3161 §2.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeStampRequest {
    /// The hash of what is stamped.
    pub imprint: Digest,
    /// The policy that is asked for, if one is.
    pub policy: Option<PolicyOid>,
    /// What the token must repeat: the content octets of an INTEGER.
    pub nonce: Option<Vec<u8>>,
    /// Whether the token is to bring the unit's certificate along.
    pub wants_certificate: bool,
}

impl TimeStampRequest {
    /// A request for the unit's certificate and a token that repeats these random bytes.
    pub fn new(imprint: Digest, nonce: [u8; 8]) -> Self {
        // The first bit is the sign's, and the first octet may not be zero.
        let mut nonce = nonce;
        nonce[0] = nonce[0] & 0x7F | 0x40;
        Self { imprint, policy: None, nonce: Some(nonce.to_vec()), wants_certificate: true }
    }

    /// Reads a DER request.
    ///
    /// # Errors
    /// As what it is to be rejected.
    pub fn from_der(der: &[u8]) -> Result<Self, Rejection> {
        if der.len() > MAX_REQUEST {
            return Err(Rejection::BadDataFormat);
        }
        decode::decode_sequence(der, read)
    }

    /// Its DER.
    pub fn to_der(&self) -> Vec<u8> {
        encode(|out| {
            out.sequence(|request| {
                request.unsigned(1);
                write_imprint(request, &self.imprint);
                if let Some(policy) = self.policy {
                    request.oid(policy.0);
                }
                if let Some(nonce) = &self.nonce {
                    request.value(INTEGER, nonce);
                }
                if self.wants_certificate {
                    request.value(BOOLEAN, &[0xFF]);
                }
            });
        })
    }
}

impl From<der::Error> for Rejection {
    fn from(_: der::Error) -> Self {
        Self::BadDataFormat
    }
}

/// Writes a `MessageImprint`.
pub(super) fn write_imprint(out: &mut Encoder, imprint: &Digest) {
    out.sequence(|fields| {
        fields.sequence(|algorithm| {
            algorithm.oid(imprint.algorithm().oid());
            algorithm.value(NULL, &[]);
        });
        fields.value(OCTET_STRING, imprint.as_bytes());
    });
}

/// Reads a `MessageImprint`; `None` if its hash is not one of ours, or SHA-1.
pub(super) fn read_imprint(reader: &mut SliceReader<'_>) -> der::Result<Option<Digest>> {
    reader.sequence(|fields| {
        let (oid, _parameters) = decode::algorithm(fields)?;
        let value = <&OctetStringRef>::decode(fields)?.as_bytes();
        let hash = HashAlgorithm::from_oid(oid).filter(|hash| *hash != HashAlgorithm::Sha1);
        Ok(hash.and_then(|hash| Digest::from_bytes(hash, value)))
    })
}

/// Reads an INTEGER, if one comes next: its content octets.
pub(super) fn read_nonce(reader: &mut SliceReader<'_>) -> der::Result<Option<Vec<u8>>> {
    if reader.is_finished() || Tag::peek(reader)? != Tag::Integer {
        return Ok(None);
    }
    let nonce = AnyRef::decode(reader)?;
    let fits = (1..=MAX_NONCE).contains(&nonce.value().len());
    if fits { Ok(Some(nonce.value().to_vec())) } else { Err(nonce.tag().value_error().into()) }
}

fn read(request: &mut SliceReader<'_>) -> Result<TimeStampRequest, Rejection> {
    if u8::decode(request)? != 1 {
        return Err(Rejection::BadRequest);
    }
    let imprint = read_imprint(request)?.ok_or(Rejection::BadAlgorithm)?;
    let has_policy = !request.is_finished() && Tag::peek(request)? == Tag::ObjectIdentifier;
    let policy = match has_policy {
        true => Some(PolicyOid(ObjectIdentifier::decode(request)?)),
        false => None,
    };
    let nonce = read_nonce(request)?;
    let has_flag = !request.is_finished() && Tag::peek(request)? == Tag::Boolean;
    let wants_certificate = has_flag && bool::decode(request)?;
    if !request.is_finished() {
        // There are no extensions that are understood, critical or not.
        return Err(Rejection::UnacceptedExtension);
    }
    Ok(TimeStampRequest { imprint, policy, nonce, wants_certificate })
}
