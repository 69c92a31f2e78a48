//! The issuers that are trusted.

use const_oid::ObjectIdentifier;

use super::PathError;
use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::name::Name;

/// Why a certificate is not an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorInvalid {
    /// basicConstraints or keyUsage does not make it an issuer's.
    #[error("the certificate is not an issuer's")]
    NotAnIssuer,
    /// It is not signed by its own key, or that key is not supported.
    #[error("the certificate is not signed by its own key")]
    NotSelfSigned,
    /// It has a critical extension that is not understood.
    #[error("the certificate has a critical extension that is not supported: {0}")]
    CriticalExtension(ObjectIdentifier),
}

/// The issuers that are trusted: self-signed certificates, of any number of generations.
#[derive(Clone, Debug, Default)]
pub struct TrustAnchors(Vec<Certificate>);

impl TrustAnchors {
    /// Takes the certificates of issuers that are trusted.
    ///
    /// # Errors
    /// The first that is no anchor.
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, AnchorInvalid> {
        certificates.iter().try_for_each(check_anchor)?;
        Ok(Self(certificates))
    }

    /// The anchors.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// The anchor that issued a certificate, by name and authority key identifier; where there is none, by
    /// the signature.
    ///
    /// # Errors
    /// [`PathError::UnknownIssuer`], [`PathError::UnknownGeneration`].
    pub fn issuer_of(&self, certificate: &Certificate) -> Result<&Certificate, PathError> {
        let named = certificate.authority_key_identifier().and_then(|id| id.key.as_deref());
        self.find(certificate.issuer(), |anchor| match named {
            Some(key) => anchor.subject_key_identifier() == Some(key),
            None => anchor.public_key().is_ok_and(|key| certificate.verify_signature(key).is_ok()),
        })
    }

    /// The anchor that issued a CRL: perhaps of a later generation than the certificates it lists.
    ///
    /// # Errors
    /// [`PathError::UnknownIssuer`], [`PathError::UnknownGeneration`].
    pub fn issuer_of_crl(&self, crl: &Crl) -> Result<&Certificate, PathError> {
        let named = crl.issuer_key_identifier();
        self.find(crl.issuer(), |anchor| {
            named.is_none() || anchor.subject_key_identifier() == named
        })
    }

    fn find(
        &self,
        name: &Name,
        is_generation: impl Fn(&Certificate) -> bool,
    ) -> Result<&Certificate, PathError> {
        let mut of_name = self.0.iter().filter(|anchor| anchor.subject().is_same(name)).peekable();
        if of_name.peek().is_none() {
            return Err(PathError::UnknownIssuer);
        }
        of_name.find(|anchor| is_generation(anchor)).ok_or(PathError::UnknownGeneration)
    }
}

fn check_anchor(certificate: &Certificate) -> Result<(), AnchorInvalid> {
    let may_sign = certificate.key_usages().is_some_and(|usages| usages.certificate_sign);
    if !certificate.is_issuer() || !may_sign {
        return Err(AnchorInvalid::NotAnIssuer);
    }
    if let Some(&oid) = certificate.extensions_not_followed().first() {
        return Err(AnchorInvalid::CriticalExtension(oid));
    }
    let key = certificate.public_key().map_err(|_| AnchorInvalid::NotSelfSigned)?;
    if !certificate.is_self_issued() || certificate.verify_signature(key).is_err() {
        return Err(AnchorInvalid::NotSelfSigned);
    }
    Ok(())
}
