//! STORE DATA: files of a card's applications, block by block.

use std::sync::{Arc, OnceLock};

use inrou_chip::Chip;
use inrou_chip::apdu::{Command, StatusWord};
use inrou_chip::face_input::{self, MyNumber, RecordIssuer};
use inrou_chip::image::{FileId, Image};
use inrou_chip::issuer::{self, Operation, STORE_BLOCK, Target};
use inrou_chip::memory::InMemoryMedium;
use inrou_chip::personalisation::{self, CardData};
use inrou_chip::scp03::{Handshake, HostChannel};
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy};
use inrou_rules::{Attributes, CardFacePin, Sex, SignaturePassword, UserAuthenticationPin};
use jiff::civil::date;
use zeroize::Zeroizing;

use crate::factory::*;

/// A card with PINs and attributes, and without certificates.
pub fn card() -> Chip<InMemoryMedium> {
    static CARD: OnceLock<Image> = OnceLock::new();
    create(InMemoryMedium::default(), CARD.get_or_init(new_card).clone())
}

fn new_card() -> Image {
    let rsa = || FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
    let records = RecordIssuer::certify(&rsa(), Arc::new(rsa())).unwrap();
    let attributes = Attributes {
        name: "黒桐　幹也".to_owned(),
        name_reading: "こくとう　みきや".to_owned(),
        name_substitutes: "00000".to_owned(),
        address: "東京都清瀬市".to_owned(),
        address_reading: "とうきょうときよせし".to_owned(),
        address_substitutes: "000000".to_owned(),
        birth_date: date(1980, 2, 17),
        sex: Sex::Male,
    };
    let data = CardData {
        chip: CHIP,
        attributes: &attributes,
        my_number: &MyNumber::parse(b"123456789010").unwrap(),
        municipality: "13221".parse().unwrap(),
        expires: date(2035, 2, 17),
        security_code: "1234",
        signature_password: Some(&SignaturePassword::parse("ABC123").unwrap()),
        user_authentication_pin: Some(&UserAuthenticationPin::parse("1234").unwrap()),
        card_face_pin: &CardFacePin::parse("5678").unwrap(),
    };
    let issuer = issuer::manufacture(&CHIP, &master(), maker(), &FreshKeys).unwrap();
    personalisation::card(&data, &records, &FreshKeys, &SeededEntropy::new(3), issuer).unwrap()
}

fn write(target: Target, content: &[u8]) -> Operation {
    Operation::WriteFile { target, content: Zeroizing::new(content.to_vec()) }
}

#[test]
fn files_of_every_length_arrive_whole() {
    let mut chip = card();
    // The target takes three bytes of the first block.
    for length in [0, 1, STORE_BLOCK - 4, STORE_BLOCK - 3, STORE_BLOCK - 2, 5 * STORE_BLOCK, 9_000]
    {
        let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let file = face_input::ATTRIBUTES;
        run(&mut chip, vec![write(Target::FaceInput(file), &content)]).unwrap();
        assert_eq!(*chip.image().face_input.as_ref().unwrap().files[&file], *content, "{length}");
    }
}

#[test]
fn a_data_object_is_given_by_get_data() {
    let mut chip = card();
    run(&mut chip, vec![write(Target::DataObject(FileId(0x00F0)), b"27100")]).unwrap();
    let answer = chip.process(&Command::new(0x00, 0xCA, 0x00, 0xF0).expecting(256).to_bytes());
    assert_eq!(answer, b"27100\x90\x00");
}

#[test]
fn a_verification_number_can_be_renewed() {
    let mut chip = card();
    let number = Target::FaceInput(face_input::VERIFICATION_NUMBER_B);
    run(&mut chip, vec![write(number, b"55021720301234")]).unwrap();
    let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&face_input::AID);
    status(&mut chip, &select);
    let verify = Command::new(0x00, 0x20, 0x00, 0x95);
    assert_eq!(status(&mut chip, &verify.with_data(b"55021720301234")), StatusWord::SUCCESS);
}

