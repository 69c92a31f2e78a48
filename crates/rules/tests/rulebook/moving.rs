//! Changing phones, and the phone that is left.

use inrou_rules::{
    CertificateStatus, Command, Event, FormerPhone, Medium, Platform, Refusal, RevocationReason,
    RevocationWay, Use, Uses,
};
use jiff::SignedDuration;

use crate::world::*;

const SUPERSEDED: RevocationReason = RevocationReason::Superseded;

/// An Android phone with both, and an application on another with consent to their end.
fn changing(uses: Uses) -> World {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&world.change_of_phone(2, OTHER_PHONE, uses));
    world.run(&Command::CompleteApplication { enrolment: enrolment(2) });
    world
}

#[test]
fn move_1_from_android_to_android_with_consent() {
    let mut world = World::with_phone(Uses::BOTH);
    let without = world.application(2, OTHER_PHONE, SIGNATURE);
    assert_eq!(world.refusal(&without), Refusal::PhoneElsewhere);
    let signed = Event::ApplicationSigned {
        enrolment: enrolment(2),
        chip: OTHER_PHONE,
        platform: Platform::Android,
        uses: SIGNATURE,
        signed_with: world.card_signature(),
        replaces: Some(PHONE),
        at: world.now,
    };
    assert_eq!(world.run(&world.change_of_phone(2, OTHER_PHONE, SIGNATURE)), [signed]);
    assert_eq!(world.resident().application.as_ref().unwrap().replaces, Some(PHONE));
    // Nobody is left without overnight.
    assert_eq!(world.resident().live(Medium::Phone, world.now).count(), 2);
}

#[test]
fn move_1_sent_again_it_changes_nothing_with_the_same_consent_alone() {
    let mut world = changing(Uses::BOTH);
    let again = world.change_of_phone(2, OTHER_PHONE, Uses::BOTH);
    assert_eq!(world.run(&again), []);
    world.run(&world.revoke_by_phone());
    assert_eq!(world.run(&again), []);
    let without = world.application(2, OTHER_PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&without), Refusal::EnrolmentInUse);
}

#[test]
fn move_1_consent_where_nothing_is_elsewhere_is_an_ordinary_application() {
    let mut world = World::with_card(Uses::BOTH);
    world.run(&world.change_of_phone(1, PHONE, Uses::BOTH));
    assert_eq!(world.resident().application.as_ref().unwrap().replaces, None);
    let mut world = World::with_phone(AUTHENTICATION);
    world.run(&world.change_of_phone(2, PHONE, SIGNATURE));
    assert_eq!(world.resident().application.as_ref().unwrap().replaces, None);
    let usage = Use::UserAuthentication;
    let again = world.change_of_phone(3, PHONE, AUTHENTICATION);
    assert_eq!(world.refusal(&again), Refusal::AlreadyCarried { usage });
}

#[test]
fn move_2_the_old_phones_end_with_the_issuance_of_the_new() {
    let mut world = changing(SIGNATURE);
    let old = Use::ALL.map(|usage| world.live(Medium::Phone, usage));
    world.turn_clock("2026-11-21T10:05:00+09:00");
    let at = world.now;
    let events = world.issue_phone(2);
    let revoked = |id| Event::CertificateRevoked { id, at, reason: SUPERSEDED };
    let retired = Event::PhoneRetired { chip: PHONE, platform: Platform::Android, at };
    assert_eq!(events[..3], [revoked(old[0]), revoked(old[1]), retired]);
    assert!(matches!(events[3], Event::CertificateIssued { .. }));
    assert!(matches!(events[4], Event::RegistrationReady { chip: OTHER_PHONE, .. }));
    assert_eq!(events.len(), 5);
    let resident = world.resident();
    assert_eq!(resident.phone.as_ref().unwrap().chip, OTHER_PHONE);
    assert_eq!(resident.former_phones[0].chip, PHONE);
    world.register(2);
    let carried: Uses =
        world.resident().live(Medium::Phone, world.now).map(|c| c.id.usage).collect();
    assert_eq!(carried, SIGNATURE);
}

