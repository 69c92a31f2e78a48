//! Deletion and its receipt.

use inrou_chip::apdu::{Command, StatusWord};
use inrou_chip::issuer::{AID, DeletionReceipt, DeletionRequest, Operation, Outcome, Step};
use inrou_chip::memory::Medium;
use inrou_chip::scp03::Handshake;
use inrou_chip::{Chip, Interface, jpki};
use inrou_rules::{Use, Uses};

use crate::factory::*;

const NEXT_REQUEST: DeletionRequest = DeletionRequest([0xDF; 16]);

fn deleted<M: Medium>(chip: &mut Chip<M>, operation: Operation) -> DeletionReceipt {
    match run(chip, vec![operation]).unwrap().remove(0) {
        Outcome::Deleted(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

fn delete_one(request: DeletionRequest, usage: Use) -> Operation {
    Operation::Delete { request, usage: Some(usage) }
}

const STORAGE_RECEIPT: u8 = 0x03;
const DELETION_RECEIPT: u8 = 0x04;

/// GET DATA of a receipt, in a session of its own.
fn read<M: Medium>(chip: &mut Chip<M>, receipt: u8) -> StatusWord {
    let (handshake, initialize) = Handshake::new(CHIP, master().diversify(&CHIP), [5; 8]);
    status(chip, &Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&AID));
    let answer = chip.process(&initialize);
    let (mut host, authenticate) = handshake.finish(&answer[..answer.len() - 2]).unwrap();
    assert_eq!(chip.process(&authenticate), [0x90, 0x00]);
    let answer = chip.process(&host.protect(0xCA, receipt, 0x00, b""));
    host.accept(&answer).unwrap().status
}

#[test]
fn end_2_deletion_leaves_nothing_and_says_so() {
    let (mut chip, _) = registered_phone();
    attested_keys(&mut chip, NEXT_ENROLMENT);
    run(&mut chip, allow_new_pins(NEXT_ENROLMENT)).unwrap();
    assert_eq!(read(&mut chip, STORAGE_RECEIPT), StatusWord::SUCCESS);
    let receipt = deleted(&mut chip, delete(REQUEST));
    assert_eq!(read(&mut chip, STORAGE_RECEIPT), StatusWord::DATA_NOT_FOUND);
    assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &REQUEST, None), Ok(2));

    let fresh = new_phone(CHIP);
    assert_eq!(chip.image().jpki, fresh.jpki, "as it left the factory");
    for usage in Use::ALL {
        assert_eq!(verify_pin(&mut chip, usage, PIN), StatusWord::CONDITIONS_NOT_SATISFIED);
        assert_eq!(set_pin(&mut chip, usage, PIN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
    }
}

#[test]
fn what_was_deleted_stands_in_the_receipt() {
    let (mut chip, certificates) = registered_phone();
    let receipt = deleted(&mut chip, delete(REQUEST));
    for carried in certificates {
        let digest = inrou_pki::digest::HashAlgorithm::Sha256.digest(&carried.certificate);
        let signed = &receipt.0.signed;
        assert!(signed.windows(32).any(|window| window == digest.as_bytes()));
    }
}

#[test]
fn deletion_waits_for_no_session_to_be_whole() {
    let (mut chip, _) = registered_phone();
    let (mut session, first) = session(CHIP, vec![delete(REQUEST)]);
    let answers = play(&mut chip, &first);
    let Ok(Step::Send(second)) = session.next(&answers) else { panic!() };
    // EXTERNAL AUTHENTICATE and DELETE; then the phone dies before the receipt is read.
    play(&mut chip, &second[..2]);
    chip.power_on(Interface::Local);
    assert_eq!(chip.image().jpki, new_phone(CHIP).jpki);
    let image = chip.image().clone();
    let receipt = deleted(&mut chip, delete(REQUEST));
    assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &REQUEST, None), Ok(2));
    assert_eq!(*chip.image(), image, "it was the same receipt");
}

