//! What becomes of a card at the counter: renewal of its certificates, its return after a loss, its end
//! with its holder's death or departure.

use crate::eligibility::{card_at_hand, card_in_force, check_age, check_on_register};
use crate::{
    Card, Certificate, Departure, Event, HoldCause, Medium, Municipality, Presence, Refusal,
    SourceEnd, Standing, Use, Uses, japan, validity,
};

use super::Case;
use super::counter::{check_ages, check_counter, check_residence, order_signature};

/// CARD-9, VALID-2: they are ordered; those in use end when the new ones are issued.
pub(super) fn renew(
    case: &mut Case<'_>,
    uses: Uses,
    presence: Presence,
    by: Municipality,
) -> Result<(), Refusal> {
    check_counter(case, presence, by)?;
    let card = card_at_hand(&case.resident, case.now)?;
    if uses.is_empty() {
        return Err(Refusal::NothingToRenew);
    }
    check_ages(case, uses)?;
    let missing = |usage: &Use| !card.ordered.contains(*usage);
    for usage in uses.iter().filter(missing) {
        check_renewable(case, card, usage)?;
    }
    let ordered = card.ordered;
    let all: Uses =
        Use::ALL.into_iter().filter(|&u| ordered.contains(u) || uses.contains(u)).collect();
    if all != ordered {
        case.record(Event::CardCertificatesOrdered { uses: all });
    }
    Ok(())
}

/// The card's last certificate of this use is about to expire, or has expired.
fn check_renewable(case: &Case<'_>, card: &Card, usage: Use) -> Result<(), Refusal> {
    let renewable =
        |c: &&Certificate| c.chip == card.chip && c.id.usage == usage && !c.is_revoked();
    let last = case.resident.certificates.values().filter(renewable).max_by_key(|c| c.not_after);
    let last_day = japan::day(last.ok_or(Refusal::NothingToRenew)?.not_after);
    let opens = validity::renewal_opens(last_day);
    if japan::day(case.now) < opens {
        return Err(Refusal::RenewalNotOpen { usage, opens });
    }
    Ok(())
}

/// CARD-12: the hold of the user-authentication certificate is lifted, that of the signature
/// certificate is not: it is revoked, and ordered anew if that is asked for.
pub(super) fn find(
    case: &mut Case<'_>,
    reissue: bool,
    presence: Presence,
    by: Municipality,
) -> Result<(), Refusal> {
    check_counter(case, presence, by)?;
    let card = card_in_force(&case.resident, case.now)?;
    if card.lost_since.is_none() {
        return Err(Refusal::CardNotLost);
    }
    if reissue {
        check_age(case.attributes, Use::Signature, case.now)?;
    }
    let at = case.now;
    let lost = |c: &Certificate| c.hold().is_some_and(HoldCause::by_loss);
    case.record(Event::CardFound { at });
    let resumed = case.resident.live_for(Medium::Card, Use::UserAuthentication, at);
    if let Some(id) = resumed.filter(|c| lost(c)).map(|c| c.id) {
        case.record(Event::CertificateResumed { id, at, cause: HoldCause::Loss });
    }
    case.end_on_card(SourceEnd::Stopped, |c| c.id.usage == Use::Signature && lost(c));
    order_signature(case, reissue);
    Ok(())
}

/// CARD-13: nothing of the person's is left in force, on order or on its way.
pub(super) fn depart(
    case: &mut Case<'_>,
    departure: Departure,
    by: Municipality,
) -> Result<(), Refusal> {
    check_residence(case, by)?;
    if case.resident.standing == Standing::from(departure) {
        return Ok(());
    }
    check_on_register(&case.resident)?;
    case.record(Event::Departed { departure, at: case.now });
    if case.resident.card.as_ref().is_some_and(|card| !card.ordered.is_empty()) {
        case.record(Event::CardCertificatesOrdered { uses: Uses::NONE });
    }
    if let Some(enrolment) = case.resident.application.as_ref().map(|a| a.enrolment) {
        let gone = Refusal::NotOnRegister { standing: departure.into() };
        case.record(Event::ApplicationRejected { enrolment, code: gone.code().to_owned() });
    }
    case.end_on_card(SourceEnd::Departed, |_| true);
    // Certificates that had all expired leave a phone that is still to be emptied.
    case.retire_phone();
    Ok(())
}
