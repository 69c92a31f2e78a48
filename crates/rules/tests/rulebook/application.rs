//! Applying for certificates on a phone.

use inrou_rules::{
    ApplicationStage, BusinessHours, CertificateId, Command, Event, Medium, Platform, Refusal,
    Serial, Use, Uses,
};
use jiff::civil::{date, time};

use crate::world::*;

#[test]
fn ready_1_an_application_needs_a_card() {
    let world = World::admitted(ADULT);
    let command = Command::Apply {
        enrolment: enrolment(1),
        chip: PHONE,
        platform: Platform::Android,
        uses: Uses::BOTH,
        confirmed: true,
        consent: false,
        signed_with: CertificateId { usage: Use::Signature, serial: Serial(1) },
    };
    assert_eq!(world.refusal(&command), Refusal::NoCard);
}

#[test]
fn ready_3_certificates_on_another_phone_refuse_the_application() {
    let mut world = World::with_phone(AUTHENTICATION);
    let elsewhere = world.application(2, OTHER_PHONE, SIGNATURE);
    assert_eq!(world.refusal(&elsewhere), Refusal::PhoneElsewhere);
    world.run(&Command::Hold { medium: Medium::Phone });
    assert_eq!(world.refusal(&elsewhere), Refusal::PhoneElsewhere);
}

#[test]
fn ready_3_certificates_waiting_for_registration_on_another_phone_refuse_it_too() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.issue_phone(1);
    let elsewhere = world.application(2, OTHER_PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&elsewhere), Refusal::PhoneElsewhere);
}

#[test]
fn ready_3_whatever_the_mix_of_android_and_iphone() {
    for old in [Platform::Android, Platform::Iphone] {
        let world = World::with_phone_of(old, Uses::BOTH);
        for new in [Platform::Android, Platform::Iphone] {
            world.refusal(&world.application_of(new, 2, OTHER_PHONE, Uses::BOTH));
        }
    }
}

#[test]
fn ready_3_a_use_that_the_phone_carries_is_refused_and_a_missing_one_is_not() {
    let mut world = World::with_phone(AUTHENTICATION);
    let usage = Use::UserAuthentication;
    for uses in [Uses::BOTH, AUTHENTICATION] {
        let again = world.application(2, PHONE, uses);
        assert_eq!(world.refusal(&again), Refusal::AlreadyCarried { usage });
    }
    world.apply_and_complete(2, PHONE, SIGNATURE);
    world.issue_phone(2);
    world.register(2);
    assert_eq!(world.resident().live(Medium::Phone, world.now).count(), 2);
}

#[test]
fn ready_3_a_phone_that_has_yet_to_delete_is_refused() {
    let mut world = World::with_phone(Uses::BOTH);
    world.run(&world.revoke_by_phone());
    let again = world.application(2, PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&again), Refusal::DeletionDue { since: world.now });
    assert_eq!(world.decide(&world.application(2, OTHER_PHONE, Uses::BOTH)).unwrap().len(), 1);
    world.run(&Command::ConfirmDeletion { chip: PHONE });
    assert_eq!(world.decide(&again).unwrap().len(), 1);
}

#[test]
fn apply_2_either_or_both_may_be_applied_for() {
    for uses in [SIGNATURE, AUTHENTICATION, Uses::BOTH] {
        let mut world = World::with_card(Uses::BOTH);
        let signed = Event::ApplicationSigned {
            enrolment: enrolment(1),
            chip: PHONE,
            platform: Platform::Android,
            uses,
            signed_with: world.card_signature(),
            replaces: None,
            at: world.now,
        };
        assert_eq!(world.run(&world.application(1, PHONE, uses)), [signed]);
        let application = world.resident().application.as_ref().unwrap();
        assert_eq!((application.uses, application.stage), (uses, ApplicationStage::Signed));
    }
}

#[test]
fn apply_2_none_selected_is_refused() {
    let world = World::with_card(Uses::BOTH);
    let none = world.application(1, PHONE, Uses::NONE);
    assert_eq!(world.refusal(&none), Refusal::NoneSelected);
}

