//! An authority on a table: issuers, holders and their keys, as the tests need them.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use inrou_pki::certificate::{Certificate, UnsignedCertificate};
use inrou_pki::keys::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use inrou_pki::profile::{CommonName, HolderRequest, IssuerSettings, Place};
use inrou_pki::{PersonalAttributes, SeededEntropy};
use inrou_rules::{Medium, Serial, Sex, Use};
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

/// The settings of the genuine test card.
pub fn test_card_settings() -> IssuerSettings {
    serde_json::from_str(include_str!("../fixtures/test-card.json")).unwrap()
}

/// A sandbox's settings, with the same algorithm for every key.
pub fn sandbox(algorithm: KeyAlgorithm) -> IssuerSettings {
    IssuerSettings::default().published_at("http://127.0.0.1:8080").unwrap().with_keys(algorithm)
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
        let each = KeyAlgorithm::ALL.iter().flat_map(|&algorithm| [algorithm; 4]);
        each.map(|algorithm| FreshKeys.generate(algorithm).unwrap()).collect()
    });
    let first = KeyAlgorithm::ALL.iter().position(|&known| known == algorithm).unwrap() * 4;
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
        Self { settings, usage, certificate, key }
    }

    /// The test resident's certificate; its key is number 3.
    pub fn holder(&self, medium: Medium, serial: u64) -> Certificate {
        self.unsigned_holder(medium, serial).sign(self.key).unwrap()
    }

    /// The same with one byte sequence in the place of another of the same length, and signed so.
    pub fn changed_holder(
        &self,
        medium: Medium,
        serial: u64,
        old: &[u8],
        new: &[u8],
    ) -> Certificate {
        let tbs = replace(self.unsigned_holder(medium, serial).as_bytes(), old, new);
        UnsignedCertificate::from_bytes(tbs).unwrap().sign(self.key).unwrap()
    }

    /// It before it is signed.
    pub fn unsigned_holder(&self, medium: Medium, serial: u64) -> UnsignedCertificate {
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
        self.settings.holder_certificate(&self.certificate, &request).unwrap()
    }

    pub fn holder_key(&self, medium: Medium) -> &'static SoftwareKey {
        key(self.settings.of(self.usage).on(medium).key, 3)
    }

    /// A delegated OCSP responder; its key is number 2.
    pub fn responder(&self) -> (Certificate, &'static SoftwareKey) {
        self.responder_from(time("2026-11-21T00:00:00Z"))
    }

    /// The same, valid from another time on.
    pub fn responder_from(&self, not_before: Timestamp) -> (Certificate, &'static SoftwareKey) {
        let key = key(self.settings.issuer_key, 2);
        let unsigned = self
            .settings
            .responder_certificate(
                self.usage,
                &self.certificate,
                key.public_key(),
                Serial(77),
                not_before,
            )
            .unwrap();
        (unsigned.sign(self.key).unwrap(), key)
    }
}

/// Runs OpenSSL, which must succeed; gives what it wrote to both outputs.
pub fn openssl(arguments: &[&str], input: &[u8]) -> String {
    let (success, text) = run_openssl(arguments, input);
    assert!(success, "openssl {arguments:?}:\n{text}");
    text
}

/// Runs OpenSSL; gives whether it succeeded, and what it wrote to both outputs.
pub fn run_openssl(arguments: &[&str], input: &[u8]) -> (bool, String) {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // OpenSSL may end before it has read everything.
    let _ = writer.join().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The interpreter of the virtual environment with the foreign judges.
pub fn python() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    std::env::var_os("INROU_PYTHON").map_or(beside, PathBuf::from)
}

/// A private key in the clear, as OpenSSL reads it.
pub fn pem(key: &SoftwareKey) -> String {
    inrou_pki::pem::encode("PRIVATE KEY", &key.to_pkcs8())
}

/// A folder of files that OpenSSL reads.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file and gives its path.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The machine's time, by which OpenSSL goes where it cannot be told another.
    pub fn machine_time(&self) -> Timestamp {
        let path = self.put("now", "");
        std::fs::metadata(path).unwrap().modified().unwrap().try_into().unwrap()
    }

    /// The path of a file that is to be written.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Puts one byte sequence in the place of another of the same length.
pub fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
    let mut bytes = bytes.to_vec();
    bytes[at..at + old.len()].copy_from_slice(new);
    bytes
}

/// Up to four bytes to change: where (modulo the length) and by which bits.
pub fn flips() -> impl Strategy<Value = Vec<(usize, u8)>> {
    proptest::collection::vec((any::<usize>(), 1..=255u8), 0..4)
}

/// Changes bytes, and cuts the end off if `cut` is shorter than the rest.
pub fn mutate(bytes: &[u8], flips: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, bits) in flips {
        let at = at % bytes.len();
        bytes[at] ^= bits;
    }
    bytes.truncate(cut.max(1));
    bytes
}
