//! Recording certificates that were signed: decided against the present state once more.

use jiff::Timestamp;

use crate::eligibility::work_began;
use crate::issuance::{due_on_card, due_on_phone, whole_second};
use crate::{
    Certificate, CertificateId, CertificateStatus, DueCertificate, EnrolmentId, Event, Issuance,
    Refusal, RevocationReason, SourceEnd, Use,
};

use super::Case;

/// CARD-3, CARD-8: `issued` are exactly the certificates on order. One that the card carries still is
/// renewed (CARD-9).
pub(super) fn record_card(case: &mut Case<'_>, issued: &[Issuance]) -> Result<(), Refusal> {
    let due = |not_before| due_on_card(&case.resident, case.attributes, case.now, not_before);
    let certificates = matching(case, issued, due)?;
    let renewed: Vec<Use> = certificates.iter().map(|certificate| certificate.id.usage).collect();
    case.end_on_card(SourceEnd::Renewed, |certificate| renewed.contains(&certificate.id.usage));
    for certificate in certificates {
        case.record(Event::CertificateIssued { certificate });
    }
    Ok(())
}

/// READY-3, APPLY-4, MOVE-2, VALID-1: `issued` are exactly the certificates applied for, or the application
/// can no longer be granted and is rejected.
pub(super) fn record_phone(
    case: &mut Case<'_>,
    enrolment: EnrolmentId,
    issued: &[Issuance],
) -> Result<(), Refusal> {
    let application = case.application(enrolment)?.clone();
    let began = whole_second(work_began(&application, case.now)?);
    let due = |not_before| {
        due_on_phone(&case.resident, case.attributes, &application, case.now, not_before)
    };
    if let Err(refusal) = due(case.now) {
        let code = refusal.code().to_owned();
        case.record(Event::ApplicationRejected { enrolment, code });
        return Ok(());
    }
    if issued.iter().any(|issuance| issuance.not_before < began) {
        return Err(Refusal::IssuanceNotDue);
    }
    let certificates = matching(case, issued, |not_before| due(not_before).unwrap_or_default())?;
    let (chip, platform, at) = (application.chip, application.platform, case.now);
    // MOVE-2. What else is left on another phone has all expired (READY-3).
    case.end_on_phone(RevocationReason::Superseded, |certificate| certificate.chip != chip);
    if case.resident.phone.as_ref().is_some_and(|phone| phone.chip != chip) {
        case.retire_phone();
    }
    for certificate in certificates {
        case.record(Event::CertificateIssued { certificate });
    }
    case.record(Event::RegistrationReady { enrolment, chip, platform, at });
    Ok(())
}

/// The certificates of `issued`, if they are all that is due, and each is what is due from its own
/// first second on.
fn matching(
    case: &Case<'_>,
    issued: &[Issuance],
    due: impl Fn(Timestamp) -> Vec<DueCertificate>,
) -> Result<Vec<Certificate>, Refusal> {
    let wanted = due(case.now);
    if wanted.is_empty() || wanted.len() != issued.len() {
        return Err(Refusal::IssuanceNotDue);
    }
    let certificate = |wanted: &DueCertificate| {
        let issuance = issued.iter().find(|issuance| issuance.usage == wanted.usage);
        let issuance = issuance.ok_or(Refusal::IssuanceNotDue)?;
        certificate(case, issuance, due(issuance.not_before))
    };
    wanted.iter().map(certificate).collect()
}

fn certificate(
    case: &Case<'_>,
    issuance: &Issuance,
    due: Vec<DueCertificate>,
) -> Result<Certificate, Refusal> {
    let &Issuance { usage, serial, not_before, not_after, source, record } = issuance;
    let due = due.into_iter().find(|due| due.usage == usage).ok_or(Refusal::IssuanceNotDue)?;
    if not_before > case.now
        || not_before != whole_second(not_before)
        || (not_after, source, record) != (due.not_after, due.source, due.record)
    {
        return Err(Refusal::IssuanceNotDue);
    }
    let id = CertificateId { usage, serial };
    if case.resident.certificates.contains_key(&id) {
        return Err(Refusal::SerialInUse);
    }
    Ok(Certificate {
        id,
        medium: due.medium,
        chip: due.chip,
        not_before,
        not_after,
        record,
        source,
        status: CertificateStatus::Issued,
        reapplication: None,
    })
}
