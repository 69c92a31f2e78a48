//! Commands, answers, and a card that is sent a whole session.

#![no_main]

use inrou_chip::apdu::{Command, EXTENDED_MAXIMUM, Response, StatusWord};
use inrou_chip::memory::Memory;
use inrou_fuzz::card::{SIGNATURE_PASSWORD, USER_AUTHENTICATION_PIN, powered_card, steps};
use libfuzzer_sys::fuzz_target;

/// Most commands of one session.
const MAX_STEPS: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(command) = Command::parse(bytes) {
        assert_eq!(command.to_bytes(), bytes, "a command is written as it was read");
        assert!(command.expected.is_none_or(|expected| (1..=EXTENDED_MAXIMUM).contains(&expected)));
    }
    if let Some(response) = Response::parse(bytes) {
        assert_eq!(response.into_bytes(), bytes, "an answer is written as it was read");
    }
    play(bytes);
});

fn play(session: &[u8]) {
    let knows_pin = [SIGNATURE_PASSWORD, USER_AUTHENTICATION_PIN]
        .iter()
        .any(|pin| session.windows(pin.len()).any(|window| window == pin.as_bytes()));
    let (mut chip, medium) = powered_card();
    for command in steps(session).take(MAX_STEPS) {
        if command.is_empty() {
            chip.reset();
            continue;
        }
        let answer = Response::parse(&chip.process(command)).expect("a card with power answers");
        assert!(answer.data.len() <= most_expected(command), "no longer than Ne");
        let signed = command.starts_with(&[0x80, 0x2A]) && answer.status == StatusWord::SUCCESS;
        assert!(!signed || knows_pin, "nobody signs without a PIN");
    }
    let stored = Memory::open(medium).expect("a whole image is there at any time");
    assert_eq!(stored.image(), chip.image(), "what the chip goes by is stored");
}

/// Ne; what the secure channel protects is answered whether or not Le asks for it.
fn most_expected(command: &[u8]) -> usize {
    match Command::parse(command) {
        Ok(command) if command.class & 0x04 != 0 => EXTENDED_MAXIMUM,
        Ok(command) => command.expected.unwrap_or(0),
        Err(_) => 0,
    }
}
