//! Card and phone, found, read and used by OpenSC through PC/SC; its signatures judged by OpenSSL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use inrou_chip::Chip;
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::image::{Image, Personality};
use inrou_chip::memory::{FileMedium, InMemoryMedium, Medium};
use inrou_chip::transport::TransportError;
use inrou_chip::transport::pcsc::{LastTries, Pcsc, PcscError};
use inrou_journeys::specimen::{self, SIGNATURE_PASSWORD, Specimen, USER_AUTHENTICATION_PIN};
use inrou_journeys::vpcd::{Reader, isolated};
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin};

/// OpenSC's names of the two tokens, one a PIN.
const SIGNATURE_TOKEN: &str = "JPKI (Digital Signature PIN)";
const USER_AUTHENTICATION_TOKEN: &str = "JPKI (User Authentication PIN)";

#[test]
fn opensc_finds_pins_keys_and_certificates() {
    if !isolated("opensc_finds_pins_keys_and_certificates") {
        return;
    }
    for image in [&Specimen::get().card, &Specimen::get().phone] {
        let _reader = insert(in_memory(image));
        let pins = run("pkcs15-tool", &["--list-pins"]);
        for expected in ["User Authentication PIN", "Digital Signature PIN", "Tries left     : 3"] {
            assert!(pins.contains(expected), "{expected}: {pins}");
        }
        let everything = run("pkcs15-tool", &["--dump"]);
        for expected in [
            "User Authentication Certificate",
            "Digital Signature Certificate",
            "User Authentication Key",
            "Digital Signature Key",
            "ModLength      : 2048",
        ] {
            assert!(everything.contains(expected), "{expected}: {everything}");
        }
        let objects = run("pkcs11-tool", &["--list-slots"]);
        assert!(objects.contains(SIGNATURE_TOKEN), "{objects}");
        assert!(objects.contains(USER_AUTHENTICATION_TOKEN), "{objects}");
    }
}

#[test]
fn opensc_reads_the_card_s_certificate_and_not_the_one_behind_a_password() {
    if !isolated("opensc_reads_the_card_s_certificate_and_not_the_one_behind_a_password") {
        return;
    }
    let image = &Specimen::get().card;
    let _reader = insert(in_memory(image));
    let read = run("pkcs15-tool", &["--read-certificate", "01"]);
    assert!(read.contains(certificate_pem(image, Use::UserAuthentication).trim()), "{read}");
    let behind = Command::new("pkcs15-tool").args(["--read-certificate", "02"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&behind.stdout).contains("BEGIN CERTIFICATE"));
}

#[test]
fn opensc_signs_with_both_keys_of_card_and_phone_and_openssl_agrees() {
    if !isolated("opensc_signs_with_both_keys_of_card_and_phone_and_openssl_agrees") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("message"), "a message").unwrap();
    for image in [&Specimen::get().card, &Specimen::get().phone] {
        let _reader = insert(in_memory(image));
        for (usage, token, pin) in [
            (Use::UserAuthentication, USER_AUTHENTICATION_TOKEN, USER_AUTHENTICATION_PIN),
            (Use::Signature, SIGNATURE_TOKEN, SIGNATURE_PASSWORD),
        ] {
            let certificate = certificate_pem(image, usage);
            fs::write(directory.path().join("certificate.pem"), certificate).unwrap();
            for hash in ["SHA256", "SHA384"] {
                let mechanism = format!("{hash}-RSA-PKCS");
                assert!(sign(directory.path(), token, pin, &mechanism).status.success());
                let verdict = openssl_verdict(directory.path(), hash);
                assert_eq!(verdict.trim(), "Verified OK", "{usage:?} {hash}");
            }
        }
    }
}

#[test]
fn wrong_pins_lock_for_opensc_and_stay_locked_after_a_restart() {
    if !isolated("wrong_pins_lock_for_opensc_and_stay_locked_after_a_restart") {
        return;
    }
    for image in [&Specimen::get().card, &Specimen::get().phone] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("message"), "a message").unwrap();
        let file = directory.path().join("chip");
        let reader = insert(specimen::chip(FileMedium::create(&file).unwrap(), image));
        let attempt =
            |pin| sign(directory.path(), USER_AUTHENTICATION_TOKEN, pin, "SHA256-RSA-PKCS");
        for left in ["2", "1", "0"] {
            assert!(!attempt("9999").status.success());
            let pins = run("pkcs15-tool", &["--list-pins"]);
            let expected = format!("Tries left     : {left}");
            assert!(pins.contains(&expected), "{expected}: {pins}");
        }
        drop(reader.into_chip());

        let _reader = insert(reopened(&file));
        let pins = run("pkcs15-tool", &["--list-pins"]);
        assert!(pins.contains("Tries left     : 0"), "{pins}");
        assert!(!attempt(USER_AUTHENTICATION_PIN).status.success(), "the right PIN is too late");
        let other = sign(directory.path(), SIGNATURE_TOKEN, SIGNATURE_PASSWORD, "SHA256-RSA-PKCS");
        assert!(other.status.success(), "the other key is not locked");
    }
}

