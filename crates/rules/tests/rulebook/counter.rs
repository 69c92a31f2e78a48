//! At the municipality's counter.

use inrou_rules::{
    CertificateStatus, Change, Command, Event, Medium, Presence, RecordVersion, Refusal,
    ResidentId, RevocationReason, Standing, Use, Uses,
};
use jiff::civil::date;

use crate::world::*;

const ORDERED_SIGNATURE: Event = Event::CardCertificatesOrdered { uses: SIGNATURE };

#[test]
fn a_resident_is_admitted_once() {
    let mut world = World::empty(ADULT);
    let events = world.run(&admit());
    let admitted = Event::ResidentAdmitted {
        resident: ResidentId::from_bytes([7; 16]),
        municipality: home(),
        record: RecordVersion::FIRST,
        commitment: "09".repeat(32),
    };
    assert_eq!(events, [admitted]);
    assert_eq!(world.resident().standing, Standing::Resident);
    assert_eq!(world.refusal(&admit()), Refusal::ResidentKnown);
}

#[test]
fn nothing_is_decided_for_an_unknown_resident() {
    let refusal = World::empty(ADULT).refusal(&issue_card(Uses::BOTH));
    assert_eq!(refusal, Refusal::ResidentUnknown);
}

#[test]
fn card_1_certificates_are_chosen_when_the_card_is_issued() {
    for uses in [SIGNATURE, AUTHENTICATION, Uses::BOTH] {
        let mut world = World::admitted(ADULT);
        let events = world.run(&issue_card(uses));
        assert_eq!(events[1..], [Event::CardCertificatesOrdered { uses }]);
        world.deliver_card();
        let carried: Uses =
            world.resident().live(Medium::Card, world.now).map(|c| c.id.usage).collect();
        assert_eq!(carried, uses);
    }
}

#[test]
fn card_1_a_card_may_carry_none() {
    let mut world = World::admitted(ADULT);
    let issued =
        Event::CardIssued { card: card_id(3), chip: CARD_CHIP, expires: date(2036, 2, 17) };
    assert_eq!(world.run(&issue_card(Uses::NONE)), [issued]);
}

#[test]
fn card_1_the_choice_can_be_changed_later() {
    let mut world = World::with_card(AUTHENTICATION);
    assert_eq!(world.run(&choose(Uses::BOTH)), [ORDERED_SIGNATURE]);
    assert_eq!(world.run(&choose(Uses::BOTH)), []);
    world.deliver_card();
    assert_eq!(world.run(&choose(Uses::BOTH)), []);
}

#[test]
fn card_1_an_order_can_be_taken_back() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    assert_eq!(world.run(&choose(SIGNATURE)), [ORDERED_SIGNATURE]);
    world.deliver_card();
    assert_eq!(world.run(&choose(SIGNATURE)), []);
}

#[test]
fn card_1_a_card_in_force_is_not_replaced() {
    let mut world = World::with_card(Uses::BOTH);
    let again = issue_card(Uses::BOTH);
    assert_eq!(world.refusal(&again), Refusal::CardInForce { expires: date(2036, 2, 17) });
    world.turn_clock("2035-11-17T23:59:59+09:00");
    assert_eq!(world.refusal(&again).code(), "card-in-force");
    world.turn_clock("2036-02-18T00:00:00+09:00");
    assert_eq!(world.run(&again).len(), 2);
}

#[test]
fn card_2_a_proxy_is_refused() {
    let world = World::with_card(Uses::BOTH);
    let presence = Presence::Proxy;
    let by = home();
    let (card, chip, uses) = (card_id(4), OTHER_PHONE, Uses::BOTH);
    for command in [
        Command::IssueCard { card, chip, uses, presence, by },
        Command::ChooseCardCertificates { uses, presence, by },
        Command::UnlockCard { usage: None, presence, by },
    ] {
        assert_eq!(world.refusal(&command), Refusal::InPersonOnly);
    }
}

#[test]
fn card_2_a_proxy_may_notify_a_change_but_not_ask_for_a_certificate() {
    let mut world = World::with_card(Uses::BOTH);
    let notified = |reissue| Command::ChangeRecord {
        record: record(1),
        commitment: [8; 32],
        change: Change { name: true, ..Change::default() },
        municipality: home(),
        reissue,
        presence: Presence::Proxy,
    };
    assert_eq!(world.refusal(&notified(true)), Refusal::InPersonOnly);
    assert_eq!(world.run(&notified(false)).len(), 2);
}

#[test]
fn card_3_under_15_no_signature_certificate_is_ordered() {
    let mut world = World::admitted(date(2011, 11, 22));
    assert_eq!(world.refusal(&issue_card(Uses::BOTH)), Refusal::UnderFifteen);
    world.run(&issue_card(AUTHENTICATION));
    assert_eq!(world.refusal(&choose(Uses::BOTH)), Refusal::UnderFifteen);
    assert_eq!(world.refusal(&world.change_record(true)), Refusal::UnderFifteen);
    world.turn_clock("2026-11-22T00:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    assert_eq!(world.resident().card.as_ref().unwrap().ordered, Uses::BOTH);
}

#[test]
fn card_3_an_order_does_not_survive_a_corrected_birth_date() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.attributes = attributes(date(2012, 2, 17));
    let events = world.run(&world.change_record(false));
    assert_eq!(events[1..], [Event::CardCertificatesOrdered { uses: AUTHENTICATION }]);
}

