//! Certificates: read, and signed.

mod extensions;
mod unsigned;

pub use extensions::{AuthorityKeyIdentifier, KeyUsages, PathConstraints};
pub use unsigned::{IssueError, UnsignedCertificate};

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use inrou_rules::{Medium, Serial, Use};
use jiff::Timestamp;

use crate::attributes::PersonalAttributes;
use crate::decode::{self, Bits, Malformed, Reader};
use crate::digest::{Digest, HashAlgorithm};
use crate::distribution::DistributionPoint;
use crate::encode::primitive;
use crate::keys::{KeyError, PublicKey, SignatureAlgorithm, SignatureInvalid};
use crate::name::Name;
use crate::pem::{self, PemError};
use crate::profile::{CertificateKind, IssuerSettings, PolicyOid};
use extensions::Extensions;

/// Longest certificate that is read, in bytes: many times the longest that is issued.
const MAX_LENGTH: usize = 64 * 1024;

const PEM_LABEL: &str = "CERTIFICATE";

/// Why bytes are not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not PEM with one certificate.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Not a DER certificate of version 3.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Longer than any certificate that is read here.
    #[error("the certificate is too long")]
    TooLong,
    /// Not of version 3.
    #[error("the certificate is not of version 3")]
    Version,
    /// The algorithm inside of the signed part is not the one outside.
    #[error("the certificate names two signature algorithms")]
    Algorithms,
    /// An extension's value is malformed.
    #[error("the extension {0} is malformed")]
    Extension(ObjectIdentifier),
}

/// A certificate, read once and kept as the bytes it came as. Cloning shares it.
#[derive(Clone)]
pub struct Certificate(Arc<Fields>);

struct Fields {
    der: Vec<u8>,
    tbs: Range<usize>,
    signature: Range<usize>,
    serial: Range<usize>,
    algorithm: Option<SignatureAlgorithm>,
    issuer: Name,
    subject: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    spki: Range<usize>,
    /// Read when it is first asked for: that costs as much as all else, and of most issuers' it never is.
    key: OnceLock<Result<PublicKey, KeyError>>,
    extensions: Extensions,
    /// Hashed when it is first asked for, and once.
    fingerprint: OnceLock<Digest>,
}

