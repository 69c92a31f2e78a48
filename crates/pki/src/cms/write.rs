//! Making a signed message in two steps, since the private key may lie in a chip: first what is to be
//! signed, then the message around the signature.

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME,
};
use jiff::Timestamp;

use super::SIGNING_CERTIFICATE_V2;
use crate::certificate::Certificate;
use crate::digest::{Digest, HashAlgorithm};
use crate::encode::{Encoder, INTEGER, OCTET_STRING, SET, constructed, encode};
use crate::general_name::write_directory_name;
use crate::keys::{KeyError, SignError, SignatureAlgorithm, Signer};

/// Why a message could not be prepared or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The signer's certificate holds a key that is not supported.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The signature does not fit.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
}

/// The signature is not one by the certificate's key over the prepared message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature was not made by the certificate's key over this message")]
pub struct SignatureRefused;

/// A message to be signed.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// What is signed.
    pub content: &'a [u8],
    /// Whether the content goes into the message, or stays beside it.
    pub attached: bool,
    /// The signer's certificate.
    pub signer: &'a Certificate,
    /// Further certificates to go along: the issuer's.
    pub chain: &'a [Certificate],
    /// When it is signed, by the signer's clock.
    pub signing_time: Timestamp,
}

/// A message to be signed that stands in a PDF file (PAdES, ETSI EN 319 142-1 §6.3): detached, and without a
/// signing time, which the file tells.
#[derive(Clone, Copy, Debug)]
pub struct NewPdfMessage<'a> {
    /// The pieces of the file that are signed, in their order.
    pub content: [&'a [u8]; 2],
    /// The signer's certificate.
    pub signer: &'a Certificate,
    /// Further certificates to go along: the issuer's.
    pub chain: &'a [Certificate],
}

/// A message to be signed, whatever it is about.
pub(crate) struct Draft<'a> {
    pub(crate) content_type: ObjectIdentifier,
    /// In pieces.
    pub(crate) content: &'a [&'a [u8]],
    pub(crate) attached: bool,
    pub(crate) signer: &'a Certificate,
    /// Those that go into the message.
    pub(crate) certificates: Vec<&'a Certificate>,
    pub(crate) signing_time: Option<Timestamp>,
}

/// A message that lacks but its signature.
#[derive(Clone)]
pub struct PreparedMessage {
    /// `CMSVersion` (RFC 5652 §5.1).
    version: u64,
    /// As they are signed: DER, a SET OF.
    signed_attributes: Vec<u8>,
    signer: Certificate,
    algorithm: SignatureAlgorithm,
    /// `digestAlgorithms` to `certificates`.
    head: Vec<u8>,
}

impl NewMessage<'_> {
    /// Hashes the content and lays the message out.
    ///
    /// # Errors
    /// The key in the signer's certificate is not supported.
    pub fn prepare(&self) -> Result<PreparedMessage, KeyError> {
        let draft = Draft {
            content_type: ID_DATA,
            content: &[self.content],
            attached: self.attached,
            signer: self.signer,
            certificates: self.chain.iter().chain([self.signer]).collect(),
            signing_time: Some(self.signing_time),
        };
        draft.prepare()
    }

    /// Prepares and signs with a key that is at hand.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, PrepareError> {
        self.prepare()?.sign(signer)
    }
}

impl NewPdfMessage<'_> {
    /// Hashes the content and lays the message out.
    ///
    /// # Errors
    /// The key in the signer's certificate is not supported.
    pub fn prepare(&self) -> Result<PreparedMessage, KeyError> {
        let draft = Draft {
            content_type: ID_DATA,
            content: &self.content,
            attached: false,
            signer: self.signer,
            certificates: self.chain.iter().chain([self.signer]).collect(),
            signing_time: None,
        };
        draft.prepare()
    }

    /// Prepares and signs with a key that is at hand.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, PrepareError> {
        self.prepare()?.sign(signer)
    }
}

