//! Finding out about any signature what the process judges beyond its own format: path and status.

use inrou_api::wire::transaction::Purpose;
use inrou_pki::Status;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::Digest;
use inrou_pki::keys::SignatureAlgorithm;
use inrou_pki::path::{self, PathError};
use inrou_pki::status::Moment;
use jiff::Timestamp;

use super::brought::Brought;
use super::document::{Scope, TimeStampReport};
use super::found::{ChainFound, Found, StatusFound};
use super::when::When;
use crate::signer::Signer;
use crate::{Invalid, Kind, StatusEvidence, Validator};

/// What was found out about a signature, and what it was found out by.
pub(super) struct Gathered {
    pub(super) found: Found,
    /// Format and level, such as `CAdES_BASELINE_B`.
    pub(super) format: &'static str,
    /// The signature value; empty if it cannot be read.
    pub(super) signature: Vec<u8>,
    pub(super) algorithm: Option<SignatureAlgorithm>,
    pub(super) signer: Option<Certificate>,
    /// The digest of what was signed.
    pub(super) digest: Option<Digest>,
    pub(super) scopes: Vec<Scope>,
    pub(super) kind: Option<Kind>,
    /// Whether the signer is an organisation, by its seal.
    pub(super) is_seal: bool,
    pub(super) evidence: Option<StatusEvidence>,
    /// The units of the time-stamps that hold.
    pub(super) units: Vec<Certificate>,
    /// What each time-stamp came to.
    pub(super) time_stamps: Vec<TimeStampReport>,
    pub(super) warnings: Vec<String>,
}

/// What has been done for one file, all its signatures together: what anybody can ask for by putting it into
/// the file is done so often and no more.
#[derive(Default)]
pub(crate) struct Effort {
    /// How many time-stamps were judged.
    pub(crate) time_stamps: usize,
    /// Whether it was looked whether there are new issuers of time-stamps.
    pub(crate) has_renewed: bool,
}

impl Gathered {
    /// About what cannot be read.
    pub(super) fn unreadable(why: impl ToString) -> Self {
        Self {
            found: Found::unreadable(),
            format: "",
            signature: Vec::new(),
            algorithm: None,
            signer: None,
            digest: None,
            scopes: Vec::new(),
            kind: None,
            is_seal: false,
            evidence: None,
            units: Vec::new(),
            time_stamps: Vec::new(),
            warnings: vec![why.to_string()],
        }
    }
}

impl Validator {
    /// Looks at the rest, once format, content and signature are told. If `given` tells a status, nobody is
    /// asked.
    pub(super) async fn gather(
        &self,
        gathered: &mut Gathered,
        mut brought: Brought,
        given: &[StatusEvidence],
        when: When,
        effort: &mut Effort,
    ) {
        gathered.warnings.extend(brought.bound().map(str::to_owned));
        let sunsets = &self.rules().sunsets;
        let weak = sunsets.iter().find(|(weak, _)| Some(*weak) == gathered.algorithm);
        gathered.found.weak_since = weak.map(|(_, since)| *since);
        self.look_at_time_stamps(gathered, &brought, when, effort).await;
        if let Some(signer) = gathered.signer.clone() {
            let purpose = Purpose::Sign;
            self.look_at_certificate(gathered, &signer, purpose, brought, given, when).await;
        }
    }

