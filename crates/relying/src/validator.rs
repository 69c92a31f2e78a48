//! Judging a certificate: its path, its kind, its status.

use std::sync::Arc;

use inrou_api::wire::transaction::Purpose;
use inrou_pki::Status;
use inrou_pki::certificate::Certificate;
use inrou_pki::path::{self, Expected, TrustAnchors};
use inrou_pki::status::Moment;
use jiff::Timestamp;

use crate::kind::usage_for;
use crate::report::{Rules, When};
use crate::signer::is_unknown;
use crate::{Invalid, Issuers, Kind, Settings, StatusClient, StatusEvidence};

/// Judges certificates and signatures for one relying party. Shared between threads.
#[derive(Debug)]
pub struct Validator {
    issuers: Issuers,
    settings: Settings,
    status: StatusClient,
    time_stamp_issuers: Issuers,
    pub(crate) seal_issuers: Issuers,
    rules: Rules,
}

/// A certificate that holds in every respect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// The certificate.
    pub certificate: Certificate,
    /// Which of the four kinds it is.
    pub kind: Kind,
    /// What told that it was good, and when.
    pub evidence: StatusEvidence,
}

impl Validator {
    /// A validator that trusts these issuers and asks this client for status.
    pub fn new(issuers: impl Into<Issuers>, settings: Settings, status: StatusClient) -> Self {
        Self {
            issuers: issuers.into(),
            settings,
            status,
            time_stamp_issuers: TrustAnchors::default().into(),
            seal_issuers: TrustAnchors::default().into(),
            rules: Rules::default(),
        }
    }

    /// The same, trusting these issuers for time-stamps.
    #[must_use]
    pub fn with_time_stamp_issuers(self, issuers: impl Into<Issuers>) -> Self {
        Self { time_stamp_issuers: issuers.into(), ..self }
    }

    /// The same, trusting these issuers for the seals of organisations.
    #[must_use]
    pub fn with_seal_issuers(self, issuers: impl Into<Issuers>) -> Self {
        Self { seal_issuers: issuers.into(), ..self }
    }

    /// The same, accepting signatures by these rules.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The issuers that are trusted for time-stamps at present.
    pub fn time_stamp_issuers(&self) -> Arc<TrustAnchors> {
        self.time_stamp_issuers.known()
    }

    /// Looks whether there are issuers of time-stamps that are not in `seen`.
    pub(crate) async fn renew_time_stamp_issuers(
        &self,
        seen: &Arc<TrustAnchors>,
        present: Timestamp,
    ) -> Result<bool, Invalid> {
        self.time_stamp_issuers.renew(seen, present).await
    }

    /// The rules by which signatures are accepted.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Which of the four kinds a certificate is, by what it says.
    pub(crate) fn kind(&self, certificate: &Certificate) -> Option<Kind> {
        let recognised = certificate.recognise(&self.settings.issuer);
        recognised.map(|(usage, medium)| Kind { usage, medium })
    }

    /// The issuers that are trusted at present.
    pub fn anchors(&self) -> Arc<TrustAnchors> {
        self.issuers.known()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judges a certificate for a purpose, now: path, kind, and status as the status services tell it.
    ///
    /// # Errors
    /// [`Invalid`].
    pub async fn validate(
        &self,
        certificate: &Certificate,
        now: Timestamp,
        purpose: Purpose,
    ) -> Result<Validated, Invalid> {
        let kind = self.find_path(certificate, now, purpose).await?;
        self.check_status(certificate, kind, now).await
    }

    /// Judges a certificate for a purpose at the moment when `evidence` was taken, and by nothing
    /// else: what was kept is judged again like this, years later.
    ///
    /// # Errors
    /// [`Invalid`]; evidence that does not hold is [`Invalid::StatusUnavailable`].
    pub fn validate_with(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        evidence: &StatusEvidence,
    ) -> Result<Validated, Invalid> {
        let at = evidence.checked_at;
        let kind = self.check_path(certificate, at, purpose)?;
        let status = path::status(certificate, &self.anchors(), evidence.as_pki(), self.moment(at))
            .map_err(|error| Invalid::StatusUnavailable(vec![evidence.failure(error)]))?;
        check_good(status)?;
        Ok(Validated { certificate: certificate.clone(), kind, evidence: evidence.clone() })
    }

    /// Path, validity and kind, without status.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn check_path(
        &self,
        certificate: &Certificate,
        at: Timestamp,
        purpose: Purpose,
    ) -> Result<Kind, Invalid> {
        let usage = usage_for(purpose);
        let of_use = self.settings.issuer.of(usage);
        let expected = Expected { usage, policies: &[of_use.card.policy, of_use.phone.policy] };
        path::validate(certificate, &self.anchors(), at, expected)?;
        match certificate.recognise(&self.settings.issuer) {
            Some((recognised, medium)) if recognised == usage => Ok(Kind { usage, medium }),
            _ => Err(Invalid::WrongKind),
        }
    }

    /// [`check_path`](Self::check_path), once more if the issuer is one that is learnt of by it.
    ///
    /// # Errors
    /// [`Invalid`].
    pub(crate) async fn find_path(
        &self,
        certificate: &Certificate,
        when: impl Into<When>,
        purpose: Purpose,
    ) -> Result<Kind, Invalid> {
        let When { at, present } = when.into();
        let seen = self.anchors();
        let judged = self.check_path(certificate, at, purpose);
        if is_unknown(&judged) && self.issuers.renew(&seen, present).await? {
            return self.check_path(certificate, at, purpose);
        }
        judged
    }

    /// The status of a certificate whose path was checked, now.
    ///
    /// # Errors
    /// [`Invalid`].
    pub(crate) async fn check_status(
        &self,
        certificate: &Certificate,
        kind: Kind,
        now: Timestamp,
    ) -> Result<Validated, Invalid> {
        let evidence = self.good(certificate, Some(kind), &self.anchors(), now).await?;
        Ok(Validated { certificate: certificate.clone(), kind, evidence })
    }

    /// What tells now that a certificate is good, whose path to these anchors was checked.
    ///
    /// # Errors
    /// [`Invalid`].
    pub(crate) async fn good(
        &self,
        certificate: &Certificate,
        kind: Option<Kind>,
        anchors: &TrustAnchors,
        now: Timestamp,
    ) -> Result<StatusEvidence, Invalid> {
        let asked = self.status.ask(certificate, kind, anchors, &self.settings, now);
        let (status, evidence) = asked.await.map_err(Invalid::StatusUnavailable)?;
        check_good(status)?;
        Ok(evidence)
    }

    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment { at, tolerance: self.settings.tolerance }
    }
}

fn check_good(status: Status) -> Result<(), Invalid> {
    match status {
        Status::Good => Ok(()),
        Status::Revoked { at, reason } => Err(Invalid::Revoked { at, reason }),
        Status::OnHold { since } => Err(Invalid::OnHold { since }),
        Status::Unknown => Err(Invalid::StatusUnknown),
    }
}
