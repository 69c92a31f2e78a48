//! Lost cards and phones.

use inrou_rules::{
    CertificateStatus, Command, Event, HoldCause, Medium, Platform, Refusal, Resumption,
    RevocationReason, Use, Uses, resumption,
};

use crate::world::*;

const CARD_LOST: Command = Command::Hold { medium: Medium::Card };
const PHONE_LOST: Command = Command::Hold { medium: Medium::Phone };

fn held(world: &World, medium: Medium) -> usize {
    world.resident().certificates.values().filter(|c| c.medium == medium && c.is_held()).count()
}

#[test]
fn loss_1_a_call_at_any_hour_holds_the_phones_certificates() {
    let mut world = World::with_phone(Uses::BOTH);
    let registered = world.now;
    world.turn_clock("2027-01-01T03:00:00+09:00");
    let events = world.run(&PHONE_LOST);
    assert_eq!(events[0], Event::LossReported { medium: Medium::Phone, at: world.now });
    assert_eq!(events.len(), 3);
    for usage in Use::ALL {
        let expected = CertificateStatus::Held {
            since: world.now,
            was_active: Some(registered),
            cause: HoldCause::Loss,
        };
        assert_eq!(world.status(world.live(Medium::Phone, usage)), expected);
    }
    assert_eq!(held(&world, Medium::Card), 0);
    assert_eq!(world.resident().card.as_ref().unwrap().lost_since, None);
}

#[test]
fn loss_4_a_held_certificate_is_not_usable_from_that_moment_on() {
    let mut world = World::with_phone(Uses::BOTH);
    let signature = world.live(Medium::Phone, Use::Signature);
    assert!(world.resident().certificates[&signature].is_usable(world.now));
    world.run(&PHONE_LOST);
    assert!(!world.resident().certificates[&signature].is_usable(world.now));
}

#[test]
fn loss_1_what_waits_for_registration_is_held_too() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, SIGNATURE);
    world.issue_phone(1);
    world.run(&PHONE_LOST);
    let expected =
        CertificateStatus::Held { since: world.now, was_active: None, cause: HoldCause::Loss };
    assert_eq!(world.status(world.live(Medium::Phone, Use::Signature)), expected);
}

#[test]
fn loss_1_an_application_is_withdrawn() {
    let mut world = World::with_phone(SIGNATURE);
    world.apply_and_complete(2, PHONE, AUTHENTICATION);
    let events = world.run(&PHONE_LOST);
    let withdrawn = Event::ApplicationWithdrawn { enrolment: enrolment(2) };
    assert_eq!(events.last(), Some(&withdrawn));
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    assert_eq!(world.run(&PHONE_LOST).len(), 2);
    assert_eq!(world.refusal(&PHONE_LOST), Refusal::NothingToHold { medium: Medium::Phone });
}

#[test]
fn loss_1_a_second_call_adds_nothing() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&PHONE_LOST);
    assert_eq!(world.run(&PHONE_LOST), []);
}

#[test]
fn loss_1_who_carries_nothing_has_nothing_to_hold() {
    let world = World::with_card(Uses::BOTH);
    assert_eq!(world.refusal(&PHONE_LOST), Refusal::NothingToHold { medium: Medium::Phone });
    let world = World::admitted(ADULT);
    assert_eq!(world.refusal(&CARD_LOST), Refusal::NothingToHold { medium: Medium::Card });
}

#[test]
fn card_11_a_lost_cards_certificates_are_held_and_the_phones_are_not() {
    let mut world = World::with_phone(Uses::BOTH);
    let events = world.run(&CARD_LOST);
    assert_eq!(events[0], Event::LossReported { medium: Medium::Card, at: world.now });
    assert_eq!((held(&world, Medium::Card), held(&world, Medium::Phone)), (2, 0));
    assert_eq!(world.resident().card.as_ref().unwrap().lost_since, Some(world.now));
    let first = world.now;
    world.turn_clock("2026-11-21T11:00:00+09:00");
    assert_eq!(world.run(&CARD_LOST), []);
    assert_eq!(world.resident().card.as_ref().unwrap().lost_since, Some(first));
}

#[test]
fn card_11_whether_the_phone_is_held_too_is_a_setting() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&CARD_LOST);
    world.settings.card_hold_includes_phone = true;
    assert_eq!(world.run(&CARD_LOST).len(), 3);
    assert_eq!((held(&world, Medium::Card), held(&world, Medium::Phone)), (2, 2));
}

#[test]
fn card_11_a_card_without_certificates_is_lost_all_the_same() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::NONE));
    assert_eq!(world.run(&CARD_LOST).len(), 1);
    assert!(world.resident().card.as_ref().unwrap().lost_since.is_some());
}

