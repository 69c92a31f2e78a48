//! What the operator does to one resident's certificates, among those of many.

use crate::{
    Certificate, CertificateId, Event, HoldCause, Medium, OperationId, OperatorAct, Refusal,
    RevocationReason, SourceEnd, Use,
};

use super::Case;

/// An act on certificates that have ended, or that was done before, gives no events.
pub(super) fn operate(
    case: &mut Case<'_>,
    operation: OperationId,
    act: OperatorAct,
    named: &[CertificateId],
) -> Result<(), Refusal> {
    if named.iter().any(|id| !case.resident.certificates.contains_key(id)) {
        return Err(Refusal::CertificateOfAnother);
    }
    match act {
        OperatorAct::Hold => hold(case, named),
        OperatorAct::Lift => return lift(case, named),
        OperatorAct::Revoke(reason) => revoke(case, reason, named),
        OperatorAct::AskToReapply => ask(case, operation, named),
    }
    Ok(())
}

fn hold(case: &mut Case<'_>, named: &[CertificateId]) {
    for id in live(case, named, |c| !held_here(c)) {
        case.record(Event::CertificateHeld { id, at: case.now, cause: HoldCause::Operator });
    }
    case.reject_unfounded_application();
}

/// LOSS-2: a signature certificate that was held never returns.
fn lift(case: &mut Case<'_>, named: &[CertificateId]) -> Result<(), Refusal> {
    let held = live(case, named, held_here);
    if held.iter().any(|id| id.usage == Use::Signature) {
        return Err(Refusal::SignatureStaysHeld);
    }
    for id in held {
        case.record(Event::CertificateResumed { id, at: case.now, cause: HoldCause::Operator });
    }
    Ok(())
}

/// A card's certificate takes with it what stands on it (VALID-4).
fn revoke(case: &mut Case<'_>, reason: RevocationReason, named: &[CertificateId]) {
    case.end_on_phone(reason, |c| named.contains(&c.id));
    case.end_on_card(SourceEnd::RevokedByOperator(reason), |c| named.contains(&c.id));
}

fn ask(case: &mut Case<'_>, operation: OperationId, named: &[CertificateId]) {
    for id in live(case, named, |c| c.reapplication != Some(operation)) {
        case.record(Event::ReapplicationAsked { id, operation, at: case.now });
    }
}

/// Those of the certificates named that are neither revoked nor expired, and that `chosen` picks.
fn live(
    case: &Case<'_>,
    named: &[CertificateId],
    chosen: impl Fn(&Certificate) -> bool,
) -> Vec<CertificateId> {
    let all = Medium::ALL.into_iter().flat_map(|medium| case.resident.live(medium, case.now));
    all.filter(|c| named.contains(&c.id) && chosen(c)).map(|c| c.id).collect()
}

fn held_here(certificate: &Certificate) -> bool {
    certificate.hold().is_some_and(HoldCause::by_operator)
}
