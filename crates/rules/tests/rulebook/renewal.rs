//! Renewal of a card's certificates, and of the card.

use inrou_rules::{
    Command, Event, Medium, Presence, Refusal, RevocationReason, Use, Uses, due_issuance,
};
use jiff::civil::date;

use crate::world::*;

/// The card's certificates end on 17 February 2031, the card on 17 February 2036.
const OPENS: &str = "2030-11-18T00:00:00+09:00";
const SUPERSEDED: Option<RevocationReason> = Some(RevocationReason::Superseded);

fn new_card(uses: Uses) -> Command {
    Command::IssueCard {
        card: card_id(4),
        chip: NEW_CARD_CHIP,
        uses,
        presence: Presence::InPerson,
        by: home(),
    }
}

fn on_phone(world: &World) -> [inrou_rules::CertificateId; 2] {
    Use::ALL.map(|usage| world.live(Medium::Phone, usage))
}

#[test]
fn card_9_renewal_opens_the_day_after_the_day_three_months_before_the_expiry_at_the_counter() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2030-11-17T23:59:59.999+09:00");
    let opens = date(2030, 11, 18);
    let refused = Refusal::RenewalNotOpen { usage: Use::UserAuthentication, opens };
    assert_eq!(world.refusal(&renew(AUTHENTICATION)), refused);
    world.turn_clock(OPENS);
    let there = Command::RenewCardCertificates {
        uses: Uses::BOTH,
        presence: Presence::InPerson,
        by: elsewhere(),
    };
    assert_eq!(world.refusal(&there), Refusal::OtherMunicipality);
    let ordered = Event::CardCertificatesOrdered { uses: Uses::BOTH };
    assert_eq!(world.run(&renew(Uses::BOTH)), [ordered]);
    assert_eq!(world.run(&renew(Uses::BOTH)), []);
    // Until the new ones are there, the old ones are in use.
    assert!(world.resident().certificates[&world.card_signature()].is_usable(world.now));
}

#[test]
fn card_9_each_certificate_has_a_window_of_its_own() {
    let mut world = World::with_card(AUTHENTICATION);
    world.turn_clock("2027-03-01T10:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    world.turn_clock(OPENS);
    let (usage, opens) = (Use::Signature, date(2031, 11, 18));
    assert_eq!(world.refusal(&renew(Uses::BOTH)), Refusal::RenewalNotOpen { usage, opens });
    assert_eq!(world.run(&renew(AUTHENTICATION)).len(), 1);
    // One that is on order is not asked for again.
    assert_eq!(world.run(&renew(AUTHENTICATION)), []);
}

#[test]
fn card_9_what_the_card_does_not_carry_is_not_renewed() {
    let mut world = World::with_card(AUTHENTICATION);
    world.turn_clock(OPENS);
    for uses in [Uses::NONE, SIGNATURE, Uses::BOTH] {
        assert_eq!(world.refusal(&renew(uses)), Refusal::NothingToRenew);
    }
    world.run(&choose(Uses::NONE));
    assert_eq!(world.refusal(&renew(AUTHENTICATION)), Refusal::NothingToRenew);
}

#[test]
fn card_9_a_lost_card_or_one_that_is_not_in_force_is_not_renewed() {
    assert_eq!(World::admitted(ADULT).refusal(&renew(Uses::BOTH)), Refusal::NoCard);
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock(OPENS);
    world.run(&Command::Hold { medium: Medium::Card });
    assert_eq!(world.refusal(&renew(Uses::BOTH)), Refusal::CardReportedLost);
    world.turn_clock("2036-02-18T00:00:00+09:00");
    let expires = date(2036, 2, 17);
    assert_eq!(world.refusal(&renew(Uses::BOTH)), Refusal::CardExpired { expires });
}

#[test]
fn card_9_after_its_expiry_too_a_certificate_is_renewed_while_the_card_is_in_force() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2033-05-01T10:00:00+09:00");
    world.run(&renew(Uses::BOTH));
    world.deliver_card();
    let renewed = world.live(Medium::Card, Use::Signature);
    let ends = world.resident().certificates[&renewed].not_after;
    assert_eq!(ends, at("2036-02-17T23:59:59+09:00"), "CARD-8: with the card");
}

