//! The secure channel and what chips sign, judged by PyPI's yubikey-manager and cryptography: a
//! Python program is the issuer, the chip runs here, and a pipe carries the APDUs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use inrou_chip::face_input::{self, MyNumber, RecordIssuer};
use inrou_chip::image::Image;
use inrou_chip::issuer::{MakerCa, manufacture};
use inrou_chip::memory::{InMemoryMedium, Memory};
use inrou_chip::personalisation::{self, CardData};
use inrou_chip::scp03::MasterKey;
use inrou_chip::{Chip, Interface};
use inrou_journeys::python;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SystemEntropy};
use inrou_rules::{Attributes, CardFacePin, ChipId, Sex};
use jiff::civil::date;

const MASTER: [u8; 16] = *b"a test's own key";
const CHIP: ChipId = ChipId::from_bytes(*b"a chip of a test");

#[test]
fn yubikit_authenticates_at_level_33_and_judges_the_attestations() {
    judge("keys_and_attestations");
}

#[test]
fn yubikit_with_the_keys_of_another_chip_is_refused_and_refuses() {
    judge("wrong_keys");
}

#[test]
fn yubikit_at_a_lower_level_is_refused() {
    judge("lower_level");
}

#[test]
fn yubikit_repeating_a_command_loses_the_channel() {
    judge("replay");
}

#[test]
fn yubikit_writes_long_files() {
    let image = judge("long_data");
    let content: Vec<u8> = (0..3072).map(|at| at as u8).collect();
    let files = &image.face_input.unwrap().files;
    assert_eq!(*files[&face_input::ATTRIBUTES], content[..]);
    assert_eq!(*files[&face_input::MY_NUMBER], content[..2900]);
}

/// Runs a case of the Python program against a new card; gives what the card remembers after.
fn judge(case: &str) -> Image {
    let maker_key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let since = "2020-01-01T00:00:00Z".parse().unwrap();
    let maker = MakerCa::found(Box::new(maker_key), since).unwrap();
    let memory = Memory::create(InMemoryMedium::default(), new_card(&maker)).unwrap();
    let mut chip = Chip::new(memory, Arc::new(SystemEntropy), Arc::new(FreshKeys));
    chip.power_on(Interface::Local);

    let mut program = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/issuer.py"))
        .args([case, &hex(&MASTER), &CHIP.to_string(), &hex(maker.certificate())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a Python interpreter: see journeys/requirements.txt");
    let mut answers = program.stdin.take().unwrap();
    let mut commands = 0;
    for command in BufReader::new(program.stdout.take().unwrap()).lines() {
        let answer = chip.process(&bytes(&command.unwrap()));
        writeln!(answers, "{}", hex(&answer)).unwrap();
        commands += 1;
    }
    assert!(program.wait().unwrap().success(), "{case}: see the program's own words above");
    assert!(commands > 2, "{case}: the program spoke to the chip");
    chip.image().clone()
}

fn new_card(maker: &MakerCa) -> Image {
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
        signature_password: None,
        user_authentication_pin: None,
        card_face_pin: &CardFacePin::parse("5678").unwrap(),
    };
    let master = MasterKey::from_bytes(MASTER);
    let issuer = manufacture(&CHIP, &master, maker, &FreshKeys).unwrap();
    personalisation::card(&data, &records, &FreshKeys, &SystemEntropy, issuer).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
