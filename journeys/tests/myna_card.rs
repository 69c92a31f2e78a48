//! Card and phone, read and used by the crate `myna-card`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use inrou_chip::image::Image;
use inrou_chip::memory::InMemoryMedium;
use inrou_chip::{Chip, Interface};
use inrou_journeys::specimen::{self, Specimen};
use inrou_rules::Use;
use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
use myna_card::ap::text::{Attributes, TextAp, ef};
use myna_card::{
    Card, Certificate, Date, Error, MasterFile, Pin, Retries, RsaPublicKey, TokenType,
};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;

#[test]
fn token_information_and_free_certificates_are_read_without_a_pin() {
    let specimen = Specimen::get();
    let mut card = inserted(&specimen.card);
    let mut application = JpkiAp::select(&mut card).unwrap();
    assert_eq!(application.read_token_type().unwrap(), TokenType::Card);
    let information = application.read_token_info().unwrap();
    assert_eq!((information.min_pin_len, information.max_pin_len), (6, 16));
    let availability = application.read_certificate_availability().unwrap();
    assert!(availability.has_sign_certificate() && availability.has_auth_certificate());
    assert_eq!(
        application.read_auth_certificate_der().unwrap(),
        specimen::certificate(&specimen.card, Use::UserAuthentication).as_der()
    );
    let own = application.read_auth_certificate().unwrap();
    let issuers = application.read_auth_ca_certificate().unwrap();
    let on = Date { year: 2026, month: 11, day: 21 };
    Certificate::verify_chain(&[own, issuers], on).unwrap();
    assert!(application.read_sign_certificate_der().is_err());
    application.read_sign_ca_certificate().unwrap();

    let mut phone = inserted(&specimen.phone);
    let mut application = JpkiAp::select(&mut phone).unwrap();
    assert_eq!(application.read_token_type().unwrap(), TokenType::Android);
    assert!(application.read_auth_certificate_der().is_err());
    application.verify_auth_pin(&pin(specimen::USER_AUTHENTICATION_PIN)).unwrap();
    application.read_auth_certificate().unwrap();
}

#[test]
fn both_keys_sign_by_every_scheme() {
    let specimen = Specimen::get();
    for image in [&specimen.card, &specimen.phone] {
        let mut card = inserted(image);
        let mut application = JpkiAp::select(&mut card).unwrap();
        application.verify_auth_pin(&pin(specimen::USER_AUTHENTICATION_PIN)).unwrap();
        application.verify_sign_pin(&pin(specimen::SIGNATURE_PASSWORD)).unwrap();
        for scheme in [
            SignatureScheme::Verbatim,
            SignatureScheme::Sha256Bare,
            SignatureScheme::PreHashedDigestInfo,
            SignatureScheme::Sha256DigestInfo,
            SignatureScheme::PreHashedPss,
            SignatureScheme::Sha256Pss,
        ] {
            application.sign_with_auth_key_checked(scheme, &[0x5A; 32]).unwrap();
            application.sign_with_sign_key_checked(scheme, &[0x5A; 32]).unwrap();
        }
    }
}

#[test]
fn wrong_pins_are_counted_lock_and_can_be_changed_by_who_knows_them() {
    let mut card = inserted(&Specimen::get().card);
    let mut application = JpkiAp::select(&mut card).unwrap();
    assert_eq!(application.sign_pin_retries().unwrap(), Retries::Remaining(5));
    application.change_sign_pin(&pin(specimen::SIGNATURE_PASSWORD), &pin("NEW0PASS")).unwrap();
    application.verify_sign_pin(&pin("NEW0PASS")).unwrap();
    assert_eq!(application.sign_pin_retries().unwrap(), Retries::Remaining(5));
    for left in [2, 1, 0] {
        match application.verify_auth_pin(&pin("9999")) {
            Err(Error::PinIncorrect { retries }) => assert_eq!(retries, Some(left)),
            Err(Error::PinBlocked) => assert_eq!(left, 0),
            other => panic!("{other:?}"),
        }
    }
    let right = pin(specimen::USER_AUTHENTICATION_PIN);
    assert!(matches!(application.verify_auth_pin(&right), Err(Error::PinBlocked)));
    assert_eq!(application.auth_pin_retries().unwrap(), Retries::Blocked);
}

