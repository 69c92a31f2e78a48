//! Losses reported to the hotline, at any hour.

use crate::eligibility::check_on_register;
use crate::{CertificateId, Event, HoldCause, Medium, PhoneFate, Refusal, SourceEnd};

use super::Case;

/// LOSS-1, LOSS-4, CARD-11. A report that adds nothing to an earlier one gives no events.
pub(super) fn hold(case: &mut Case<'_>, medium: Medium) -> Result<(), Refusal> {
    match medium {
        Medium::Card => hold_card(case),
        Medium::Phone => hold_phone(case),
    }
}

/// Nothing more is issued to the card, and an application that it signed is rejected.
fn hold_card(case: &mut Case<'_>) -> Result<(), Refusal> {
    let medium = Medium::Card;
    check_on_register(&case.resident)?;
    let card = case.resident.card.as_ref().ok_or(Refusal::NothingToHold { medium })?;
    let first_report = card.lost_since.is_none();
    let mut ids = to_hold(case, medium);
    let held_with_it =
        |id: &CertificateId| SourceEnd::Held.on_phone(id.usage, case.settings) == PhoneFate::Held;
    ids.extend(to_hold(case, Medium::Phone).into_iter().filter(held_with_it));
    if first_report || !ids.is_empty() {
        report(case, medium, ids);
        case.reject_unfounded_application();
    }
    Ok(())
}

/// An application is withdrawn too: certificates would come to a phone that is not at hand.
fn hold_phone(case: &mut Case<'_>) -> Result<(), Refusal> {
    let medium = Medium::Phone;
    let applied = case.resident.application.is_some();
    if !applied && case.resident.live(medium, case.now).next().is_none() {
        return Err(Refusal::NothingToHold { medium });
    }
    let ids = to_hold(case, medium);
    if applied || !ids.is_empty() {
        report(case, medium, ids);
        case.withdraw_application(|_| true);
    }
    Ok(())
}

fn to_hold(case: &Case<'_>, medium: Medium) -> Vec<CertificateId> {
    let live = case.resident.live(medium, case.now);
    live.filter(|c| !c.hold().is_some_and(HoldCause::by_loss)).map(|c| c.id).collect()
}

fn report(case: &mut Case<'_>, medium: Medium, ids: Vec<CertificateId>) {
    let at = case.now;
    case.record(Event::LossReported { medium, at });
    for id in ids {
        case.record(Event::CertificateHeld { id, at, cause: HoldCause::Loss });
    }
}
