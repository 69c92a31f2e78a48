//! Finding out about any signature what the process judges beyond its own format: path, status,
//! time-stamps.

use inrou_api::wire::transaction::Purpose;
use inrou_pki::Status;
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{Revocation, SignedMessage};
use inrou_pki::crl::Crl;
use inrou_pki::digest::Digest;
use inrou_pki::keys::SignatureAlgorithm;
use inrou_pki::ocsp::OcspResponse;
use inrou_pki::path::{self, PathError, PathInputs, TrustAnchors, ValidPath, find_path};
use inrou_pki::status::Moment;
use inrou_pki::tsp::TimeStampToken;
use jiff::Timestamp;

use super::document::Scope;
use super::found::{ChainFound, Found, StampFound, StatusFound};
use super::when::When;
use crate::{Invalid, Kind, StatusEvidence, StatusSource, Validator};

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
    pub(super) evidence: Option<StatusEvidence>,
    /// The units of the time-stamps that hold.
    pub(super) units: Vec<Certificate>,
    pub(super) warnings: Vec<String>,
}

/// What a signature brings along by which it is judged.
#[derive(Default)]
pub(crate) struct Brought {
    pub(crate) certificates: Vec<Certificate>,
    /// What tells statuses, each as of when it was made.
    pub(crate) revocations: Vec<StatusEvidence>,
    /// Time-stamp tokens over the signature.
    pub(crate) time_stamps: Vec<Vec<u8>>,
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
            evidence: None,
            units: Vec::new(),
            warnings: vec![why.to_string()],
        }
    }
}

impl Brought {
    /// What a CMS signature brings along.
    pub(crate) fn by(message: &SignedMessage) -> Self {
        Self {
            certificates: message.certificates().to_vec(),
            revocations: message.revocations().filter_map(dated).collect(),
            time_stamps: message.signature_time_stamps().map(<[u8]>::to_vec).collect(),
        }
    }
}

impl Validator {
    /// Looks at the rest, once format, content and signature are told: `stamped` is what the time-stamps
    /// must be over. If `given` tells a status, nobody is asked.
    pub(super) async fn gather(
        &self,
        gathered: &mut Gathered,
        brought: Brought,
        stamped: &[u8],
        given: &[StatusEvidence],
        when: When,
    ) {
        let sunsets = &self.rules().sunsets;
        let weak = sunsets.iter().find(|(weak, _)| Some(*weak) == gathered.algorithm);
        gathered.found.weak_since = weak.map(|(_, since)| *since);
        self.look_at_time_stamps(gathered, &brought, stamped, when).await;
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
        let kind = match self.find_path(signer, When { at: within, present }, purpose).await {
            Ok(kind) => kind,
            Err(invalid) => {
                gathered.found.chain = broken(&invalid);
                gathered.warnings.push(invalid.to_string());
                return;
            }
        };
        gathered.found.chain = ChainFound::Valid;
        if !given.is_empty() {
            return self.look_at_kept(gathered, signer, given.to_vec(), at);
        }
        let in_validity = present >= signer.not_before() && present <= signer.not_after();
        if in_validity && !self.settings().sources.is_empty() {
            match self.ask_status(gathered, signer, kind, when).await {
                Ok(found) => {
                    gathered.found.status = found;
                    return;
                }
                Err(not_told) => gathered.warnings.push(not_told.to_string()),
            }
        }
        self.look_at_kept(gathered, signer, brought.revocations, at);
    }

    async fn ask_status(
        &self,
        gathered: &mut Gathered,
        signer: &Certificate,
        kind: Kind,
        when: When,
    ) -> Result<StatusFound, Invalid> {
        let When { at, present } = when;
        match self.check_status(signer, kind, present).await {
            Ok(validated) => {
                gathered.evidence = Some(validated.evidence);
                Ok(StatusFound::Good { as_of: present, is_fresh: at <= present })
            }
            Err(Invalid::Revoked { at, reason }) => Ok(StatusFound::Revoked { at, reason }),
            Err(Invalid::OnHold { since }) => Ok(StatusFound::OnHold { since }),
            Err(Invalid::StatusUnknown) => Ok(StatusFound::Unknown),
            Err(not_told) => Err(not_told),
        }
    }