#[test]
fn our_own_pc_sc_client_reads_signs_and_spares_the_last_tries() {
    if !isolated("our_own_pc_sc_client_reads_signs_and_spares_the_last_tries") {
        return;
    }
    let image = &Specimen::get().phone;
    let _reader = insert(in_memory(image));
    let service = Pcsc::open().unwrap();
    let reader = service.readers().unwrap().remove(0);
    let mut card = service.connect(&reader, LastTries::Spare).unwrap();
    assert_eq!(service.connect(&reader, LastTries::Spare).err(), Some(PcscError::Busy));
    let mut client = JpkiClient::select(&mut card).unwrap();
    assert_eq!(client.personality().unwrap(), Some(Personality::Android));
    let password = SignaturePassword::parse(SIGNATURE_PASSWORD).unwrap();
    client.verify(Pin::Signature(&password)).unwrap();
    let certificate = client.certificate(Use::Signature).unwrap();
    assert_eq!(certificate, specimen::certificate(image, Use::Signature).as_der());
    let digest = HashAlgorithm::Sha256.digest(b"a message");
    let signature = client.sign(Use::Signature, &digest).unwrap();
    let certificate = specimen::certificate(image, Use::Signature);
    let key = certificate.public_key().unwrap();
    key.verify_digest(key.algorithm().signature(), &digest, &signature).unwrap();

    let wrong = UserAuthenticationPin::parse("9999").unwrap();
    let attempt = Pin::UserAuthentication(&wrong);
    assert_eq!(client.verify(attempt), Err(CardError::WrongPin { tries_left: 2 }));
    assert_eq!(client.verify(attempt), Err(CardError::LastTries { tries_left: 2 }));
    drop(card);
    let mut card = service.connect(&reader, LastTries::Spend).unwrap();
    let mut client = JpkiClient::select(&mut card).unwrap();
    assert_eq!(client.certificate(Use::Signature), Err(CardError::PinRequired), "unpowered");
    assert_eq!(client.verify(attempt), Err(CardError::WrongPin { tries_left: 1 }));
}

#[test]
fn a_card_taken_out_of_the_reader_is_told_from_other_failures() {
    if !isolated("a_card_taken_out_of_the_reader_is_told_from_other_failures") {
        return;
    }
    let reader = insert(in_memory(&Specimen::get().card));
    let service = Pcsc::open().unwrap();
    let name = service.readers().unwrap().remove(0);
    let mut card = service.connect(&name, LastTries::Spare).unwrap();
    JpkiClient::select(&mut card).unwrap();
    reader.take_out();
    let mut client = JpkiClient::select(&mut card).err();
    while client.is_none() {
        client = JpkiClient::select(&mut card).err();
    }
    assert_eq!(client, Some(CardError::Transport(TransportError::Removed)));
    assert_eq!(
        service.connect("no such reader", LastTries::Spare).err(),
        Some(PcscError::NoReader)
    );
}

/// Puts a chip into a reader, in which OpenSC sees what it is.
fn insert<M: Medium + Send + 'static>(chip: Chip<M>) -> Reader<M> {
    let reader = Reader::holding(chip);
    assert_eq!(run("opensc-tool", &["--name"]).lines().next(), Some("jpki"));
    reader
}

fn in_memory(image: &Image) -> Chip<InMemoryMedium> {
    specimen::chip(InMemoryMedium::default(), image)
}

fn reopened(file: &Path) -> Chip<FileMedium> {
    use std::sync::Arc;
    let memory = inrou_chip::memory::Memory::open(FileMedium::open(file).unwrap()).unwrap();
    Chip::new(memory, Arc::new(inrou_pki::SystemEntropy), Arc::new(inrou_pki::FreshKeys))
}

/// Signs the file `message` into the file `signature`.
fn sign(directory: &Path, token: &str, pin: &str, mechanism: &str) -> std::process::Output {
    Command::new("pkcs11-tool")
        .args(["--login", "--pin", pin, "--token-label", token, "--sign"])
        .args(["--mechanism", mechanism])
        .args(["--input-file", "message", "--output-file", "signature"])
        .current_dir(directory)
        .output()
        .unwrap()
}

fn openssl_verdict(directory: &Path, hash: &str) -> String {
    let key = Command::new("openssl")
        .args(["x509", "-in", "certificate.pem", "-noout", "-pubkey", "-out", "key.pem"])
        .current_dir(directory)
        .status()
        .unwrap();
    assert!(key.success());
    let hash = format!("-{}", hash.to_lowercase());
    let verdict = Command::new("openssl")
        .args(["dgst", &hash, "-verify", "key.pem", "-signature", "signature", "message"])
        .current_dir(directory)
        .output()
        .unwrap();
    String::from_utf8(verdict.stdout).unwrap()
}

fn certificate_pem(image: &Image, usage: Use) -> String {
    specimen::certificate(image, usage).to_pem()
}

/// Runs a program of OpenSC; gives what it wrote.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    text
}
