//! What a chip signs with its attestation key, and how a host judges it.
//!
//! ```text
//! SignedStatement ::= SEQUENCE {
//!     statement  Statement,
//!     signature  OCTET STRING }   -- DER ECDSA-Sig-Value, P-256 and SHA-256, over the statement
//!
//! Statement ::= SEQUENCE {
//!     kind     UTF8String,        -- so that no statement passes for one of another kind
//!     chip     OCTET STRING,      -- identifier of the chip, 16 bytes
//!     content  ANY }              -- by the kind
//! ```

use der::asn1::{Any, OctetString};
use der::{Decode, Encode, Sequence};
use inrou_pki::{SignError, SignatureAlgorithm, Signer};
use inrou_rules::ChipId;
use thiserror::Error;

use super::maker::MakerCertificate;

/// Why the word of a chip is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// Statement, signature or certificate do not have their form.
    #[error("the statement or the certificate of the chip is malformed")]
    Malformed,
    /// The chip's certificate is not one of this maker's.
    #[error("the certificate of the chip is not by its maker")]
    UnknownMaker,
    /// The signature is not by the key in the chip's certificate.
    #[error("the signature of the chip is wrong")]
    Signature,
    /// Another chip speaks, or speaks of another chip.
    #[error("the statement is of another chip")]
    OtherChip,
    /// A statement of another kind: an attestation in place of a receipt, for example.
    #[error("the statement is of another kind")]
    OtherKind,
    /// Another key is attested than was asked for.
    #[error("another key is attested")]
    OtherKey,
    /// The statement belongs to another enrolment.
    #[error("the statement belongs to another enrolment")]
    OtherEnrolment,
    /// The statement answers another challenge or request: it may be an old one.
    #[error("the statement answers another request")]
    Stale,
    /// Other certificates were stored.
    #[error("other certificates were stored")]
    OtherCertificates,
    /// The receipt is not for what was to be deleted.
    #[error("the receipt is not for what was to be deleted")]
    OtherUses,
}

/// A statement as it came from a chip, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    /// DER of the structure above.
    pub signed: Vec<u8>,
    /// The chip's attestation certificate, DER.
    pub certificate: Vec<u8>,
}

impl SignedStatement {
    /// Judges maker, chip, signature and kind, in this order, and gives the content.
    pub(super) fn judge<C: Content>(
        &self,
        maker: &MakerCertificate,
        chip: &ChipId,
    ) -> Result<C, ProofError> {
        let Envelope { statement, signature } =
            Envelope::from_der(&self.signed).map_err(|_| ProofError::Malformed)?;
        let key = maker.attestation_key(&self.certificate, chip)?;
        let signed = statement.to_der().map_err(|_| ProofError::Malformed)?;
        key.verify(SignatureAlgorithm::EcdsaWithSha256, &signed, signature.as_bytes())
            .map_err(|_| ProofError::Signature)?;
        if statement.chip.as_bytes() != chip.as_bytes() {
            return Err(ProofError::OtherChip);
        }
        if statement.kind != C::KIND {
            return Err(ProofError::OtherKind);
        }
        let content = statement.content.to_der().map_err(|_| ProofError::Malformed)?;
        C::from_der(&content).map_err(|_| ProofError::Malformed)
    }
}

/// The content of a kind of statement.
pub(super) trait Content: Encode + for<'a> Decode<'a> {
    /// The kind's name.
    const KIND: &'static str;
}

/// Signs a statement of the chip.
///
/// # Errors
/// The key does not sign.
pub(super) fn sign<C: Content>(
    content: &C,
    chip: &ChipId,
    key: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let statement = Statement {
        kind: C::KIND.to_owned(),
        chip: octets(chip.as_bytes()),
        content: Any::from_der(&content.to_der().expect(SHORT)).expect(SHORT),
    };
    let signature = octets(&key.sign(&statement.to_der().expect(SHORT))?);
    Ok(Envelope { statement, signature }.to_der().expect(SHORT))
}

/// An OCTET STRING of a few bytes.
pub(super) fn octets(bytes: &[u8]) -> OctetString {
    OctetString::new(bytes).expect(SHORT)
}

/// Why encoding cannot fail.
const SHORT: &str = "a few hundred bytes are within the lengths of DER";

#[derive(Sequence)]
struct Envelope {
    statement: Statement,
    signature: OctetString,
}

#[derive(Sequence)]
struct Statement {
    kind: String,
    chip: OctetString,
    content: Any,
}

#[cfg(test)]
mod tests {
    use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource};
    use jiff::Timestamp;

    use super::*;
    use crate::issuer::MakerCa;
    use crate::issuer::attestation::{AttestedKey, Challenge, KeyAttestation};

    #[test]
    fn a_chip_cannot_speak_for_another() {
        let key = || FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let (own, other) = (ChipId::from_bytes([1; 16]), ChipId::from_bytes([2; 16]));
        let maker = MakerCa::found(Box::new(key()), Timestamp::UNIX_EPOCH).unwrap();
        let trusted = MakerCertificate::from_der(maker.certificate()).unwrap();
        let chips_key = key();
        let certificate = maker.certify(&own, chips_key.public_key()).unwrap();
        let content = || {
            let made = key();
            KeyAttestation::of(&AttestedKey::Device, &Challenge([0; 32]), made.public_key())
        };
        let says = |chip: &ChipId| SignedStatement {
            signed: sign(&content(), chip, &chips_key).unwrap(),
            certificate: certificate.clone(),
        };
        let judged = |statement: SignedStatement| {
            statement.judge::<KeyAttestation>(&trusted, &own).map(drop)
        };
        assert_eq!(judged(says(&own)), Ok(()));
        assert_eq!(judged(says(&other)), Err(ProofError::OtherChip));
    }
}