#[test]
fn residents_pins_and_keys_are_no_targets() {
    let mut chip = card();
    let image = chip.image().clone();
    for file in [
        face_input::PIN,
        face_input::BLOCKED_PIN,
        face_input::SIGNING_KEY,
        FileId(0x0008),
        FileId(0x0099),
    ] {
        let refused = refusal(&mut chip, write(Target::FaceInput(file), b"1234"));
        assert_eq!(refused, StatusWord::FILE_NOT_FOUND, "{file}");
    }
    assert_eq!(*chip.image(), image);
}

#[test]
fn a_phone_has_no_face_input_application() {
    let refused = refusal(&mut phone(), write(Target::FaceInput(face_input::ATTRIBUTES), b"-"));
    assert_eq!(refused, StatusWord::FILE_NOT_FOUND);
}

#[test]
fn a_file_too_long_to_be_read_is_refused() {
    let target = Target::FaceInput(face_input::ATTRIBUTES);
    let content = vec![0; 0x7FFF];
    run(&mut card(), vec![write(target, &content)]).unwrap();
    let refused = refusal(&mut card(), write(target, &[&content[..], b"."].concat()));
    assert_eq!(refused, StatusWord::NOT_ENOUGH_MEMORY);
    let refused = refusal(&mut card(), write(target, &vec![0; 300 * STORE_BLOCK]));
    assert_eq!(refused, StatusWord::NOT_ENOUGH_MEMORY);
}

/// A channel in which a test says each command itself.
fn channel(chip: &mut Chip<InMemoryMedium>) -> HostChannel {
    let (handshake, initialize) = Handshake::new(CHIP, master().diversify(&CHIP), [5; 8]);
    let answer = chip.process(&initialize);
    let (host, authenticate) = handshake.finish(&answer[..answer.len() - 2]).unwrap();
    assert_eq!(chip.process(&authenticate), [0x90, 0x00]);
    host
}

#[test]
fn blocks_out_of_order_are_refused() {
    let first = [0x02, 0x00, 0x02, b'a'];
    let missing = StatusWord::CONDITIONS_NOT_SATISFIED;
    for (case, blocks, refused) in [
        ("begins in the middle", &[(0x00, 1)][..], missing),
        ("ends before it began", &[(0x80, 3)][..], missing),
        ("leaves one out", &[(0x00, 0), (0x00, 2)][..], missing),
        ("repeats one", &[(0x00, 0), (0x00, 1), (0x00, 1)][..], missing),
        ("goes back", &[(0x00, 0), (0x00, 1), (0x00, 2), (0x00, 1)][..], missing),
        ("goes on after the last", &[(0x80, 0), (0x00, 1)][..], missing),
        ("unknown P1", &[(0x40, 0)][..], StatusWord::WRONG_P1_P2),
    ] {
        let mut chip = card();
        let mut host = channel(&mut chip);
        let mut last = StatusWord::SUCCESS;
        for &(p1, block) in blocks {
            assert_eq!(last, StatusWord::SUCCESS, "{case}");
            let data: &[u8] = if block == 0 { &first } else { b"more" };
            let answer = chip.process(&host.protect(0xE2, p1, block, data));
            last = host.accept(&answer).unwrap().status;
        }
        assert_eq!(last, refused, "{case}");
    }
}

#[test]
fn a_file_that_did_not_end_is_not_written() {
    let mut chip = card();
    let image = chip.image().clone();
    let mut host = channel(&mut chip);
    chip.process(&host.protect(0xE2, 0x00, 0, &[0x02, 0x00, 0x02, b'a']));
    let mut host = channel(&mut chip);
    let answer = chip.process(&host.protect(0xE2, 0x80, 1, b"b"));
    assert_eq!(host.accept(&answer).unwrap().status, StatusWord::CONDITIONS_NOT_SATISFIED);
    assert_eq!(*chip.image(), image);
}
