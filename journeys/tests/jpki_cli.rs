//! Card and phone, read and used by `jpki-cli` through PC/SC; its signatures judged by OpenSSL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use inrou_chip::image::Image;
use inrou_chip::jpki;
use inrou_chip::memory::InMemoryMedium;
use inrou_journeys::specimen::{
    self, CARD_FACE_PIN, MY_NUMBER, SIGNATURE_PASSWORD, Specimen, USER_AUTHENTICATION_PIN,
};
use inrou_journeys::vpcd::{Reader, isolated};
use inrou_rules::Use;

#[test]
fn jpki_cli_counts_tries_and_reads_certificates() {
    if !isolated("jpki_cli_counts_tries_and_reads_certificates") {
        return;
    }
    let image = &Specimen::get().card;
    let _reader = insert(image);
    assert_eq!(run(&["crypto", "stat"]), b"5\n");
    assert_eq!(run(&["crypto", "--auth", "stat"]), b"3\n");
    assert_eq!(run(&["support", "stat"]), b"3\n");
    for (options, file) in [
        (&["--auth"][..], jpki::USER_AUTHENTICATION_CERTIFICATE),
        (&["--auth", "--ca"], jpki::USER_AUTHENTICATION_ISSUER_CERTIFICATE),
        (&["--ca"], jpki::SIGNATURE_ISSUER_CERTIFICATE),
    ] {
        let read = run(&[&["crypto"], options, &["read-certificate"]].concat());
        assert_eq!(read, image.jpki.files[&file][..], "{file}");
    }
}

#[test]
fn jpki_cli_signs_with_both_keys_of_card_and_phone_and_openssl_agrees() {
    if !isolated("jpki_cli_signs_with_both_keys_of_card_and_phone_and_openssl_agrees") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("message"), "a message").unwrap();
    for image in [&Specimen::get().card, &Specimen::get().phone] {
        let _reader = insert(image);
        for (usage, options, pin) in [
            (Use::Signature, "", SIGNATURE_PASSWORD),
            (Use::UserAuthentication, "--auth", USER_AUTHENTICATION_PIN),
        ] {
            let certificate = specimen::certificate(image, usage).to_pem();
            fs::write(directory.path().join("certificate.pem"), certificate).unwrap();
            // The document is typed too: with another standard input the program finds no keyboard.
            // It signs SHA-1.
            let sign = format!("jpki-cli crypto {options} sign signature");
            let said = typing("a message\x04\x04", pin, &sign, directory.path());
            let verify = "openssl x509 -in certificate.pem -noout -pubkey -out key.pem && \
                          openssl dgst -sha1 -verify key.pem -signature signature message && \
                          rm signature";
            let verdict = Command::new("sh")
                .args(["-c", verify])
                .current_dir(directory.path())
                .output()
                .unwrap();
            assert_eq!(verdict.stdout, b"Verified OK\n", "{usage:?}: {said}");
        }
    }
}

#[test]
fn jpki_cli_reads_number_and_attributes() {
    if !isolated("jpki_cli_reads_number_and_attributes") {
        return;
    }
    let _reader = insert(&Specimen::get().card);
    let here = Path::new(".");
    let number = typing("", CARD_FACE_PIN, "jpki-cli support get my-number", here);
    assert!(number.contains(MY_NUMBER), "{number}");
    let attributes = typing("", CARD_FACE_PIN, "jpki-cli support get attributes", here);
    for part in ["黒桐　幹也", "東京都清瀬市観布子南１２－７－２０２", "19800217"]
    {
        assert!(attributes.contains(part), "{attributes}");
    }
    assert_eq!(run(&["support", "stat"]), b"3\n", "the PIN was right");
}

fn insert(image: &Image) -> Reader<InMemoryMedium> {
    Reader::holding(specimen::chip(InMemoryMedium::default(), image))
}

/// Runs `jpki-cli`; gives what it wrote. It reports errors, but ends as if there were none.
fn run(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("jpki-cli").args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("jpki-cli: {error}; run cargo xtask setup"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!complaint.contains("ERROR"), "{arguments:?}: {complaint}");
    output.stdout
}

/// Runs a command line at a terminal where `first` is typed, then `pin`; gives what stood on the
/// terminal.
///
/// The program throws away what was typed before it listens, and nothing tells when it does: so the
/// PIN is typed until the program has ended.
fn typing(first: &str, pin: &str, command_line: &str, directory: &Path) -> String {
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", command_line, "/dev/null"])
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    write!(keyboard, "{first}").unwrap();
    let (ended, end) = mpsc::channel();
    let watcher = thread::spawn(move || ended.send(terminal.wait_with_output()));
    let output = loop {
        // The terminal may have gone in this very moment.
        let _ = writeln!(keyboard, "{pin}");
        match end.recv_timeout(Duration::from_millis(200)) {
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            output => break output.unwrap().unwrap(),
        }
    };
    watcher.join().unwrap().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
