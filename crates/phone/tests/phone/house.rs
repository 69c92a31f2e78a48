//! What stands outside of the phone: keys, issuers, certificates, cards.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use inrou_chip::face_input::{MyNumber, RecordIssuer};
use inrou_chip::image::Image;
use inrou_chip::issuer::{self, IssuerState, MakerCa, MakerCertificate, ManufactureError};
use inrou_chip::personalisation::{self, CardData};
use inrou_chip::scp03::MasterKey;
use inrou_phone::Maker;
use inrou_pki::keys::KeyError;
use inrou_pki::profile::{CommonName, HolderRequest, Place};
use inrou_pki::{
    Certificate, FreshKeys, IssuerSettings, KeyAlgorithm, KeySource, PersonalAttributes, PublicKey,
    SeededEntropy, Signer, SoftwareKey,
};
use inrou_rules::{Attributes, CardFacePin, ChipId, Medium, Serial, Sex, SignaturePassword, Use};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

pub const CARD_PASSWORD: &str = "CARD1234";

/// RSA keys are made once a test process and handed out in turn.
#[derive(Clone, Copy)]
pub struct ReadyKeys;

impl KeySource for ReadyKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        static READY: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if algorithm != KeyAlgorithm::Rsa2048 {
            return FreshKeys.generate(algorithm);
        }
        let ready = READY.get_or_init(|| {
            let fresh = |_| FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap().to_pkcs8().to_vec();
            (0..6).map(fresh).collect()
        });
        SoftwareKey::from_pkcs8(&ready[NEXT.fetch_add(1, Ordering::Relaxed) % ready.len()])
    }
}

/// The makers and issuers of one test.
pub struct House {
    pub maker: MakerCa,
    settings: IssuerSettings,
    issuers: [(Certificate, SoftwareKey); 2],
    serial: AtomicU64,
}

impl House {
    pub fn new(now: Timestamp) -> Arc<Self> {
        let settings = IssuerSettings::default().published_at("http://127.0.0.1:9").unwrap();
        let issuers = Use::ALL.map(|usage| {
            let key = ReadyKeys.generate(settings.issuer_key).unwrap();
            let certificate = settings
                .issuer_certificate(usage, key.public_key(), Serial(1), now)
                .unwrap()
                .sign(&key)
                .unwrap();
            (certificate, key)
        });
        let maker_key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        Arc::new(Self {
            maker: MakerCa::found(Box::new(maker_key), now).unwrap(),
            settings,
            issuers,
            serial: AtomicU64::new(2),
        })
    }

    pub fn master(&self) -> MasterKey {
        MasterKey::from_bytes([9; 16])
    }

    pub fn maker_certificate(&self) -> MakerCertificate {
        MakerCertificate::from_der(self.maker.certificate()).unwrap()
    }

    pub fn issuer(&self, usage: Use) -> &Certificate {
        &self.issuers[usize::from(usage == Use::UserAuthentication)].0
    }

    pub fn certify(
        &self,
        usage: Use,
        medium: Medium,
        key: &PublicKey,
        now: Timestamp,
    ) -> Certificate {
        let (issuer, issuer_key) = &self.issuers[usize::from(usage == Use::UserAuthentication)];
        let attributes = PersonalAttributes::from(&hanako());
        let place = Place {
            code: "13221".parse().unwrap(),
            prefecture: "Tokyo-to".to_owned(),
            municipality: "Kiyose-shi".to_owned(),
        };
        let request = HolderRequest {
            usage,
            medium,
            serial: Serial(self.serial.fetch_add(1, Ordering::Relaxed)),
            not_before: now,
            not_after: now + SignedDuration::from_hours(24 * 365),
            public_key: key,
            place: &place,
            common_name: &CommonName::for_signature(now, 1, place.code),
            attributes: (usage == Use::Signature).then_some(&attributes),
        };
        let unsigned = self.settings.holder_certificate(issuer, &request).unwrap();
        unsigned.sign(issuer_key).unwrap()
    }

    /// A card with both certificates, or with none.
    pub fn card(&self, chip: ChipId, with_certificates: bool, now: Timestamp) -> Image {
        let issuer = issuer::manufacture(&chip, &self.master(), &self.maker, &ReadyKeys).unwrap();
        let root = ReadyKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let records = ReadyKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let password = SignaturePassword::parse(CARD_PASSWORD).unwrap();
        let data = CardData {
            chip,
            attributes: &hanako(),
            my_number: &MyNumber::parse(b"123456789010").unwrap(),
            municipality: "13221".parse().unwrap(),
            expires: date(2035, 2, 17),
            security_code: "1234",
            signature_password: with_certificates.then_some(&password),
            user_authentication_pin: None,
            card_face_pin: &CardFacePin::parse("5678").unwrap(),
        };
        let records = RecordIssuer::certify(&root, Arc::new(records)).unwrap();
        let entropy = SeededEntropy::new(3);
        let mut image =
            personalisation::card(&data, &records, &ReadyKeys, &entropy, issuer).unwrap();
        if with_certificates {
            let key = ReadyKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
            let certificate = self.certify(Use::Signature, Medium::Card, key.public_key(), now);
            let issuer = self.issuer(Use::Signature);
            let (certificate, issuer) = (certificate.as_der(), issuer.as_der());
            personalisation::install(&mut image, Use::Signature, &key, certificate, issuer);
        }
        image
    }
}

impl Maker for House {
    fn manufacture(&self, chip: &ChipId) -> Result<IssuerState, ManufactureError> {
        issuer::manufacture(chip, &self.master(), &self.maker, &ReadyKeys)
    }
}

/// The holder of the cards here.
pub fn hanako() -> Attributes {
    Attributes {
        name: "試験　花子".to_owned(),
        name_reading: "しけん　はなこ".to_owned(),
        name_substitutes: "00000".to_owned(),
        address: "東京都清瀬市架空町１－２－３".to_owned(),
        address_reading: "とうきょうときよせしかくうちょう".to_owned(),
        address_substitutes: "0".repeat(14),
        birth_date: date(1980, 2, 17),
        sex: Sex::Female,
    }
}
