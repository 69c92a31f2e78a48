//! Commands that no honest issuer sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use inrou_chip::apdu::{Command, StatusWord};
use inrou_chip::issuer::{AID, Operation, ScriptError, Session, Step};
use inrou_chip::memory::{InMemoryMedium, Memory};
use inrou_chip::scp03::{ChannelError, Handshake, HostChannel, MAXIMUM_DATA};
use inrou_chip::{Chip, Interface, jpki};
use inrou_pki::keys::KeyError;
use inrou_pki::{Entropy, FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, SoftwareKey};
use inrou_rules::Uses;

use crate::factory::*;

const COMMANDS: [u8; 6] = [0x2C, 0x44, 0x46, 0xCA, 0xE2, 0xE4];

fn select(chip: &mut Chip<InMemoryMedium>, aid: &[u8]) {
    let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(aid);
    assert_eq!(status(chip, &select), StatusWord::SUCCESS);
}

fn open(chip: &mut Chip<InMemoryMedium>) -> HostChannel {
    select(chip, &AID);
    let (handshake, initialize) = Handshake::new(CHIP, master().diversify(&CHIP), [5; 8]);
    let answer = chip.process(&initialize);
    let (host, authenticate) = handshake.finish(&answer[..answer.len() - 2]).unwrap();
    assert_eq!(chip.process(&authenticate), [0x90, 0x00]);
    host
}

fn send(
    chip: &mut Chip<InMemoryMedium>,
    host: &mut HostChannel,
    plain: &Command<'_>,
) -> StatusWord {
    let Command { instruction, p1, p2, data, .. } = *plain;
    let answer = chip.process(&host.protect(instruction, p1, p2, data));
    host.accept(&answer).unwrap().status
}

#[test]
fn every_command_needs_the_channel() {
    let (mut chip, _) = registered_phone();
    let image = chip.image().clone();
    for instruction in COMMANDS {
        for class in [0x80, 0x84] {
            select(&mut chip, &AID);
            let command = Command::new(class, instruction, 0, 0).with_data(&[0; 32]);
            let refused = status(&mut chip, &command);
            assert_eq!(refused, StatusWord::SECURITY_STATUS_NOT_SATISFIED, "{command:?}");
        }
    }
    assert_eq!(*chip.image(), image);
}

#[test]
fn selecting_an_application_or_losing_power_closes_the_channel() {
    let leave: [fn(&mut Chip<InMemoryMedium>); 4] = [
        |chip| {
            chip.power_on(Interface::Local);
        },
        |chip| {
            chip.reset();
        },
        |chip| {
            select(chip, &jpki::AID);
            select(chip, &AID);
        },
        |chip| select(chip, &AID),
    ];
    for (case, leave) in leave.into_iter().enumerate() {
        let mut chip = phone();
        let mut host = open(&mut chip);
        leave(&mut chip);
        let answer = chip.process(&host.protect(0xCA, 0x02, 0x00, b""));
        assert_eq!(answer, [0x69, 0x82], "{case}");
    }
}

#[test]
fn parameters_that_mean_nothing_are_refused() {
    let mut chip = phone();
    let mut host = open(&mut chip);
    for (refused, instruction, p1, p2, length) in [
        (StatusWord::WRONG_P1_P2, 0x46, 0x01, 0x01, 32),
        (StatusWord::WRONG_P1_P2, 0x46, 0x00, 0x55, 48),
        (StatusWord::WRONG_P1_P2, 0x46, 0x03, 0x9A, 48),
        (StatusWord::WRONG_LENGTH, 0x46, 0x00, 0x01, 31),
        (StatusWord::WRONG_LENGTH, 0x46, 0x00, 0x9A, 15),
        (StatusWord::WRONG_LENGTH, 0x46, 0x00, 0x9A, 47),
        (StatusWord::WRONG_P1_P2, 0x2C, 0x02, 0x9B, 0),
        (StatusWord::WRONG_P1_P2, 0x2C, 0x00, 0x55, 0),
        (StatusWord::WRONG_LENGTH, 0x2C, 0x00, 0x9B, 16),
        (StatusWord::WRONG_LENGTH, 0x2C, 0x01, 0x9B, 0),
        (StatusWord::WRONG_P1_P2, 0x44, 0x01, 0x00, 16),
        (StatusWord::WRONG_LENGTH, 0x44, 0x00, 0x00, 17),
        (StatusWord::WRONG_P1_P2, 0xE4, 0x01, 0x00, 16),
        (StatusWord::WRONG_P1_P2, 0xE4, 0x00, 0x98, 16),
        (StatusWord::WRONG_LENGTH, 0xE4, 0x00, 0x00, 0),
        (StatusWord::WRONG_P1_P2, 0xCA, 0x05, 0x00, 0),
        (StatusWord::WRONG_LENGTH, 0xCA, 0x02, 0x00, 1),
        (StatusWord::WRONG_LENGTH, 0xE2, 0x80, 0x00, 2),
        (StatusWord::FILE_NOT_FOUND, 0xE2, 0x80, 0x00, 200),
    ] {
        let data = vec![0xFF; length];
        let command = Command::new(0x84, instruction, p1, p2).with_data(&data);
        assert_eq!(send(&mut chip, &mut host, &command), refused, "{command:?}");
    }
    assert_eq!(*chip.image(), new_phone_like(&chip));
}