#[test]
fn loss_4_the_holder_of_the_phone_alone_cannot_lift_a_hold() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&PHONE_LOST);
    let certificates = Use::ALL.map(|usage| world.live(Medium::Phone, usage)).to_vec();
    for command in [
        world.revoke_by_phone(),
        Command::ActivatePhone { enrolment: enrolment(1), certificates },
        Command::CompleteApplication { enrolment: enrolment(1) },
    ] {
        world.refusal(&command);
    }
    assert_eq!(held(&world, Medium::Phone), 2);
}

fn resume(world: &World) -> Command {
    Command::ResumePhone { chip: PHONE, signed_with: world.card_signature() }
}

fn foretold(world: &World) -> Result<Resumption, Refusal> {
    resumption(world.resident(), PHONE, world.now)
}

const STOPPED: Option<RevocationReason> = Some(RevocationReason::CessationOfOperation);

#[test]
fn loss_2_a_found_android_phones_user_authentication_returns_and_its_signature_does_not() {
    let mut world = World::with_phone(Uses::BOTH);
    let registered = world.now;
    let [signature, authentication] = Use::ALL.map(|usage| world.live(Medium::Phone, usage));
    world.run(&PHONE_LOST);
    world.turn_clock("2026-11-25T10:00:00+09:00");
    let told = Resumption { resumed: AUTHENTICATION, anew: SIGNATURE, emptied: false };
    assert_eq!(foretold(&world), Ok(told));
    let at = world.now;
    let cause = HoldCause::Loss;
    let resumed = Event::CertificateResumed { id: authentication, at, cause };
    let reason = RevocationReason::CessationOfOperation;
    let revoked = Event::CertificateRevoked { id: signature, at, reason };
    assert_eq!(world.run(&resume(&world)), [resumed, revoked]);
    assert_eq!(world.status(authentication), CertificateStatus::Active { since: registered });
    // On the same phone it is applied for anew.
    world.apply_and_complete(2, PHONE, SIGNATURE);
    world.issue_phone(2);
    world.register(2);
    assert_eq!(world.resident().live(Medium::Phone, world.now).count(), 2);
}

#[test]
fn loss_2_an_android_phone_that_carried_a_signature_certificate_alone_is_emptied_first() {
    let mut world = World::with_phone(SIGNATURE);
    world.run(&PHONE_LOST);
    let told = Resumption { resumed: Uses::NONE, anew: SIGNATURE, emptied: true };
    assert_eq!(foretold(&world), Ok(told));
    let events = world.run(&resume(&world));
    assert!(matches!(events[..], [_, Event::PhoneRetired { chip: PHONE, .. }]));
    world.run(&Command::ConfirmDeletion { chip: PHONE });
    world.apply_and_complete(2, PHONE, SIGNATURE);
}

#[test]
fn loss_2_a_found_iphones_are_all_issued_and_registered_again() {
    let mut world = World::with_phone_of(Platform::Iphone, Uses::BOTH);
    let both = Use::ALL.map(|usage| world.live(Medium::Phone, usage));
    world.run(&PHONE_LOST);
    let told = Resumption { resumed: Uses::NONE, anew: Uses::BOTH, emptied: true };
    assert_eq!(foretold(&world), Ok(told));
    world.run(&resume(&world));
    assert_eq!(both.map(|id| world.reason(id)), [STOPPED; 2]);
    assert_eq!(world.resident().former_phones[0].platform, Platform::Iphone);
    assert_eq!(world.refusal(&resume(&world)), Refusal::NoSuchPhone);
}

#[test]
fn loss_2_what_waits_for_registration_waits_again() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, AUTHENTICATION);
    world.issue_phone(1);
    world.run(&PHONE_LOST);
    world.run(&resume(&world));
    let id = world.live(Medium::Phone, Use::UserAuthentication);
    assert_eq!(world.status(id), CertificateStatus::Issued);
    world.register(1);
    assert!(world.resident().certificates[&id].is_usable(world.now));
}

#[test]
fn loss_2_a_phone_that_is_not_held_has_nothing_to_resume() {
    let mut world = World::with_phone(Uses::BOTH);
    assert_eq!(foretold(&world), Err(Refusal::NothingHeld));
    assert_eq!(world.refusal(&resume(&world)), Refusal::NothingHeld);
    world.run(&PHONE_LOST);
    world.run(&resume(&world));
    assert_eq!(world.refusal(&resume(&world)), Refusal::NothingHeld);
    let other = resumption(world.resident(), OTHER_PHONE, world.now);
    assert_eq!(other, Err(Refusal::NoSuchPhone));
}

#[test]
fn loss_4_use_is_resumed_with_the_card_and_a_lost_card_resumes_nothing() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&PHONE_LOST);
    let by = |signed_with| Command::ResumePhone { chip: PHONE, signed_with };
    let phones = world.live(Medium::Phone, Use::Signature);
    assert_eq!(world.refusal(&by(phones)), Refusal::CardSignatureUnknown);
    world.run(&CARD_LOST);
    assert_eq!(world.refusal(&resume(&world)), Refusal::CardSignatureHeld);
    assert_eq!(held(&world, Medium::Phone), 2);
}
