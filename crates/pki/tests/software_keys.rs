//! Keys in memory: the suite of every signer, and how they are read and written.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "suites/signer.rs"]
mod suite;

use common::{Files, key, openssl, run_openssl};
use inrou_pki::keys::{FreshKeys, KeyAlgorithm, KeyError, KeySource, Passphrase, PublicKey};
use inrou_pki::{SeededEntropy, Signer, SoftwareKey, pem};
use proptest::prelude::*;

fn signer(algorithm: KeyAlgorithm) -> &'static dyn Signer {
    key(algorithm, 0)
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

#[test]
fn pkcs8_is_read_back() {
    for algorithm in KeyAlgorithm::ALL {
        let key = key(algorithm, 0);
        let again = SoftwareKey::from_pkcs8(&key.to_pkcs8()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(again.to_pkcs8(), key.to_pkcs8());
        assert_ne!(FreshKeys.generate(algorithm).unwrap().public_key(), key.public_key());
    }
}

#[test]
fn encrypted_keys_open_by_their_passphrase_alone() {
    let entropy = SeededEntropy::new(1);
    let key = key(KeyAlgorithm::EcP256, 0);
    let encrypted = key.to_encrypted_pkcs8(&passphrase("right"), &entropy);
    let open = |text| SoftwareKey::from_encrypted_pkcs8(&encrypted, &passphrase(text));
    assert_eq!(open("right").unwrap().public_key(), key.public_key());
    assert_eq!(open("wrong").err(), Some(KeyError::Passphrase));
    let other = key.to_encrypted_pkcs8(&passphrase("right"), &entropy);
    assert_ne!(other, encrypted, "salt and IV are drawn anew");
}

#[test]
fn openssl_opens_our_keys_and_we_open_its() {
    for algorithm in KeyAlgorithm::ALL {
        let key = key(algorithm, 0);
        let files = Files::new();
        let encrypted = key.to_encrypted_pkcs8(&passphrase("right"), &SeededEntropy::new(1));
        let path = files.put("key.pem", pem::encode("ENCRYPTED PRIVATE KEY", &encrypted));
        let spki = openssl(&["pkey", "-in", &path, "-passin", "pass:right", "-pubout"], b"");
        assert_eq!(pem::decode("PUBLIC KEY", &spki).unwrap(), key.public_key().spki());
        let (opened, _) = run_openssl(&["pkey", "-in", &path, "-passin", "pass:wrong"], b"");
        assert!(!opened);

        let clear = files.put("clear.pem", common::pem(key));
        for scheme in [&["-v2", "aes-256-cbc"][..], &["-scrypt"]] {
            let out = files.path("openssl.der");
            let convert = ["pkcs8", "-topk8", "-in", &clear, "-outform", "DER", "-out", &out];
            openssl(&[&convert[..], &["-passout", "pass:right"], scheme].concat(), b"");
            let encrypted = std::fs::read(&out).unwrap();
            let opened = SoftwareKey::from_encrypted_pkcs8(&encrypted, &passphrase("right"));
            assert_eq!(opened.unwrap().public_key(), key.public_key());
        }
    }
}

#[test]
fn a_key_file_cannot_ask_for_unbounded_work() {
    let encrypted = key(KeyAlgorithm::EcP256, 0)
        .to_encrypted_pkcs8(&passphrase("right"), &SeededEntropy::new(1));
    let open = |der: &[u8]| SoftwareKey::from_encrypted_pkcs8(der, &passphrase("right")).err();
    assert_eq!(open(&encrypted), None);
    // 600,000 iterations become 8,388,607.
    let at =
        encrypted.windows(5).position(|window| window == [0x02, 0x03, 0x09, 0x27, 0xC0]).unwrap();
    let mut costly = encrypted.clone();
    costly[at + 2..at + 5].copy_from_slice(&[0x7F, 0xFF, 0xFF]);
    assert_eq!(open(&costly), Some(KeyError::Parameters));

    let files = Files::new();
    let clear = files.put("clear.pem", common::pem(key(KeyAlgorithm::EcP256, 0)));
    let out = files.path("scrypt.der");
    openssl(
        &[
            "pkcs8",
            "-topk8",
            "-in",
            &clear,
            "-outform",
            "DER",
            "-out",
            &out,
            "-passout",
            "pass:right",
            "-scrypt",
            "-scrypt_N",
            "16384",
            "-scrypt_r",
            "8",
            "-scrypt_p",
            "1",
        ],
        b"",
    );
    let mut scrypt = std::fs::read(&out).unwrap();
    assert_eq!(open(&scrypt), None);
    // The block size grows from 8 to 120, and the memory from 16 MiB to 240.
    let at = scrypt
        .windows(7)
        .position(|window| window == [0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08])
        .unwrap();
    scrypt[at + 6] = 0x78;
    assert_eq!(open(&scrypt), Some(KeyError::Parameters));
}

#[test]
fn a_file_says_itself_how_far_its_passphrase_was_stretched() {
    let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let drawn = passphrase("right").stretched_by(2.try_into().unwrap());
    let quick = key.to_encrypted_pkcs8(&drawn, &SeededEntropy::new(1));
    assert_ne!(quick, key.to_encrypted_pkcs8(&passphrase("right"), &SeededEntropy::new(1)));
    let read = SoftwareKey::from_encrypted_pkcs8(&quick, &passphrase("right")).unwrap();
    assert_eq!(read.to_pkcs8(), key.to_pkcs8());
}

#[test]
fn keys_of_other_kinds_are_refused() {
    let files = Files::new();
    let refused = Some(KeyError::Unsupported);
    for (arguments, expected) in [
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..], refused),
        // Such a key verifies foreign signatures, and makes none here.
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"], None),
        (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], refused),
        (&["-algorithm", "ED25519"], refused),
    ] {
        let (private, public) = (files.path("private.der"), files.path("public.der"));
        openssl(&[&["genpkey", "-outform", "DER", "-out", &private][..], arguments].concat(), b"");
        openssl(
            &[
                "pkey", "-inform", "DER", "-in", &private, "-pubout", "-outform", "DER", "-out",
                &public,
            ],
            b"",
        );
        let spki = std::fs::read(&public).unwrap();
        assert_eq!(PublicKey::from_spki(&spki).err(), expected, "{arguments:?}");
        let pkcs8 = std::fs::read(&private).unwrap();
        let refused = SoftwareKey::from_pkcs8(&pkcs8).err().unwrap();
        assert!(matches!(refused, KeyError::Unsupported | KeyError::Malformed), "{arguments:?}");
    }
}

