//! Events that do not fit the state leave it unchanged.

use inrou_rules::{
    ApplicationStage, CertificateId, CertificateStatus, Change, Event, HoldCause, Medium,
    OperationId, PhoneStage, Platform, RevocationReason, Serial, Use, Uses, apply,
};

use crate::world::*;

#[track_caller]
fn assert_does_not_fit(world: &World, event: &Event) {
    assert_eq!(apply(world.resident.clone(), event), world.resident, "{event:?}");
}

fn revoked(id: CertificateId) -> Event {
    Event::CertificateRevoked {
        id,
        at: at("2030-01-01T00:00:00Z"),
        reason: RevocationReason::KeyCompromise,
    }
}

#[test]
fn nothing_but_an_admission_makes_a_resident() {
    let event = Event::CardCertificatesOrdered { uses: Uses::BOTH };
    assert_eq!(apply(None, &event), None);
    let world = World::with_card(Uses::BOTH);
    let [admitted] = World::empty(ADULT).decide(&admit()).unwrap().try_into().unwrap();
    assert_does_not_fit(&world, &admitted);
}

#[test]
fn a_record_version_out_of_order_does_not_fit() {
    let world = World::with_card(Uses::BOTH);
    for version in [0, 2] {
        let event = Event::RecordChanged {
            record: record(version),
            commitment: String::new(),
            change: Change::default(),
            municipality: elsewhere(),
        };
        assert_does_not_fit(&world, &event);
    }
}

#[test]
fn without_a_card_nothing_is_ordered_or_lost() {
    let world = World::admitted(ADULT);
    assert_does_not_fit(&world, &Event::CardCertificatesOrdered { uses: Uses::BOTH });
    assert_does_not_fit(&world, &Event::LossReported { medium: Medium::Card, at: world.now });
}

#[test]
fn another_application_does_not_fit() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    let (other, at) = (enrolment(2), world.now);
    let (chip, platform) = (OTHER_PHONE, Platform::Iphone);
    let signed = Event::ApplicationSigned {
        enrolment: other,
        chip,
        platform,
        uses: Uses::BOTH,
        signed_with: world.card_signature(),
        replaces: None,
        at,
    };
    assert_does_not_fit(&world, &signed);
    assert_does_not_fit(&world, &Event::ApplicationWithdrawn { enrolment: other });
    let rejected = Event::ApplicationRejected { enrolment: other, code: String::new() };
    assert_does_not_fit(&world, &rejected);
    let ready = Event::RegistrationReady { enrolment: other, chip, platform, at };
    assert_does_not_fit(&world, &ready);
    assert_does_not_fit(&world, &Event::ApplicationCompleted { enrolment: other, at, due: at });
}

#[test]
fn an_application_is_completed_once() {
    let mut world = World::with_card(Uses::BOTH);
    world.run(&world.application(1, PHONE, Uses::BOTH));
    let due = at("2030-01-01T00:00:00Z");
    let other = Event::ApplicationCompleted { enrolment: enrolment(2), at: due, due };
    assert_does_not_fit(&world, &other);
    let completed = Event::ApplicationCompleted { enrolment: enrolment(1), at: world.now, due };
    world.take(std::slice::from_ref(&completed));
    let stage = ApplicationStage::Completed { at: world.now, due };
    assert_eq!(world.resident().application.as_ref().unwrap().stage, stage);
    let again = Event::ApplicationCompleted { enrolment: enrolment(1), at: due, due };
    assert_does_not_fit(&world, &again);
}

#[test]
fn a_certificate_is_issued_once() {
    let world = World::with_card(Uses::BOTH);
    let mut certificate = world.resident().certificates[&world.card_signature()].clone();
    certificate.status = CertificateStatus::Issued;
    assert_does_not_fit(&world, &Event::CertificateIssued { certificate });
}

#[test]
fn a_phones_certificate_does_not_fill_the_cards_order() {
    let mut world = World::with_card(SIGNATURE);
    world.apply_and_complete(1, PHONE, AUTHENTICATION);
    world.run(&choose(Uses::BOTH));
    world.issue_phone(1);
    assert_eq!(world.resident().card.as_ref().unwrap().ordered, AUTHENTICATION);
}

#[test]
fn a_certificate_that_is_not_there_changes_nothing() {
    let world = World::with_card(Uses::BOTH);
    let id = CertificateId { usage: Use::Signature, serial: Serial(99) };
    assert_does_not_fit(&world, &Event::CertificateActivated { id, at: world.now });
    assert_does_not_fit(
        &world,
        &Event::CertificateHeld { id, at: world.now, cause: HoldCause::Loss },
    );
    assert_does_not_fit(&world, &revoked(id));
}

