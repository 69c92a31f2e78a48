//! Power lost at any write of the memory and between any two commands: what was begun can be taken
//! up again and ends as if nothing had happened.

use inrou_chip::Chip;
use inrou_chip::apdu::StatusWord;
use inrou_chip::image::Image;
use inrou_chip::issuer::{AttestedKey, CarriedCertificate, Operation, Outcome, ScriptError, Step};
use inrou_chip::memory::{FaultyMedium, InMemoryMedium, Medium, Memory};
use inrou_pki::{Certificate, PublicKey};
use inrou_rules::{Use, Uses};

use crate::factory::*;

/// How much of an unsynced write reaches the disk.
const TORN: [usize; 3] = [0, 1_000, usize::MAX];

/// What the issuer remembers of an enrolment, as its store would.
#[derive(Default)]
struct Issuer {
    keys: Option<[PublicKey; 2]>,
    certificates: Option<Vec<CarriedCertificate>>,
}

impl Issuer {
    /// Takes the enrolment as far as it goes before the power fails; what an attempt learnt the next
    /// one relies on.
    fn enrol<M: Medium>(&mut self, chip: &mut Chip<M>) -> Result<(), ScriptError> {
        if self.certificates.is_none() {
            let operation = make_keys(ENROLMENT, Uses::BOTH);
            let outcomes = run(chip, vec![operation])?;
            let [Outcome::Keys(attestations)] = outcomes.as_slice() else { panic!() };
            let keys = [0, 1].map(|index: usize| {
                let key = AttestedKey::Credential { enrolment: ENROLMENT, usage: Use::ALL[index] };
                attestations[index].verify(&trusted_maker(), &CHIP, &key, &CHALLENGE).unwrap()
            });
            let known = self.keys.get_or_insert_with(|| keys.clone());
            assert_eq!(*known, keys, "attested once, the keys are there for good");
            run(chip, allow_new_pins(ENROLMENT))?;
            for (usage, pin) in [(Use::Signature, PASSWORD), (Use::UserAuthentication, PIN)] {
                match set_pin(chip, usage, pin) {
                    StatusWord::SUCCESS => {}
                    status => return Err(ScriptError::NoChannel(status)),
                }
            }
            self.certificates = Some(certify_both(&keys));
        }
        let certificates = self.certificates.as_ref().unwrap();
        let outcomes = run(chip, vec![store(ENROLMENT, certificates)])?;
        let [Outcome::Stored(receipt)] = outcomes.as_slice() else { panic!() };
        assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &ENROLMENT, certificates), Ok(1));
        Ok(())
    }
}

fn assert_usable<M: Medium>(chip: &mut Chip<M>, certificates: &[CarriedCertificate]) {
    for (carried, pin) in certificates.iter().zip([PASSWORD, PIN]) {
        let certificate = Certificate::from_der(&carried.certificate).unwrap();
        let key = certificate.public_key().unwrap();
        let signature = sign(chip, carried.usage, pin, b"message").unwrap();
        key.verify(key.algorithm().signature(), b"message", &signature).unwrap();
    }
}

fn disk_with(image: Image) -> InMemoryMedium {
    let disk = InMemoryMedium::default();
    Memory::create(disk.clone(), image).unwrap();
    disk
}

#[test]
fn an_enrolment_survives_the_loss_of_power_at_every_write() {
    let image = new_phone(CHIP);
    for torn_at in TORN {
        let mut operations = 0;
        loop {
            let disk = disk_with(image.clone());
            let mut issuer = Issuer::default();
            let failing = FaultyMedium::new(disk.clone(), operations, torn_at);
            let outcome = issuer.enrol(&mut reopen(failing));
            let mut chip = reopen(disk);
            issuer.enrol(&mut chip).unwrap();
            assert_usable(&mut chip, issuer.certificates.as_ref().unwrap());
            if outcome.is_ok() {
                break;
            }
            operations += 1;
        }
        assert!(operations >= 10, "the power failed at {operations} moments only");
    }
}

#[test]
fn deletion_and_its_receipt_are_one() {
    let (chip, _) = registered_phone();
    let image = chip.image().clone();
    let empty = new_phone(CHIP).jpki;
    for torn_at in TORN {
        let mut operations = 0;
        loop {
            let disk = disk_with(image.clone());
            let failing = FaultyMedium::new(disk.clone(), operations, torn_at);
            let outcome = run(&mut reopen(failing), vec![delete(REQUEST)]);
            let mut chip = reopen(disk);
            let is_whole = chip.image().jpki == image.jpki;
            assert!(is_whole || chip.image().jpki == empty, "all or nothing");
            assert!(outcome.is_err() || !is_whole, "no receipt while anything is there");
            let outcomes = run(&mut chip, vec![delete(REQUEST)]).unwrap();
            let [Outcome::Deleted(receipt)] = outcomes.as_slice() else { panic!() };
            assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &REQUEST, None), Ok(2));
            assert_eq!(chip.image().jpki, empty);
            if let Ok(before) = outcome {
                assert_eq!(before, outcomes, "the same receipt again");
                break;
            }
            operations += 1;
        }
        assert_eq!(operations, 2, "one write and one sync");
    }
}

/// The second batch of a session, from EXTERNAL AUTHENTICATE on.
fn second_batch<M: Medium>(chip: &mut Chip<M>, operations: Vec<Operation>) -> Vec<Vec<u8>> {
    let (mut session, first) = session(CHIP, operations);
    match session.next(&play(chip, &first)) {
        Ok(Step::Send(second)) => second,
        _ => panic!("no second batch"),
    }
}

#[test]
fn a_session_can_stop_between_any_two_commands() {
    let mut chip = phone();
    let certificates = prepare(&mut chip, ENROLMENT);
    let prepared = chip.image().clone();
    let storing = second_batch(&mut chip, vec![store(ENROLMENT, &certificates)]).len();
    let both = || vec![store(ENROLMENT, &certificates), delete(REQUEST)];
    let all = second_batch(&mut chip, both()).len();
    for stop in 0..=all {
        let disk = disk_with(prepared.clone());
        let mut interrupted = reopen(disk.clone());
        let batch = second_batch(&mut interrupted, both());
        assert_eq!(play(&mut interrupted, &batch[..stop]).len(), stop, "none was refused");
        let mut chip = reopen(disk);
        // The first command after the storing is DELETE.
        if stop <= storing {
            let stored = run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap();
            let [Outcome::Stored(receipt)] = stored.as_slice() else { panic!() };
            let verified = receipt.verify(&trusted_maker(), &CHIP, &ENROLMENT, &certificates);
            assert_eq!(verified, Ok(1));
            assert_usable(&mut chip, &certificates);
        }
        let deleted = run(&mut chip, vec![delete(REQUEST)]).unwrap();
        let [Outcome::Deleted(receipt)] = deleted.as_slice() else { panic!() };
        assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &REQUEST, None), Ok(2));
        assert_eq!(chip.image().jpki, new_phone(CHIP).jpki);
    }
}
