//! Reading a CRL: once through for its form, then scanned for a serial number. No map is built.

use std::fmt;
use std::ops::Range;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_FRESHEST_CRL,
    ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use jiff::Timestamp;

use super::entry::{check_entries, each_entry, find_entry};
use crate::certificate::{AuthorityKeyIdentifier, Certificate};
use crate::decode::{self, Bits, Malformed, Reader};
use crate::distribution::DistributionPoint;
use crate::encode::{SEQUENCE, primitive};
use crate::keys::SignatureAlgorithm;
use crate::name::Name;
use crate::pem::{self, PemError};
use crate::status::{Moment, Status, Untimely, Withdrawal};

const PEM_LABEL: &str = "X509 CRL";

/// Why a CRL cannot be read, or does not speak for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Not PEM with one CRL.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Not a DER CRL of version 2 with a nextUpdate.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The algorithm inside of the signed part is not the one outside.
    #[error("the CRL names two signature algorithms")]
    Algorithms,
    /// An extension's value, of the CRL or an entry, is malformed.
    #[error("the CRL's extension {0} is malformed")]
    Extension(ObjectIdentifier),
    /// A critical extension, of the CRL or an entry, that is not understood: a delta CRL or one that has
    /// any, an indirect CRL, or one of some reasons only, among others.
    #[error("the CRL has a critical extension or scope that is not supported: {0}")]
    Unsupported(ObjectIdentifier),
    /// The CRL's issuer, or the key that it names, is not the certificate given as its issuer.
    #[error("the CRL is of another issuer")]
    Issuer,
    /// The issuer's certificate may not sign CRLs.
    #[error("the issuer's key may not sign CRLs")]
    KeyUsage,
    /// The signature is not valid.
    #[error("the CRL's signature is not valid")]
    Signature,
    /// The certificate points to another partition, or is of another issuer.
    #[error("the certificate is not in the CRL's scope")]
    Scope,
    /// Not of the moment asked about.
    #[error(transparent)]
    Untimely(#[from] Untimely),
}

/// A CRL as it was read. Whether it is to be trusted: [`verify`](Self::verify).
pub struct Crl {
    der: Vec<u8>,
    tbs: Range<usize>,
    signature: Range<usize>,
    /// The content of `revokedCertificates`.
    entries: Range<usize>,
    algorithm: Option<SignatureAlgorithm>,
    issuer: Name,
    this_update: Timestamp,
    next_update: Timestamp,
    extensions: Extensions,
}

#[derive(Default)]
struct Extensions {
    number: Option<Vec<u8>>,
    issuer_key: Option<Vec<u8>>,
    distribution_point: Option<DistributionPoint>,
    only_users: bool,
    only_issuers: bool,
}

impl Crl {
    /// Reads a DER CRL and goes through all of its entries.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CrlError> {
        let mut crl = decode::decode_sequence(&der, read)?;
        crl.der = der;
        Ok(crl)
    }

    /// Reads a CRL from PEM.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), or not PEM.
    pub fn from_pem(text: &str) -> Result<Self, CrlError> {
        Self::from_der(pem::decode(PEM_LABEL, text)?)
    }

    /// Its DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Who issued it.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// By when the next one is made.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// cRLNumber: content octets, big-endian.
    pub fn number(&self) -> Option<&[u8]> {
        self.extensions.number.as_deref()
    }

    /// The key identifier of its issuer, from authorityKeyIdentifier.
    pub fn issuer_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.issuer_key.as_deref()
    }

    /// The point in issuingDistributionPoint: its partition.
    pub fn distribution_point(&self) -> Option<&DistributionPoint> {
        self.extensions.distribution_point.as_ref()
    }

    /// Looks a serial number up, given by its content octets: since when and why it is listed.
    ///
    /// Goes through the entries until it is found: some nanoseconds for each.
    pub fn find(&self, serial: &[u8]) -> Option<(Timestamp, Withdrawal)> {
        find_entry(&self.der[self.entries.clone()], serial)
    }

    /// What it lists, in its order: serial number (content octets), since when, and why.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], Timestamp, Withdrawal)> {
        each_entry(&self.der[self.entries.clone()])
    }

    /// Verifies that `issuer` signed it.
    ///
    /// # Errors
    /// [`CrlError::Issuer`], [`CrlError::KeyUsage`], [`CrlError::Signature`].
    pub fn verify(self, issuer: &Certificate) -> Result<TrustedCrl, CrlError> {
        self.check_signed_by(issuer)?;
        Ok(TrustedCrl(self))
    }

    pub(crate) fn check_signed_by(&self, issuer: &Certificate) -> Result<(), CrlError> {
        let named = self.issuer_key_identifier();
        if !self.issuer.is_same(issuer.subject())
            || named.is_some_and(|key| issuer.subject_key_identifier() != Some(key))
        {
            return Err(CrlError::Issuer);
        }
        if !issuer.key_usages().is_none_or(|usages| usages.crl_sign) {
            return Err(CrlError::KeyUsage);
        }
        let key = issuer.public_key().map_err(|_| CrlError::Signature)?;
        let algorithm = self.algorithm.ok_or(CrlError::Signature)?;
        key.verify(algorithm, &self.der[self.tbs.clone()], &self.der[self.signature.clone()])
            .map_err(|_| CrlError::Signature)
    }

    /// What it says about a certificate; whether it is to be believed is another question.
    pub(crate) fn status_unverified(
        &self,
        certificate: &Certificate,
        moment: Moment,
    ) -> Result<Status, CrlError> {
        moment.check(self.this_update, self.next_update)?;
        if !self.covers(certificate) {
            return Err(CrlError::Scope);
        }
        let listed = self.find(certificate.serial_bytes());
        Ok(listed.map_or(Status::Good, |(at, withdrawal)| withdrawal.status(at)))
    }

    /// RFC 5280 §6.3.3 (b) 2: same issuer, a distribution point in common, and the right kind. The
    /// generations of an issuer share their name, their serial numbers and so their CRLs.
    fn covers(&self, certificate: &Certificate) -> bool {
        let Extensions { only_users, only_issuers, ref distribution_point, .. } = self.extensions;
        let in_partition = distribution_point.as_ref().is_none_or(|point| {
            certificate.distribution_points().iter().any(|named| named.shares_name(point))
        });
        let of_kind = if certificate.is_issuer() { !only_users } else { !only_issuers };
        certificate.issuer().is_same(&self.issuer) && in_partition && of_kind
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({} bytes, {})", self.der.len(), self.this_update)
    }
}

