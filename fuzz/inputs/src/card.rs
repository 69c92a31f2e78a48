//! A card with both certificates, and sessions with it.

use std::sync::{Arc, LazyLock};

use inrou_chip::face_input::{MyNumber, RecordIssuer};
use inrou_chip::image::Image;
use inrou_chip::issuer::{self, MakerCa};
use inrou_chip::memory::{InMemoryMedium, Memory};
use inrou_chip::personalisation::{self, CardData};
use inrou_chip::scp03::MasterKey;
use inrou_chip::{Chip, Interface};
use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, SoftwareKey};
use inrou_rules::{
    Attributes, CardFacePin, ChipId, Sex, SignaturePassword, Use, UserAuthenticationPin,
};
use jiff::Timestamp;
use jiff::civil::date;

/// The card's chip.
pub const CHIP: ChipId = ChipId::from_bytes([0xC1; 16]);
/// The password for the signature key.
pub const SIGNATURE_PASSWORD: &str = "ABC123";
/// The PIN for the user-authentication key.
pub const USER_AUTHENTICATION_PIN: &str = "1234";
/// The card-face input PIN.
pub const CARD_FACE_PIN: &str = "5678";

/// The key from which the chip's keys for the secure channel are derived.
pub fn master_key() -> MasterKey {
    MasterKey::from_bytes([7; 16])
}

/// A card that has power, and what it lies on. Its random numbers are the same each time, so that a
/// recorded session opens the secure channel again.
pub fn powered_card() -> (Chip<InMemoryMedium>, InMemoryMedium) {
    static CARD: LazyLock<Image> = LazyLock::new(new_card);
    let medium = InMemoryMedium::default();
    let memory = Memory::create(medium.clone(), CARD.clone()).expect("the medium is empty");
    let mut chip = Chip::new(memory, Arc::new(SeededEntropy::new(1)), Arc::new(OneKey));
    chip.power_on(Interface::Local);
    (chip, medium)
}

/// The steps of a session: each a length of two bytes and as many bytes of a command. The last step may
/// be cut short.
pub fn steps(session: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = session;
    std::iter::from_fn(move || {
        let (&length, after) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(length)).min(after.len());
        let (command, next) = after.split_at(length);
        rest = next;
        Some(command)
    })
}

/// Appends a step to a session. A step without a command resets the chip.
///
/// # Panics
/// The command is longer than 65 535 bytes.
pub fn push_step(session: &mut Vec<u8>, command: &[u8]) {
    let length = u16::try_from(command.len()).expect("a command of the seeds is short");
    session.extend_from_slice(&length.to_be_bytes());
    session.extend_from_slice(command);
}

/// Makes one RSA key and hands it out again and again: a new one takes longer than a whole session.
struct OneKey;

impl KeySource for OneKey {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        static KEY: LazyLock<SoftwareKey> =
            LazyLock::new(|| FreshKeys.generate(KeyAlgorithm::Rsa2048).expect("aws-lc makes keys"));
        match algorithm {
            KeyAlgorithm::Rsa2048 => SoftwareKey::from_pkcs8(&KEY.to_pkcs8()),
            other => FreshKeys.generate(other),
        }
    }
}

fn new_card() -> Image {
    let rsa_key = || OneKey.generate(KeyAlgorithm::Rsa2048).expect("a key was made");
    let maker_key = FreshKeys.generate(KeyAlgorithm::EcP256).expect("aws-lc makes keys");
    let maker =
        MakerCa::found(Box::new(maker_key), Timestamp::UNIX_EPOCH).expect("the maker's key signs");
    let issuer =
        issuer::manufacture(&CHIP, &master_key(), &maker, &OneKey).expect("the maker's key signs");
    let attributes = Attributes {
        name: "印籠　太郎".to_owned(),
        name_reading: "いんろう　たろう".to_owned(),
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
        my_number: &MyNumber::parse(b"123456789010").expect("twelve digits"),
        municipality: "13221".parse().expect("a municipality's code"),
        expires: date(2035, 2, 17),
        security_code: "1234",
        signature_password: Some(
            &SignaturePassword::parse(SIGNATURE_PASSWORD).expect("letters and digits"),
        ),
        user_authentication_pin: Some(
            &UserAuthenticationPin::parse(USER_AUTHENTICATION_PIN).expect("four digits"),
        ),
        card_face_pin: &CardFacePin::parse(CARD_FACE_PIN).expect("four digits"),
    };
    let records =
        RecordIssuer::certify(&rsa_key(), Arc::new(rsa_key())).expect("the issuer's key signs");
    let entropy = SeededEntropy::new(0);
    let mut image = personalisation::card(&data, &records, &OneKey, &entropy, issuer)
        .expect("the My Number is made up, and the security code has four digits");
    for usage in Use::ALL {
        personalisation::install(&mut image, usage, &rsa_key(), &certificate(), &certificate());
    }
    image
}

/// A DER header and as much as a certificate has behind it: the chip does not look inside.
fn certificate() -> Vec<u8> {
    [&[0x30, 0x82, 0x03, 0xE8][..], &[0x51; 1000]].concat()
}
