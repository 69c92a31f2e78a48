//! Key attestation: the chip's word that a key was made in it.
//!
//! ```text
//! KeyAttestation ::= SEQUENCE {
//!     key        ENUMERATED { device(0), signature(1), user-authentication(2) },
//!     enrolment  OCTET STRING,    -- 16 bytes; empty for the device key
//!     challenge  OCTET STRING,    -- 32 bytes
//!     publicKey  SubjectPublicKeyInfo }
//! ```

use der::asn1::{Any, OctetString};
use der::{Decode, Encode, Enumerated, Sequence};
use inrou_pki::PublicKey;
use inrou_rules::{ChipId, EnrolmentId, Use};

use super::maker::MakerCertificate;
use super::signed::{Content, ProofError, SignedStatement, octets};

/// What an attestation must answer, so that an old one cannot stand in: 32 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge(pub [u8; 32]);

/// Which of a chip's keys is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttestedKey {
    /// The key by which a phone signs its requests.
    Device,
    /// The key for a certificate, made under an enrolment.
    Credential {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// What the certificate is to be for.
        usage: Use,
    },
}

/// An attestation as it came from a chip, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation(pub SignedStatement);

impl Attestation {
    /// Judges the attestation, and gives the public key that was made in the chip.
    ///
    /// # Errors
    /// The first of [`ProofError`]'s causes that holds.
    pub fn verify(
        &self,
        maker: &MakerCertificate,
        chip: &ChipId,
        key: &AttestedKey,
        challenge: &Challenge,
    ) -> Result<PublicKey, ProofError> {
        let attestation: KeyAttestation = self.0.judge(maker, chip)?;
        let expected = KeyAttestation::new(key, challenge, attestation.public_key.clone());
        if attestation.key != expected.key {
            return Err(ProofError::OtherKey);
        }
        if attestation.enrolment != expected.enrolment {
            return Err(ProofError::OtherEnrolment);
        }
        if attestation.challenge != expected.challenge {
            return Err(ProofError::Stale);
        }
        let public_key = attestation.public_key.to_der().map_err(|_| ProofError::Malformed)?;
        PublicKey::from_spki(&public_key).map_err(|_| ProofError::Malformed)
    }
}

/// What the chip signs.
#[derive(Sequence)]
pub(super) struct KeyAttestation {
    key: KeyKind,
    enrolment: OctetString,
    challenge: OctetString,
    public_key: Any,
}

#[derive(Clone, Copy, Enumerated, PartialEq, Eq)]
#[repr(u8)]
enum KeyKind {
    Device = 0,
    Signature = 1,
    UserAuthentication = 2,
}

impl KeyAttestation {
    /// The attestation of `public_key`.
    pub fn of(key: &AttestedKey, challenge: &Challenge, public_key: &PublicKey) -> Self {
        let public_key =
            Any::from_der(public_key.spki()).expect("a SubjectPublicKeyInfo is one DER element");
        Self::new(key, challenge, public_key)
    }

    fn new(key: &AttestedKey, challenge: &Challenge, public_key: Any) -> Self {
        let (key, enrolment) = match key {
            AttestedKey::Device => (KeyKind::Device, [].as_slice()),
            AttestedKey::Credential { enrolment, usage } => {
                let kind = match usage {
                    Use::Signature => KeyKind::Signature,
                    Use::UserAuthentication => KeyKind::UserAuthentication,
                };
                (kind, enrolment.as_bytes().as_slice())
            }
        };
        Self { key, enrolment: octets(enrolment), challenge: octets(&challenge.0), public_key }
    }
}

impl Content for KeyAttestation {
    const KIND: &'static str = "inrou key attestation 1";
}
