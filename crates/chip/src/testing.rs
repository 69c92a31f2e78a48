//! What the unit tests share: ready keys, a card, a phone, and a way to write commands down.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, SoftwareKey};
use inrou_rules::{
    Attributes, CardFacePin, ChipId, Sex, SignaturePassword, Use, UserAuthenticationPin,
};
use jiff::Timestamp;
use jiff::civil::date;
use zeroize::Zeroizing;

use crate::chip::{Chip, Interface};
use crate::face_input::{MyNumber, RecordIssuer};
use crate::image::{Bytes, Image, Personality};
use crate::issuer::{self, IssuerState, MakerCa};
use crate::memory::{InMemoryMedium, Medium, Memory};
use crate::personalisation::{self, CardData};
use crate::scp03::MasterKey;

pub(crate) const SIGNATURE_PASSWORD: &str = "ABC123";
pub(crate) const USER_AUTHENTICATION_PIN: &str = "1234";
pub(crate) const CARD_FACE_PIN: &str = "5678";
pub(crate) const MY_NUMBER: &[u8] = b"123456789010";
pub(crate) const CHIP: ChipId = ChipId::from_bytes([0xC1; 16]);

/// RSA keys are made once a test process and handed out in turn.
pub(crate) struct ReadyKeys;

impl KeySource for ReadyKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        static READY: OnceLock<Vec<Zeroizing<Vec<u8>>>> = OnceLock::new();
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if algorithm != KeyAlgorithm::Rsa2048 {
            return FreshKeys.generate(algorithm);
        }
        let ready = READY.get_or_init(|| {
            (0..4).map(|_| FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap().to_pkcs8()).collect()
        });
        SoftwareKey::from_pkcs8(&ready[NEXT.fetch_add(1, Ordering::Relaxed) % ready.len()])
    }
}

/// The holder of the published test card.
pub(crate) fn holder() -> Attributes {
    Attributes {
        name: "黒桐　幹也".to_owned(),
        name_reading: "こくとう　みきや".to_owned(),
        name_substitutes: "00000".to_owned(),
        address: "東京都清瀬市観布子南１２－７－２０２".to_owned(),
        address_reading: "とうきょうときよせし".to_owned(),
        address_substitutes: "0".repeat(18),
        birth_date: date(1980, 2, 17),
        sex: Sex::Male,
    }
}

pub(crate) fn rsa_key() -> SoftwareKey {
    ReadyKeys.generate(KeyAlgorithm::Rsa2048).unwrap()
}

/// Something with a DER header as long as a certificate's.
pub(crate) fn certificate(mark: u8) -> Vec<u8> {
    [&[0x30, 0x82, 0x03, 0xE8], vec![mark; 1000].as_slice()].concat()
}

pub(crate) fn issuer_state(chip: ChipId) -> IssuerState {
    let maker_key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let maker = MakerCa::found(Box::new(maker_key), Timestamp::UNIX_EPOCH).unwrap();
    issuer::manufacture(&chip, &MasterKey::from_bytes([7; 16]), &maker, &ReadyKeys).unwrap()
}

/// A card with both certificates: see the constants for its PINs.
pub(crate) fn card_image() -> Image {
    static CARD: OnceLock<Image> = OnceLock::new();
    CARD.get_or_init(new_card).clone()
}

/// A phone with both certificates, and the card's PINs.
pub(crate) fn phone_image() -> Image {
    let card = card_image();
    let mut phone = personalisation::phone(Personality::Android, CHIP, card.issuer);
    let token_information = phone.jpki.files;
    phone.jpki = card.jpki;
    phone.jpki.files.extend(token_information);
    phone
}

pub(crate) fn chip_on<M: Medium>(medium: M, image: Image) -> Chip<M> {
    let entropy = Arc::new(SeededEntropy::new(1));
    Chip::new(Memory::create(medium, image).unwrap(), entropy, Arc::new(ReadyKeys))
}

/// A chip that has power, over its local interface.
pub(crate) fn powered(image: Image) -> Chip<InMemoryMedium> {
    let mut chip = chip_on(InMemoryMedium::default(), image);
    chip.power_on(Interface::Local);
    chip
}

/// Sends a command and gives the answer, both in hexadecimal; blanks are for the eye.
pub(crate) fn exchange<M: Medium>(chip: &mut Chip<M>, command: &str) -> String {
    let command = Bytes::try_from(command.replace(' ', "").to_lowercase()).unwrap();
    String::from(Bytes(chip.process(&command))).to_uppercase()
}

/// `00 A4 …` for the JPKI application.
pub(crate) const SELECT_JPKI: &str = "00 A4 04 0C 0A D392F000260100000001";
/// `00 A4 …` for the face-input application.
pub(crate) const SELECT_FACE_INPUT: &str = "00 A4 04 0C 0A D3921000310001010408";
/// `00 A4 …` for the card manager.
pub(crate) const SELECT_CARD_MANAGER: &str = "00 A4 04 0C 07 A0000001510000";

fn new_card() -> Image {
    let password = SignaturePassword::parse(SIGNATURE_PASSWORD).unwrap();
    let pin = UserAuthenticationPin::parse(USER_AUTHENTICATION_PIN).unwrap();
    let data = CardData {
        chip: CHIP,
        attributes: &holder(),
        my_number: &MyNumber::parse(MY_NUMBER).unwrap(),
        municipality: "13221".parse().unwrap(),
        expires: date(2035, 2, 17),
        security_code: "1234",
        signature_password: Some(&password),
        user_authentication_pin: Some(&pin),
        card_face_pin: &CardFacePin::parse(CARD_FACE_PIN).unwrap(),
    };
    let records = RecordIssuer::certify(&rsa_key(), Arc::new(rsa_key())).unwrap();
    let entropy = SeededEntropy::new(0);
    let mut image =
        personalisation::card(&data, &records, &ReadyKeys, &entropy, issuer_state(CHIP)).unwrap();
    for (usage, mark) in [(Use::Signature, 0x51), (Use::UserAuthentication, 0xA1)] {
        let (own, issuers) = (certificate(mark), certificate(mark + 1));
        personalisation::install(&mut image, usage, &rsa_key(), &own, &issuers);
    }
    image
}
