//! The card's own certificates, from order to delivery.

use inrou_rules::{
    CardFacePin, CertificateId, CertificateStatus, Command, Event, Medium, Order, PinForm, Refusal,
    Serial, SignaturePassword, Use, UserAuthenticationPin, Uses, due_issuance,
};
use jiff::civil::date;

use crate::world::*;

#[test]
fn card_4_a_signature_password_has_6_to_16_upper_case_letters_and_digits() {
    for good in ["ABC123", "1BCDEF", "A234567890123456"] {
        assert_eq!(SignaturePassword::parse(good).unwrap().as_bytes(), good.as_bytes());
    }
    for (bad, form) in [
        ("", PinForm::Length),
        ("ABC12", PinForm::Length),
        ("A2345678901234567", PinForm::Length),
        ("ABCDEF", PinForm::NoDigit),
        ("123456", PinForm::NoLetter),
        ("abc123", PinForm::Character),
        ("ABC-123", PinForm::Character),
        ("ＡＢＣ１２３", PinForm::Character),
    ] {
        assert_eq!(SignaturePassword::parse(bad), Err(form), "{bad}");
    }
}

#[test]
fn card_5_a_pin_has_exactly_four_digits() {
    assert_eq!(UserAuthenticationPin::parse("0417").unwrap().as_bytes(), b"0417");
    assert_eq!(CardFacePin::parse("9999").unwrap().as_bytes(), b"9999");
    for (bad, form) in [
        ("041", PinForm::Length),
        ("04171", PinForm::Length),
        ("", PinForm::Length),
        ("041A", PinForm::Character),
        ("０４１７", PinForm::Character),
    ] {
        assert_eq!(UserAuthenticationPin::parse(bad), Err(form), "{bad}");
        assert_eq!(CardFacePin::parse(bad), Err(form), "{bad}");
    }
}

#[test]
fn card_5_a_pin_that_is_easily_guessed_is_known_as_such() {
    let guessed =
        |pin: &str, born| UserAuthenticationPin::parse(pin).unwrap().is_easily_guessed(born);
    for pin in ["0000", "1234", "4321", "7890", "0987", "1212"] {
        assert!(guessed(pin, None), "{pin}");
    }
    let born = date(1980, 2, 17);
    for pin in ["1980", "0217", "1702", "8002"] {
        assert!(guessed(pin, Some(born)), "{pin}");
        assert!(!guessed(pin, None), "{pin}");
    }
    for pin in ["0417", "2468", "1357", "1123"] {
        assert!(!guessed(pin, Some(born)), "{pin}");
    }
}

#[test]
fn pin_1_five_and_three_tries() {
    let tries = (SignaturePassword::TRIES, UserAuthenticationPin::TRIES, CardFacePin::TRIES);
    assert_eq!(tries, (5, 3, 3));
}

#[test]
fn a_pin_is_not_shown() {
    let password = SignaturePassword::parse("ABC123").unwrap();
    assert_eq!(format!("{password:?}"), "SignaturePassword(..)");
    assert_eq!(format!("{:?}", attributes(ADULT)), "Attributes(..)");
    assert_ne!(password, SignaturePassword::parse("ABC124").unwrap());
}

#[test]
fn card_8_what_is_on_order_is_due_at_once_and_ends_with_the_fifth_birthday() {
    let mut world = World::admitted(ADULT);
    world.turn_clock("2026-11-21T10:00:00.75+09:00");
    assert_eq!(due_issuance(world.resident(), &world.attributes, world.now), []);
    world.run(&issue_card(Uses::BOTH));
    let due = due_issuance(world.resident(), &world.attributes, world.now);
    let uses: Uses = due.iter().map(|due| due.usage).collect();
    assert_eq!((due.len(), uses), (2, Uses::BOTH));
    for due in due {
        assert_eq!(due.order, Order::Card(card_id(3)));
        assert_eq!((due.medium, due.chip), (Medium::Card, CARD_CHIP));
        assert_eq!(due.not_before, at(TEN));
        assert_eq!(due.not_after, at("2031-02-17T23:59:59+09:00"));
        assert_eq!((due.source, due.record), (None, record(0)));
    }
}