#[test]
fn valid_2_the_renewed_certificate_replaces_the_old_and_the_phone_is_registered_anew() {
    let mut world = World::with_phone(Uses::BOTH);
    let old = Use::ALL.map(|usage| world.live(Medium::Card, usage));
    let phones = on_phone(&world);
    world.turn_clock("2030-11-18T10:00:00+09:00");
    world.run(&renew(SIGNATURE));
    let events = world.issue_card_certificates();
    assert!(matches!(events.last(), Some(Event::CertificateIssued { .. })));
    assert_eq!(
        (world.reason(old[0]), world.reason(phones[0])),
        (SUPERSEDED, SUPERSEDED),
        "VALID-4"
    );
    assert_eq!((world.reason(old[1]), world.reason(phones[1])), (None, None));
    assert!(world.resident().phone.is_some());

    world.run(&Command::ActivateCard { certificates: world.waiting(Medium::Card) });
    world.run(&renew(AUTHENTICATION));
    world.issue_card_certificates();
    assert_eq!(
        (world.reason(old[1]), world.reason(phones[1])),
        (SUPERSEDED, SUPERSEDED),
        "VALID-4"
    );
    assert_eq!(world.resident().phone, None);
    assert_eq!(world.resident().former_phones.len(), 1);

    world.run(&Command::ActivateCard { certificates: world.waiting(Medium::Card) });
    world.run(&Command::ConfirmDeletion { chip: PHONE });
    world.apply_and_complete(2, PHONE, Uses::BOTH);
    let ends: Vec<_> = world.signed(Medium::Phone).iter().map(|due| due.not_after).collect();
    assert_eq!(ends, [at("2035-02-17T23:59:59+09:00"); 2]);
}

#[test]
fn card_9_an_application_signed_with_what_is_renewed_is_rejected() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock(OPENS);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.run(&renew(SIGNATURE));
    assert!(world.resident().application.is_some());
    world.issue_card_certificates();
    assert_eq!(world.resident().application, None);
}

#[test]
fn card_1_a_changed_choice_leaves_a_renewal_on_order() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock(OPENS);
    world.run(&renew(Uses::BOTH));
    assert_eq!(world.run(&choose(Uses::BOTH)), []);
    let ordered = |world: &World| world.resident().card.as_ref().unwrap().ordered;
    // What is not wanted is neither renewed nor kept.
    assert_eq!(world.run(&choose(SIGNATURE)).len(), 2);
    assert_eq!(ordered(&world), SIGNATURE);
    assert_eq!(world.run(&choose(Uses::BOTH)).len(), 1);
    assert_eq!(ordered(&world), Uses::BOTH);
    world.deliver_card();
    assert_eq!(world.resident().live(Medium::Card, world.now).count(), 2);
}

#[test]
fn card_3_an_order_for_renewal_too_is_none_for_who_is_under_15() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock(OPENS);
    world.attributes = attributes(date(2016, 2, 17));
    assert_eq!(world.refusal(&renew(Uses::BOTH)), Refusal::UnderFifteen);
}

#[test]
fn card_1_a_card_about_to_expire_is_replaced() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2031-03-01T10:00:00+09:00");
    world.run(&renew(Uses::BOTH));
    world.deliver_card();
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.issue_phone(1);
    world.register(1);
    let (card, phones) = (world.card_signature(), on_phone(&world));
    world.turn_clock("2035-11-17T23:59:59+09:00");
    let refused = Refusal::CardInForce { expires: date(2036, 2, 17) };
    assert_eq!(world.refusal(&new_card(Uses::BOTH)), refused);
    world.turn_clock("2035-11-18T00:00:00+09:00");
    world.run(&new_card(Uses::BOTH));
    assert_eq!(world.reason(card), SUPERSEDED);
    assert_eq!(phones.map(|id| world.reason(id)), [SUPERSEDED; 2], "VALID-4");
    let present = world.resident().card.as_ref().unwrap();
    assert_eq!((present.id, present.expires), (card_id(4), date(2045, 2, 17)));
    assert_eq!(due_issuance(world.resident(), &world.attributes, world.now).len(), 2);
    assert_eq!(world.refusal(&new_card(Uses::BOTH)).code(), "card-in-force");
}

#[test]
fn card_11_a_lost_card_is_replaced() {
    let mut world = World::with_phone(Uses::BOTH);
    let (card, phones) = (world.card_signature(), on_phone(&world));
    world.run(&Command::Hold { medium: Medium::Card });
    let events = world.run(&new_card(AUTHENTICATION));
    assert_eq!(world.reason(card), Some(RevocationReason::CessationOfOperation));
    assert_eq!(phones.map(|id| world.reason(id)), [SUPERSEDED; 2], "VALID-4");
    assert!(events.contains(&Event::CardCertificatesOrdered { uses: AUTHENTICATION }));
    let present = world.resident().card.as_ref().unwrap();
    assert_eq!((present.chip, present.lost_since), (NEW_CARD_CHIP, None));
    world.deliver_card();
    assert_eq!(world.resident().live(Medium::Card, world.now).count(), 1);
}