#[test]
fn move_2_an_old_phone_on_hold_is_left_too() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Phone });
    let old = world.live(Medium::Phone, Use::Signature);
    world.run(&world.change_of_phone(2, OTHER_PHONE, Uses::BOTH));
    world.run(&Command::CompleteApplication { enrolment: enrolment(2) });
    world.issue_phone(2);
    assert_eq!(world.reason(old), Some(SUPERSEDED));
}

#[test]
fn move_2_asked_again_at_issuance_what_ended_meanwhile_is_left_as_it_is() {
    let mut world = changing(Uses::BOTH);
    let old = world.live(Medium::Phone, Use::Signature);
    world.run(&world.revoke_by_phone());
    assert_eq!(world.issue_phone(2).len(), 3);
    assert_eq!(world.reason(old), Some(RevocationReason::CessationOfOperation));
    assert_eq!(world.resident().former_phones.len(), 1);
}

#[test]
fn move_2_an_application_without_consent_is_rejected_at_issuance() {
    let mut world = changing(Uses::BOTH);
    world.resident_mut().application.as_mut().unwrap().replaces = None;
    let none = Command::RecordPhoneIssuance { enrolment: enrolment(2), issued: vec![] };
    let code = "phone-elsewhere".to_owned();
    let rejected = Event::ApplicationRejected { enrolment: enrolment(2), code };
    assert_eq!(world.run(&none), [rejected]);
    assert_eq!(world.resident().live(Medium::Phone, world.now).count(), 2);
}

#[test]
fn move_4_from_android_to_iphone_revokes_on_the_android_phone_first() {
    let mut world = World::with_phone(Uses::BOTH);
    let iphone = world.application_of(Platform::Iphone, 2, OTHER_PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&iphone), Refusal::RevokeOnAndroidFirst);
    assert_eq!(world.refusal(&consenting(iphone.clone())), Refusal::RevokeOnAndroidFirst);
    world.run(&world.revoke_by_phone());
    assert_eq!(world.run(&iphone).len(), 1);
}

#[test]
fn move_5_from_iphone_to_any_phone_deletes_on_the_iphone_first() {
    let mut world = World::with_phone_of(Platform::Iphone, Uses::BOTH);
    for platform in [Platform::Android, Platform::Iphone] {
        let new = world.application_of(platform, 2, OTHER_PHONE, Uses::BOTH);
        assert_eq!(world.refusal(&new), Refusal::DeleteOnIphoneFirst);
        assert_eq!(world.refusal(&consenting(new)), Refusal::DeleteOnIphoneFirst);
    }
    world.run(&world.revoke_by_card());
    for platform in [Platform::Android, Platform::Iphone] {
        let new = world.application_of(platform, 2, OTHER_PHONE, Uses::BOTH);
        assert_eq!(world.decide(&new).unwrap().len(), 1);
    }
}

#[test]
fn move_3_a_deletion_that_does_not_come_is_overdue_once() {
    let mut world = changing(Uses::BOTH);
    world.issue_phone(2);
    let watch = Command::WatchDeletion { chip: PHONE };
    let (due, from) = (world.now, world.now + SignedDuration::from_hours(48));
    world.now = from - SignedDuration::from_nanos(1);
    assert_eq!(world.refusal(&watch), Refusal::DeletionNotOverdue { from });
    world.now = from;
    assert_eq!(world.run(&watch), [Event::DeletionOverdue { chip: PHONE, at: from }]);
    let (chip, platform, overdue_since) = (PHONE, Platform::Android, Some(from));
    let former = FormerPhone { chip, platform, deletion_due: due, overdue_since };
    assert_eq!(world.resident().former_phones, [former]);
    world.now = from + SignedDuration::from_hours(1);
    assert_eq!(world.run(&watch), []);
    // It stays due, and a receipt is taken.
    assert_eq!(world.run(&Command::ConfirmDeletion { chip: PHONE }).len(), 1);
    assert_eq!(world.resident().former_phones, []);
    assert_eq!(world.run(&watch), []);
}

