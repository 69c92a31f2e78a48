//! What is due on a phone, and recording what was signed.

use inrou_rules::{
    CertificateId, CertificateStatus, Command, Event, HoldCause, Issuance, Medium, Order,
    PhoneStage, Platform, RecordVersion, Refusal, Serial, Standing, Use, Uses, due_issuance,
};
use jiff::SignedDuration;

use crate::world::*;

fn due(world: &World) -> Vec<inrou_rules::DueCertificate> {
    due_issuance(world.resident(), &world.attributes, world.now)
}

fn record_phone(issued: Vec<Issuance>) -> Command {
    Command::RecordPhoneIssuance { enrolment: enrolment(1), issued }
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn applied(uses: Uses) -> World {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, uses);
    world
}

fn assert_rejected(world: &mut World, code: &str) {
    assert_eq!(due(world), []);
    let rejected = Event::ApplicationRejected { enrolment: enrolment(1), code: code.to_owned() };
    assert_eq!(world.run(&record_phone(vec![])), [rejected]);
    assert_eq!(world.resident().application, None);
}

#[test]
fn hours_1_nothing_is_due_before_the_pins_are_set() {
    let mut world = World::with_card(Uses::BOTH);
    world.run(&world.application(1, PHONE, Uses::BOTH));
    assert_eq!(due(&world), []);
    assert_eq!(world.refusal(&record_phone(vec![])), Refusal::ApplicationNotCompleted);
}

#[test]
fn hours_1_nothing_is_due_before_work_begins() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2026-11-21T19:30:00+09:00");
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.turn_clock("2026-11-22T07:59:59.999+09:00");
    assert_eq!(due(&world), []);
    let begins = at("2026-11-22T08:00:00+09:00");
    let refusal = Refusal::ApplicationNotDue { due: begins };
    assert_eq!(world.refusal(&record_phone(vec![])), refusal);
    world.turn_clock("2026-11-22T08:00:00+09:00");
    assert_eq!(due(&world).len(), 2);
}

#[test]
fn hours_1_work_may_be_done_in_the_second_in_which_it_begins() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2026-11-21T10:00:00.75+09:00");
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.turn_clock("2026-11-21T10:00:00.8+09:00");
    let issued = world.signed(Medium::Phone);
    assert!(issued.iter().all(|issuance| issuance.not_before == at(TEN)));
    world.run(&record_phone(issued));
}

#[test]
fn hours_1_a_certificate_signed_before_work_began_is_not_recorded() {
    let mut world = World::with_card(Uses::BOTH);
    world.turn_clock("2026-11-21T19:30:00+09:00");
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    world.turn_clock("2026-11-22T08:00:00+09:00");
    let mut issued = world.signed(Medium::Phone);
    issued[0].not_before = at("2026-11-22T07:59:59+09:00");
    assert_eq!(world.refusal(&record_phone(issued)), Refusal::IssuanceNotDue);
}

#[test]
fn valid_1_a_phone_certificate_ends_with_the_cards_of_the_same_use() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(AUTHENTICATION));
    world.deliver_card();
    // The signature certificate comes after a birthday and ends a year later.
    world.turn_clock("2027-03-01T10:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    for due in due(&world) {
        let source = world.live(Medium::Card, due.usage);
        assert_eq!(due.source, Some(source));
        assert_eq!(due.not_after, world.resident().certificates[&source].not_after);
        assert_eq!(due.order, Order::Enrolment(enrolment(1)));
        assert_eq!((due.medium, due.chip), (Medium::Phone, PHONE));
        assert_eq!((due.not_before, due.record), (world.now, record(0)));
    }
    let ends: Vec<_> = due(&world).iter().map(|due| due.not_after).collect();
    assert_eq!(ends, [at("2032-02-17T23:59:59+09:00"), at("2031-02-17T23:59:59+09:00")]);
}

#[test]
fn valid_1_never_later_than_the_certificate_that_signed_the_application() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(SIGNATURE));
    world.deliver_card();
    world.turn_clock("2027-03-01T10:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    world.apply_and_complete(1, PHONE, AUTHENTICATION);
    let [due] = due(&world).try_into().unwrap();
    assert_eq!(due.source, Some(world.live(Medium::Card, Use::UserAuthentication)));
    assert_eq!(due.not_after, at("2031-02-17T23:59:59+09:00"));
}