    /// What evidence says that came with the signature, each as of when it was made. Who says that the
    /// certificate is not good is heard; else the latest.
    fn look_at_kept(
        &self,
        gathered: &mut Gathered,
        signer: &Certificate,
        kept: Vec<StatusEvidence>,
        now: Timestamp,
    ) {
        let anchors = self.anchors();
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
            gathered.found.status = found;
            gathered.evidence = Some(evidence);
            if !matches!(found, StatusFound::Good { .. }) {
                return;
            }
        }
    }

    async fn look_at_time_stamps(
        &self,
        gathered: &mut Gathered,
        brought: &Brought,
        stamped: &[u8],
        when: When,
    ) {
        for der in &brought.time_stamps {
            let token = match TimeStampToken::from_der(der) {
                Ok(token) => token,
                Err(error) => {
                    gathered.warnings.push(format!("a time-stamp does not count: {error}"));
                    continue;
                }
            };
            let judged = self.find_token(&token, stamped, brought, when).await;
            let holds = judged.is_ok();
            match judged {
                Ok(path) => gathered.units.extend(path.certificates().last().cloned()),
                Err(why) => gathered.warnings.push(format!("a time-stamp does not count: {why}")),
            }
            gathered.found.time_stamps.push(StampFound { time: token.info().time, holds });
        }
    }

    /// The path of a token's unit at the time of validation (5.4): one that is over proves nothing by itself.
    /// What tells that a certificate on it is not good is heard; nobody need tell that it is good. Judged
    /// once more if its issuer may be one that is learnt of by it.
    pub(crate) async fn find_token(
        &self,
        token: &TimeStampToken,
        stamped: &[u8],
        brought: &Brought,
        when: impl Into<When>,
    ) -> Result<ValidPath, String> {
        let When { at, present } = when.into();
        let issuers = self.time_stamp_issuers();
        let judged = self.judge_token(token, stamped, brought, &issuers, at);
        if judged.is_ok() {
            return judged;
        }
        match self.renew_time_stamp_issuers(&issuers, present).await {
            Ok(true) => self.judge_token(token, stamped, brought, &self.time_stamp_issuers(), at),
            Ok(false) | Err(_) => judged,
        }
    }

    fn judge_token(
        &self,
        token: &TimeStampToken,
        stamped: &[u8],
        brought: &Brought,
        issuers: &TrustAnchors,
        now: Timestamp,
    ) -> Result<ValidPath, String> {
        let digest = token.info().imprint.algorithm().digest(stamped);
        let unit = token.verify(&digest).map_err(|error| error.to_string())?;
        let time = token.info().time;
        if time < unit.not_before() || time > unit.not_after() {
            return Err("its time is outside of its unit's validity".to_owned());
        }
        if time.duration_since(now) > self.settings().tolerance {
            return Err("its time has not come yet".to_owned());
        }
        let own = Brought::by(token.message());
        let pool = [&own.certificates[..], &brought.certificates].concat();
        let path = find_path(unit, &pool, issuers, &PathInputs::at(now));
        let path = path.map_err(|error| error.to_string())?;
        let all = own.revocations.iter().chain(&brought.revocations);
        let crls = all.filter(|evidence| evidence.source == StatusSource::Crl);
        for evidence in crls {
            let Ok(crl) = Crl::from_der(evidence.der.clone()) else { continue };
            let made = Moment { at: evidence.checked_at, tolerance: self.settings().tolerance };
            for position in 0..path.certificates().len() {
                match path.status(position, std::slice::from_ref(&crl), made) {
                    Ok(Status::Good) | Err(_) => {}
                    Ok(status) => {
                        return Err(format!("a certificate of its unit is not good: {status:?}"));
                    }
                }
            }
        }
        Ok(path)
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

/// What tells a status, as of when that was known; `None` if it cannot be read.
pub(super) fn dated(revocation: Revocation<'_>) -> Option<StatusEvidence> {
    let (source, der) = match revocation {
        Revocation::Crl(der) => (StatusSource::Crl, der.to_vec()),
        Revocation::Ocsp(der) => (StatusSource::Ocsp, der.into_owned()),
    };
    let checked_at = known_at(source, &der)?;
    Some(StatusEvidence { source, der, checked_at })
}

/// As of when that which tells a status is known to be right: not when it was written.
pub(crate) fn known_at(source: StatusSource, der: &[u8]) -> Option<Timestamp> {
    match source {
        StatusSource::Crl => Some(Crl::from_der(der.to_vec()).ok()?.this_update()),
        StatusSource::Ocsp => {
            let response = OcspResponse::from_der(der).ok()?;
            response.answers().map(|answer| answer.this_update).min()
        }
    }
}
