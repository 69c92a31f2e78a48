//! Ending the use of a phone, and resetting its PINs.

use inrou_rules::{
    CertificateId, CertificateStatus, Command, Event, FormerPhone, Medium, Platform, Refusal,
    RevocationReason, RevocationWay, Serial, Use, Uses,
};

use crate::world::*;

fn reset(world: &World, usage: Use) -> Command {
    Command::ResetPhonePin { chip: PHONE, usage, signed_with: world.card_signature() }
}

#[test]
fn end_2_the_phones_own_signature_revokes_everything_on_it() {
    let mut world = World::with_phone(Uses::BOTH);
    let on_phone = [
        world.live(Medium::Phone, Use::Signature),
        world.live(Medium::Phone, Use::UserAuthentication),
    ];
    let events = world.run(&world.revoke_by_phone());
    let (at, platform) = (world.now, Platform::Android);
    assert_eq!(events.len(), 3);
    assert_eq!(events[2], Event::PhoneRetired { chip: PHONE, platform, at });
    for id in on_phone {
        assert_eq!(world.reason(id), Some(RevocationReason::CessationOfOperation));
    }
    let resident = world.resident();
    assert_eq!(resident.phone, None);
    assert_eq!(
        resident.former_phones,
        [FormerPhone { chip: PHONE, platform, deletion_due: at, overdue_since: None }]
    );
    assert_eq!(resident.live(Medium::Card, at).count(), 2);
}

#[test]
fn end_2_asked_again_until_the_deletion_it_changes_nothing() {
    let mut world = World::with_phone(Uses::BOTH);
    let command = world.revoke_by_phone();
    world.run(&command);
    assert_eq!(world.run(&command), []);
    world.run(&Command::ConfirmDeletion { chip: PHONE });
    assert_eq!(world.refusal(&command), Refusal::NoSuchPhone);
}

#[test]
fn end_2_the_signature_certificate_is_this_phones_and_usable() {
    let world = World::with_phone(Uses::BOTH);
    let by = |id| Command::RevokePhone { chip: PHONE, way: RevocationWay::PhoneSignature(id) };
    for id in [
        CertificateId { usage: Use::Signature, serial: Serial(99) },
        world.live(Medium::Card, Use::Signature),
        world.live(Medium::Phone, Use::UserAuthentication),
    ] {
        assert_eq!(world.refusal(&by(id)), Refusal::PhoneSignatureUnusable);
    }
    let signature = world.live(Medium::Phone, Use::Signature);
    let mut held = world.clone();
    held.run(&Command::Hold { medium: Medium::Phone });
    assert_eq!(held.refusal(&by(signature)), Refusal::PhoneSignatureUnusable);
    let mut expired = world.clone();
    expired.turn_clock("2031-02-18T00:00:00+09:00");
    assert_eq!(expired.refusal(&by(signature)), Refusal::PhoneSignatureUnusable);
    let mut lapsed = world.clone();
    lapsed.run(&lapsed.change_record(false));
    assert_eq!(lapsed.refusal(&by(signature)), Refusal::PhoneSignatureUnusable);
}

#[test]
fn end_3_the_card_at_hand_revokes_too() {
    let mut world = World::with_phone(AUTHENTICATION);
    assert_eq!(world.run(&world.revoke_by_card()).len(), 2);
    assert_eq!(world.resident().phone, None);
}

#[test]
fn end_3_the_card_revokes_what_is_held() {
    let mut world = World::with_phone(Uses::BOTH);
    let signature = world.live(Medium::Phone, Use::Signature);
    world.run(&Command::Hold { medium: Medium::Phone });
    world.run(&world.revoke_by_card());
    assert_eq!(world.reason(signature), Some(RevocationReason::CessationOfOperation));
}

#[test]
fn end_3_the_cards_certificate_is_good() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    assert_eq!(world.refusal(&world.revoke_by_card()), Refusal::CardSignatureHeld);
}

#[test]
fn valid_5_what_was_never_registered_is_discarded_without_a_reason() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, SIGNATURE);
    world.issue_phone(1);
    let waiting = world.live(Medium::Phone, Use::Signature);
    world.run(&world.revoke_by_card());
    assert_eq!(world.reason(waiting), Some(RevocationReason::Unspecified));
}

#[test]
fn end_2_an_application_on_the_phone_is_withdrawn_with_it() {
    let mut world = World::with_phone(SIGNATURE);
    world.apply_and_complete(2, PHONE, AUTHENTICATION);
    let events = world.run(&world.revoke_by_phone());
    assert!(events.contains(&Event::ApplicationWithdrawn { enrolment: enrolment(2) }));
    assert_eq!(world.resident().application, None);
}