#[test]
fn move_3_how_long_a_deletion_is_awaited_is_a_setting() {
    let mut world = World::with_phone(Uses::BOTH);
    world.settings.deletion_watch = SignedDuration::from_hours(1);
    world.run(&world.revoke_by_phone());
    world.turn_clock("2026-11-21T11:00:00+09:00");
    assert_eq!(world.run(&Command::WatchDeletion { chip: PHONE }).len(), 1);
}

#[test]
fn move_6_the_card_ends_what_is_on_another_phone_of_any_kind() {
    for platform in [Platform::Android, Platform::Iphone] {
        let mut world = World::with_phone_of(platform, Uses::BOTH);
        let on_phone = Use::ALL.map(|usage| world.live(Medium::Phone, usage));
        let asked = Command::RevokeOtherPhone {
            asked_on: OTHER_PHONE,
            signed_with: world.card_signature(),
        };
        let retired = Event::PhoneRetired { chip: PHONE, platform, at: world.now };
        assert_eq!(world.run(&asked).last(), Some(&retired));
        for id in on_phone {
            assert_eq!(world.reason(id), Some(RevocationReason::CessationOfOperation));
        }
        assert_eq!(world.refusal(&asked), Refusal::NothingElsewhere);
    }
}

#[test]
fn move_6_the_card_is_good_and_the_other_phone_is_another() {
    let mut world = World::with_phone(Uses::BOTH);
    let signed_with = world.card_signature();
    let here = Command::RevokeOtherPhone { asked_on: PHONE, signed_with };
    assert_eq!(world.refusal(&here), Refusal::NothingElsewhere);
    world.run(&Command::Hold { medium: Medium::Card });
    let there = Command::RevokeOtherPhone { asked_on: OTHER_PHONE, signed_with };
    assert_eq!(world.refusal(&there), Refusal::CardSignatureHeld);
}

#[test]
fn move_6_an_application_on_the_phone_that_asks_goes_on() {
    let mut world = changing(Uses::BOTH);
    let signed_with = world.card_signature();
    world.run(&Command::RevokeOtherPhone { asked_on: OTHER_PHONE, signed_with });
    assert!(world.resident().application.is_some());
    world.issue_phone(2);
    world.register(2);
    let id = world.live(Medium::Phone, Use::Signature);
    assert!(matches!(world.status(id), CertificateStatus::Active { .. }));
}

#[test]
fn end_4_an_iphones_are_deleted_by_its_password_or_by_the_card() {
    for by_phone in [true, false] {
        let mut world = World::with_phone_of(Platform::Iphone, Uses::BOTH);
        let command = if by_phone { world.revoke_by_phone() } else { world.revoke_by_card() };
        let retired =
            Event::PhoneRetired { chip: PHONE, platform: Platform::Iphone, at: world.now };
        assert_eq!(world.run(&command).last(), Some(&retired));
        assert_eq!(world.resident().live(Medium::Phone, world.now).count(), 0);
    }
}

#[test]
fn loss_3_the_hotline_revokes_on_request_while_it_answers() {
    let mut world = World::with_phone(Uses::BOTH);
    let call = Command::RevokePhone { chip: PHONE, way: RevocationWay::Hotline };
    world.turn_clock("2026-12-31T23:00:00+09:00");
    let opens = at("2027-01-04T09:30:00+09:00");
    assert_eq!(world.refusal(&call), Refusal::HotlineClosed { opens });
    // HOURS-4: a hold is taken at any hour.
    world.run(&Command::Hold { medium: Medium::Phone });
    world.now = opens;
    let events = world.run(&call);
    assert!(matches!(events[..], [_, _, Event::PhoneRetired { chip: PHONE, .. }]));
    assert_eq!(world.run(&call), []);
}

#[test]
fn end_5_the_hotline_helps_whose_phone_no_longer_works_and_names_the_phone() {
    let mut world = World::with_phone(SIGNATURE);
    let way = RevocationWay::Hotline;
    let other = Command::RevokePhone { chip: OTHER_PHONE, way };
    assert_eq!(world.refusal(&other), Refusal::NoSuchPhone);
    let signature = world.live(Medium::Phone, Use::Signature);
    world.run(&Command::RevokePhone { chip: PHONE, way });
    assert_eq!(world.reason(signature), Some(RevocationReason::CessationOfOperation));
}