#[test]
fn apply_3_unconfirmed_notices_are_refused() {
    let world = World::with_card(Uses::BOTH);
    let unconfirmed = Command::Apply {
        enrolment: enrolment(1),
        chip: PHONE,
        platform: Platform::Android,
        uses: Uses::BOTH,
        confirmed: false,
        consent: false,
        signed_with: world.card_signature(),
    };
    assert_eq!(world.refusal(&unconfirmed), Refusal::NotConfirmed);
}

#[test]
fn apply_4_the_certificate_is_the_applicants_own_cards_signature_certificate() {
    let world = World::with_phone(Uses::BOTH);
    for signed_with in [
        CertificateId { usage: Use::Signature, serial: Serial(99) },
        world.live(Medium::Card, Use::UserAuthentication),
        world.live(Medium::Phone, Use::Signature),
    ] {
        let command = Command::Apply {
            enrolment: enrolment(2),
            chip: PHONE,
            platform: Platform::Android,
            uses: Uses::BOTH,
            confirmed: true,
            consent: false,
            signed_with,
        };
        assert_eq!(world.refusal(&command), Refusal::CardSignatureUnknown);
    }
}

#[test]
fn apply_4_the_certificate_is_not_that_of_an_earlier_card() {
    let mut world = World::with_card(Uses::BOTH);
    let earlier = world.application(1, PHONE, Uses::BOTH);
    world.turn_clock("2036-02-18T10:00:00+09:00");
    let presence = inrou_rules::Presence::InPerson;
    let (card, chip, uses) = (card_id(4), OTHER_PHONE, Uses::BOTH);
    world.run(&Command::IssueCard { card, chip, uses, presence, by: home() });
    assert_eq!(world.refusal(&earlier), Refusal::CardSignatureUnknown);
}

#[test]
fn apply_4_the_certificate_is_on_the_card() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.issue_card_certificates();
    let command = world.application(1, PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&command), Refusal::CardSignatureNotActive);
}

#[test]
fn apply_4_the_certificate_is_not_held() {
    let mut world = World::with_card(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    let command = world.application(1, PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&command), Refusal::CardSignatureHeld);
}

#[test]
fn apply_4_the_certificate_is_not_revoked() {
    let mut world = World::with_card(Uses::BOTH);
    world.run(&choose(AUTHENTICATION));
    let command = world.application(1, PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&command), Refusal::CardSignatureRevoked);
}

#[test]
fn apply_4_the_certificate_is_not_expired() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2031-02-17T23:59:59+09:00");
    let command = world.application(1, PHONE, Uses::BOTH);
    assert_eq!(world.decide(&command).unwrap().len(), 1);
    world.turn_clock("2031-02-18T00:00:00+09:00");
    let not_after = at("2031-02-17T23:59:59+09:00");
    assert_eq!(world.refusal(&command), Refusal::CardSignatureExpired { not_after });
}

#[test]
fn card_3_an_applicant_who_turns_out_to_be_under_15_gets_no_signature_certificate() {
    let mut world = World::with_card(Uses::BOTH);
    world.attributes = attributes(date(2012, 2, 17));
    let signature = world.application(1, PHONE, SIGNATURE);
    assert_eq!(world.refusal(&signature), Refusal::UnderFifteen);
    assert_eq!(world.decide(&world.application(1, PHONE, AUTHENTICATION)).unwrap().len(), 1);
}

#[test]
fn valid_1_a_held_source_refuses_the_application() {
    // After a card is found, a new signature certificate may come before the other hold is lifted.
    let mut world = World::with_card(Uses::BOTH);
    world.run(&Command::Hold { medium: Medium::Card });
    world.resident_mut().card.as_mut().unwrap().lost_since = None;
    world.run(&choose(AUTHENTICATION));
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    let usage = Use::UserAuthentication;
    let both = world.application(1, PHONE, Uses::BOTH);
    assert_eq!(world.refusal(&both), Refusal::SourceHeld { usage });
    assert_eq!(world.decide(&world.application(1, PHONE, SIGNATURE)).unwrap().len(), 1);
}

#[test]
fn apply_1_a_newer_application_takes_the_place_of_a_pending_one() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    let events = world.run(&world.application(2, OTHER_PHONE, SIGNATURE));
    assert_eq!(events[0], Event::ApplicationWithdrawn { enrolment: enrolment(1) });
    assert_eq!(events.len(), 2);
    assert_eq!(world.resident().application.as_ref().unwrap().enrolment, enrolment(2));
    let complete = Command::CompleteApplication { enrolment: enrolment(1) };
    assert_eq!(world.refusal(&complete), Refusal::NoSuchApplication);
}