#[test]
fn the_face_input_application_is_read_and_its_records_hold() {
    let specimen = Specimen::get();
    let mut card = inserted(&specimen.card);
    let mut application = TextAp::select(&mut card).unwrap();
    let certificate = application.read_certificate().unwrap();
    certificate.verify_with(&public_key(&specimen.record_root)).unwrap();
    let basic = application.read_ap_basic_data().unwrap();
    assert_eq!(basic.public_key_id, certificate.subject_key_id);
    assert!(application.read_my_number().is_err());
    application.verify_pin(&pin(specimen::CARD_FACE_PIN)).unwrap();
    assert_eq!(application.read_my_number().unwrap().as_str(), specimen::MY_NUMBER);
    let attributes = application.read_attributes().unwrap();
    assert_eq!(attributes.name, "黒桐　幹也");
    assert_eq!(attributes.address, "東京都清瀬市観布子南１２－７－２０２");

    let record = application.read_integrity_record().unwrap();
    record.verify(&certificate.public_key).unwrap();
    assert!(record.matches_my_number_file(&application.read_my_number_file().unwrap()));
    let file = application.read_ef(ef::ATTRIBUTES).unwrap();
    assert!(record.matches_attributes_file(&file).unwrap());
    Attributes::parse(&file).unwrap();

    let key = application.read_signed_public_key().unwrap();
    key.verify(&certificate.public_key).unwrap();
    let signature = application.sign(b"challenge").unwrap();
    key.public_key.verify_pkcs1_sha256(b"challenge", &signature).unwrap();
}

#[test]
fn verification_numbers_open_what_they_are_for() {
    let mut card = inserted(&Specimen::get().card);
    let mut application = TextAp::select(&mut card).unwrap();
    assert_eq!(application.retries(ef::CODE_A).unwrap(), Retries::Remaining(10));
    assert_eq!(application.retries(ef::BLOCKED_0012).unwrap(), Retries::Blocked);
    application.verify_code_a(&pin(specimen::MY_NUMBER)).unwrap();
    application.read_my_number().unwrap();
    assert!(application.read_attributes().is_err());
    application.verify_code_b(&pin(specimen::VERIFICATION_NUMBER_B)).unwrap();
    application.read_attributes().unwrap();
}

#[test]
fn secure_messaging_reads_and_verifies_under_a_session_key() {
    let mut card = inserted(&Specimen::get().card);
    let mut application = TextAp::select(&mut card).unwrap();
    application.verify_code_a(&pin(specimen::MY_NUMBER)).unwrap();
    assert!(matches!(
        application.open_secure_session(&[9; 32]),
        Err(Error::Status(status)) if status.value() == 0x6982
    ));
    application.verify_pin(&pin(specimen::CARD_FACE_PIN)).unwrap();
    let plain = application.read_ef(ef::ATTRIBUTES).unwrap();
    let mut session = application.open_secure_session(&[9; 32]).unwrap();
    assert_eq!(session.read_ef(ef::ATTRIBUTES).unwrap(), plain);
    assert_eq!(session.read_ef_physical(ef::MY_NUMBER).unwrap().len(), 17);
    assert_eq!(session.read_binary(3, 12).unwrap(), specimen::MY_NUMBER.as_bytes());
    session.verify(ef::CODE_B, &pin(specimen::VERIFICATION_NUMBER_B)).unwrap();
    match session.verify(ef::PIN, &pin("0000")) {
        Err(Error::PinIncorrect { retries }) => assert_eq!(retries, Some(2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(session.read_ef(ef::ATTRIBUTES).unwrap(), plain, "a refusal counts as a command");
    assert_eq!(session.counter(), 10);
    // Out of step by a command that the session does not know of.
    session.card().call(&stray_command()).unwrap();
    assert!(session.read_ef(ef::ATTRIBUTES).is_err());
    assert!(session.is_broken());
}

#[test]
fn data_objects_are_read_while_no_application_is_selected() {
    let mut card = inserted(&Specimen::get().card);
    JpkiAp::select(&mut card).unwrap();
    let mut master = MasterFile::select(&mut card).unwrap();
    assert_eq!(master.data_object(0x00F0).unwrap(), b"13221");
    assert_eq!(master.data_object(0x00F2).unwrap(), b"20350217");
    assert!(master.certificate_chain().unwrap().is_empty());
    assert_eq!(card.contact_atr().unwrap(), inrou_chip::chip::ANSWER_TO_RESET);
    assert_ne!(card.get_challenge(16).unwrap(), card.get_challenge(16).unwrap());
}

/// READ BINARY under secure messaging, which counts whatever comes of it.
fn stray_command() -> myna_card::Command {
    let expected = vec![0x96, 0x03, 0x00, 0x00, 0x01];
    myna_card::Command::with_data_le(0x08, 0xB0, 0x00, 0x00, expected, 65536)
}

fn inserted(image: &Image) -> Card<InProcess> {
    let mut chip = specimen::chip(InMemoryMedium::default(), image);
    chip.power_on(Interface::Contactless);
    Card::new(InProcess(chip))
}

struct InProcess(Chip<InMemoryMedium>);

impl myna_card::Transmit for InProcess {
    fn transmit(&mut self, command: &[u8]) -> myna_card::Result<Vec<u8>> {
        Ok(self.0.process(command))
    }
}

fn pin(text: &str) -> Pin {
    Pin::new(text).unwrap()
}

fn public_key(key: &inrou_pki::PublicKey) -> RsaPublicKey {
    let key = rsa::RsaPublicKey::from_pkcs1_der(key.subject_public_key()).unwrap();
    RsaPublicKey { exponent: key.e().to_bytes_be(), modulus: key.n().to_bytes_be() }
}
