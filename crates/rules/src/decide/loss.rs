//! Losses reported to the hotline, at any hour.

use crate::{CertificateId, Event, Medium, Refusal};

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
    let card = case.resident.card.as_ref().ok_or(Refusal::NothingToHold { medium })?;
    let first_report = card.lost_since.is_none();
    let mut ids = to_hold(case, medium);
    if case.settings.card_hold_includes_phone {
        ids.extend(to_hold(case, Medium::Phone));
    }
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
    case.resident.live(medium, case.now).filter(|c| !c.is_held()).map(|c| c.id).collect()
}

fn report(case: &mut Case<'_>, medium: Medium, ids: Vec<CertificateId>) {
    let at = case.now;
    case.record(Event::LossReported { medium, at });
    for id in ids {
        case.record(Event::CertificateHeld { id, at });
    }
}
