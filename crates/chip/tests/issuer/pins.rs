//! Leave to set a PIN.

use inrou_chip::apdu::{Command, StatusWord};
use inrou_chip::issuer::{Operation, PinReference};
use inrou_chip::memory::InMemoryMedium;
use inrou_chip::{Chip, Interface, face_input};
use inrou_rules::{EnrolmentId, Use};

use crate::factory::*;
use crate::files::card;

const REFUSED: StatusWord = StatusWord::SECURITY_STATUS_NOT_SATISFIED;

fn allow(reference: PinReference, enrolment: Option<EnrolmentId>) -> Operation {
    Operation::AllowPin { reference, enrolment }
}

fn lock(chip: &mut Chip<InMemoryMedium>, usage: Use) {
    while verify_pin(chip, usage, b"WRONG0") != StatusWord::BLOCKED {}
}

#[test]
fn apply_5_a_pin_cannot_be_set_without_leave() {
    let mut chip = phone();
    attested_keys(&mut chip, ENROLMENT);
    for usage in Use::ALL {
        assert_eq!(set_pin(&mut chip, usage, b"1234"), REFUSED);
    }
}

#[test]
fn apply_5_a_new_keys_pin_can_be_set_until_its_certificate_comes() {
    let mut chip = phone();
    let certificates = prepare(&mut chip, ENROLMENT);
    chip.power_on(Interface::Local);
    assert_eq!(set_pin(&mut chip, Use::Signature, b"OTHER7"), StatusWord::SUCCESS);
    run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap();
    assert_eq!(verify_pin(&mut chip, Use::Signature, b"OTHER7"), StatusWord::SUCCESS);
    chip.power_on(Interface::Local);
    assert_eq!(set_pin(&mut chip, Use::Signature, PASSWORD), REFUSED);
}

#[test]
fn pin_2_a_reset_is_for_once_and_unlocks() {
    let (mut chip, _) = registered_phone();
    lock(&mut chip, Use::UserAuthentication);
    run(&mut chip, vec![allow(PinReference::UserAuthentication, None)]).unwrap();
    assert_eq!(verify_pin(&mut chip, Use::UserAuthentication, PIN), StatusWord::BLOCKED);
    assert_eq!(set_pin(&mut chip, Use::UserAuthentication, b"2468"), StatusWord::SUCCESS);
    assert_eq!(verify_pin(&mut chip, Use::UserAuthentication, b"2468"), StatusWord::SUCCESS);
    chip.power_on(Interface::Local);
    assert_eq!(set_pin(&mut chip, Use::UserAuthentication, b"1357"), REFUSED, "once");
    assert_eq!(set_pin(&mut chip, Use::Signature, PASSWORD), REFUSED, "that PIN only");
}

#[test]
fn pin_2_a_reset_outlasts_a_new_enrolment() {
    let (mut chip, _) = registered_phone();
    run(&mut chip, vec![allow(PinReference::Signature, None)]).unwrap();
    attested_keys(&mut chip, NEXT_ENROLMENT);
    assert_eq!(set_pin(&mut chip, Use::Signature, b"LONGER1"), StatusWord::SUCCESS);
    assert_eq!(verify_pin(&mut chip, Use::Signature, b"LONGER1"), StatusWord::SUCCESS);
}

#[test]
fn pin_2_leave_outlasts_power_and_a_pin_of_wrong_form() {
    let (mut chip, _) = registered_phone();
    run(&mut chip, vec![allow(PinReference::Signature, None)]).unwrap();
    chip.power_on(Interface::Local);
    assert_eq!(set_pin(&mut chip, Use::Signature, b"short"), StatusWord::WRONG_DATA);
    assert_eq!(set_pin(&mut chip, Use::Signature, b"LONGER1"), StatusWord::SUCCESS);
}

#[test]
fn reg_4_leave_is_not_heeded_over_the_contactless_link() {
    let (mut chip, _) = registered_phone();
    run(&mut chip, vec![allow(PinReference::Signature, None)]).unwrap();
    chip.power_on(Interface::Contactless);
    assert_eq!(set_pin(&mut chip, Use::Signature, b"LONGER1"), REFUSED);
}

#[test]
fn a_new_keys_pin_goes_before_a_verified_one() {
    let (mut chip, _) = registered_phone();
    let certificates = {
        let keys = attested_keys(&mut chip, NEXT_ENROLMENT);
        run(&mut chip, allow_new_pins(NEXT_ENROLMENT)).unwrap();
        certify_both(&keys)
    };
    assert_eq!(verify_pin(&mut chip, Use::Signature, PASSWORD), StatusWord::SUCCESS);
    assert_eq!(set_pin(&mut chip, Use::Signature, b"LONGER1"), StatusWord::SUCCESS);
    chip.power_on(Interface::Local);
    assert_eq!(verify_pin(&mut chip, Use::Signature, PASSWORD), StatusWord::SUCCESS);
    run(&mut chip, vec![store(NEXT_ENROLMENT, &certificates)]).unwrap();
    assert_eq!(verify_pin(&mut chip, Use::Signature, b"LONGER1"), StatusWord::SUCCESS);
}

#[test]
fn leave_needs_a_key_or_pin_that_is_there() {
    let mut chip = phone();
    let refused = StatusWord::DATA_NOT_FOUND;
    assert_eq!(refusal(&mut chip, allow(PinReference::Signature, None)), refused);
    assert_eq!(refusal(&mut chip, allow(PinReference::CardFace, None)), refused, "no such PIN");
    attested_keys(&mut chip, ENROLMENT);
    for reference in PinReference::ALL {
        assert_eq!(refusal(&mut chip, allow(reference, Some(NEXT_ENROLMENT))), refused);
    }
    assert_eq!(refusal(&mut chip, allow(PinReference::CardFace, Some(ENROLMENT))), refused);
}

#[test]
fn card_6_the_counter_unlocks_every_pin_of_a_card() {
    let mut chip = card();
    let face_pin = |chip: &mut Chip<InMemoryMedium>, instruction, p1, pin: &[u8]| {
        let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&face_input::AID);
        assert_eq!(status(chip, &select), StatusWord::SUCCESS);
        status(chip, &Command::new(0x00, instruction, p1, 0x91).with_data(pin))
    };
    while face_pin(&mut chip, 0x20, 0x00, b"0000") != StatusWord::BLOCKED {}
    assert_eq!(face_pin(&mut chip, 0x24, 0x01, b"1111"), REFUSED);
    run(&mut chip, vec![allow(PinReference::CardFace, None)]).unwrap();
    assert_eq!(face_pin(&mut chip, 0x24, 0x01, b"1111"), StatusWord::SUCCESS);
    assert_eq!(face_pin(&mut chip, 0x20, 0x00, b"1111"), StatusWord::SUCCESS);

    let certificates = {
        let keys = attested_keys(&mut chip, ENROLMENT);
        certify_both(&keys)
    };
    run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap();
    lock(&mut chip, Use::Signature);
    run(&mut chip, vec![allow(PinReference::Signature, None)]).unwrap();
    assert_eq!(set_pin(&mut chip, Use::Signature, b"NEWPW1"), StatusWord::SUCCESS);
    assert!(sign(&mut chip, Use::Signature, b"NEWPW1", b"message").is_ok());
}
