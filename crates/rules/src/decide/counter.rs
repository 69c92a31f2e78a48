//! What a municipality does at its counter.

use crate::eligibility::{card_at_hand, card_in_force, check_age, check_on_register};
use crate::ids::hex;
use crate::{
    CardId, Change, ChipId, Command, Event, Medium, Municipality, Presence, RecordVersion, Refusal,
    SourceEnd, Use, Uses, japan, validity,
};

use super::Case;

/// The first command to a resident; any other is refused.
pub(super) fn admit(command: &Command) -> Result<Vec<Event>, Refusal> {
    let Command::Admit { resident, municipality, commitment } = command else {
        return Err(Refusal::ResidentUnknown);
    };
    Ok(vec![Event::ResidentAdmitted {
        resident: *resident,
        municipality: *municipality,
        record: RecordVersion::FIRST,
        commitment: hex(commitment),
    }])
}

/// CARD-1, CARD-2, CARD-3, CARD-8. A card in force is replaced if it is lost, or about to expire; what
/// it carries ends with it, and the phone's by VALID-4.
pub(super) fn issue_card(
    case: &mut Case<'_>,
    card: CardId,
    chip: ChipId,
    uses: Uses,
    presence: Presence,
    by: Municipality,
) -> Result<(), Refusal> {
    check_counter(case, presence, by)?;
    check_on_register(&case.resident)?;
    check_ages(case, uses)?;
    if let Ok(old) = card_in_force(&case.resident, case.now) {
        let end = if old.lost_since.is_some() {
            SourceEnd::LostCardReplaced
        } else if validity::renewal_opens(old.expires) <= japan::day(case.now) {
            SourceEnd::CardReplaced
        } else {
            return Err(Refusal::CardInForce { expires: old.expires });
        };
        case.end_on_card(end, |_| true);
    }
    let expires = validity::card_expires(japan::day(case.now), case.attributes.birth_date);
    case.record(Event::CardIssued { card, chip, expires });
    if !uses.is_empty() {
        case.record(Event::CardCertificatesOrdered { uses });
    }
    Ok(())
}

/// CARD-1, CARD-10: what is missing is ordered, what is not wanted is revoked, and with it the
/// phone's certificates whose source it is (VALID-4). A renewal on order stays on order.
pub(super) fn choose_certificates(
    case: &mut Case<'_>,
    uses: Uses,
    presence: Presence,
    by: Municipality,
) -> Result<(), Refusal> {
    check_counter(case, presence, by)?;
    let now = case.now;
    let card = card_in_force(&case.resident, now)?;
    check_ages(case, uses)?;
    let carried = |usage| case.resident.live_for(Medium::Card, usage, now).is_some();
    let wanted = |&usage: &Use| !carried(usage) || card.ordered.contains(usage);
    let ordered: Uses = uses.iter().filter(wanted).collect();
    if uses.iter().any(|usage| !carried(usage)) {
        card_at_hand(&case.resident, now)?;
    }
    if ordered != card.ordered {
        case.record(Event::CardCertificatesOrdered { uses: ordered });
    }
    case.end_on_card(SourceEnd::Stopped, |certificate| !uses.contains(certificate.id.usage));
    Ok(())
}

/// CARD-7, VALID-3. `reissue` says who stands at the counter and asks for a new signature
/// certificate; the notification itself is no certificate procedure, and anybody may bring it.
pub(super) fn change_record(
    case: &mut Case<'_>,
    record: RecordVersion,
    commitment: &[u8; 32],
    change: Change,
    municipality: Municipality,
    reissue: Option<Presence>,
) -> Result<(), Refusal> {
    check_on_register(&case.resident)?;
    let expected = case.resident.record.next();
    if record != expected {
        return Err(Refusal::RecordOutOfOrder { expected });
    }
    if let Some(presence) = reissue {
        check_in_person(presence)?;
        check_age(case.attributes, Use::Signature, case.now)?;
        card_at_hand(&case.resident, case.now)?;
    }
    let commitment = hex(commitment);
    case.record(Event::RecordChanged { record, commitment, change, municipality });
    if change.any() {
        case.end_on_card(SourceEnd::RecordChanged, |c| c.id.usage == Use::Signature);
    }
    order_signature(case, reissue.is_some());
    Ok(())
}

/// CARD-6: only the counter of the municipality of residence unlocks, and sets a new PIN.
pub(super) fn unlock_card(
    case: &mut Case<'_>,
    usage: Option<Use>,
    presence: Presence,
    by: Municipality,
) -> Result<(), Refusal> {
    check_counter(case, presence, by)?;
    let card = card_at_hand(&case.resident, case.now)?;
    if let Some(usage) = usage
        && !card.ordered.contains(usage)
        && case.resident.live_for(Medium::Card, usage, case.now).is_none()
    {
        return Err(Refusal::CardCarriesNone { usage });
    }
    case.record(Event::CardUnlockAllowed { chip: card.chip, usage });
    Ok(())
}

/// Orders the card's signature certificate if it is wanted and missing, and takes an order back that
/// the new birth date no longer allows.
pub(super) fn order_signature(case: &mut Case<'_>, wanted: bool) {
    let now = case.now;
    let Some(card) = &case.resident.card else {
        return;
    };
    let missing = case.resident.live_for(Medium::Card, Use::Signature, now).is_none();
    let allowed = check_age(case.attributes, Use::Signature, now).is_ok();
    let signature = allowed && (card.ordered.signature || wanted && missing);
    if signature != card.ordered.signature {
        let uses = Uses { signature, ..card.ordered };
        case.record(Event::CardCertificatesOrdered { uses });
    }
}

pub(super) fn check_counter(
    case: &Case<'_>,
    presence: Presence,
    by: Municipality,
) -> Result<(), Refusal> {
    check_in_person(presence)?;
    check_residence(case, by)
}

pub(super) fn check_residence(case: &Case<'_>, by: Municipality) -> Result<(), Refusal> {
    if by == case.resident.municipality { Ok(()) } else { Err(Refusal::OtherMunicipality) }
}

fn check_in_person(presence: Presence) -> Result<(), Refusal> {
    match presence {
        Presence::InPerson => Ok(()),
        Presence::Proxy => Err(Refusal::InPersonOnly),
    }
}

pub(super) fn check_ages(case: &Case<'_>, uses: Uses) -> Result<(), Refusal> {
    uses.iter().try_for_each(|usage| check_age(case.attributes, usage, case.now))
}
