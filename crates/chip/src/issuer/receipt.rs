//! Receipts: the chip's word on what it stored and what it deleted.
//!
//! ```text
//! StorageReceipt ::= SEQUENCE {
//!     number        INTEGER,          -- of the chip's receipts, from 1
//!     enrolment     OCTET STRING,     -- 16 bytes
//!     certificates  SEQUENCE OF StoredCertificate }
//!
//! StoredCertificate ::= SEQUENCE {
//!     use          ENUMERATED { signature(1), user-authentication(2) },
//!     certificate  OCTET STRING,      -- SHA-256 of the holder's certificate
//!     issuer       OCTET STRING }     -- SHA-256 of the issuer's certificate
//!
//! DeletionReceipt ::= SEQUENCE {
//!     number   INTEGER,
//!     request  OCTET STRING,          -- 16 bytes
//!     empty    SEQUENCE OF ENUMERATED { signature(1), user-authentication(2) },
//!                                     -- the uses of which the chip now holds no key, no
//!                                     -- certificate and no PIN
//!     deleted  SEQUENCE OF OCTET STRING }   -- SHA-256 of the holder's certificates deleted
//! ```

use der::asn1::OctetString;
use der::{Enumerated, Sequence};
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{ChipId, EnrolmentId, Use, Uses};

use super::deletion::Empty;
use super::maker::MakerCertificate;
use super::signed::{Content, ProofError, SignedStatement, octets};

/// A certificate for a chip to carry, with its issuer's, both in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedCertificate {
    /// What it is for.
    pub usage: Use,
    /// The holder's certificate.
    pub certificate: Vec<u8>,
    /// The issuer's certificate.
    pub issuer: Vec<u8>,
}

/// Names one request for deletion, so that its receipt cannot be an old one: 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletionRequest(pub [u8; 16]);

/// A storage receipt as it came from a chip, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageReceipt(pub SignedStatement);

impl StorageReceipt {
    /// Judges whether the chip carries exactly these certificates under this enrolment, and gives
    /// the number of the receipt.
    ///
    /// # Errors
    /// The first of [`ProofError`]'s causes that holds.
    pub fn verify(
        &self,
        maker: &MakerCertificate,
        chip: &ChipId,
        enrolment: &EnrolmentId,
        certificates: &[CarriedCertificate],
    ) -> Result<u64, ProofError> {
        let receipt: Storage = self.0.judge(maker, chip)?;
        let mut expected = Storage::new(receipt.number, enrolment, certificates);
        expected.certificates.sort_by_key(|stored| stored.usage);
        if receipt.enrolment != expected.enrolment {
            return Err(ProofError::OtherEnrolment);
        }
        if receipt.certificates != expected.certificates {
            return Err(ProofError::OtherCertificates);
        }
        Ok(receipt.number)
    }
}

/// A deletion receipt as it came from a chip, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionReceipt(pub SignedStatement);

impl DeletionReceipt {
    /// Judges whether the chip, on this request, holds nothing more for this use (`None` is both),
    /// and gives the number of the receipt.
    ///
    /// # Errors
    /// The first of [`ProofError`]'s causes that holds.
    pub fn verify(
        &self,
        maker: &MakerCertificate,
        chip: &ChipId,
        request: &DeletionRequest,
        usage: Option<Use>,
    ) -> Result<u64, ProofError> {
        let uses = usage.map_or(Uses::BOTH, |usage| Uses::from_iter([usage]));
        let receipt: Deletion = self.0.judge(maker, chip)?;
        if receipt.request != octets(&request.0) {
            return Err(ProofError::Stale);
        }
        if receipt.empty != uses.iter().map(UseCode::from).collect::<Vec<_>>() {
            return Err(ProofError::OtherUses);
        }
        Ok(receipt.number)
    }

    /// What the chip says that it deleted, whatever it was asked: for whoever is shown the receipt later.
    ///
    /// # Errors
    /// As of [`verify`](Self::verify), but for the request.
    pub fn read(
        &self,
        maker: &MakerCertificate,
        chip: &ChipId,
    ) -> Result<DeletionRead, ProofError> {
        let Deletion { number, empty, deleted, .. } = self.0.judge(maker, chip)?;
        let empty = empty.into_iter().map(Use::from).collect();
        let deleted = deleted.iter().map(|digest| digest.as_bytes().to_vec()).collect();
        Ok(DeletionRead { number, empty, deleted })
    }
}

/// What a deletion receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionRead {
    /// The number of the receipt, of the chip's, from 1.
    pub number: u64,
    /// The uses of which the chip then held no key, no certificate and no PIN.
    pub empty: Uses,
    /// SHA-256 of the certificates that were deleted.
    pub deleted: Vec<Vec<u8>>,
}

/// What the chip signs when it has stored certificates.
#[derive(Sequence)]
pub(super) struct Storage {
    number: u64,
    enrolment: OctetString,
    certificates: Vec<Stored>,
}

#[derive(Clone, PartialEq, Eq, Sequence)]
struct Stored {
    usage: UseCode,
    certificate: OctetString,
    issuer: OctetString,
}

impl Storage {
    /// The receipt for `certificates`, which are ordered by use.
    pub fn new(number: u64, enrolment: &EnrolmentId, certificates: &[CarriedCertificate]) -> Self {
        let stored = |carried: &CarriedCertificate| Stored {
            usage: carried.usage.into(),
            certificate: digest(&carried.certificate),
            issuer: digest(&carried.issuer),
        };
        Self {
            number,
            enrolment: octets(enrolment.as_bytes()),
            certificates: certificates.iter().map(stored).collect(),
        }
    }
}

impl Content for Storage {
    const KIND: &'static str = "inrou storage receipt 1";
}

/// What the chip signs when it has deleted.
#[derive(Sequence)]
pub(super) struct Deletion {
    number: u64,
    request: OctetString,
    empty: Vec<UseCode>,
    deleted: Vec<OctetString>,
}

impl Deletion {
    /// The receipt that nothing is left of the uses in `empty`, and that the certificates `deleted`
    /// were there.
    pub fn new(number: u64, request: &DeletionRequest, empty: Empty, deleted: &[Vec<u8>]) -> Self {
        Self {
            number,
            request: octets(&request.0),
            empty: empty.uses().iter().map(UseCode::from).collect(),
            deleted: deleted.iter().map(|certificate| digest(certificate)).collect(),
        }
    }
}

impl Content for Deletion {
    const KIND: &'static str = "inrou deletion receipt 1";
}

#[derive(Clone, Copy, Enumerated, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum UseCode {
    Signature = 1,
    UserAuthentication = 2,
}

impl From<Use> for UseCode {
    fn from(usage: Use) -> Self {
        match usage {
            Use::Signature => Self::Signature,
            Use::UserAuthentication => Self::UserAuthentication,
        }
    }
}

impl From<UseCode> for Use {
    fn from(code: UseCode) -> Self {
        match code {
            UseCode::Signature => Self::Signature,
            UseCode::UserAuthentication => Self::UserAuthentication,
        }
    }
}

fn digest(bytes: &[u8]) -> OctetString {
    octets(HashAlgorithm::Sha256.digest(bytes).as_bytes())
}
