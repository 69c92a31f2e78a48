//! OCSP answers as a relying party reads them.

use std::fmt;
use std::iter;
use std::ops::Range;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_KP_OCSP_SIGNING;
use const_oid::db::rfc6960::ID_PKIX_OCSP_BASIC;
use jiff::Timestamp;

use super::request::{CertId, RequestMalformed, read_nonce};
use crate::certificate::{Certificate, CertificateError};
use crate::decode::{self, Malformed, Reader};
use crate::encode::primitive;
use crate::keys::{PublicKey, SignatureAlgorithm};
use crate::name::Name;
use crate::status::{Moment, Status, Untimely, Withdrawal};

/// Longest answer that is read, in bytes.
const MAX_RESPONSE: usize = 256 * 1024;

/// Most certificates that an answer may bring along.
const MAX_CERTIFICATES: usize = 8;

/// Why an answer tells nothing about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// Longer than any answer that is read here.
    #[error("the answer is too long")]
    TooLong,
    /// Not a DER answer of version 1.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A certificate in the answer cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The extensions of the answer cannot be read.
    #[error("the answer's extensions: {0}")]
    Extensions(RequestMalformed),
    /// The responder refused: its `OCSPResponseStatus`.
    #[error("the responder refused with status {0}")]
    Refused(u8),
    /// The answer is of another type than `id-pkix-ocsp-basic`.
    #[error("the answer is of the type {0}")]
    Type(ObjectIdentifier),
    /// The certificate of whom the answer names as responder is not there.
    #[error("the responder's certificate is not in the answer")]
    ResponderMissing,
    /// The responder is neither the issuer nor delegated by it: signed by its key, for OCSP signing, with
    /// id-pkix-ocsp-nocheck, without an unknown critical extension.
    #[error("the responder is not delegated by the issuer")]
    NotDelegated,
    /// The responder's certificate is not valid at that moment.
    #[error("the responder's certificate is not valid at that time")]
    ResponderExpired,
    /// The answer's signature is not valid.
    #[error("the answer's signature is not valid")]
    Signature,
    /// The answer does not repeat the nonce of the request.
    #[error("the answer does not carry the request's nonce")]
    Nonce,
    /// The answer does not speak about that certificate.
    #[error("the answer is about another certificate")]
    OtherCertificate,
    /// Not of the moment asked about.
    #[error(transparent)]
    Untimely(#[from] Untimely),
}

/// An answer as it was read. Whether it is to be trusted: [`verify`](Self::verify).
pub struct OcspResponse {
    /// The DER of `BasicOCSPResponse`.
    basic: Vec<u8>,
    tbs: Range<usize>,
    signature: Range<usize>,
    algorithm: Option<SignatureAlgorithm>,
    responder: ResponderId,
    produced_at: Timestamp,
    answers: Vec<Answer>,
    nonce: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
}

/// What an answer says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SingleAnswer<'a> {
    /// The certificate's serial number: content octets.
    pub serial: &'a [u8],
    /// Its status.
    pub status: Status,
    /// As of when that is known to be right.
    pub this_update: Timestamp,
    /// By when there is newer information.
    pub next_update: Option<Timestamp>,
}

enum ResponderId {
    Name(Name),
    Key(Vec<u8>),
}

struct Answer {
    /// Where the `CertID` stands in `basic`.
    id: Range<usize>,
    status: Status,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
}

impl OcspResponse {
    /// Reads a DER answer.
    ///
    /// # Errors
    /// It cannot be read, or is a refusal.
    pub fn from_der(der: &[u8]) -> Result<Self, OcspError> {
        if der.len() > MAX_RESPONSE {
            return Err(OcspError::TooLong);
        }
        let basic = decode::decode_sequence(der, |response| {
            let status = response.enumerated()?;
            if status != 0 {
                return Err(OcspError::Refused(status));
            }
            let bytes = response.explicit(0, |explicit| explicit.sequence(read_response_bytes))?;
            bytes.ok_or(OcspError::Malformed(Malformed::Unexpected))
        })?;
        let mut read = decode::decode_sequence(basic, read_basic)?;
        read.basic = basic.to_vec();
        Ok(read)
    }

    /// When it was signed.
    pub fn produced_at(&self) -> Timestamp {
        self.produced_at
    }

