//! The secure channel: both ends against known answers and each other, and everything that must
//! close it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use inrou_chip::apdu::{Command, Response, StatusWord};
use inrou_chip::scp03::{
    CardChannel, ChannelError, Handshake, HostChannel, MAXIMUM_DATA, MasterKey, StaticKeys,
};
use inrou_rules::ChipId;

const REFUSED: StatusWord = StatusWord::SECURITY_STATUS_NOT_SATISFIED;
const HOST_CHALLENGE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const CARD_CHALLENGE: [u8; 8] = [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];

fn chip() -> ChipId {
    ChipId::from_bytes(std::array::from_fn(|index| 0xA0 + index as u8))
}

fn master() -> MasterKey {
    MasterKey::from_bytes(std::array::from_fn(|index| 0x10 + index as u8))
}

fn keys() -> StaticKeys {
    master().diversify(&chip())
}

fn parse(bytes: &[u8]) -> Command<'_> {
    Command::parse(bytes).unwrap()
}

fn initialize_update(card: &mut CardChannel, command: &[u8]) -> Result<Vec<u8>, StatusWord> {
    card.initialize_update(&parse(command), &chip(), &keys(), CARD_CHALLENGE)
}

/// A card that has answered INITIALIZE UPDATE, the host's channel, and EXTERNAL AUTHENTICATE.
fn challenged() -> (CardChannel, HostChannel, Vec<u8>) {
    let mut card = CardChannel::default();
    let (handshake, command) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
    let answer = initialize_update(&mut card, &command).unwrap();
    let (host, authenticate) = handshake.finish(&answer).unwrap();
    (card, host, authenticate)
}

fn open() -> (CardChannel, HostChannel) {
    let (mut card, host, authenticate) = challenged();
    card.external_authenticate(&parse(&authenticate)).unwrap();
    (card, host)
}

fn take(card: &mut CardChannel, command: &[u8]) -> Result<Vec<u8>, StatusWord> {
    card.open(&parse(command)).map(|opened| opened.data.to_vec())
}

