//! Registration on the phone.

use inrou_rules::{
    CertificateId, CertificateStatus, Command, Event, Medium, PhoneStage, Refusal, Serial, Use,
    Uses,
};

use crate::world::*;

fn ready(uses: Uses) -> World {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, uses);
    world.issue_phone(1);
    world
}

fn receipt(certificates: Vec<CertificateId>) -> Command {
    Command::ActivatePhone { enrolment: enrolment(1), certificates }
}

#[test]
fn reg_1_the_receipt_activates_the_certificates_and_registers_the_phone() {
    let mut world = ready(Uses::BOTH);
    world.turn_clock("2026-11-21T10:10:00+09:00");
    let at = world.now;
    let named = world.waiting(Medium::Phone);
    let events = world.run(&receipt(named.clone()));
    let registered = Event::PhoneRegistered { enrolment: enrolment(1), chip: PHONE, at };
    assert_eq!(events.len(), 3);
    assert_eq!(events[2], registered);
    for id in named {
        assert_eq!(world.status(id), CertificateStatus::Active { since: at });
        assert!(world.resident().certificates[&id].is_usable(at));
    }
    let stage = world.resident().phone.as_ref().unwrap().stage;
    assert_eq!(stage, PhoneStage::Registered { since: at });
}

#[test]
fn reg_1_a_receipt_that_comes_again_changes_nothing() {
    let mut world = ready(Uses::BOTH);
    let named = world.waiting(Medium::Phone);
    world.run(&receipt(named.clone()));
    world.turn_clock("2026-11-21T10:10:00+09:00");
    assert_eq!(world.run(&receipt(named)), []);
}

#[test]
fn reg_1_a_receipt_names_everything_that_was_issued() {
    let world = ready(Uses::BOTH);
    for id in world.waiting(Medium::Phone) {
        assert_eq!(world.refusal(&receipt(vec![id])), Refusal::ReceiptIncomplete);
    }
    assert_eq!(world.refusal(&receipt(vec![])), Refusal::ReceiptIncomplete);
}

#[test]
fn reg_1_a_receipt_names_nothing_else() {
    let world = ready(Uses::BOTH);
    for stranger in [
        CertificateId { usage: Use::Signature, serial: Serial(99) },
        world.live(Medium::Card, Use::Signature),
    ] {
        let mut named = world.waiting(Medium::Phone);
        named.push(stranger);
        assert_eq!(world.refusal(&receipt(named)), Refusal::CertificateUnknown);
    }
}

#[test]
fn reg_1_registration_follows_issuance_by_the_same_enrolment() {
    let world = World::with_card(Uses::BOTH);
    assert_eq!(world.refusal(&receipt(vec![])), Refusal::NoSuchRegistration);
    let world = ready(Uses::BOTH);
    let other = Command::ActivatePhone {
        enrolment: enrolment(2),
        certificates: world.waiting(Medium::Phone),
    };
    assert_eq!(world.refusal(&other), Refusal::NoSuchRegistration);
}

#[test]
fn reg_1_a_certificate_added_later_is_registered_by_its_own_enrolment() {
    let mut world = World::with_phone(AUTHENTICATION);
    world.apply_and_complete(2, PHONE, SIGNATURE);
    world.issue_phone(2);
    let ready = PhoneStage::Ready { since: world.now };
    assert_eq!(world.resident().phone.as_ref().unwrap().stage, ready);
    let authentication = world.live(Medium::Phone, Use::UserAuthentication);
    assert!(world.resident().certificates[&authentication].is_usable(world.now));
    assert_eq!(world.register(2).len(), 2);
}

#[test]
fn card_7_what_lapsed_before_registration_is_not_activated() {
    let mut world = ready(Uses::BOTH);
    let named = world.waiting(Medium::Phone);
    world.run(&world.change_record(false));
    let events = world.run(&receipt(named.clone()));
    let authentication = named.iter().find(|id| id.usage == Use::UserAuthentication).unwrap();
    assert_eq!(events[0], Event::CertificateActivated { id: *authentication, at: world.now });
    assert_eq!(events.len(), 2);
    let signature = named.iter().find(|id| id.usage == Use::Signature).unwrap();
    assert!(matches!(world.status(*signature), CertificateStatus::Revoked { .. }));
}

#[test]
fn loss_4_a_held_certificate_is_not_registered() {
    let mut world = ready(Uses::BOTH);
    let named = world.waiting(Medium::Phone);
    world.run(&Command::Hold { medium: Medium::Phone });
    let usage = named[0].usage;
    assert_eq!(world.refusal(&receipt(named)), Refusal::CertificateHeld { usage });
}