#[test]
fn apply_1_a_refused_application_leaves_the_pending_one_alone() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.refusal(&world.application(2, OTHER_PHONE, Uses::NONE));
    assert_eq!(world.resident().application.as_ref().unwrap().enrolment, enrolment(1));
}

#[test]
fn apply_1_the_same_application_sent_again_changes_nothing() {
    let mut world = World::with_card(Uses::BOTH);
    let command = world.application(1, PHONE, Uses::BOTH);
    world.run(&command);
    world.turn_clock("2026-11-21T10:05:00+09:00");
    assert_eq!(world.run(&command), []);
    world.run(&Command::CompleteApplication { enrolment: enrolment(1) });
    assert_eq!(world.run(&command), []);
    let different = world.application(1, PHONE, SIGNATURE);
    assert_eq!(world.refusal(&different), Refusal::EnrolmentInUse);
}

#[test]
fn hours_1_a_completed_application_is_due_by_the_hours() {
    for (completed, due) in [
        ("2026-11-21T07:59:59+09:00", "2026-11-21T08:00:00+09:00"),
        ("2026-11-21T08:00:00+09:00", "2026-11-21T08:00:00+09:00"),
        ("2026-11-21T19:29:59.9+09:00", "2026-11-21T19:29:59.9+09:00"),
        ("2026-11-21T19:30:00+09:00", "2026-11-22T08:00:00+09:00"),
    ] {
        let mut world = World::with_card(Uses::BOTH);
        world.turn_clock(completed);
        world.run(&world.application(1, PHONE, Uses::BOTH));
        let complete = Command::CompleteApplication { enrolment: enrolment(1) };
        let event =
            Event::ApplicationCompleted { enrolment: enrolment(1), at: world.now, due: at(due) };
        assert_eq!(world.run(&complete), [event]);
        let stage = ApplicationStage::Completed { at: world.now, due: at(due) };
        assert_eq!(world.resident().application.as_ref().unwrap().stage, stage);
        assert_eq!(world.run(&complete), []);
    }
}

#[test]
fn hours_1_the_hours_come_from_the_settings() {
    let mut world = World::with_card(Uses::BOTH);
    world.settings.business_hours =
        BusinessHours::new(time(11, 0, 0, 0), time(12, 0, 0, 0)).unwrap();
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    let due = at("2026-11-21T11:00:00+09:00");
    let stage = ApplicationStage::Completed { at: world.now, due };
    assert_eq!(world.resident().application.as_ref().unwrap().stage, stage);
}

#[test]
fn reg_3_an_application_whose_pins_were_not_set_gives_way_to_another_on_its_chip() {
    let mut world = World::with_card(Uses::BOTH);
    let command = Command::WithdrawApplication { enrolment: enrolment(1) };
    assert_eq!(world.run(&command), []);
    world.run(&world.application(1, PHONE, Uses::BOTH));
    assert_eq!(world.run(&command), [Event::ApplicationWithdrawn { enrolment: enrolment(1) }]);
    assert_eq!(world.resident().application, None);
    assert_eq!(world.run(&command), []);
}

#[test]
fn reg_3_a_complete_application_is_not_given_up() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    let command = Command::WithdrawApplication { enrolment: enrolment(1) };
    assert_eq!(world.refusal(&command), Refusal::ApplicationUnderWay);
    let other = Command::WithdrawApplication { enrolment: enrolment(2) };
    assert_eq!(world.run(&other), []);
}

#[test]
fn hours_1_an_application_that_cannot_be_granted_is_rejected_once() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    let code = Refusal::PhoneServesAnother.code().to_owned();
    let reject = |n| Command::RejectApplication { enrolment: enrolment(n), code: code.clone() };
    assert_eq!(world.run(&reject(2)), []);
    let rejected = Event::ApplicationRejected { enrolment: enrolment(1), code: code.clone() };
    assert_eq!(world.run(&reject(1)), [rejected]);
    assert_eq!(world.resident().application, None);
    assert_eq!(world.run(&reject(1)), []);
}