#[test]
fn an_active_a_held_and_a_revoked_certificate_are_not_activated() {
    let mut world = World::with_card(Uses::BOTH);
    let id = world.card_signature();
    let activated = Event::CertificateActivated { id, at: at("2030-01-01T00:00:00Z") };
    assert_does_not_fit(&world, &activated);
    world.take(&[Event::CertificateHeld { id, at: world.now, cause: HoldCause::Loss }]);
    assert_does_not_fit(&world, &activated);
    world.take(&[revoked(id)]);
    assert_does_not_fit(&world, &activated);
}

#[test]
fn a_held_or_revoked_certificate_is_not_held_again() {
    let mut world = World::with_card(Uses::BOTH);
    let id = world.card_signature();
    let held = |when| Event::CertificateHeld { id, at: at(when), cause: HoldCause::Loss };
    world.take(&[held(TEN)]);
    assert_does_not_fit(&world, &held("2030-01-01T00:00:00Z"));
    world.take(&[revoked(id)]);
    assert_does_not_fit(&world, &held("2030-01-01T00:00:00Z"));
}

#[test]
fn the_first_revocation_stands() {
    let mut world = World::with_card(Uses::BOTH);
    let id = world.card_signature();
    world.run(&choose(Uses::NONE));
    assert_does_not_fit(&world, &revoked(id));
}

#[test]
fn another_phone_is_not_registered_retired_or_emptied() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.issue_phone(1);
    let at = world.now;
    let (chip, platform) = (OTHER_PHONE, Platform::Android);
    let registered = Event::PhoneRegistered { enrolment: enrolment(2), chip, at };
    assert_does_not_fit(&world, &registered);
    assert_eq!(
        world.resident().phone.as_ref().unwrap().stage,
        PhoneStage::Ready { since: world.now }
    );
    assert_does_not_fit(&world, &Event::PhoneRetired { chip, platform, at });
    world.run(&world.revoke_by_card());
    assert_does_not_fit(&world, &Event::DeletionConfirmed { chip, at });
    assert_does_not_fit(&world, &Event::PhoneRetired { chip: PHONE, platform, at });
}

#[test]
fn a_signature_certificate_is_not_resumed_and_no_other_that_is_not_held() {
    let mut world = World::with_card(Uses::BOTH);
    let ids = Use::ALL.map(|usage| world.live(Medium::Card, usage));
    for id in ids {
        let resumed = Event::CertificateResumed { id, at: world.now, cause: HoldCause::Loss };
        assert_does_not_fit(&world, &resumed);
        world.take(&[Event::CertificateHeld { id, at: world.now, cause: HoldCause::Loss }]);
        let other = Event::CertificateResumed { id, at: world.now, cause: HoldCause::Operator };
        assert_does_not_fit(&world, &other);
    }
    let [signature, _] = ids;
    let resumed =
        Event::CertificateResumed { id: signature, at: world.now, cause: HoldCause::Loss };
    assert_does_not_fit(&world, &resumed);
}

#[test]
fn no_deletion_is_overdue_and_nothing_is_asked_for_that_is_not_there() {
    let world = World::with_phone(Uses::BOTH);
    assert_does_not_fit(&world, &Event::DeletionOverdue { chip: PHONE, at: world.now });
    let id = CertificateId { usage: Use::Signature, serial: Serial(99) };
    let operation = OperationId::from_bytes([1; 16]);
    assert_does_not_fit(&world, &Event::ReapplicationAsked { id, operation, at: world.now });
    let world = World::admitted(ADULT);
    assert_does_not_fit(&world, &Event::CardFound { at: world.now });
}

#[test]
fn the_first_moment_of_a_hold_and_of_an_overdue_deletion_stands() {
    let mut world = World::with_phone(Uses::BOTH);
    let id = world.live(Medium::Phone, Use::UserAuthentication);
    let held = |when, cause| Event::CertificateHeld { id, at: at(when), cause };
    world.take(&[held(TEN, HoldCause::Operator), held("2030-01-01T00:00:00Z", HoldCause::Loss)]);
    let CertificateStatus::Held { since, cause, .. } = world.status(id) else { panic!() };
    assert_eq!((since, cause), (at(TEN), HoldCause::LossAndOperator));
    world.run(&world.revoke_by_card());
    let overdue = |when| Event::DeletionOverdue { chip: PHONE, at: at(when) };
    world.take(&[overdue(TEN)]);
    assert_does_not_fit(&world, &overdue("2030-01-01T00:00:00Z"));
}