#[test]
fn card_8_a_certificate_ends_with_the_card() {
    let mut world = World::admitted(date(2010, 2, 17));
    world.run(&issue_card(Uses::NONE));
    world.turn_clock("2030-11-21T10:00:00+09:00");
    world.run(&choose(AUTHENTICATION));
    let due = due_issuance(world.resident(), &world.attributes, world.now);
    assert_eq!(due[0].not_after, at("2031-02-17T23:59:59+09:00"));
}

#[test]
fn card_8_a_certificate_is_expired_once_its_last_second_has_passed() {
    let mut world = World::with_card(Uses::BOTH);
    let signature = world.resident().certificates[&world.card_signature()].clone();
    world.turn_clock("2031-02-17T23:59:59.999+09:00");
    assert!(!signature.is_expired(world.now));
    assert!(signature.is_live(world.now) && signature.is_usable(world.now));
    world.turn_clock("2031-02-18T00:00:00+09:00");
    assert!(signature.is_expired(world.now));
    assert!(!signature.is_live(world.now) && !signature.is_usable(world.now));
}

#[test]
fn card_8_nothing_is_ordered_for_an_expired_card() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.turn_clock("2036-02-17T23:59:59+09:00");
    assert_eq!(due_issuance(world.resident(), &world.attributes, world.now).len(), 2);
    world.turn_clock("2036-02-18T00:00:00+09:00");
    assert_eq!(due_issuance(world.resident(), &world.attributes, world.now), []);
    assert_eq!(world.refusal(&choose(Uses::NONE)).code(), "card-expired");
}

#[test]
fn card_3_an_order_for_a_resident_under_15_is_not_due() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.attributes = attributes(date(2012, 2, 17));
    let due = due_issuance(world.resident(), &world.attributes, world.now);
    assert!(due.iter().all(|due| due.usage == Use::UserAuthentication));
    assert_eq!(due.len(), 1);
}

#[test]
fn card_11_nothing_is_issued_to_a_lost_card() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.run(&Command::Hold { medium: Medium::Card });
    assert_eq!(due_issuance(world.resident(), &world.attributes, world.now), []);
}

#[test]
fn card_1_issued_certificates_wait_for_delivery() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    let events = world.issue_card_certificates();
    assert_eq!(events.len(), 2);
    assert!(world.resident().card.as_ref().unwrap().ordered.is_empty());
    let signature = world.card_signature();
    assert_eq!(world.status(signature), CertificateStatus::Issued);
    assert!(!world.resident().certificates[&signature].is_usable(world.now));
    assert!(world.resident().certificates[&signature].is_undelivered());

    let certificates = world.waiting(Medium::Card);
    let activate = Command::ActivateCard { certificates };
    assert_eq!(world.run(&activate).len(), 2);
    assert_eq!(world.status(signature), CertificateStatus::Active { since: world.now });
    assert!(!world.resident().certificates[&signature].is_undelivered());
    assert_eq!(world.run(&activate), []);
}

#[test]
fn card_1_a_receipt_may_name_one_certificate_at_a_time() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.issue_card_certificates();
    for id in world.waiting(Medium::Card) {
        let events = world.run(&Command::ActivateCard { certificates: vec![id] });
        assert_eq!(events, [Event::CertificateActivated { id, at: world.now }]);
    }
}

#[test]
fn card_1_a_receipt_names_only_what_was_issued_for_the_card() {
    let world = World::admitted(ADULT);
    let receipt = |id| Command::ActivateCard { certificates: vec![id] };
    let stranger = CertificateId { usage: Use::Signature, serial: Serial(99) };
    assert_eq!(world.refusal(&receipt(stranger)), Refusal::NoCard);
    let world = World::with_phone(Uses::BOTH);
    assert_eq!(world.refusal(&receipt(stranger)), Refusal::CertificateUnknown);
    let on_phone = world.live(Medium::Phone, Use::Signature);
    assert_eq!(world.refusal(&receipt(on_phone)), Refusal::CertificateUnknown);
}
