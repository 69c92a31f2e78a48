//! What the holder of a registered phone asks for.

use crate::eligibility::check_card_signature;
use crate::{CertificateId, ChipId, Event, Medium, Refusal, RevocationReason, RevocationWay, Use};

use super::Case;

/// END-2 by the phone's signature key, END-3 by the card's.
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
    }
    case.revoke(RevocationReason::CessationOfOperation, |c| c.medium == Medium::Phone);
    // Certificates that had all expired leave a phone that is still to be emptied.
    case.retire_phone();
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
    let carried = case.resident.live_for(Medium::Phone, usage, case.now);
    if carried.ok_or(Refusal::PhoneCarriesNone { usage })?.is_held() {
        return Err(Refusal::CertificateHeld { usage });
    }
    check_card_signature(&case.resident, signed_with, case.now)?;
    case.record(Event::PhonePinResetAllowed { chip, usage });
    Ok(())
}

fn check_phone(case: &Case<'_>, chip: ChipId) -> Result<(), Refusal> {
    let phone = case.resident.phone.as_ref().filter(|phone| phone.chip == chip);
    phone.map(|_| ()).ok_or(Refusal::NoSuchPhone)
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
