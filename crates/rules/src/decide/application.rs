//! Applying for certificates on a phone, up to the last screen.

use crate::eligibility::check_application;
use crate::{Application, ApplicationStage, ChipId, EnrolmentId, Event, Medium, Refusal, hours};

use super::Case;

/// The phone whose certificates the resident consents to end by an application on `chip` (MOVE-1):
/// none if there are none elsewhere. Sent again, an application replaces what it did at first.
pub(super) fn replaced(
    case: &Case<'_>,
    chip: ChipId,
    enrolment: EnrolmentId,
    consent: bool,
) -> Option<ChipId> {
    let pending = case.resident.application.as_ref().filter(|a| a.enrolment == enrolment);
    let replaced = match pending {
        Some(pending) => pending.replaces,
        None => case.resident.live(Medium::Phone, case.now).map(|c| c.chip).find(|&c| c != chip),
    };
    replaced.filter(|_| consent)
}

/// READY-1, READY-3, APPLY-2, APPLY-3, APPLY-4. An earlier application gives way.
pub(super) fn apply_for(
    case: &mut Case<'_>,
    application: Application,
    confirmed: bool,
) -> Result<(), Refusal> {
    if application.uses.is_empty() {
        return Err(Refusal::NoneSelected);
    }
    if !confirmed {
        return Err(Refusal::NotConfirmed);
    }
    if let Some(pending) = &case.resident.application
        && pending.enrolment == application.enrolment
    {
        return if same_application(pending, &application) {
            Ok(())
        } else {
            Err(Refusal::EnrolmentInUse)
        };
    }
    check_application(&case.resident, case.attributes, &application, case.now)?;
    case.withdraw_application(|_| true);
    case.record(Event::ApplicationSigned {
        enrolment: application.enrolment,
        chip: application.chip,
        platform: application.platform,
        uses: application.uses,
        signed_with: application.signed_with,
        replaces: application.replaces,
        at: application.signed_at,
    });
    Ok(())
}

/// APPLY-5 is done: from now on HOURS-1 counts.
pub(super) fn complete(case: &mut Case<'_>, enrolment: EnrolmentId) -> Result<(), Refusal> {
    let application = case.application(enrolment)?;
    if application.stage == ApplicationStage::Signed {
        let (at, hours) = (case.now, case.settings.business_hours);
        let due = hours::work_begins(at, hours);
        case.record(Event::ApplicationCompleted { enrolment, at, due });
    }
    Ok(())
}

/// REG-3: the chip gives up its keys. One that is complete is worked on, and not given up.
pub(super) fn withdraw(case: &mut Case<'_>, enrolment: EnrolmentId) -> Result<(), Refusal> {
    match case.application(enrolment).map(|application| application.stage) {
        Ok(ApplicationStage::Signed) => case.record(Event::ApplicationWithdrawn { enrolment }),
        Ok(ApplicationStage::Completed { .. }) => return Err(Refusal::ApplicationUnderWay),
        Err(_) => {}
    }
    Ok(())
}

/// It is rejected, wherever it stands.
pub(super) fn reject(
    case: &mut Case<'_>,
    enrolment: EnrolmentId,
    code: &str,
) -> Result<(), Refusal> {
    if case.application(enrolment).is_ok() {
        case.record(Event::ApplicationRejected { enrolment, code: code.to_owned() });
    }
    Ok(())
}

/// Whether `again` is `pending` sent once more.
fn same_application(pending: &Application, again: &Application) -> bool {
    *pending == Application { signed_at: pending.signed_at, stage: pending.stage, ..again.clone() }
}
