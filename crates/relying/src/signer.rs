//! Who may have signed a document: a resident, or an organisation by its seal.

use std::sync::Arc;

use inrou_api::wire::transaction::Purpose;
use inrou_pki::certificate::Certificate;
use inrou_pki::path::{self, Expected, PathError, TrustAnchors};
use inrou_pki::profile::SEAL_POLICY;
use inrou_rules::Use;
use jiff::Timestamp;

use crate::report::When;
use crate::{Invalid, Kind, StatusEvidence, Validator};

/// Who signed, once a path leads from the certificate to a trusted issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// A resident, by a certificate of one of the four kinds.
    Resident(Kind),
    /// An organisation: its certificate is of none of them, and of an issuer that is trusted for seals alone.
    Seal,
}

impl Signer {
    /// Which of the four kinds of a resident's certificate it is.
    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            Self::Resident(kind) => Some(kind),
            Self::Seal => None,
        }
    }
}

impl Validator {
    /// Who signed by that certificate for a purpose: path, validity and kind, without status. The issuers
    /// of seals are looked at for documents alone: nobody logs in by a seal.
    ///
    /// # Errors
    /// [`Invalid`].
    pub(crate) async fn find_signer(
        &self,
        certificate: &Certificate,
        when: impl Into<When>,
        purpose: Purpose,
    ) -> Result<Signer, Invalid> {
        let when = when.into();
        if purpose == Purpose::LogIn {
            return self.find_path(certificate, when, purpose).await.map(Signer::Resident);
        }
        let seen = self.seal_issuers.known();
        let as_seal = check_seal(certificate, &seen, when.at);
        if !is_unknown(&as_seal) {
            return as_seal;
        }
        let judged = self.find_path(certificate, when, purpose).await.map(Signer::Resident);
        // If they cannot be asked for, it stays as it was judged.
        let renewed = self.seal_issuers.renew(&seen, when.present);
        if is_unknown(&judged) && renewed.await.unwrap_or(false) {
            let as_seal = check_seal(certificate, &self.seal_issuers.known(), when.at);
            if !is_unknown(&as_seal) {
                return as_seal;
            }
        }
        judged
    }

    /// The same, by the issuers that are known.
    ///
    /// # Errors
    /// [`Invalid`].
    pub(crate) fn check_signer_path(
        &self,
        certificate: &Certificate,
        at: Timestamp,
        purpose: Purpose,
    ) -> Result<Signer, Invalid> {
        if purpose != Purpose::LogIn {
            let as_seal = check_seal(certificate, &self.seal_issuers.known(), at);
            if !is_unknown(&as_seal) {
                return as_seal;
            }
        }
        self.check_path(certificate, at, purpose).map(Signer::Resident)
    }

    /// What tells now that the certificate of somebody who signed is good.
    ///
    /// # Errors
    /// [`Invalid`].
    pub(crate) async fn check_signer(
        &self,
        certificate: &Certificate,
        signer: Signer,
        now: Timestamp,
    ) -> Result<StatusEvidence, Invalid> {
        self.good(certificate, signer.kind(), &self.anchors_of(signer), now).await
    }

    /// The issuers that are trusted, for residents' certificates and for seals, as far as there are any.
    pub(crate) fn all_anchors(&self) -> Vec<Arc<TrustAnchors>> {
        let mut all = vec![self.anchors(), self.seal_issuers.known()];
        all.retain(|anchors| !anchors.certificates().is_empty());
        all
    }

    /// The issuers that are trusted for such certificates.
    pub(crate) fn anchors_of(&self, signer: Signer) -> Arc<TrustAnchors> {
        match signer {
            Signer::Resident(_) => self.anchors(),
            Signer::Seal => self.seal_issuers.known(),
        }
    }
}

fn check_seal(
    certificate: &Certificate,
    anchors: &TrustAnchors,
    at: Timestamp,
) -> Result<Signer, Invalid> {
    let expected = Expected { usage: Use::Signature, policies: &[SEAL_POLICY] };
    path::validate(certificate, anchors, at, expected)?;
    Ok(Signer::Seal)
}

/// Whether the issuer is one that nobody trusts here, or not yet.
pub(crate) fn is_unknown<T>(judged: &Result<T, Invalid>) -> bool {
    matches!(
        judged,
        Err(Invalid::Untrusted(PathError::UnknownIssuer | PathError::UnknownGeneration))
    )
}