impl Certificate {
    /// Reads a DER certificate.
    ///
    /// # Errors
    /// The first thing that is wrong. A key or signature of an algorithm that is not supported is no
    /// error here, but when it is used.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_LENGTH {
            return Err(CertificateError::TooLong);
        }
        let fields = decode::decode_sequence(der, |certificate| read(certificate, der))?;
        Ok(Self(Arc::new(fields)))
    }

    /// Reads a certificate from PEM: the first block, of the label `CERTIFICATE`.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), or not PEM.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::from_der(&pem::decode(PEM_LABEL, text)?)
    }

    /// Its DER.
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// Its PEM.
    pub fn to_pem(&self) -> String {
        pem::encode(PEM_LABEL, &self.0.der)
    }

    /// SHA-256 of its DER.
    pub fn fingerprint(&self) -> Digest {
        *self.0.fingerprint.get_or_init(|| HashAlgorithm::Sha256.digest(&self.0.der))
    }

    /// Its DER's digest by that hash.
    pub fn digest(&self, hash: HashAlgorithm) -> Digest {
        match hash {
            HashAlgorithm::Sha256 => self.fingerprint(),
            _ => hash.digest(&self.0.der),
        }
    }

    /// The serial number, where it is one that this service could have issued.
    pub fn serial(&self) -> Option<Serial> {
        decode::serial_number(self.serial_bytes())
    }

    /// The serial number's content octets: big-endian, with a leading zero where the next bit is set.
    pub fn serial_bytes(&self) -> &[u8] {
        self.slice(&self.0.serial)
    }

    /// Who issued it.
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// Whose it is.
    pub fn subject(&self) -> &Name {
        &self.0.subject
    }

    /// First second of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// Last second of validity.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The subject's key.
    ///
    /// # Errors
    /// The key is malformed or of an algorithm that is not supported.
    pub fn public_key(&self) -> Result<&PublicKey, KeyError> {
        let read = || PublicKey::from_spki(self.slice(&self.0.spki));
        self.0.key.get_or_init(read).as_ref().map_err(|&error| error)
    }

    /// subjectKeyIdentifier.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_identifier.as_deref()
    }

    /// authorityKeyIdentifier.
    pub fn authority_key_identifier(&self) -> Option<&AuthorityKeyIdentifier> {
        self.0.extensions.authority_key_identifier.as_ref()
    }

    /// keyUsage.
    pub fn key_usages(&self) -> Option<KeyUsages> {
        self.0.extensions.key_usages
    }

    /// extKeyUsage: the purposes.
    pub fn extended_key_usages(&self) -> &[ObjectIdentifier] {
        &self.0.extensions.extended_key_usages
    }

    /// Whether basicConstraints makes it an issuer's certificate.
    pub fn is_issuer(&self) -> bool {
        self.0.extensions.is_issuer
    }

    /// Whether extKeyUsage is critical.
    pub fn is_extended_key_usage_critical(&self) -> bool {
        self.0.extensions.extended_key_usages_critical
    }

    /// What it asks of the path below it; of none but an issuer's.
    pub fn path_constraints(&self) -> PathConstraints {
        self.0.extensions.constraints
    }

    /// Whether subject and issuer are the same name (RFC 5280 §3.2).
    pub fn is_self_issued(&self) -> bool {
        self.subject().is_same(self.issuer())
    }

    /// certificatePolicies.
    pub fn policies(&self) -> &[PolicyOid] {
        &self.0.extensions.policies
    }

    /// cRLDistributionPoints: those with a name, for every reason, whose CRLs are the issuer's own.
    pub fn distribution_points(&self) -> &[DistributionPoint] {
        &self.0.extensions.distribution_points
    }

    /// Where authorityInfoAccess sends OCSP requests.
    pub fn ocsp_uri(&self) -> Option<&str> {
        self.0.extensions.ocsp_uri.as_deref()
    }

    /// Whether it carries id-pkix-ocsp-nocheck.
    pub fn is_ocsp_nocheck(&self) -> bool {
        self.0.extensions.ocsp_nocheck
    }

    /// The four attributes, which signature certificates carry.
    pub fn attributes(&self) -> Option<&PersonalAttributes> {
        self.0.extensions.attributes.as_ref()
    }

    /// Extensions that are not followed here though they must be: with any, no path is valid. Critical
    /// ones that are not understood, and nameConstraints and policyMappings in any case.
    pub fn extensions_not_followed(&self) -> &[ObjectIdentifier] {
        &self.0.extensions.not_followed
    }

    /// Use and medium of a holder's certificate, recognised by issuer and policy as `settings` name
    /// them; `None` if it is of another kind or issuer.
    pub fn recognise(&self, settings: &IssuerSettings) -> Option<(Use, Medium)> {
        let kinds = Use::ALL.map(|usage| [(usage, Medium::Card), (usage, Medium::Phone)]);
        kinds.into_iter().flatten().find(|&(usage, medium)| {
            let policy = settings.profile(CertificateKind::Holder(usage, medium)).policy;
            policy.is_some_and(|policy| self.policies().contains(&policy))
                && *self.issuer() == settings.issuer_name(usage)
        })
    }

    /// Verifies its signature with the issuer's key. Nothing else: see [`crate::path`].
    ///
    /// # Errors
    /// [`SignatureInvalid`], also when the algorithm is not supported.
    pub fn verify_signature(&self, issuer_key: &PublicKey) -> Result<(), SignatureInvalid> {
        let algorithm = self.0.algorithm.ok_or(SignatureInvalid)?;
        issuer_key.verify(algorithm, self.slice(&self.0.tbs), self.slice(&self.0.signature))
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.0.der[range.clone()]
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let serial = self.serial_bytes().iter().map(|byte| format!("{byte:02x}"));
        write!(f, "Certificate({})", serial.collect::<String>())
    }
}

fn read(certificate: &mut Reader<'_>, der: &[u8]) -> Result<Fields, CertificateError> {
    let start = certificate.position();
    let mut fields = certificate.sequence(|tbs| read_tbs(tbs, der))?;
    fields.tbs = start..certificate.position();
    if decode::signature_algorithm(certificate)? != fields.algorithm {
        return Err(CertificateError::Algorithms);
    }
    let signature = certificate.bit_string()?;
    fields.signature = last(signature.len(), certificate);
    Ok(fields)
}

/// Reads all but where the signed part and the signature stand.
fn read_tbs(tbs: &mut Reader<'_>, der: &[u8]) -> Result<Fields, CertificateError> {
    let version = tbs.explicit(0, Reader::unsigned::<u8>)?;
    if version != Some(2) {
        return Err(CertificateError::Version);
    }
    let serial = decode::serial(tbs)?.len();
    let serial = last(serial, tbs);
    let algorithm = decode::signature_algorithm(tbs)?;
    let issuer = Name::read(tbs)?;
    let (not_before, not_after) = tbs.sequence(|validity| {
        Ok::<_, Malformed>((decode::time(validity)?, decode::time(validity)?))
    })?;
    let subject = Name::read(tbs)?;
    let spki = tbs.whole()?.len();
    let spki = last(spki, tbs);
    // Unique identifiers, which nobody uses.
    for number in [1, 2] {
        tbs.take_if(primitive(number))?.map(Bits::of).transpose()?;
    }
    let extensions = tbs.explicit(3, |list| Extensions::read(list, &issuer))?;
    let extensions = extensions.unwrap_or_default();
    Ok(Fields {
        der: der.to_vec(),
        tbs: 0..0,
        signature: 0..0,
        serial,
        algorithm,
        issuer,
        subject,
        not_before,
        not_after,
        spki,
        key: OnceLock::new(),
        extensions,
        fingerprint: OnceLock::new(),
    })
}

/// Where the `length` bytes stand that `reader` has just come past.
fn last(length: usize, reader: &Reader<'_>) -> Range<usize> {
    let end = reader.position();
    end - length..end
}
