//! What tells whether a certificate is revoked.

use super::{StatusError, TrustAnchors, ValidPath};
use crate::certificate::Certificate;
use crate::crl::{Crl, CrlError};
use crate::ocsp::OcspResponse;
use crate::status::{Moment, Status};

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

impl ValidPath {
    /// What these CRLs say about one of its certificates, by its position. A CRL counts if it is signed by
    /// the certificate's issuer: with a key that the anchor or a certificate above it in this path has
    /// under that name. If several count, who says that it is not good is heard.
    ///
    /// # Errors
    /// [`StatusError`]: none of them counts. Then nothing is known.
    pub fn status(
        &self,
        position: usize,
        crls: &[Crl],
        moment: Moment,
    ) -> Result<Status, StatusError> {
        let Some((certificate, above)) =
            self.certificates.get(..=position).and_then(|upper| upper.split_last())
        else {
            return Err(StatusError::None);
        };
        let signers = || {
            let all = std::iter::once(&self.anchor).chain(above);
            all.filter(|signer| signer.subject().is_same(certificate.issuer()))
        };
        let mut told = Err(StatusError::None);
        for crl in crls.iter().filter(|crl| crl.issuer().is_same(certificate.issuer())) {
            let signed = signers().map(|signer| crl.check_signed_by(signer));
            let signed = signed.reduce(Result::or).unwrap_or(Err(CrlError::Issuer));
            match signed.and_then(|()| crl.status_unverified(certificate, moment)) {
                Ok(Status::Good) => told = Ok(Status::Good),
                Ok(not_good) => return Ok(not_good),
                Err(error) => told = told.or(Err(error.into())),
            }
        }
        told
    }
}