#[test]
fn one_request_has_one_receipt() {
    let (mut chip, _) = registered_phone();
    let first = deleted(&mut chip, delete(REQUEST));
    assert_eq!(deleted(&mut chip, delete(REQUEST)), first);
    assert_eq!(
        refusal(&mut chip, delete_one(REQUEST, Use::Signature)),
        StatusWord::CONDITIONS_NOT_SATISFIED
    );
    let next = deleted(&mut chip, delete(NEXT_REQUEST));
    assert_eq!(next.verify(&trusted_maker(), &CHIP, &NEXT_REQUEST, None), Ok(3));
}

#[test]
fn no_receipt_can_be_read_while_data_is_there() {
    let (mut chip, _) = registered_phone();
    assert_eq!(
        read(&mut chip, DELETION_RECEIPT),
        StatusWord::DATA_NOT_FOUND,
        "nothing was deleted"
    );
    deleted(&mut chip, delete(REQUEST));
    assert_eq!(read(&mut chip, DELETION_RECEIPT), StatusWord::SUCCESS);
    attested_keys(&mut chip, NEXT_ENROLMENT);
    assert_eq!(read(&mut chip, DELETION_RECEIPT), StatusWord::DATA_NOT_FOUND, "a new key is there");

    let certificates = prepare(&mut chip, NEXT_ENROLMENT);
    run(&mut chip, vec![store(NEXT_ENROLMENT, &certificates)]).unwrap();
    assert_eq!(read(&mut chip, DELETION_RECEIPT), StatusWord::DATA_NOT_FOUND);
    let again = deleted(&mut chip, delete(REQUEST));
    assert_eq!(chip.image().jpki, new_phone(CHIP).jpki, "the old request deletes anew");
    assert_eq!(again.verify(&trusted_maker(), &CHIP, &REQUEST, None), Ok(4));
}

#[test]
fn card_10_one_use_can_be_deleted_alone() {
    let (mut chip, certificates) = registered_phone();
    let receipt = deleted(&mut chip, delete_one(REQUEST, Use::Signature));
    let verify = |usage| receipt.verify(&trusted_maker(), &CHIP, &REQUEST, usage);
    assert_eq!(verify(Some(Use::Signature)), Ok(2));
    assert!(verify(None).is_err(), "it says nothing of the other use");
    assert!(verify(Some(Use::UserAuthentication)).is_err());
    assert!(!chip.image().jpki.files.contains_key(&jpki::certificate(Use::Signature)));
    assert!(sign(&mut chip, Use::UserAuthentication, PIN, b"still").is_ok());
    let image = chip.image();
    let other = &image.jpki.files[&jpki::certificate(Use::UserAuthentication)];
    assert_eq!(**other, certificates[1].certificate);
    assert_eq!(read(&mut chip, STORAGE_RECEIPT), StatusWord::DATA_NOT_FOUND, "not both any more");
}

#[test]
fn a_storage_receipt_outlasts_the_deletion_of_what_it_does_not_name() {
    let (mut chip, _) = registered_phone();
    let keys = attested_keys(&mut chip, NEXT_ENROLMENT);
    let signature = [certify(Use::Signature, &keys[0])];
    run(&mut chip, vec![store(NEXT_ENROLMENT, &signature)]).unwrap();
    deleted(&mut chip, delete_one(REQUEST, Use::UserAuthentication));
    assert_eq!(read(&mut chip, STORAGE_RECEIPT), StatusWord::SUCCESS);
}

#[test]
fn a_receipt_for_one_use_outlasts_a_new_key_for_the_other() {
    let (mut chip, _) = registered_phone();
    let receipt = deleted(&mut chip, delete_one(REQUEST, Use::Signature));
    let make = |usage| make_keys(NEXT_ENROLMENT, Uses::from_iter([usage]));
    run(&mut chip, vec![make(Use::UserAuthentication)]).unwrap();
    assert_eq!(deleted(&mut chip, delete_one(REQUEST, Use::Signature)), receipt);
    run(&mut chip, vec![make(Use::Signature)]).unwrap();
    assert_eq!(read(&mut chip, DELETION_RECEIPT), StatusWord::DATA_NOT_FOUND);
}