    /// The certificates that it brings along: the responder's. Unverified.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What it says, certificate by certificate. Unverified.
    pub fn answers(&self) -> impl Iterator<Item = SingleAnswer<'_>> {
        self.identified().map(|(_, answer)| answer)
    }

    /// The same, with how each certificate is identified.
    fn identified(&self) -> impl Iterator<Item = (CertId<'_>, SingleAnswer<'_>)> {
        self.answers.iter().filter_map(|answer| {
            let der = self.basic.get(answer.id.clone())?;
            let id = decode::decode(der, |reader| CertId::read(reader, der)).ok()?;
            let serial = id.serial_bytes();
            let Answer { status, this_update, next_update, .. } = *answer;
            Some((id, SingleAnswer { serial, status, this_update, next_update }))
        })
    }

    /// Verifies that it speaks for `issuer`: signed by the issuer's key, or by that of a responder whose
    /// certificate the issuer signed for this purpose and which was valid at that moment.
    ///
    /// # Errors
    /// [`OcspError`].
    pub fn verify(
        self,
        issuer: &Certificate,
        moment: Moment,
    ) -> Result<TrustedOcspResponse, OcspError> {
        // Several may bear the name: who signed is the one whose key verifies.
        let mut refused = OcspError::ResponderMissing;
        for responder in iter::once(issuer).chain(&self.certificates) {
            if !self.responder.is(responder) {
                continue;
            }
            match self.check_signed_by(responder, issuer, moment) {
                Ok(()) => {
                    return Ok(TrustedOcspResponse { issuer: issuer.clone(), response: self });
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn check_signed_by(
        &self,
        responder: &Certificate,
        issuer: &Certificate,
        moment: Moment,
    ) -> Result<(), OcspError> {
        if responder != issuer {
            check_delegation(responder, issuer)?;
        }
        if moment.check(responder.not_before(), responder.not_after()).is_err() {
            return Err(OcspError::ResponderExpired);
        }
        let key = responder.public_key().map_err(|_| OcspError::Signature)?;
        let algorithm = self.algorithm.ok_or(OcspError::Signature)?;
        key.verify(algorithm, &self.basic[self.tbs.clone()], &self.basic[self.signature.clone()])
            .map_err(|_| OcspError::Signature)
    }
}

impl fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcspResponse({})", self.produced_at)
    }
}

/// An answer whose signature was verified.
#[derive(Debug)]
pub struct TrustedOcspResponse {
    response: OcspResponse,
    issuer: Certificate,
}

impl TrustedOcspResponse {
    /// When it was signed.
    pub fn produced_at(&self) -> Timestamp {
        self.response.produced_at
    }

    /// Whose certificates it may speak of.
    pub fn issuer(&self) -> &Certificate {
        &self.issuer
    }

    /// What it says of its issuer's certificates, certificate by certificate: what stands in it of another
    /// issuer's, of which the serial may be the same, is nobody's word.
    pub fn answers(&self) -> impl Iterator<Item = SingleAnswer<'_>> {
        let issuer = self.issuer.public_key().ok().map(|key| (self.issuer.subject(), key));
        let is_own = move |id: &CertId<'_>| issuer.is_some_and(|(name, key)| names(id, name, key));
        self.response.identified().filter(move |(id, _)| is_own(id)).map(|(_, answer)| answer)
    }

    /// Checks that it answers the request with that nonce.
    ///
    /// # Errors
    /// [`OcspError::Nonce`].
    pub fn check_nonce(&self, nonce: &[u8]) -> Result<(), OcspError> {
        if self.response.nonce.as_deref() == Some(nonce) { Ok(()) } else { Err(OcspError::Nonce) }
    }

    /// What it says about a certificate of its issuer.
    ///
    /// # Errors
    /// [`OcspError::OtherCertificate`], [`OcspError::Untimely`].
    pub fn status(&self, certificate: &Certificate, moment: Moment) -> Result<Status, OcspError> {
        let issuer_key = self.issuer.public_key().map_err(|_| OcspError::OtherCertificate)?;
        let mut answers = self.response.identified();
        let about = |(id, answer): &(CertId<'_>, SingleAnswer<'_>)| {
            answer.serial == certificate.serial_bytes()
                && names(id, certificate.issuer(), issuer_key)
        };
        let (_, answer) = answers.find(about).ok_or(OcspError::OtherCertificate)?;
        // Without a nextUpdate newer information is always to be had (RFC 6960 §2.4).
        moment.check(answer.this_update, answer.next_update.unwrap_or(answer.this_update))?;
        Ok(answer.status)
    }
}

impl ResponderId {
    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => name == certificate.subject(),
            Self::Key(identifier) => {
                certificate.public_key().is_ok_and(|key| key.identifier().0 == identifier[..])
            }
        }
    }
}

