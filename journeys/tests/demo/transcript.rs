//! The transcript: whole, in order, and without a PIN.

use std::fs;

use inrou::demo::{PHONE_PASSWORD, PHONE_PIN, RESIDENT, WRONG_PIN};
use inrou::residents::{BUILT_IN, TestResident};
use jiff::Timestamp;
use serde::Deserialize;

use crate::output::folder;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    seq: usize,
    chip: String,
    interface: String,
    time: Timestamp,
    command: String,
    response: String,
}

fn entries() -> Vec<Entry> {
    let json = fs::read_to_string(folder().join("transcript.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn hana() -> TestResident {
    let residents = inrou::residents::parse(BUILT_IN, jiff::civil::date(2026, 11, 21)).unwrap();
    residents.into_iter().find(|resident| resident.handle.as_str() == RESIDENT).unwrap()
}

#[test]
fn the_transcript_has_both_chips_in_order() {
    let entries = entries();
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry.seq, number + 1);
        for bytes in [&entry.command, &entry.response] {
            assert!(pairs(bytes).iter().all(|pair| *pair == "**" || is_byte(pair)), "{entry:?}");
        }
        let status = pairs(&entry.response);
        assert!(status.len() >= 2 && status[status.len() - 2..].iter().all(|pair| is_byte(pair)));
    }
    assert!(entries.is_sorted_by_key(|entry| entry.time));
    let has = |chip: &str, interface: &str| {
        entries.iter().any(|entry| entry.chip == chip && entry.interface == interface)
    };
    // At the counter; on the phone; inside the phone. Nobody reads a phone from outside here.
    assert!(has("card", "local") && has("card", "contactless") && has("phone", "local"));
    assert!(!has("phone", "contactless"));
    let signed = entries.iter().filter(|entry| entry.command.starts_with("802A")).count();
    assert!(signed >= 6, "{signed} signatures: applications, log-in, document, revocations");
}

#[test]
fn pins_are_masked_to_the_last_digit_and_their_length_shows() {
    let entries = entries();
    let with_pin = |entry: &&Entry| ["0020", "0024"].contains(&&entry.command[..4]);
    let with_pin: Vec<_> =
        entries.iter().filter(with_pin).filter(|entry| entry.command.len() > 8).collect();
    for entry in &with_pin {
        let data = &pairs(&entry.command)[5..];
        let length = u8::from_str_radix(&entry.command[8..10], 16).unwrap();
        assert_eq!(data.len(), usize::from(length), "{entry:?}");
        assert!(data.iter().all(|pair| *pair == "**"), "{entry:?}");
    }
    let told = |chip: &str, begin: &str, response: &str| {
        with_pin.iter().any(|entry| {
            entry.chip == chip && entry.command.starts_with(begin) && entry.response == response
        })
    };
    assert!(told("card", "0020008008", "9000"), "the card's password of eight characters");
    assert!(told("phone", "0020008004", "63C2"), "PIN-1: the wrong PIN");
    assert!(told("phone", "0024018008", "9000"), "APPLY-5: the phone's new password");
}

#[test]
fn no_pin_and_no_my_number_stands_in_the_transcript() {
    let entries = entries();
    let hana = hana();
    let pins = &hana.card.pins;
    let passwords = [
        pins.signature.as_ref().unwrap().as_bytes(),
        PHONE_PASSWORD.as_bytes(),
        hana.my_number.as_bytes(),
    ];
    let digits = [
        pins.user_authentication.as_ref().unwrap().as_bytes(),
        pins.card_face.as_bytes(),
        PHONE_PIN.as_bytes(),
        WRONG_PIN.as_bytes(),
    ];
    for entry in &entries {
        for secret in passwords {
            assert!(!holds(&entry.command, secret) && !holds(&entry.response, secret));
        }
        // Four digits stand in a certificate's dates by chance: answers may hold them.
        for secret in digits {
            assert!(!holds(&entry.command, secret), "{}", entry.seq);
        }
    }
    let text = fs::read_to_string(folder().join("transcript.json")).unwrap();
    for secret in passwords {
        assert!(!text.contains(std::str::from_utf8(secret).unwrap()));
    }
}

#[test]
fn the_search_for_pins_finds_one_that_is_there() {
    assert!(holds("002000800431323334", b"1234"));
    assert!(!holds("002000800413233340", b"1234"), "between two bytes");
}

/// Whether bytes written in hexadecimal hold others.
fn holds(hex: &str, secret: &[u8]) -> bool {
    let secret: Vec<String> = secret.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs(hex).windows(secret.len()).any(|part| part == secret)
}

fn pairs(text: &str) -> Vec<&str> {
    assert!(text.len().is_multiple_of(2) && text.is_ascii(), "{text}");
    (0..text.len()).step_by(2).map(|at| &text[at..at + 2]).collect()
}

fn is_byte(pair: &str) -> bool {
    u8::from_str_radix(pair, 16).is_ok()
}
