//! An authority on a table: issuers, holders and their keys, as the tests need them.
#![allow(dead_code)]

use std::sync::OnceLock;

use inrou_pki::certificate::Certificate;
use inrou_pki::keys::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use inrou_pki::profile::{CommonName, HolderRequest, IssuerSettings, Place};
use inrou_pki::{PersonalAttributes, SeededEntropy};
use inrou_rules::{Medium, Serial, Sex, Use};
use jiff::Timestamp;
use jiff::civil::date;

/// The settings of the genuine test card.
pub fn test_card_settings() -> IssuerSettings {
    serde_json::from_str(include_str!("../fixtures/test-card.json")).unwrap()
}

/// A sandbox's settings, with the same algorithm for every key.
pub fn sandbox(algorithm: KeyAlgorithm) -> IssuerSettings {
    let mut settings = IssuerSettings::default()
        .published_at("http://localhost:8080")
        .unwrap();
    settings.issuer_key = algorithm;
    for usage in [&mut settings.signature, &mut settings.user_authentication] {
        usage.card.key = algorithm;
        usage.phone.key = algorithm;
    }
    settings
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn kiyose() -> Place {
    Place {
        code: "13221".parse().unwrap(),
        prefecture: "Tokyo-to".to_owned(),
        municipality: "Kiyose-shi".to_owned(),
    }
}

/// The holder of the genuine test card.
pub fn resident() -> PersonalAttributes {
    PersonalAttributes {
        name: "黒桐　幹也".to_owned(),
        name_substitutes: "00000".to_owned(),
        birth_date: Some(date(1980, 2, 17)),
        sex: Sex::Male,
        address: "東京都清瀬市観布子南１２－７－２０２".to_owned(),
        address_substitutes: "0".repeat(18),
    }
}

/// A key of that algorithm: two are made once a process, and shared by the tests.
pub fn key(algorithm: KeyAlgorithm, which: usize) -> &'static SoftwareKey {
    static KEYS: OnceLock<Vec<SoftwareKey>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let each = KeyAlgorithm::ALL
            .iter()
            .flat_map(|&algorithm| [algorithm; 4]);
        each.map(|algorithm| FreshKeys.generate(algorithm).unwrap())
            .collect()
    });
    let first = KeyAlgorithm::ALL
        .iter()
        .position(|&known| known == algorithm)
        .unwrap()
        * 4;
    &keys[first + which]
}

/// An issuer with its key.
pub struct Issuer {
    pub settings: IssuerSettings,
    pub usage: Use,
    pub certificate: Certificate,
    pub key: &'static SoftwareKey,
}

impl Issuer {
    /// The first generation of that use's issuer.
    pub fn new(settings: IssuerSettings, usage: Use) -> Self {
        Self::generation(settings, usage, 0)
    }

    /// One of several that share their name.
    pub fn generation(settings: IssuerSettings, usage: Use, generation: usize) -> Self {
        let key = key(settings.issuer_key, generation);
        let unsigned = settings
            .issuer_certificate(
                usage,
                key.public_key(),
                Serial(0x1E_A8A8 + generation as u64),
                time("2024-08-28T00:00:00Z"),
            )
            .unwrap();
        let certificate = unsigned.sign(key).unwrap();
        Self {
            settings,
            usage,
            certificate,
            key,
        }
    }

    /// The test resident's certificate; its key is number 3.
    pub fn holder(&self, medium: Medium, serial: u64) -> Certificate {
        let place = kiyose();
        let common_name = match self.usage {
            Use::Signature => {
                CommonName::for_signature(time("2025-10-16T17:26:00+09:00"), 134, place.code)
            }
            Use::UserAuthentication => {
                CommonName::for_user_authentication(&SeededEntropy::new(serial), place.code)
            }
        };
        let attributes = resident();
        let request = HolderRequest {
            usage: self.usage,
            medium,
            serial: Serial(serial),
            not_before: time("2025-10-27T05:06:07Z"),
            not_after: time("2030-02-17T14:59:59Z"),
            public_key: self.holder_key(medium).public_key(),
            place: &place,
            common_name: &common_name,
            attributes: (self.usage == Use::Signature).then_some(&attributes),
        };
        self.settings
            .holder_certificate(&self.certificate, &request)
            .unwrap()
            .sign(self.key)
            .unwrap()
    }

    pub fn holder_key(&self, medium: Medium) -> &'static SoftwareKey {
        key(self.settings.of(self.usage).on(medium).key, 3)
    }

    /// A delegated OCSP responder; its key is number 2.
    pub fn responder(&self) -> (Certificate, &'static SoftwareKey) {
        let key = key(self.settings.issuer_key, 2);
        let unsigned = self
            .settings
            .responder_certificate(
                self.usage,
                &self.certificate,
                key.public_key(),
                Serial(77),
                time("2026-11-21T00:00:00Z"),
            )
            .unwrap();
        (unsigned.sign(self.key).unwrap(), key)
    }
}
