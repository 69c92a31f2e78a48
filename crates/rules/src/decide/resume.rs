//! "Resume use": a phone that was reported lost is found (LOSS-2).

use jiff::Timestamp;

use crate::eligibility::check_card_signature;
use crate::{
    Certificate, CertificateId, ChipId, Event, HoldCause, Medium, Platform, Refusal, Resident,
    RevocationReason, Use, Uses,
};

use super::Case;

/// What resuming the use of a phone leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// What is as before the hold.
    pub resumed: Uses,
    /// What ends, and is to be applied for and registered anew.
    pub anew: Uses,
    /// Whether nothing is left on the phone, which has to delete its data first.
    pub emptied: bool,
}

/// What resuming the use of the phone `chip` leads to, before it is done (LOSS-2).
///
/// # Errors
/// `no-such-phone`; `nothing-held`; `held-by-operator`.
pub fn resumption(
    resident: &Resident,
    chip: ChipId,
    now: Timestamp,
) -> Result<Resumption, Refusal> {
    let phone = resident.phone.as_ref().filter(|phone| phone.chip == chip);
    let platform = phone.ok_or(Refusal::NoSuchPhone)?.platform;
    let live: Vec<&Certificate> = resident.live(Medium::Phone, now).collect();
    if live.iter().any(|c| c.hold().is_some_and(HoldCause::by_operator)) {
        return Err(Refusal::HeldByOperator);
    }
    if !live.iter().any(|c| c.is_held()) {
        return Err(Refusal::NothingHeld);
    }
    let ends = |c: &Certificate| match platform {
        Platform::Android => c.is_held() && c.id.usage == Use::Signature,
        Platform::Iphone => true,
    };
    Ok(Resumption {
        resumed: live.iter().filter(|c| c.is_held() && !ends(c)).map(|c| c.id.usage).collect(),
        anew: live.iter().filter(|c| ends(c)).map(|c| c.id.usage).collect(),
        emptied: live.iter().all(|c| ends(c)),
    })
}

/// LOSS-2, LOSS-4: with the card, never by the holder of the phone alone.
pub(super) fn resume(
    case: &mut Case<'_>,
    chip: ChipId,
    signed_with: CertificateId,
) -> Result<(), Refusal> {
    let at = case.now;
    let outcome = resumption(&case.resident, chip, at)?;
    check_card_signature(&case.resident, signed_with, at)?;
    for usage in outcome.resumed.iter() {
        if let Some(id) = case.resident.live_for(Medium::Phone, usage, at).map(|c| c.id) {
            case.record(Event::CertificateResumed { id, at, cause: HoldCause::Loss });
        }
    }
    case.end_on_phone(RevocationReason::CessationOfOperation, |c| {
        outcome.anew.contains(c.id.usage)
    });
    Ok(())
}