#[test]
fn card_6_only_the_counter_of_the_municipality_of_residence_unlocks() {
    let mut world = World::with_card(Uses::BOTH);
    let there = Command::UnlockCard {
        usage: Some(Use::Signature),
        presence: Presence::InPerson,
        by: elsewhere(),
    };
    assert_eq!(world.refusal(&there), Refusal::OtherMunicipality);
    for usage in [None, Some(Use::Signature), Some(Use::UserAuthentication)] {
        let before = world.resident().clone();
        let allowed = Event::CardUnlockAllowed { chip: CARD_CHIP, usage };
        assert_eq!(world.run(&unlock(usage)), [allowed]);
        assert_eq!(*world.resident(), before);
    }
    world.run(&world.change_record(false));
    assert_eq!(world.run(&there_with(Use::UserAuthentication)).len(), 1);
}

fn there_with(usage: Use) -> Command {
    Command::UnlockCard { usage: Some(usage), presence: Presence::InPerson, by: elsewhere() }
}

#[test]
fn card_6_a_pin_is_set_only_for_a_certificate_on_the_card_or_on_order() {
    let mut world = World::with_card(AUTHENTICATION);
    let usage = Use::Signature;
    assert_eq!(world.refusal(&unlock(Some(usage))), Refusal::CardCarriesNone { usage });
    world.run(&choose(Uses::BOTH));
    assert_eq!(world.run(&unlock(Some(usage))).len(), 1);
}

#[test]
fn card_6_a_lost_or_missing_card_is_not_unlocked() {
    assert_eq!(World::admitted(ADULT).refusal(&unlock(None)), Refusal::NoCard);
    let mut world = World::with_card(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    assert_eq!(world.refusal(&unlock(None)), Refusal::CardReportedLost);
    world.turn_clock("2036-02-18T00:00:00+09:00");
    assert_eq!(world.refusal(&unlock(None)), Refusal::CardExpired { expires: date(2036, 2, 17) });
}

#[test]
fn card_7_a_change_makes_the_signature_certificate_lapse_and_no_other() {
    let mut world = World::with_card(Uses::BOTH);
    let (signature, authentication) =
        (world.card_signature(), world.live(Medium::Card, Use::UserAuthentication));
    let events = world.run(&world.change_record(false));
    let lapsed = Event::CertificateRevoked {
        id: signature,
        at: world.now,
        reason: RevocationReason::AffiliationChanged,
    };
    assert_eq!(events[1..], [lapsed]);
    assert!(matches!(world.status(authentication), CertificateStatus::Active { .. }));
    assert_eq!(world.resident().municipality, elsewhere());
    assert_eq!(world.resident().record, record(1));
}

#[test]
fn card_7_each_of_the_four_attributes_counts() {
    let old = attributes(ADULT);
    let same = old.change_to(&old);
    assert!(!same.any());
    let mut new = old.clone();
    new.name_reading.push('こ');
    assert_eq!(old.change_to(&new), same);
    new.name.push('子');
    new.address.push('２');
    assert_eq!(old.change_to(&new), Change { name: true, address: true, ..same });
    let substitutes = inrou_rules::Attributes {
        name_substitutes: "00001".to_owned(),
        address_substitutes: "000000001".to_owned(),
        ..old.clone()
    };
    assert_eq!(old.change_to(&substitutes), Change { name: true, address: true, ..same });
    let born = attributes(date(1980, 2, 18));
    assert_eq!(old.change_to(&born), Change { birth_date: true, ..same });
    let sex = inrou_rules::Attributes { sex: inrou_rules::Sex::Unknown, ..old.clone() };
    assert_eq!(old.change_to(&sex), Change { sex: true, ..same });
    for change in [
        Change { name: true, ..same },
        Change { address: true, ..same },
        Change { birth_date: true, ..same },
        Change { sex: true, ..same },
    ] {
        assert!(change.any());
    }
}

#[test]
fn card_7_a_change_of_readings_alone_makes_nothing_lapse() {
    let mut world = World::with_card(Uses::BOTH);
    let reading = Command::ChangeRecord {
        record: record(1),
        commitment: [8; 32],
        change: Change::default(),
        municipality: home(),
        reissue: true,
        presence: Presence::InPerson,
    };
    let changed = Event::RecordChanged {
        record: record(1),
        commitment: "08".repeat(32),
        change: Change::default(),
        municipality: home(),
    };
    assert_eq!(world.run(&reading), [changed]);
}

#[test]
fn card_7_a_new_signature_certificate_is_issued_on_request_only() {
    let mut world = World::with_card(Uses::BOTH);
    world.run(&world.change_record(false));
    assert!(world.resident().card.as_ref().unwrap().ordered.is_empty());
    let mut world = World::with_card(Uses::BOTH);
    assert_eq!(world.run(&world.change_record(true)).last(), Some(&ORDERED_SIGNATURE));
    world.deliver_card();
    let new = world.live(Medium::Card, Use::Signature);
    assert_eq!(world.resident().certificates[&new].record, record(1));
}

#[test]
fn card_7_a_certificate_waiting_for_delivery_or_on_hold_lapses_too() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.issue_card_certificates();
    world.run(&world.change_record(false));
    let signature = world.card_signature();
    assert_eq!(world.reason(signature), Some(RevocationReason::AffiliationChanged));

    let mut world = World::with_card(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    world.run(&world.change_record(false));
    let signature = world.card_signature();
    assert_eq!(world.reason(signature), Some(RevocationReason::AffiliationChanged));
}

#[test]
fn card_7_an_expired_certificate_is_left_as_it_is() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2031-02-18T00:00:00+09:00");
    assert_eq!(world.run(&world.change_record(false)).len(), 1);
}