#[test]
fn rsa_exponents_are_odd_and_65537_or_more() {
    let spki = key(KeyAlgorithm::Rsa2048, 0).public_key().spki();
    let at = spki.len() - 3;
    assert_eq!(spki[at - 2..], [0x02, 0x03, 1, 0, 1]);
    for (exponent, expected) in [
        ([1, 0, 3], None),
        ([1, 0, 0], Some(KeyError::Unsupported)),
        ([0, 0xFF, 0xFF], Some(KeyError::Unsupported)),
        ([0x7F, 0xFF, 0xFF], None),
    ] {
        let mut spki = spki.to_vec();
        spki[at..].copy_from_slice(&exponent);
        assert_eq!(PublicKey::from_spki(&spki).err(), expected, "{exponent:?}");
    }
    // With e = 3, the lengths around it are shorter by two.
    let mut short = spki[..at - 1].to_vec();
    short.extend([1, 3]);
    for outer in [2, 21, 26] {
        let length = u16::from_be_bytes([short[outer], short[outer + 1]]) - 2;
        short[outer..outer + 2].copy_from_slice(&length.to_be_bytes());
    }
    assert_eq!(PublicKey::from_spki(&short).err(), Some(KeyError::Unsupported));
}

#[test]
fn a_point_that_is_not_on_its_curve_is_no_key() {
    for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384] {
        let mut spki = key(algorithm, 0).public_key().spki().to_vec();
        *spki.last_mut().unwrap() ^= 1;
        assert_eq!(PublicKey::from_spki(&spki).err(), Some(KeyError::Malformed));
    }
}

#[test]
fn secrets_do_not_show() {
    assert_eq!(format!("{:?}", passphrase("hunter2")), "Passphrase(..)");
    let shown = format!("{:?}", key(KeyAlgorithm::EcP256, 0));
    assert!(shown.starts_with("SoftwareKey(PublicKey(EcP256, "), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn mutated_keys_are_read_or_refused(
        which in 0..3usize,
        flips in common::flips(),
        cut in 0..2000usize,
    ) {
        let key = key(KeyAlgorithm::ALL[which], 0);
        if let Ok(read) = PublicKey::from_spki(&common::mutate(key.public_key().spki(), &flips, cut)) {
            prop_assert!(read.verify(key.algorithm(), b"", b"").is_err());
        }
        if let Ok(read) = SoftwareKey::from_pkcs8(&common::mutate(&key.to_pkcs8(), &flips, cut)) {
            prop_assert!(!read.to_pkcs8().is_empty());
        }
    }
}