    /// Looks at a certificate for a purpose: path and status.
    pub(super) async fn look_at_certificate(
        &self,
        gathered: &mut Gathered,
        signer: &Certificate,
        purpose: Purpose,
        brought: Brought,
        given: &[StatusEvidence],
        when: When,
    ) {
        let When { at, present } = when;
        gathered.found.validity = (signer.not_before(), signer.not_after());
        gathered.kind = self.kind(signer);
        // Within its validity, which is a question of its own; it may end before it begins.
        let within = at.max(signer.not_before()).min(signer.not_after());
        let who = match self.find_signer(signer, When { at: within, present }, purpose).await {
            Ok(who) => who,
            Err(invalid) => {
                gathered.found.chain = broken(&invalid);
                gathered.warnings.push(invalid.to_string());
                return;
            }
        };
        gathered.found.chain = ChainFound::Valid;
        gathered.is_seal = who == Signer::Seal;
        if !given.is_empty() {
            return self.look_at_kept(gathered, (signer, who), given.to_vec(), at);
        }
        let in_validity = present >= signer.not_before() && present <= signer.not_after();
        if in_validity && !self.settings().sources.is_empty() {
            match self.ask_status(gathered, (signer, who), when).await {
                Ok(found @ StatusFound::Revoked { .. }) => {
                    gathered.found.status = found;
                    // Its time may have been over before: whoever brings word of a hold is heard.
                    return self.look_at_kept(gathered, (signer, who), brought.revocations, at);
                }
                Ok(found) => {
                    gathered.found.status = found;
                    return;
                }
                Err(not_told) => gathered.warnings.push(not_told.to_string()),
            }
        }
        self.look_at_kept(gathered, (signer, who), brought.revocations, at);
    }

    async fn ask_status(
        &self,
        gathered: &mut Gathered,
        (signer, who): (&Certificate, Signer),
        when: When,
    ) -> Result<StatusFound, Invalid> {
        let When { at, present } = when;
        match self.check_signer(signer, who, present).await {
            Ok(evidence) => {
                gathered.evidence = Some(evidence);
                Ok(StatusFound::Good { as_of: present, is_fresh: at <= present })
            }
            Err(Invalid::Revoked { at, reason }) => Ok(StatusFound::Revoked { at, reason }),
            Err(Invalid::OnHold { since }) => Ok(StatusFound::OnHold { since }),
            Err(Invalid::StatusUnknown) => Ok(StatusFound::Unknown),
            Err(not_told) => Err(not_told),
        }
    }

    /// What evidence says that came with the signature, each as of when it was made. Who says that the
    /// certificate is not good is heard; else the latest. A certificate that was revoked while it was on hold is
    /// not good since the hold, whoever of them tells of which.
    fn look_at_kept(
        &self,
        gathered: &mut Gathered,
        (signer, who): (&Certificate, Signer),
        kept: Vec<StatusEvidence>,
        now: Timestamp,
    ) {
        let anchors = self.anchors_of(who);
        let mut latest = None;
        for evidence in kept {
            let as_of = evidence.checked_at;
            let status = |at| {
                let moment = Moment { at, tolerance: self.settings().tolerance };
                path::status(signer, &anchors, evidence.as_pki(), moment)
            };
            let found = match status(as_of) {
                Ok(Status::Good) if latest.is_none_or(|latest| latest < as_of) => {
                    latest = Some(as_of);
                    StatusFound::Good { as_of, is_fresh: status(now).is_ok() }
                }
                Ok(Status::Revoked { at, reason }) => StatusFound::Revoked { at, reason },
                Ok(Status::OnHold { since }) => StatusFound::OnHold { since },
                Ok(Status::Good | Status::Unknown) => continue,
                Err(error) => {
                    gathered.warnings.push(evidence.failure(error).to_string());
                    continue;
                }
            };
            let heard = gathered.found.status.and(found);
            // What told it, and not what told when it had begun.
            if std::mem::discriminant(&heard) == std::mem::discriminant(&found) {
                gathered.evidence = Some(evidence);
            }
            gathered.found.status = heard;
        }
    }
}

fn broken(invalid: &Invalid) -> ChainFound {
    match invalid {
        Invalid::Untrusted(PathError::UnknownIssuer | PathError::UnknownGeneration) => {
            ChainFound::NoAnchor
        }
        Invalid::IssuersUnavailable => ChainFound::AnchorsUnavailable,
        Invalid::WrongKind => ChainFound::WrongKind,
        _ => ChainFound::Broken,
    }
}