#[test]
fn valid_1_where_the_card_has_none_the_signature_certificate_is_the_source() {
    let mut world = World::with_card(SIGNATURE);
    world.apply_and_complete(1, PHONE, AUTHENTICATION);
    let [due_certificate] = due(&world).try_into().unwrap();
    assert_eq!(due_certificate.source, Some(world.card_signature()));
    // One that is not on the card yet is none.
    world.run(&choose(Uses::BOTH));
    world.issue_card_certificates();
    let [due_certificate] = due(&world).try_into().unwrap();
    assert_eq!(due_certificate.source, Some(world.card_signature()));
}

#[test]
fn hours_2_issued_certificates_wait_for_registration() {
    let mut world = applied(Uses::BOTH);
    let events = world.issue_phone(1);
    let ready = Event::RegistrationReady {
        enrolment: enrolment(1),
        chip: PHONE,
        platform: Platform::Android,
        at: world.now,
    };
    assert_eq!(events.len(), 3);
    assert_eq!(events[2], ready);
    let resident = world.resident();
    assert_eq!(resident.application, None);
    let phone = resident.phone.as_ref().unwrap();
    assert_eq!((phone.chip, phone.enrolment), (PHONE, enrolment(1)));
    assert_eq!(phone.stage, PhoneStage::Ready { since: world.now });
    for certificate in resident.live(Medium::Phone, world.now) {
        assert_eq!(certificate.status, CertificateStatus::Issued);
        assert_eq!((certificate.chip, certificate.record), (PHONE, record(0)));
    }
    assert_eq!(resident.live(Medium::Phone, world.now).count(), 2);
}

#[test]
fn an_application_is_issued_once() {
    let mut world = applied(Uses::BOTH);
    let issued = world.signed(Medium::Phone);
    world.run(&record_phone(issued.clone()));
    assert_eq!(world.refusal(&record_phone(issued)), Refusal::NoSuchApplication);
}

#[test]
fn an_order_is_issued_once() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    let issued = world.signed(Medium::Card);
    let record_card = Command::RecordCardIssuance { issued };
    world.run(&record_card);
    assert_eq!(world.refusal(&record_card), Refusal::IssuanceNotDue);
}

#[test]
fn only_what_is_due_is_recorded() {
    let mut world = applied(Uses::BOTH);
    let issued = world.signed(Medium::Phone);
    world.turn_clock("2026-11-21T10:01:00.5+09:00");
    let falsified: [fn(&mut Vec<Issuance>); 10] = [
        |issued| issued.clear(),
        |issued| issued.truncate(1),
        |issued| issued[1] = issued[0].clone(),
        |issued| issued.push(issued[0].clone()),
        |issued| issued[0].not_after += SECOND,
        |issued| issued[0].not_after -= SECOND,
        |issued| issued[0].not_before += SECOND * 61,
        |issued| issued[0].not_before += SignedDuration::from_nanos(1),
        |issued| issued[0].source = None,
        |issued| issued[0].record = RecordVersion(2),
    ];
    for falsify in falsified {
        let mut issued = issued.clone();
        falsify(&mut issued);
        assert_eq!(world.refusal(&record_phone(issued)), Refusal::IssuanceNotDue);
    }
    assert!(world.decide(&record_phone(issued)).is_ok());
}

#[test]
fn a_serial_is_used_once() {
    let mut world = applied(SIGNATURE);
    let mut issued = world.signed(Medium::Phone);
    issued[0].serial = world.card_signature().serial;
    assert_eq!(world.refusal(&record_phone(issued)), Refusal::SerialInUse);
}

#[test]
fn issuance_may_be_taken_up_again_later() {
    let mut world = applied(Uses::BOTH);
    let issued = world.signed(Medium::Phone);
    world.turn_clock("2026-11-22T10:00:00+09:00");
    world.run(&record_phone(issued));
    let phone = world.live(Medium::Phone, Use::Signature);
    assert_eq!(world.resident().certificates[&phone].not_before, at(TEN));
}

#[test]
fn card_8_a_birthday_between_signing_and_recording_changes_nothing() {
    let mut world = World::admitted(ADULT);
    world.turn_clock("2027-02-16T23:59:59+09:00");
    world.run(&issue_card(Uses::BOTH));
    let issued = world.signed(Medium::Card);
    world.turn_clock("2027-02-17T00:00:01+09:00");
    world.run(&Command::RecordCardIssuance { issued });
    let not_after = world.resident().certificates[&world.card_signature()].not_after;
    assert_eq!(not_after, at("2031-02-17T23:59:59+09:00"));
}