impl Draft<'_> {
    pub(crate) fn prepare(&self) -> Result<PreparedMessage, KeyError> {
        let algorithm = self.signer.public_key()?.algorithm().signature();
        Ok(PreparedMessage {
            version: if self.content_type == ID_DATA { 1 } else { 3 },
            signed_attributes: self.signed_attributes(algorithm.hash()),
            signer: self.signer.clone(),
            algorithm,
            head: self.head(algorithm.hash()),
        })
    }

    fn signed_attributes(&self, hash: HashAlgorithm) -> Vec<u8> {
        let mut hasher = hash.hasher();
        self.content.iter().for_each(|piece| hasher.update(piece));
        let digest = hasher.finish();
        let mut attributes = vec![
            attribute(ID_CONTENT_TYPE, |value| value.oid(self.content_type)),
            attribute(ID_MESSAGE_DIGEST, |value| value.value(OCTET_STRING, digest.as_bytes())),
            attribute(SIGNING_CERTIFICATE_V2, |value| self.write_signing_certificate(value)),
        ];
        let time = self.signing_time;
        attributes.extend(time.map(|time| attribute(ID_SIGNING_TIME, |value| value.time(time))));
        set_of(attributes)
    }

    /// `SigningCertificateV2` (RFC 5035 §3): SHA-256 is the default and not written.
    fn write_signing_certificate(&self, out: &mut Encoder) {
        out.sequence(|signing_certificate| {
            signing_certificate.sequence(|certificates| {
                certificates.sequence(|id| {
                    id.value(OCTET_STRING, self.signer.fingerprint().as_bytes());
                    id.sequence(|issuer_serial| {
                        issuer_serial
                            .sequence(|names| write_directory_name(names, self.signer.issuer()));
                        issuer_serial.value(INTEGER, self.signer.serial_bytes());
                    });
                });
            });
        });
    }

    fn head(&self, hash: HashAlgorithm) -> Vec<u8> {
        let all = self.certificates.iter();
        let certificates = set_of(all.map(|each| each.as_der().to_vec()).collect());
        encode(|out| {
            out.nest(SET, |digest_algorithms| write_hash(digest_algorithms, hash));
            out.sequence(|content_info| {
                content_info.oid(self.content_type);
                if self.attached {
                    content_info.nest(constructed(0), |explicit| {
                        explicit.nest(OCTET_STRING, |octets| {
                            self.content.iter().for_each(|piece| octets.raw(piece));
                        });
                    });
                }
            });
            if !self.certificates.is_empty() {
                retag(&certificates, constructed(0), out);
            }
        })
    }
}

impl PreparedMessage {
    /// The bytes that the signature covers.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.signed_attributes
    }

    /// Their hash, for a key that signs a digest.
    pub fn digest(&self) -> Digest {
        self.algorithm.hash().digest(&self.signed_attributes)
    }

    /// The message around its signature: DER.
    ///
    /// # Errors
    /// The signature was not made by the certificate's key over this message.
    pub fn finish(&self, signature: &[u8]) -> Result<Vec<u8>, SignatureRefused> {
        let key = self.signer.public_key().map_err(|_| SignatureRefused)?;
        key.verify(self.algorithm, &self.signed_attributes, signature)
            .map_err(|_| SignatureRefused)?;
        Ok(encode(|out| {
            out.sequence(|content_info| {
                content_info.oid(ID_SIGNED_DATA);
                content_info.nest(constructed(0), |explicit| {
                    explicit.sequence(|signed_data| {
                        signed_data.unsigned(self.version);
                        signed_data.raw(&self.head);
                        signed_data.nest(SET, |signers| self.write_signer(signers, signature));
                    });
                });
            });
        }))
    }

    pub(crate) fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, PrepareError> {
        let signature = signer.sign(self.to_be_signed())?;
        Ok(self.finish(&signature)?)
    }

    fn write_signer(&self, out: &mut Encoder, signature: &[u8]) {
        out.sequence(|signer| {
            signer.unsigned(1);
            signer.sequence(|issuer_and_serial| {
                issuer_and_serial.raw(self.signer.issuer().as_der());
                issuer_and_serial.value(INTEGER, self.signer.serial_bytes());
            });
            write_hash(signer, self.algorithm.hash());
            retag(&self.signed_attributes, constructed(0), signer);
            signer.signature_algorithm(self.algorithm);
            signer.value(OCTET_STRING, signature);
        });
    }
}

impl fmt::Debug for PreparedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedMessage({:?}, {:?})", self.signer, self.digest())
    }
}

pub(super) fn attribute(kind: ObjectIdentifier, value: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    encode(|out| {
        out.sequence(|attribute| {
            attribute.oid(kind);
            attribute.nest(SET, value);
        });
    })
}

/// DER orders the elements of a SET OF by their encodings.
pub(super) fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    elements.dedup();
    encode(|out| {
        out.nest(SET, |set| {
            for element in &elements {
                set.raw(element);
            }
        });
    })
}

/// Writes an element under another tag.
pub(super) fn retag(element: &[u8], tag: u8, out: &mut Encoder) {
    out.raw(&[tag]);
    out.raw(element.get(1..).unwrap_or_default());
}

/// The `AlgorithmIdentifier` of a hash: without parameters (RFC 5754 §2).
fn write_hash(out: &mut Encoder, hash: HashAlgorithm) {
    out.sequence(|identifier| identifier.oid(hash.oid()));
}