#[test]
fn end_2_an_application_on_another_phone_stays() {
    let mut world = World::with_phone(Uses::BOTH);
    world.turn_clock("2031-02-18T10:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    world.apply_and_complete(2, OTHER_PHONE, Uses::BOTH);
    // All that the old phone carries has expired: it is only emptied.
    let events = world.run(&world.revoke_by_card());
    assert!(matches!(events[..], [Event::PhoneRetired { chip: PHONE, .. }]));
    assert!(world.resident().application.is_some());
}

#[test]
fn end_2_only_the_phone_that_carries_them_is_revoked() {
    let world = World::with_phone(Uses::BOTH);
    let way = RevocationWay::CardSignature(world.card_signature());
    let command = Command::RevokePhone { chip: OTHER_PHONE, way };
    assert_eq!(world.refusal(&command), Refusal::NoSuchPhone);
}

#[test]
fn end_2_the_receipt_ends_the_wait_for_the_deletion() {
    let mut world = World::with_phone(Uses::BOTH);
    let confirm = Command::ConfirmDeletion { chip: PHONE };
    assert_eq!(world.refusal(&confirm), Refusal::DeletionNotDue);
    world.run(&world.revoke_by_phone());
    assert_eq!(world.run(&Command::ConfirmDeletion { chip: OTHER_PHONE }), []);
    assert_eq!(world.resident().former_phones.len(), 1);
    let confirmed = Event::DeletionConfirmed { chip: PHONE, at: world.now };
    assert_eq!(world.run(&confirm), [confirmed]);
    assert_eq!(world.resident().former_phones, []);
    assert_eq!(world.run(&confirm), []);
}

#[test]
fn valid_3_a_change_ends_the_phones_signature_certificate_and_no_other() {
    let mut world = World::with_phone(Uses::BOTH);
    let signature = world.live(Medium::Phone, Use::Signature);
    let authentication = world.live(Medium::Phone, Use::UserAuthentication);
    world.run(&world.change_record(false));
    assert_eq!(world.reason(signature), Some(RevocationReason::AffiliationChanged));
    assert!(matches!(world.status(authentication), CertificateStatus::Active { .. }));
    assert!(world.resident().phone.is_some());
}

#[test]
fn valid_3_a_phone_left_without_certificates_is_retired() {
    let mut world = World::with_phone(SIGNATURE);
    let events = world.run(&world.change_record(false));
    let retired = Event::PhoneRetired { chip: PHONE, platform: Platform::Android, at: world.now };
    assert_eq!(events.last(), Some(&retired));
}

#[test]
fn valid_3_an_expired_phone_is_not_retired_by_a_change() {
    let mut world = World::with_phone(SIGNATURE);
    world.turn_clock("2031-02-18T00:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    let card_signature = world.card_signature();
    world.run(&world.change_record(false));
    assert!(world.reason(card_signature).is_some());
    assert!(world.resident().phone.is_some());
}

#[test]
fn pin_2_the_card_lets_a_phone_pin_be_reset() {
    let mut world = World::with_phone(Uses::BOTH);
    for usage in Use::ALL {
        let before = world.resident().clone();
        let allowed = Event::PhonePinResetAllowed { chip: PHONE, usage };
        assert_eq!(world.run(&reset(&world, usage)), [allowed]);
        assert_eq!(*world.resident(), before);
    }
}

#[test]
fn pin_2_the_cards_certificate_is_good() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    let usage = Use::UserAuthentication;
    assert_eq!(world.refusal(&reset(&world, usage)), Refusal::CardSignatureHeld);
}

#[test]
fn pin_2_only_a_pin_of_a_certificate_on_the_phone_is_reset() {
    let world = World::with_phone(AUTHENTICATION);
    let usage = Use::Signature;
    assert_eq!(world.refusal(&reset(&world, usage)), Refusal::PhoneCarriesNone { usage });
    // It waits for registration, with the PIN that was set for it.
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.issue_phone(1);
    assert_eq!(world.refusal(&reset(&world, usage)), Refusal::PhoneCarriesNone { usage });
    let world = World::with_card(Uses::BOTH);
    assert_eq!(world.refusal(&reset(&world, usage)), Refusal::NoSuchPhone);
}

#[test]
fn loss_4_no_pin_is_reset_while_the_phone_is_held() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Phone });
    let usage = Use::UserAuthentication;
    assert_eq!(world.refusal(&reset(&world, usage)), Refusal::CertificateHeld { usage });
}