/// The channel is closed: a command that would have been right is refused too.
fn assert_closed(card: &mut CardChannel, host: &mut HostChannel) {
    assert_eq!(take(card, &host.protect(0xE2, 0, 0, b"next")), Err(REFUSED));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Computed by yubikit 5.9.2 (`ScpState`) and the Python package cryptography.
#[test]
fn both_ends_give_the_bytes_of_an_independent_implementation() {
    let mut card = CardChannel::default();
    let (handshake, command) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
    assert_eq!(command, hex("8050010008010203040506070800"));
    let answer = initialize_update(&mut card, &command).unwrap();
    assert_eq!(answer, hex("a0a1a2a3a4a5a6a7a8a9010360111213141516171850c51b726c42b4aa"));
    let (mut host, authenticate) = handshake.finish(&answer).unwrap();
    assert_eq!(authenticate, hex("8482330010b449aaf0f93a412ed8439b80ed216679"));
    card.external_authenticate(&parse(&authenticate)).unwrap();

    let first = host.protect(0xE2, 0x80, 0x00, b"one command");
    assert_eq!(first, hex("84e280001862b9b06b0765252e97f0ede03ffad758a4828d7e5cd3c59500"));
    let second = host.protect(0xCA, 0x02, 0x00, b"");
    assert_eq!(second, hex("84ca0200086db38af8bae5516400"));

    let opened = card.open(&parse(&first)).unwrap();
    assert_eq!(*opened.data, b"one command");
    let sealed = card.seal(&opened, Response::success(b"an answer".to_vec())).into_bytes();
    assert_eq!(sealed, hex("ae935f2e3fd858c40163d1e8592b0c7a821e5f049b6e6e449000"));
    assert_eq!(host.accept(&sealed).unwrap(), Response::success(b"an answer".to_vec()));

    let opened = card.open(&parse(&second)).unwrap();
    assert!(opened.data.is_empty());
    let sealed = card.seal(&opened, Response::success(Vec::new())).into_bytes();
    assert_eq!(sealed, hex("8f4ef318cc3e54609000"));
    assert_eq!(host.accept(&sealed).unwrap(), Response::success(Vec::new()));
}

#[test]
fn data_of_every_length_passes_both_ways_and_fits_short_apdus() {
    let (mut card, mut host) = open();
    for length in 0..=MAXIMUM_DATA {
        let data: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let command = host.protect(0xE2, 0, 0, &data);
        assert!(!parse(&command).extended, "{length}");
        let opened = card.open(&parse(&command)).unwrap();
        assert_eq!(*opened.data, data);
        let sealed = card.seal(&opened, Response::success(data.clone())).into_bytes();
        assert!(sealed.len() <= 258);
        assert_eq!(host.accept(&sealed).unwrap().data, data);
    }
}

#[test]
fn extended_commands_have_their_own_length_under_the_mac() {
    let (mut card, mut host) = open();
    let data = vec![0x80; 1_000];
    let command = host.protect(0xE2, 0, 0, &data);
    assert!(parse(&command).extended);
    assert_eq!(take(&mut card, &command), Ok(data));
    let short = host.protect(0xE2, 0, 0, b"data");
    let parsed = parse(&short);
    let rewritten = Command { extended: true, ..parsed }.to_bytes();
    assert_eq!(take(&mut card, &rewritten), Err(REFUSED), "the form of Lc is part of the message");
}

#[test]
fn a_flipped_bit_anywhere_closes_the_channel() {
    let (_, mut host) = open();
    let length = host.protect(0xE2, 0x80, 0x01, b"data").len();
    // CLA to P2, then data and MAC; Lc and Le would make another APDU.
    for at in (0..4).chain(5..length - 1) {
        for bit in 0..8 {
            let (mut card, mut host) = open();
            let mut command = host.protect(0xE2, 0x80, 0x01, b"data");
            command[at] ^= 1 << bit;
            assert_eq!(take(&mut card, &command), Err(REFUSED), "byte {at}, bit {bit}");
            assert_closed(&mut card, &mut host);
        }
    }
}

#[test]
fn a_replayed_command_closes_the_channel() {
    let (mut card, mut host) = open();
    let command = host.protect(0xE4, 0, 0, b"once");
    assert_eq!(take(&mut card, &command), Ok(b"once".to_vec()));
    assert_eq!(take(&mut card, &command), Err(REFUSED));
    assert_closed(&mut card, &mut host);
}

#[test]
fn a_session_cannot_be_replayed_against_a_new_challenge() {
    let (_, mut host, authenticate) = challenged();
    let command = host.protect(0xE4, 0, 0, b"once");
    let mut card = CardChannel::default();
    let (_, initialize) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
    card.initialize_update(&parse(&initialize), &chip(), &keys(), [0x99; 8]).unwrap();
    assert_eq!(card.external_authenticate(&parse(&authenticate)), Err(REFUSED));
    assert_eq!(take(&mut card, &command), Err(REFUSED));
}

#[test]
fn reordered_or_dropped_commands_close_the_channel() {
    let (mut card, mut host) = open();
    let _dropped = host.protect(0xE2, 0, 0, b"first");
    let second = host.protect(0xE2, 0, 1, b"second");
    assert_eq!(take(&mut card, &second), Err(REFUSED));
    assert_closed(&mut card, &mut host);
}

#[test]
fn a_truncated_command_closes_the_channel() {
    let (_, mut host) = open();
    let whole = host.protect(0xE2, 0, 0, b"some data");
    let data = parse(&whole).data;
    for length in 0..data.len() {
        let (mut card, mut host) = open();
        let command = host.protect(0xE2, 0, 0, b"some data");
        let cut = parse(&command).with_data(&data[..length]).to_bytes();
        assert_eq!(take(&mut card, &cut), Err(REFUSED), "{length}");
        assert_closed(&mut card, &mut host);
    }
}

#[test]
fn a_command_in_the_clear_closes_the_channel() {
    for class in [0x00, 0x80, 0x0C] {
        let (mut card, mut host) = open();
        let command = Command::new(class, 0xE2, 0, 0).with_data(b"in the clear");
        assert_eq!(take(&mut card, &command.to_bytes()), Err(REFUSED));
        assert_closed(&mut card, &mut host);
    }
}

#[test]
fn nothing_passes_before_the_host_is_authenticated() {
    let (mut card, mut host, _) = challenged();
    assert_closed(&mut card, &mut host);
    assert_closed(&mut CardChannel::default(), &mut host);
}

#[test]
fn external_authenticate_needs_a_fresh_challenge() {
    let (mut card, _, authenticate) = challenged();
    let fresh = parse(&authenticate);
    card.external_authenticate(&fresh).unwrap();
    let stale = StatusWord::CONDITIONS_NOT_SATISFIED;
    assert_eq!(card.external_authenticate(&fresh), Err(stale));
    assert_eq!(CardChannel::default().external_authenticate(&fresh), Err(stale));
}

#[test]
fn a_lower_security_level_is_refused() {
    for level in (0x00..=0xFF).filter(|&level| level != 0x33) {
        let (mut card, mut host, authenticate) = challenged();
        let command = Command { p1: level, ..parse(&authenticate) };
        assert_eq!(card.external_authenticate(&command), Err(StatusWord::WRONG_P1_P2));
        assert_closed(&mut card, &mut host);
    }
}

#[test]
fn a_flipped_bit_in_external_authenticate_leaves_the_channel_closed() {
    let (_, _, authenticate) = challenged();
    for at in 5..authenticate.len() {
        let (mut card, mut host, mut authenticate) = challenged();
        authenticate[at] ^= 0x10;
        assert_eq!(card.external_authenticate(&parse(&authenticate)), Err(REFUSED), "{at}");
        assert_closed(&mut card, &mut host);
    }
}

#[test]
fn initialize_update_tells_what_it_does_not_offer() {
    let initialize = |version, p2, challenge: &[u8]| {
        let command = Command::new(0x80, 0x50, version, p2).with_data(challenge).to_bytes();
        initialize_update(&mut CardChannel::default(), &command)
    };
    assert!(initialize(0x00, 0, &HOST_CHALLENGE).is_ok(), "whichever version there is");
    assert_eq!(initialize(0x02, 0, &HOST_CHALLENGE), Err(StatusWord::DATA_NOT_FOUND));
    assert_eq!(initialize(0x01, 1, &HOST_CHALLENGE), Err(StatusWord::WRONG_P1_P2));
    assert_eq!(initialize(0x01, 0, &[0; 7]), Err(StatusWord::WRONG_LENGTH));
    assert_eq!(initialize(0x01, 0, &[0; 9]), Err(StatusWord::WRONG_LENGTH));
}

#[test]
fn initialize_update_closes_an_open_channel() {
    let (mut card, mut host) = open();
    let (_, initialize) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
    initialize_update(&mut card, &initialize).unwrap();
    assert_closed(&mut card, &mut host);
}

#[test]
fn every_chip_has_keys_of_its_own() {
    let other = ChipId::from_bytes([0x77; 16]);
    assert!(master().diversify(&other) != keys());
    assert!(MasterKey::from_bytes([0; 16]).diversify(&chip()) != keys());

    // A chip that says it is this one and has another's keys.
    let (handshake, initialize) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
    let answer = CardChannel::default().initialize_update(
        &parse(&initialize),
        &chip(),
        &master().diversify(&other),
        CARD_CHALLENGE,
    );
    assert_eq!(handshake.finish(&answer.unwrap()).err(), Some(ChannelError::WrongKeys));

    // Another chip in place of this one.
    let (handshake, initialize) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
    let answer = CardChannel::default().initialize_update(
        &parse(&initialize),
        &other,
        &master().diversify(&other),
        CARD_CHALLENGE,
    );
    assert_eq!(handshake.finish(&answer.unwrap()).err(), Some(ChannelError::WrongChip));
}

#[test]
fn the_host_opens_no_channel_that_is_not_offered() {
    let answer = hex("a0a1a2a3a4a5a6a7a8a9010360111213141516171850c51b726c42b4aa");
    let finish = |answer: &[u8]| {
        let (handshake, _) = Handshake::new(chip(), keys(), HOST_CHALLENGE);
        handshake.finish(answer).err()
    };
    assert_eq!(finish(&answer), None);
    for length in 0..answer.len() {
        assert_eq!(finish(&answer[..length]), Some(ChannelError::NotOffered));
    }
    for (at, refused) in [
        (0, ChannelError::WrongChip),
        (10, ChannelError::NotOffered),
        (11, ChannelError::NotOffered),
        (12, ChannelError::NotOffered),
        (13, ChannelError::WrongKeys),
        (28, ChannelError::WrongKeys),
    ] {
        let mut altered = answer.clone();
        altered[at] ^= 0x01;
        assert_eq!(finish(&altered), Some(refused), "byte {at}");
    }
}

#[test]
fn the_host_refuses_altered_swapped_and_unasked_answers() {
    let (mut card, mut host) = open();
    let mut answer = |command: &[u8], text: &[u8]| {
        let opened = card.open(&parse(command)).unwrap();
        card.seal(&opened, Response::success(text.to_vec())).into_bytes()
    };
    let commands: Vec<_> = (0..3).map(|number| host.protect(0xCA, number, 0, b"")).collect();
    let answers: Vec<_> = commands.iter().map(|command| answer(command, b"same")).collect();

    assert_eq!(host.accept(&answers[1]), Err(ChannelError::WrongMac), "the answer to another");
    let mut altered = answers[1].clone();
    altered[0] ^= 0x80;
    assert_eq!(host.accept(&altered), Err(ChannelError::WrongMac));
    assert_eq!(host.accept(&[0x90, 0x00]), Err(ChannelError::WrongMac), "an R-MAC must be there");
    assert_eq!(host.accept(&answers[2]), Err(ChannelError::Unasked));
}

#[test]
fn an_error_goes_bare_and_the_channel_goes_on() {
    let (mut card, mut host) = open();
    let first = host.protect(0xCA, 0x01, 0, b"");
    let opened = card.open(&parse(&first)).unwrap();
    let sealed = card.seal(&opened, StatusWord::DATA_NOT_FOUND.into()).into_bytes();
    assert_eq!(sealed, [0x6A, 0x88]);
    assert_eq!(host.accept(&sealed).unwrap(), StatusWord::DATA_NOT_FOUND.into());
    let second = host.protect(0xCA, 0x02, 0, b"more");
    assert_eq!(take(&mut card, &second), Ok(b"more".to_vec()));
}