/// The chip's image has changed in nothing but what the factory gave it.
fn new_phone_like(chip: &Chip<InMemoryMedium>) -> inrou_chip::image::Image {
    let issuer = chip.image().issuer.clone();
    inrou_chip::image::Image { issuer, ..new_phone(CHIP) }
}

/// Runs out of keys.
struct TwoKeys(AtomicUsize);

impl KeySource for TwoKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => FreshKeys.generate(algorithm),
            _ => Err(KeyError::Generation),
        }
    }
}

#[test]
fn a_command_that_fails_half_way_changes_nothing() {
    let memory = Memory::create(InMemoryMedium::default(), new_phone(CHIP)).unwrap();
    let keys = Arc::new(TwoKeys(AtomicUsize::new(0)));
    let mut chip = Chip::new(memory, Arc::new(SeededEntropy::new(1)), keys);
    chip.power_on(Interface::Local);
    attested_keys(&mut chip, ENROLMENT);
    let image = chip.image().clone();
    let refused = refusal(&mut chip, make_keys(NEXT_ENROLMENT, Uses::BOTH));
    assert_eq!(refused, StatusWord(0x6400));
    assert_eq!(*chip.image(), image, "the keys of the former enrolment are still there");
}

#[test]
fn noise_inside_the_channel_breaks_nothing() {
    let entropy = SeededEntropy::new(11);
    let draw = || {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        bytes
    };
    let (mut chip, _) = registered_phone();
    let mut host = open(&mut chip);
    for _ in 0..3_000 {
        let [which, p1, p2, length] = draw();
        let instruction = COMMANDS[usize::from(which) % COMMANDS.len()];
        let parameter = |byte| [0x00, 0x01, 0x02, 0x80, 0x97, 0x98, 0x9A, 0x9B, byte];
        let p1 = parameter(p1)[usize::from(p1) % 9];
        let p2 = parameter(p2)[usize::from(p2) % 9];
        let mut data = vec![0; usize::from(length) % (MAXIMUM_DATA + 1)];
        entropy.fill(&mut data);
        if let Some(first) = data.first_mut() {
            *first %= 3;
        }
        let before = chip.image().clone();
        let command = Command::new(0x84, instruction, p1, p2).with_data(&data);
        if send(&mut chip, &mut host, &command) != StatusWord::SUCCESS {
            assert_eq!(*chip.image(), before, "a refused command changes nothing: {command:?}");
        }
    }
}

#[test]
fn noise_outside_of_the_channel_breaks_nothing() {
    let entropy = SeededEntropy::new(12);
    let (mut chip, _) = registered_phone();
    let image = chip.image().clone();
    for length in 0..1_000 {
        let mut command = vec![0; length % 300];
        entropy.fill(&mut command);
        if let Some(class) = command.first_mut() {
            *class = [0x00, 0x80, 0x84][length % 3];
        }
        chip.process(&command);
    }
    assert_eq!(*chip.image(), image);
    run(&mut chip, vec![delete(REQUEST)]).unwrap();
}

fn begin(chip: &mut Chip<InMemoryMedium>) -> (Session, Vec<Vec<u8>>) {
    let (mut session, first) =
        session(CHIP, vec![Operation::MakeDeviceKey { challenge: CHALLENGE }]);
    match session.next(&play(chip, &first)) {
        Ok(Step::Send(second)) => (session, second),
        _ => panic!("no second batch"),
    }
}

#[test]
fn the_script_takes_no_altered_missing_or_surplus_answer() {
    let whole = {
        let mut chip = phone();
        let (_, second) = begin(&mut chip);
        second.len()
    };
    for at in 1..whole {
        let mut chip = phone();
        let (mut session, second) = begin(&mut chip);
        let mut answers = play(&mut chip, &second);
        answers[at][0] ^= 0x01;
        let refused = session.next(&answers).err();
        assert_eq!(refused, Some(ScriptError::Channel(ChannelError::WrongMac)), "answer {at}");
        assert_eq!(session.next(&answers).err(), Some(ScriptError::Ended));

        let mut chip = phone();
        let (mut session, second) = begin(&mut chip);
        let answers = play(&mut chip, &second);
        assert_eq!(session.next(&answers[..at]).err(), Some(ScriptError::Answers), "{at} answers");
    }
    let mut chip = phone();
    let (mut session, second) = begin(&mut chip);
    let mut answers = play(&mut chip, &second);
    answers.push(vec![0x90, 0x00]);
    assert_eq!(session.next(&answers).err(), Some(ScriptError::Answers));
}

#[test]
fn the_script_opens_no_channel_with_a_wrong_chip() {
    let mut other = create(InMemoryMedium::default(), new_phone(OTHER_CHIP));
    let (mut session, first) = session(CHIP, Vec::new());
    let refused = session.next(&play(&mut other, &first)).err();
    assert_eq!(refused, Some(ScriptError::Channel(ChannelError::WrongChip)));

    for (answers, refused) in [
        (vec![], ScriptError::Answers),
        (vec![vec![0x90]], ScriptError::Answers),
        (vec![vec![0x6A, 0x82]], ScriptError::NoChannel(StatusWord::FILE_NOT_FOUND)),
        (vec![vec![0x90, 0x00]; 2], ScriptError::Channel(ChannelError::NotOffered)),
        (vec![vec![0x90, 0x00]; 3], ScriptError::Answers),
    ] {
        let (mut session, _) = crate::factory::session(CHIP, Vec::new());
        assert_eq!(session.next(&answers).err(), Some(refused));
    }
}
