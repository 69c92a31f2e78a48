//! A holder with a card and a phone, both with certificates by the sandbox's profiles, for programs
//! of others to judge.

use std::sync::{Arc, OnceLock};

use inrou_chip::face_input::{MyNumber, RecordIssuer};
use inrou_chip::image::{Image, Personality};
use inrou_chip::issuer::{MakerCa, manufacture};
use inrou_chip::memory::{Medium as ChipMedium, Memory};
use inrou_chip::personalisation::{self, CardData};
use inrou_chip::scp03::MasterKey;
use inrou_chip::{Chip, jpki};
use inrou_pki::profile::{CommonName, HolderRequest, Place};
use inrou_pki::{
    Certificate, FreshKeys, IssuerSettings, KeyAlgorithm, KeySource, PersonalAttributes, PublicKey,
    Signer, SoftwareKey, SystemEntropy,
};
use inrou_rules::{
    Attributes, CardFacePin, ChipId, Medium, Serial, Sex, SignaturePassword, Use,
    UserAuthenticationPin,
};
use jiff::Timestamp;
use jiff::civil::date;

/// The password of card and phone.
pub const SIGNATURE_PASSWORD: &str = "ABC123";
/// The user-authentication PIN of card and phone.
pub const USER_AUTHENTICATION_PIN: &str = "1234";
/// The card-face input PIN.
pub const CARD_FACE_PIN: &str = "5678";
/// The made-up My Number.
pub const MY_NUMBER: &str = "123456789010";
/// Verification number B of the card.
pub const VERIFICATION_NUMBER_B: &str = "55021720351234";

const CHIP: ChipId = ChipId::from_bytes([0xC1; 16]);

/// What strangers are shown, and what they must find.
pub struct Specimen {
    /// The card.
    pub card: Image,
    /// An Android phone.
    pub phone: Image,
    /// The key that signed the card-verifiable certificate of the records.
    pub record_root: PublicKey,
}

impl Specimen {
    /// The one specimen of this process.
    pub fn get() -> &'static Self {
        static SPECIMEN: OnceLock<Specimen> = OnceLock::new();
        SPECIMEN.get_or_init(Self::new)
    }

    fn new() -> Self {
        let record_root = rsa_key();
        let mut card = new_card(&record_root);
        let mut phone = personalisation::phone(Personality::Android, CHIP, card.issuer.clone());
        phone.jpki.signature.pin = card.jpki.signature.pin.clone();
        phone.jpki.user_authentication.pin = card.jpki.user_authentication.pin.clone();
        for usage in Use::ALL {
            let issuer = Issuer::new(usage);
            for (image, medium) in [(&mut card, Medium::Card), (&mut phone, Medium::Phone)] {
                let key = rsa_key();
                let certificate = issuer.certify(medium, key.public_key());
                let issuers = issuer.certificate.as_der();
                personalisation::install(image, usage, &key, certificate.as_der(), issuers);
            }
        }
        Self { card, phone, record_root: record_root.public_key().clone() }
    }
}

/// The holder's certificate on a chip, read from its image.
pub fn certificate(image: &Image, usage: Use) -> Certificate {
    let file = &image.jpki.files[&jpki::certificate(usage)];
    Certificate::from_der(file).expect("the specimen carries certificates")
}

/// A chip over `medium` with a specimen's image, without power.
pub fn chip<M: ChipMedium>(medium: M, image: &Image) -> Chip<M> {
    let memory = Memory::create(medium, image.clone()).expect("the medium is empty");
    Chip::new(memory, Arc::new(SystemEntropy), Arc::new(FreshKeys))
}

struct Issuer {
    settings: IssuerSettings,
    usage: Use,
    key: SoftwareKey,
    certificate: Certificate,
}

impl Issuer {
    fn new(usage: Use) -> Self {
        let settings = IssuerSettings::default();
        let key = rsa_key();
        let certificate = settings
            .issuer_certificate(usage, key.public_key(), Serial(1), time("2024-08-28T00:00:00Z"))
            .expect("an RSA key fits the profile")
            .sign(&key)
            .expect("a software key signs");
        Self { settings, usage, key, certificate }
    }

    fn certify(&self, medium: Medium, key: &PublicKey) -> Certificate {
        let place = Place {
            code: "13221".parse().expect("five digits"),
            prefecture: "Tokyo-to".to_owned(),
            municipality: "Kiyose-shi".to_owned(),
        };
        let not_before = time("2025-10-27T05:06:07Z");
        let common_name = match self.usage {
            Use::Signature => CommonName::for_signature(not_before, 134, place.code),
            Use::UserAuthentication => {
                CommonName::for_user_authentication(&SystemEntropy, place.code)
            }
        };
        let holder = holder();
        let attributes = PersonalAttributes {
            name: holder.name,
            name_substitutes: holder.name_substitutes,
            birth_date: Some(holder.birth_date),
            sex: holder.sex,
            address: holder.address,
            address_substitutes: holder.address_substitutes,
        };
        let request = HolderRequest {
            usage: self.usage,
            medium,
            serial: Serial(0x1E_E607),
            not_before,
            not_after: time("2030-02-17T14:59:59Z"),
            public_key: key,
            place: &place,
            common_name: &common_name,
            attributes: (self.usage == Use::Signature).then_some(&attributes),
        };
        self.settings
            .holder_certificate(&self.certificate, &request)
            .expect("the request fits the profile")
            .sign(&self.key)
            .expect("a software key signs")
    }
}

fn new_card(record_root: &SoftwareKey) -> Image {
    let records =
        RecordIssuer::certify(record_root, Arc::new(rsa_key())).expect("both are RSA keys");
    let maker_key = FreshKeys.generate(KeyAlgorithm::EcP256).expect("keys can be made");
    let maker = MakerCa::found(Box::new(maker_key), time("2020-01-01T00:00:00Z"))
        .expect("a software key signs");
    let issuer = manufacture(&CHIP, &MasterKey::from_bytes([7; 16]), &maker, &FreshKeys)
        .expect("keys can be made");
    let data = CardData {
        chip: CHIP,
        attributes: &holder(),
        my_number: &MyNumber::parse(MY_NUMBER.as_bytes()).expect(FORM),
        municipality: "13221".parse().expect(FORM),
        expires: date(2035, 2, 17),
        security_code: "1234",
        signature_password: Some(&SignaturePassword::parse(SIGNATURE_PASSWORD).expect(FORM)),
        user_authentication_pin: Some(
            &UserAuthenticationPin::parse(USER_AUTHENTICATION_PIN).expect(FORM),
        ),
        card_face_pin: &CardFacePin::parse(CARD_FACE_PIN).expect(FORM),
    };
    personalisation::card(&data, &records, &FreshKeys, &SystemEntropy, issuer)
        .expect("the card's data have their form")
}

const FORM: &str = "the specimen's data have their form";

fn holder() -> Attributes {
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

fn rsa_key() -> SoftwareKey {
    FreshKeys.generate(KeyAlgorithm::Rsa2048).expect("keys can be made")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect(FORM)
}
