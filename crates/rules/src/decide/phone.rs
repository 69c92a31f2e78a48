//! Ending the use of a phone, and its PINs.

use crate::eligibility::check_card_signature;
use crate::hotline::Hotline;
use crate::{
    CertificateId, ChipId, Event, Medium, Refusal, RevocationReason, RevocationWay, Use, hours,
};

use super::Case;

/// END-2 by the phone's signature key, END-3 and END-4 by the card's as well, LOSS-3 and END-5 by a call.
pub(super) fn revoke(case: &mut Case<'_>, chip: ChipId, way: RevocationWay) -> Result<(), Refusal> {
    if case.resident.former_phones.iter().any(|former| former.chip == chip) {
        return Ok(());
    }
    check_phone(case, chip)?;
    match way {
        RevocationWay::PhoneSignature(id) => check_phone_signature(case, chip, id)?,
        RevocationWay::CardSignature(id) => {
            check_card_signature(&case.resident, id, case.now)?;
        }
        RevocationWay::Hotline => check_hotline(case)?,
    }
    end_use(case);
    Ok(())
}

/// MOVE-6: the card ends what is on another phone, which need not be at hand or be known by name.
pub(super) fn revoke_other(
    case: &mut Case<'_>,
    asked_on: ChipId,
    signed_with: CertificateId,
) -> Result<(), Refusal> {
    check_card_signature(&case.resident, signed_with, case.now)?;
    if case.resident.phone.as_ref().is_none_or(|phone| phone.chip == asked_on) {
        return Err(Refusal::NothingElsewhere);
    }
    end_use(case);
    Ok(())
}

fn end_use(case: &mut Case<'_>) {
    case.end_on_phone(RevocationReason::CessationOfOperation, |_| true);
    // Certificates that had all expired leave a phone that is still to be emptied.
    case.retire_phone();
}

/// MOVE-3: said once. A receipt that comes later is taken all the same.
pub(super) fn watch_deletion(case: &mut Case<'_>, chip: ChipId) -> Result<(), Refusal> {
    let awaited = case.resident.former_phones.iter().find(|former| former.chip == chip);
    let Some(former) = awaited.filter(|former| former.overdue_since.is_none()) else {
        return Ok(());
    };
    let from = hours::overdue_from(former.deletion_due, case.settings.deletion_watch);
    if case.now < from {
        return Err(Refusal::DeletionNotOverdue { from });
    }
    case.record(Event::DeletionOverdue { chip, at: case.now });
    Ok(())
}

/// The data are gone (END-2, MOVE-3). A receipt that comes again says nothing new.
pub(super) fn confirm_deletion(case: &mut Case<'_>, chip: ChipId) -> Result<(), Refusal> {
    if check_phone(case, chip).is_ok() {
        return Err(Refusal::DeletionNotDue);
    }
    if case.resident.former_phones.iter().any(|former| former.chip == chip) {
        case.record(Event::DeletionConfirmed { chip, at: case.now });
    }
    Ok(())
}

/// PIN-2: the card and its signature password stand in for a forgotten or locked phone PIN.
pub(super) fn reset_pin(
    case: &mut Case<'_>,
    chip: ChipId,
    usage: Use,
    signed_with: CertificateId,
) -> Result<(), Refusal> {
    check_phone(case, chip)?;
    // What waits for registration has the PIN that was set for it, and none in use to be replaced.
    let carried = case.resident.live_for(Medium::Phone, usage, case.now);
    let carried = carried.filter(|certificate| !certificate.is_undelivered());
    if carried.ok_or(Refusal::PhoneCarriesNone { usage })?.is_held() {
        return Err(Refusal::CertificateHeld { usage });
    }
    check_card_signature(&case.resident, signed_with, case.now)?;
    case.record(Event::PhonePinResetAllowed { chip, usage });
    Ok(())
}

pub(super) fn check_phone(case: &Case<'_>, chip: ChipId) -> Result<(), Refusal> {
    let phone = case.resident.phone.as_ref().filter(|phone| phone.chip == chip);
    phone.map(|_| ()).ok_or(Refusal::NoSuchPhone)
}

/// HOURS-4: only holds are taken at any hour.
fn check_hotline(case: &Case<'_>) -> Result<(), Refusal> {
    match Hotline::at(case.now) {
        Hotline::Open { .. } => Ok(()),
        Hotline::Closed { opens } => Err(Refusal::HotlineClosed { opens }),
    }
}

fn check_phone_signature(
    case: &Case<'_>,
    chip: ChipId,
    signed_with: CertificateId,
) -> Result<(), Refusal> {
    case.resident
        .certificates
        .get(&signed_with)
        .filter(|c| c.id.usage == Use::Signature && c.chip == chip && c.is_usable(case.now))
        .map(|_| ())
        .ok_or(Refusal::PhoneSignatureUnusable)
}