/// A CRL whose signature was verified.
#[derive(Debug)]
pub struct TrustedCrl(Crl);

impl TrustedCrl {
    /// The CRL.
    pub fn crl(&self) -> &Crl {
        &self.0
    }

    /// What it says about a certificate of its issuer: listed, or good.
    ///
    /// # Errors
    /// [`CrlError::Scope`] if the certificate is not one that it covers; [`CrlError::Untimely`].
    pub fn status(&self, certificate: &Certificate, moment: Moment) -> Result<Status, CrlError> {
        self.0.status_unverified(certificate, moment)
    }
}

fn read(crl: &mut Reader<'_>) -> Result<Crl, CrlError> {
    let start = crl.position();
    let mut read = crl.sequence(read_tbs)?;
    read.tbs = start..crl.position();
    if decode::signature_algorithm(crl)? != read.algorithm {
        return Err(CrlError::Algorithms);
    }
    let signature = crl.bit_string()?;
    let end = crl.position();
    read.signature = end - signature.len()..end;
    Ok(read)
}

/// Reads all but where the signed part and the signature stand.
fn read_tbs(tbs: &mut Reader<'_>) -> Result<Crl, CrlError> {
    if tbs.unsigned::<u8>()? != 1 {
        return Err(Malformed::Value.into());
    }
    let algorithm = decode::signature_algorithm(tbs)?;
    let issuer = Name::read(tbs)?;
    let this_update = decode::time(tbs)?;
    let next_update = decode::time(tbs)?;
    let mut entries = 0..0;
    if let Some(list) = tbs.take_if(SEQUENCE)? {
        check_entries(list)?;
        let end = tbs.position();
        entries = end - list.len()..end;
    }
    let extensions = tbs.explicit(0, |list| Extensions::read(list, &issuer))?;
    let extensions = extensions.unwrap_or_default();
    Ok(Crl {
        der: Vec::new(),
        tbs: 0..0,
        signature: 0..0,
        entries,
        algorithm,
        issuer,
        this_update,
        next_update,
        extensions,
    })
}

impl Extensions {
    fn read(reader: &mut Reader<'_>, issuer: &Name) -> Result<Self, CrlError> {
        let mut extensions = Self::default();
        decode::extensions(reader, |oid, critical, value| match oid {
            ID_CE_CRL_NUMBER => {
                let number = decode::decode(value, decode::serial);
                extensions.number = Some(number.map_err(|_| CrlError::Extension(oid))?.to_vec());
                Ok(())
            }
            ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                let authority = AuthorityKeyIdentifier::from_der(value);
                extensions.issuer_key = authority.map_err(|_| CrlError::Extension(oid))?.key;
                Ok(())
            }
            ID_CE_ISSUING_DISTRIBUTION_POINT => extensions.take_scope(value, issuer),
            // Newer information lies in a delta CRL, and those are not read.
            ID_CE_FRESHEST_CRL => Err(CrlError::Unsupported(oid)),
            _ if critical => Err(CrlError::Unsupported(oid)),
            _ => Ok(()),
        })?;
        Ok(extensions)
    }

    fn take_scope(&mut self, value: &[u8], issuer: &Name) -> Result<(), CrlError> {
        let scope = decode::decode_sequence(value, |fields| Scope::read(fields, issuer))
            .map_err(|_| CrlError::Extension(ID_CE_ISSUING_DISTRIBUTION_POINT))?;
        if !scope.is_supported {
            return Err(CrlError::Unsupported(ID_CE_ISSUING_DISTRIBUTION_POINT));
        }
        self.distribution_point = scope.distribution_point;
        self.only_users = scope.only_users;
        self.only_issuers = scope.only_issuers;
        Ok(())
    }
}

/// An `IssuingDistributionPoint`.
struct Scope {
    distribution_point: Option<DistributionPoint>,
    only_users: bool,
    only_issuers: bool,
    /// Not of some reasons, other issuers' certificates, or attribute certificates.
    is_supported: bool,
}

impl Scope {
    fn read(fields: &mut Reader<'_>, issuer: &Name) -> Result<Self, Malformed> {
        let distribution_point =
            fields.explicit(0, |name| DistributionPoint::read(name, issuer))?;
        let only_users = flag(fields, 1)?;
        let only_issuers = flag(fields, 2)?;
        let reasons = fields.take_if(primitive(3))?.map(Bits::of).transpose()?;
        let is_indirect = flag(fields, 4)?;
        let only_attributes = flag(fields, 5)?;
        let is_supported = reasons.is_none() && !is_indirect && !only_attributes;
        Ok(Self { distribution_point, only_users, only_issuers, is_supported })
    }
}

/// `[number]` IMPLICIT over a BOOLEAN, DEFAULT FALSE, which some write all the same.
fn flag(fields: &mut Reader<'_>, number: u8) -> Result<bool, Malformed> {
    fields.take_if(primitive(number))?.map_or(Ok(false), decode::boolean)
}