#[test]
fn card_7_a_certificate_made_from_lapsed_attributes_is_not_recorded() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    let issued = world.signed(Medium::Card);
    world.run(&world.change_record(false));
    let stale = Command::RecordCardIssuance { issued };
    assert_eq!(world.refusal(&stale), Refusal::IssuanceNotDue);
}

#[test]
fn apply_4_an_application_is_rejected_when_its_certificate_lapses() {
    let mut world = applied(Uses::BOTH);
    let events = world.run(&world.change_record(true));
    let code = "card-signature-revoked".to_owned();
    assert!(events.contains(&Event::ApplicationRejected { enrolment: enrolment(1), code }));
    assert_eq!(world.refusal(&record_phone(vec![])), Refusal::NoSuchApplication);

    let mut world = applied(Uses::BOTH);
    let events = world.run(&Command::Hold { medium: Medium::Card });
    let code = "card-signature-held".to_owned();
    let rejected = Event::ApplicationRejected { enrolment: enrolment(1), code };
    assert_eq!(events.last(), Some(&rejected));
}

#[test]
fn apply_4_an_application_outlives_a_certificate_that_it_does_not_stand_on() {
    let mut world = applied(SIGNATURE);
    world.run(&choose(SIGNATURE));
    assert!(world.resident().application.is_some());
    assert_eq!(due(&world).len(), 1);
}

#[test]
fn apply_4_an_application_is_rejected_at_issuance_if_its_certificate_has_expired() {
    let mut world = applied(Uses::BOTH);
    let issued = world.signed(Medium::Phone);
    world.turn_clock("2031-02-18T08:00:00+09:00");
    let mut other = world.clone();
    assert_rejected(&mut other, "card-signature-expired");
    let events = world.run(&record_phone(issued));
    assert!(matches!(events[..], [Event::ApplicationRejected { .. }]));
}

#[test]
fn card_13_an_application_is_rejected_at_issuance_if_the_resident_is_gone() {
    // As stored before a departure ended everything with it.
    let mut world = applied(Uses::BOTH);
    world.resident_mut().standing = Standing::MovedAbroad;
    world.resident_mut().card.as_mut().unwrap().ordered = Uses::BOTH;
    assert_eq!(due(&world), []);
    let code = "not-on-register".to_owned();
    let rejected = Event::ApplicationRejected { enrolment: enrolment(1), code };
    assert_eq!(world.decide(&record_phone(vec![])), Ok(vec![rejected]));
}

#[test]
fn valid_1_an_application_is_rejected_at_issuance_if_a_source_is_held() {
    let mut world = applied(Uses::BOTH);
    let authentication = world.live(Medium::Card, Use::UserAuthentication);
    let held = CertificateStatus::Held {
        since: world.now,
        was_active: Some(world.now),
        cause: HoldCause::Loss,
    };
    world.resident_mut().certificates.get_mut(&authentication).unwrap().status = held;
    assert_rejected(&mut world, "source-held");
}

#[test]
fn ready_3_an_expired_phone_gives_way_to_a_new_one() {
    let mut world = World::with_phone(Uses::BOTH);
    world.turn_clock("2031-02-18T10:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    world.apply_and_complete(2, OTHER_PHONE, Uses::BOTH);
    let events = world.issue_phone(2);
    let retired = Event::PhoneRetired { chip: PHONE, platform: Platform::Android, at: world.now };
    assert_eq!(events[0], retired);
    assert_eq!(world.resident().phone.as_ref().unwrap().chip, OTHER_PHONE);
    assert_eq!(world.resident().former_phones[0].deletion_due, world.now);
}

#[test]
fn valid_2_an_expired_phone_is_registered_anew() {
    let mut world = World::with_phone(Uses::BOTH);
    world.turn_clock("2031-02-18T10:00:00+09:00");
    world.run(&choose(Uses::BOTH));
    world.deliver_card();
    world.apply_and_complete(2, PHONE, Uses::BOTH);
    assert_eq!(world.issue_phone(2).len(), 3);
    world.register(2);
    assert_eq!(world.resident().former_phones, []);
    assert_eq!(world.resident().live(Medium::Phone, world.now).count(), 2);
}

#[test]
fn a_serial_is_written_as_hexadecimal() {
    assert_eq!(Serial(0x1E_E607).to_string(), "1EE607");
    let id = CertificateId { usage: Use::Signature, serial: Serial(7) };
    assert_eq!(id.serial.to_string(), "000007");
}
