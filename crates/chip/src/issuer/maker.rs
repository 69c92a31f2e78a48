//! The chip maker's certification authority: it vouches that an attestation key sits in a chip.
//!
//! The serial number of a chip's certificate is `01` and the chip's identifier, its common name is
//! the identifier in hexadecimal. Certificates of things do not expire: their notAfter is
//! `99991231235959Z` (RFC 5280 §4.1.2.5).

use std::str::FromStr;
use std::time::Duration;

use der::asn1::{Any, GeneralizedTime, UtcTime};
use der::{Decode, Encode, Sequence};
use inrou_pki::certificate::IssueError;
use inrou_pki::{Certificate, PublicKey, SignatureAlgorithm, Signer, UnsignedCertificate};
use inrou_rules::ChipId;
use jiff::Timestamp;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::signed::{ProofError, octets};

/// The sandbox maker's name.
const MAKER: &str = "CN=Inrou Sandbox Chip Maker,O=Inrou Sandbox,C=JP";

/// The maker's CA, with its key.
pub struct MakerCa {
    certificate: Vec<u8>,
    not_before: Time,
    key: Box<dyn Signer>,
}

impl MakerCa {
    /// Founds a CA with this key: signs its own certificate, valid from `since` on.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn found(key: Box<dyn Signer>, since: Timestamp) -> Result<Self, IssueError> {
        let not_before = time(since);
        let own = key.public_key();
        let subject = Subject {
            serial_number: &[0x01],
            name: MAKER,
            key: own,
            extensions: vec![
                extension(&KeyUsage(KeyUsages::KeyCertSign.into())),
                extension(&BasicConstraints { ca: true, path_len_constraint: Some(0) }),
                extension(&SubjectKeyIdentifier(octets(&own.identifier().0))),
            ],
        };
        let certificate = subject.certify(not_before, key.as_ref())?;
        Ok(Self { certificate, not_before, key })
    }

    /// Takes up a CA that was founded before. `None` if `certificate` is not that of `key`.
    pub fn open(certificate: Vec<u8>, key: Box<dyn Signer>) -> Option<Self> {
        let parsed = Certificate::from_der(&certificate).ok()?;
        let not_before = time(parsed.not_before());
        let is_its_key = parsed.public_key().is_ok_and(|its| its == key.public_key());
        is_its_key.then_some(Self { certificate, not_before, key })
    }

    /// Its certificate, DER: what others trust.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate for the attestation key of a chip.
    ///
    /// # Errors
    /// The CA's key does not sign.
    pub(super) fn certify(&self, chip: &ChipId, key: &PublicKey) -> Result<Vec<u8>, IssueError> {
        let issuer = octets(&self.key.public_key().identifier().0);
        let subject = Subject {
            serial_number: &serial_number(chip),
            name: &format!("CN={chip},O=Inrou Sandbox,C=JP"),
            key,
            extensions: vec![
                extension(&KeyUsage(KeyUsages::DigitalSignature.into())),
                extension(&AuthorityKeyIdentifier {
                    key_identifier: Some(issuer),
                    ..AuthorityKeyIdentifier::default()
                }),
            ],
        };
        subject.certify(self.not_before, self.key.as_ref())
    }
}

/// The maker's certificate, as those hold it who trust the maker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakerCertificate {
    key: PublicKey,
}

impl MakerCertificate {
    /// Takes the certificate from its DER. It is trusted for having been handed in here.
    ///
    /// # Errors
    /// [`ProofError::Malformed`].
    pub fn from_der(certificate: &[u8]) -> Result<Self, ProofError> {
        let certificate = Certificate::from_der(certificate).map_err(|_| ProofError::Malformed)?;
        let key = certificate.public_key().map_err(|_| ProofError::Malformed)?;
        Ok(Self { key: key.clone() })
    }

    /// The attestation key of `chip`, from the chip's certificate.
    pub(super) fn attestation_key(
        &self,
        certificate: &[u8],
        chip: &ChipId,
    ) -> Result<PublicKey, ProofError> {
        let certificate = Certificate::from_der(certificate).map_err(|_| ProofError::Malformed)?;
        certificate.verify_signature(&self.key).map_err(|_| ProofError::UnknownMaker)?;
        if certificate.serial_bytes() != serial_number(chip) {
            return Err(ProofError::OtherChip);
        }
        certificate.public_key().cloned().map_err(|_| ProofError::Malformed)
    }
}

/// Why making a certificate cannot fail short of signing.
const VALID: &str = "the parts of this certificate are valid and short";

/// What one certificate of the maker has to itself.
struct Subject<'a> {
    serial_number: &'a [u8],
    name: &'a str,
    key: &'a PublicKey,
    extensions: Vec<Extension>,
}

impl Subject<'_> {
    fn certify(self, not_before: Time, maker: &dyn Signer) -> Result<Vec<u8>, IssueError> {
        let algorithm = maker.algorithm();
        let parameters = match algorithm {
            SignatureAlgorithm::Sha256WithRsa => Some(Any::null()),
            _ => None,
        };
        let tbs = Tbs {
            version: Version::V3,
            serial_number: SerialNumber::new(self.serial_number).expect(VALID),
            signature: AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters },
            issuer: name(MAKER),
            validity: Validity::new(not_before, Time::INFINITY),
            subject: name(self.name),
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(self.key.spki())
                .expect(VALID),
            extensions: self.extensions,
        };
        let unsigned = UnsignedCertificate::from_bytes(tbs.to_der().expect(VALID)).expect(VALID);
        unsigned.sign(maker).map(|certificate| certificate.as_der().to_vec())
    }
}

/// `TBSCertificate` (RFC 5280 §4.1), version 3.
#[derive(Sequence)]
struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

fn serial_number(chip: &ChipId) -> [u8; 17] {
    let mut number = [0x01; 17];
    number[1..].copy_from_slice(chip.as_bytes());
    number
}

fn name(text: &str) -> Name {
    Name::from_str(text).expect(VALID)
}

fn extension<E>(content: &E) -> Extension
where
    for<'a> &'a E: ToExtension<Error = der::Error>,
{
    content.to_extension(&Name::default(), &[]).expect(VALID)
}

/// UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5).
fn time(timestamp: Timestamp) -> Time {
    let seconds = u64::try_from(timestamp.as_second()).unwrap_or_default();
    let since_1970 = Duration::from_secs(seconds);
    let general = || GeneralizedTime::from_unix_duration(since_1970).map(Time::GeneralTime);
    UtcTime::from_unix_duration(since_1970).map(Time::UtcTime).or_else(|_| general()).expect(VALID)
}