fn check_delegation(responder: &Certificate, issuer: &Certificate) -> Result<(), OcspError> {
    let issuer_key = issuer.public_key().map_err(|_| OcspError::NotDelegated)?;
    let delegated = responder.issuer() == issuer.subject()
        && responder.extended_key_usages().contains(&ID_KP_OCSP_SIGNING)
        && responder.is_ocsp_nocheck()
        && responder.key_usages().is_none_or(|usages| usages.digital_signature)
        && responder.extensions_not_followed().is_empty()
        && responder.verify_signature(issuer_key).is_ok();
    if delegated { Ok(()) } else { Err(OcspError::NotDelegated) }
}

/// Whether the issuer in a `CertID` is the one of that name and key.
fn names(id: &CertId<'_>, issuer: &Name, issuer_key: &PublicKey) -> bool {
    id.hash().is_some_and(|hash| {
        hash.digest(issuer.as_der()).as_bytes() == id.issuer_name_hash()
            && hash.digest(issuer_key.subject_public_key()).as_bytes() == id.issuer_key_hash()
    })
}

fn read_response_bytes<'a>(bytes: &mut Reader<'a>) -> Result<&'a [u8], OcspError> {
    let kind = bytes.oid()?;
    let response = bytes.octets()?;
    if kind == ID_PKIX_OCSP_BASIC { Ok(response) } else { Err(OcspError::Type(kind)) }
}

fn read_basic(basic: &mut Reader<'_>) -> Result<OcspResponse, OcspError> {
    let start = basic.position();
    let mut read = basic.sequence(read_data)?;
    read.tbs = start..basic.position();
    read.algorithm = decode::signature_algorithm(basic)?;
    let signature = basic.bit_string()?;
    let end = basic.position();
    read.signature = end - signature.len()..end;
    let certificates = basic.explicit(0, |explicit| explicit.sequence(read_certificates))?;
    read.certificates = certificates.unwrap_or_default();
    Ok(read)
}

fn read_certificates(list: &mut Reader<'_>) -> Result<Vec<Certificate>, OcspError> {
    let mut certificates = Vec::new();
    while !list.is_finished() {
        if certificates.len() == MAX_CERTIFICATES {
            return Err(OcspError::TooLong);
        }
        certificates.push(Certificate::from_der(list.whole()?)?);
    }
    Ok(certificates)
}

/// Reads `ResponseData`.
fn read_data(data: &mut Reader<'_>) -> Result<OcspResponse, OcspError> {
    if data.explicit(0, Reader::unsigned::<u8>)?.is_some_and(|version| version != 0) {
        return Err(Malformed::Value.into());
    }
    let responder = match data.explicit(1, Name::read)? {
        Some(name) => ResponderId::Name(name),
        None => {
            let key = data.explicit(2, Reader::octets)?;
            ResponderId::Key(key.ok_or(Malformed::Unexpected)?.to_vec())
        }
    };
    let produced_at = decode::generalized_time(data)?;
    let answers = data.sequence(|list| {
        let mut answers = Vec::new();
        while !list.is_finished() {
            answers.push(list.sequence(read_single)?);
        }
        Ok::<_, Malformed>(answers)
    })?;
    let nonce = data.explicit(1, read_nonce).map_err(OcspError::Extensions)?.flatten();
    Ok(OcspResponse {
        basic: Vec::new(),
        tbs: 0..0,
        signature: 0..0,
        algorithm: None,
        responder,
        produced_at,
        answers,
        nonce: nonce.map(<[u8]>::to_vec),
        certificates: Vec::new(),
    })
}

fn read_single(single: &mut Reader<'_>) -> Result<Answer, Malformed> {
    let start = single.position();
    single.element()?;
    let id = start..single.position();
    let status = read_status(single)?;
    let this_update = decode::generalized_time(single)?;
    let next_update = single.explicit(0, decode::generalized_time)?;
    single.explicit(1, |extensions| {
        decode::extensions(
            extensions,
            |_, critical, _| {
                if critical { Err(Malformed::Value) } else { Ok(()) }
            },
        )
    })?;
    Ok(Answer { id, status, this_update, next_update })
}

fn read_status(single: &mut Reader<'_>) -> Result<Status, Malformed> {
    for (number, status) in [(0, Status::Good), (2, Status::Unknown)] {
        if let Some(content) = single.take_if(primitive(number))? {
            return if content.is_empty() { Ok(status) } else { Err(Malformed::Value) };
        }
    }
    let revoked = single.explicit(1, |fields| {
        let at = decode::generalized_time(fields)?;
        let code = fields.explicit(0, Reader::enumerated)?.unwrap_or(0);
        let withdrawal = Withdrawal::from_code(code).ok_or(Malformed::Value)?;
        Ok::<_, Malformed>(withdrawal.status(at))
    })?;
    revoked.ok_or(Malformed::Unexpected)
}