#[test]
fn card_7_no_certificate_is_ordered_for_a_card_that_is_missing_or_lost() {
    let world = World::admitted(ADULT);
    assert_eq!(world.refusal(&world.change_record(true)), Refusal::NoCard);
    let mut world = World::with_card(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    assert_eq!(world.refusal(&world.change_record(true)), Refusal::CardReportedLost);
    let mut world = World::admitted(ADULT);
    assert_eq!(world.run(&world.change_record(false)).len(), 1);
}

#[test]
fn card_7_versions_of_the_record_follow_each_other() {
    let mut world = World::with_card(Uses::BOTH);
    let change = world.change_record(false);
    world.run(&change);
    assert_eq!(world.refusal(&change), Refusal::RecordOutOfOrder { expected: record(2) });
}

#[test]
fn card_10_a_certificate_is_stopped_at_the_counter() {
    let mut world = World::with_card(Uses::BOTH);
    let authentication = world.live(Medium::Card, Use::UserAuthentication);
    let stopped = Event::CertificateRevoked {
        id: authentication,
        at: world.now,
        reason: RevocationReason::CessationOfOperation,
    };
    assert_eq!(world.run(&choose(SIGNATURE)), [stopped]);
    let there = Command::ChooseCardCertificates {
        uses: Uses::NONE,
        presence: Presence::InPerson,
        by: elsewhere(),
    };
    assert_eq!(world.refusal(&there), Refusal::OtherMunicipality);
    world.run(&choose(Uses::NONE));
    assert_eq!(world.resident().live(Medium::Card, world.now).count(), 0);
}

#[test]
fn card_10_a_lost_cards_certificates_can_be_stopped_but_not_replaced() {
    let mut world = World::with_card(SIGNATURE);
    world.run(&Command::Hold { medium: Medium::Card });
    assert_eq!(world.refusal(&choose(Uses::BOTH)), Refusal::CardReportedLost);
    assert_eq!(world.run(&choose(SIGNATURE)), []);
    assert_eq!(world.run(&choose(Uses::NONE)).len(), 1);
}

#[test]
fn valid_4_a_stopped_certificate_takes_the_phones_with_it() {
    let mut world = World::with_phone(Uses::BOTH);
    let signature = world.live(Medium::Phone, Use::Signature);
    let authentication = world.live(Medium::Phone, Use::UserAuthentication);
    world.run(&choose(SIGNATURE));
    assert_eq!(world.reason(authentication), Some(RevocationReason::CessationOfOperation));
    assert!(matches!(world.status(signature), CertificateStatus::Active { .. }));
    assert!(world.resident().phone.is_some());
    world.run(&choose(Uses::NONE));
    assert_eq!(world.resident().phone, None);
    assert_eq!(world.resident().former_phones.len(), 1);
}

#[test]
fn valid_5_an_undelivered_certificate_is_discarded_without_a_reason() {
    for lost in [false, true] {
        let mut world = World::admitted(ADULT);
        world.run(&issue_card(SIGNATURE));
        world.issue_card_certificates();
        if lost {
            world.run(&Command::Hold { medium: Medium::Card });
        }
        world.run(&choose(Uses::NONE));
        assert_eq!(world.reason(world.card_signature()), Some(RevocationReason::Unspecified));
    }
}

#[test]
fn card_13_who_is_off_the_register_gets_nothing_at_the_counter() {
    let mut world = World::with_card(Uses::BOTH);
    for standing in [Standing::Died, Standing::MovedAbroad] {
        world.resident_mut().standing = standing;
        for command in [
            issue_card(Uses::BOTH),
            choose(Uses::NONE),
            world.change_record(false),
            unlock(None),
            world.application(1, PHONE, Uses::BOTH),
        ] {
            assert_eq!(world.refusal(&command), Refusal::NotOnRegister { standing });
        }
    }
}
