//! What a finished message gets later, under the same signature: time-stamps over it, certificates, and
//! what tells their status (CAdES baseline, ETSI EN 319 122-1).

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use const_oid::db::rfc6960::ID_PKIX_OCSP_BASIC;

use super::write::{attribute, retag, set_of};
use super::{SIGNATURE_TIME_STAMP, SignedMessage};
use crate::certificate::Certificate;
use crate::decode::{self, Malformed};
use crate::encode::{ENUMERATED, OCTET_STRING, SEQUENCE, SET, constructed, encode};

/// id-ri-ocsp-response (RFC 5940): a whole OCSP response.
const OCSP_RESPONSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.16.2");

/// The tag of `RevocationInfoChoice`'s other forms.
const OTHER: u8 = constructed(1);

/// What tells a status, in a message. DER, unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation<'a> {
    /// A CRL.
    Crl(&'a [u8]),
    /// An OCSP response, whole.
    Ocsp(Cow<'a, [u8]>),
}

/// What is added to a message. What is there already is not added again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Additions<'a> {
    /// Certificates.
    pub certificates: &'a [Certificate],
    /// CRLs, DER.
    pub crls: &'a [Vec<u8>],
    /// OCSP responses, DER, whole.
    pub ocsp_responses: &'a [Vec<u8>],
    /// Time-stamp tokens over the signature's octets, DER.
    pub signature_time_stamps: &'a [Vec<u8>],
}

impl SignedMessage {
    /// The CRLs and OCSP responses that the message brings along; other forms are passed over.
    pub fn revocations(&self) -> impl Iterator<Item = Revocation<'_>> {
        self.revocations.iter().filter_map(|element| match element.first() {
            Some(&SEQUENCE) => Some(Revocation::Crl(element)),
            Some(&OTHER) => read_other(element).map(Revocation::Ocsp),
            _ => None,
        })
    }

    /// The message with more in it, DER. What was signed, and the signature, are the same bytes.
    pub fn extended(&self, additions: &Additions<'_>) -> Vec<u8> {
        let certificates = self.certificates.iter().chain(additions.certificates);
        let certificates: Vec<_> = certificates.map(|each| each.as_der().to_vec()).collect();
        let responses = additions.ocsp_responses.iter().map(|response| other(response));
        let revocations = self.revocations.iter().chain(additions.crls).cloned();
        let revocations: Vec<_> = revocations.chain(responses).collect();
        let stamps = additions
            .signature_time_stamps
            .iter()
            .map(|token| attribute(SIGNATURE_TIME_STAMP, |value| value.raw(token)));
        let unsigned = self.signer.unsigned.iter().map(|attribute| attribute.der.clone());
        let unsigned: Vec<_> = unsigned.chain(stamps).collect();
        encode(|out| {
            out.sequence(|content_info| {
                content_info.oid(ID_SIGNED_DATA);
                content_info.nest(constructed(0), |explicit| {
                    explicit.sequence(|signed_data| {
                        signed_data.unsigned(self.version(&revocations));
                        signed_data.raw(&self.digest_algorithms);
                        signed_data.raw(&self.encapsulated);
                        if !certificates.is_empty() {
                            retag(&set_of(certificates), constructed(0), signed_data);
                        }
                        if !revocations.is_empty() {
                            retag(&set_of(revocations), constructed(1), signed_data);
                        }
                        signed_data.nest(SET, |signers| {
                            signers.sequence(|signer| {
                                signer.raw(&self.signer.signed);
                                if !unsigned.is_empty() {
                                    retag(&set_of(unsigned), constructed(1), signer);
                                }
                            });
                        });
                    });
                });
            });
        })
    }

    /// `CMSVersion` by RFC 5652 §5.1.
    fn version(&self, revocations: &[Vec<u8>]) -> u64 {
        if revocations.iter().any(|element| element.first() == Some(&OTHER)) {
            5
        } else if self.content_type != ID_DATA || self.signer.version == 3 {
            3
        } else {
            1
        }
    }
}

/// `OtherRevocationInfoFormat` with an OCSP response.
fn other(response: &[u8]) -> Vec<u8> {
    encode(|out| {
        out.nest(OTHER, |format| {
            format.oid(OCSP_RESPONSE);
            format.raw(response);
        });
    })
}

/// The OCSP response in an `OtherRevocationInfoFormat`; the inner `BasicOCSPResponse`, which some write, is
/// wrapped.
fn read_other(element: &[u8]) -> Option<Cow<'_, [u8]>> {
    let read = decode::decode(element, |reader| {
        reader.explicit(1, |fields| Ok::<_, Malformed>((fields.oid()?, fields.whole()?)))
    });
    match read.ok()?? {
        (OCSP_RESPONSE, response) => Some(Cow::Borrowed(response)),
        (ID_PKIX_OCSP_BASIC, basic) => Some(Cow::Owned(encode(|out| {
            out.sequence(|response| {
                response.value(ENUMERATED, &[0]);
                response.nest(constructed(0), |explicit| {
                    explicit.sequence(|bytes| {
                        bytes.oid(ID_PKIX_OCSP_BASIC);
                        bytes.value(OCTET_STRING, basic);
                    });
                });
            });
        }))),
        _ => None,
    }
}
