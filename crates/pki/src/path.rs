//! Whether to trust a certificate: its path to an anchor, and its status.
//!
//! There is one tier: an anchor signs holders' certificates. The generations of an issuer share one name,
//! so an anchor is chosen by name and key identifier, never by name alone.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_KP_CLIENT_AUTH;
use inrou_rules::Use;
use jiff::Timestamp;

use crate::certificate::Certificate;
use crate::crl::{Crl, CrlError};
use crate::name::Name;
use crate::ocsp::{OcspError, OcspResponse};
use crate::profile::PolicyOid;
use crate::status::{Moment, Status};

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

/// Why a certificate has no valid path. One cause a variant, the first that is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No anchor bears the issuer's name.
    #[error("the issuer is not known")]
    UnknownIssuer,
    /// Anchors bear the issuer's name, but none has the key that the certificate names.
    #[error("the issuer is known, but not its key of that generation")]
    UnknownGeneration,
    /// The anchor's key did not sign the certificate.
    #[error("the certificate's signature is not valid")]
    Signature,
    /// The anchor is not valid yet.
    #[error("the issuer's certificate is valid from {from}")]
    AnchorNotYetValid {
        /// First second of the anchor's validity.
        from: Timestamp,
    },
    /// The anchor has expired.
    #[error("the issuer's certificate expired at {at}")]
    AnchorExpired {
        /// Last second of the anchor's validity.
        at: Timestamp,
    },
    /// The certificate is not valid yet.
    #[error("the certificate is valid from {from}")]
    NotYetValid {
        /// First second of validity.
        from: Timestamp,
    },
    /// The certificate has expired.
    #[error("the certificate expired at {at}")]
    Expired {
        /// Last second of validity.
        at: Timestamp,
    },
    /// A critical extension is not understood.
    #[error("the certificate has a critical extension that is not supported: {0}")]
    CriticalExtension(ObjectIdentifier),
    /// It is an issuer's certificate, not a holder's.
    #[error("the certificate is an issuer's")]
    NotAHolder,
    /// keyUsage or extKeyUsage does not allow what it is to be used for.
    #[error("the certificate is not for that use")]
    Usage,
    /// None of the policies that are accepted.
    #[error("the certificate was not issued under an accepted policy")]
    Policy,
}

/// Why the evidence tells nothing about a certificate's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// The evidence's signer is not known.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The OCSP answer does not hold.
    #[error(transparent)]
    Ocsp(#[from] OcspError),
    /// The CRL does not hold.
    #[error(transparent)]
    Crl(#[from] CrlError),
}

/// The issuers that are trusted: self-signed certificates, of any number of generations.
#[derive(Clone, Debug, Default)]
pub struct TrustAnchors(Vec<Certificate>);

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Signing documents, or logging in.
    pub usage: Use,
    /// The policies that are accepted; if empty, any.
    pub policies: &'a [PolicyOid],
}

/// What tells a certificate's status.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// A DER CRL, of the certificate's partition.
    Crl(&'a [u8]),
    /// A DER OCSP answer, and the nonce of the request if it had one.
    Ocsp {
        /// The answer.
        response: &'a [u8],
        /// The nonce that it must repeat.
        nonce: Option<&'a [u8]>,
    },
}

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
        let mut of_name = self.0.iter().filter(|anchor| anchor.subject() == name).peekable();
        if of_name.peek().is_none() {
            return Err(PathError::UnknownIssuer);
        }
        of_name.find(|anchor| is_generation(anchor)).ok_or(PathError::UnknownGeneration)
    }
}

/// Validates a holder's certificate at a time: RFC 5280 §6.1 for a path of one certificate. Gives its
/// issuer. Whether it is revoked is for [`status`] to say.
///
/// # Errors
/// [`PathError`].
pub fn validate<'a>(
    certificate: &Certificate,
    anchors: &'a TrustAnchors,
    at: Timestamp,
    expected: Expected<'_>,
) -> Result<&'a Certificate, PathError> {
    let anchor = anchors.issuer_of(certificate)?;
    let key = anchor.public_key().map_err(|_| PathError::Signature)?;
    certificate.verify_signature(key).map_err(|_| PathError::Signature)?;
    if at < anchor.not_before() {
        return Err(PathError::AnchorNotYetValid { from: anchor.not_before() });
    }
    if is_past(anchor, at) {
        return Err(PathError::AnchorExpired { at: anchor.not_after() });
    }
    if at < certificate.not_before() {
        return Err(PathError::NotYetValid { from: certificate.not_before() });
    }
    if is_past(certificate, at) {
        return Err(PathError::Expired { at: certificate.not_after() });
    }
    if let Some(&oid) = certificate.unknown_critical_extensions().first() {
        return Err(PathError::CriticalExtension(oid));
    }
    if certificate.is_issuer() {
        return Err(PathError::NotAHolder);
    }
    if !allows(certificate, expected.usage) {
        return Err(PathError::Usage);
    }
    let accepted = |policy| expected.policies.contains(policy);
    if !expected.policies.is_empty() && !certificate.policies().iter().any(accepted) {
        return Err(PathError::Policy);
    }
    Ok(anchor)
}

/// What the evidence says about a certificate.
///
/// # Errors
/// [`StatusError`]: the evidence is not by the certificate's issuer, not about the certificate, or not of
/// that moment. Then nothing is known.
pub fn status(
    certificate: &Certificate,
    anchors: &TrustAnchors,
    evidence: Evidence<'_>,
    moment: Moment,
) -> Result<Status, StatusError> {
    match evidence {
        Evidence::Crl(der) => {
            let crl = Crl::from_der(der.to_vec())?;
            let issuer = anchors.issuer_of_crl(&crl)?;
            Ok(crl.verify(issuer)?.status(certificate, moment)?)
        }
        Evidence::Ocsp { response, nonce } => {
            let issuer = anchors.issuer_of(certificate)?;
            let response = OcspResponse::from_der(response)?.verify(issuer, moment)?;
            if let Some(nonce) = nonce {
                response.check_nonce(nonce)?;
            }
            Ok(response.status(certificate, moment)?)
        }
    }
}

fn check_anchor(certificate: &Certificate) -> Result<(), AnchorInvalid> {
    let may_sign = certificate.key_usages().is_some_and(|usages| usages.certificate_sign);
    if !certificate.is_issuer() || !may_sign {
        return Err(AnchorInvalid::NotAnIssuer);
    }
    if let Some(&oid) = certificate.unknown_critical_extensions().first() {
        return Err(AnchorInvalid::CriticalExtension(oid));
    }
    let key = certificate.public_key().map_err(|_| AnchorInvalid::NotSelfSigned)?;
    if certificate.issuer() != certificate.subject() || certificate.verify_signature(key).is_err() {
        return Err(AnchorInvalid::NotSelfSigned);
    }
    Ok(())
}

/// The last second belongs to the validity, to its end.
fn is_past(certificate: &Certificate, at: Timestamp) -> bool {
    at.as_second() > certificate.not_after().as_second()
}

/// Signing documents asks for nonRepudiation; logging in for digitalSignature and client authentication.
fn allows(certificate: &Certificate, usage: Use) -> bool {
    let Some(usages) = certificate.key_usages() else {
        return false;
    };
    let purposes = certificate.extended_key_usages();
    match usage {
        Use::Signature => usages.digital_signature && usages.non_repudiation && purposes.is_empty(),
        Use::UserAuthentication => {
            usages.digital_signature && purposes.contains(&ID_KP_CLIENT_AUTH)
        }
    }
}
