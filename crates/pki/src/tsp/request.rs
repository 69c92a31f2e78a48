//! Requests: what is to be stamped, by its hash.

use super::Rejection;
use crate::decode::{self, Malformed, Reader};
use crate::digest::{Digest, HashAlgorithm};
use crate::encode::{BOOLEAN, Encoder, INTEGER, NULL, OCTET_STRING, OID, encode};
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

impl From<Malformed> for Rejection {
    fn from(_: Malformed) -> Self {
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
pub(super) fn read_imprint(reader: &mut Reader<'_>) -> Result<Option<Digest>, Malformed> {
    reader.sequence(|fields| {
        let (oid, _parameters) = decode::algorithm(fields)?;
        let value = fields.octets()?;
        let hash = HashAlgorithm::from_oid(oid).filter(|hash| *hash != HashAlgorithm::Sha1);
        Ok(hash.and_then(|hash| Digest::from_bytes(hash, value)))
    })
}

/// Reads an INTEGER, if one comes next: its content octets.
pub(super) fn read_nonce(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    match reader.take_if(INTEGER)? {
        Some(nonce) if (1..=MAX_NONCE).contains(&nonce.len()) => Ok(Some(nonce.to_vec())),
        Some(_) => Err(Malformed::Value),
        None => Ok(None),
    }
}

fn read(request: &mut Reader<'_>) -> Result<TimeStampRequest, Rejection> {
    if request.unsigned::<u8>()? != 1 {
        return Err(Rejection::BadRequest);
    }
    let imprint = read_imprint(request)?.ok_or(Rejection::BadAlgorithm)?;
    let policy = request.take_if(OID)?.map(decode::oid).transpose()?.map(PolicyOid);
    let nonce = read_nonce(request)?;
    let wants_certificate = request.comes_next(BOOLEAN) && request.boolean()?;
    if !request.is_finished() {
        // There are no extensions that are understood, critical or not.
        return Err(Rejection::UnacceptedExtension);
    }
    Ok(TimeStampRequest { imprint, policy, nonce, wants_certificate })
}
