//! Keys made in the chip, their attestations, and the certificates that bring them into use.

use inrou_chip::apdu::{Command, StatusWord};
use inrou_chip::client::CardError;
use inrou_chip::issuer::{
    AttestedKey, CarriedCertificate, Challenge, Operation, Outcome, Step, StorageReceipt,
    sign_with_device_key,
};
use inrou_chip::jpki;
use inrou_chip::memory::{InMemoryMedium, Medium};
use inrou_chip::transport::TransportError;
use inrou_chip::{Chip, Interface};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{KeyAlgorithm, PublicKey, SignatureAlgorithm};
use inrou_rules::{Use, Uses};

use crate::factory::*;

fn device_key<M: Medium>(chip: &mut Chip<M>, challenge: Challenge) -> PublicKey {
    let outcomes = run(chip, vec![Operation::MakeDeviceKey { challenge }]).unwrap();
    let [Outcome::DeviceKey(attestation)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    attestation.verify(&trusted_maker(), &CHIP, &AttestedKey::Device, &challenge).unwrap()
}

fn stored(outcomes: Vec<Outcome>) -> StorageReceipt {
    match outcomes.into_iter().next_back().unwrap() {
        Outcome::Stored(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

fn file(chip: &Chip<InMemoryMedium>, usage: Use) -> Option<Vec<u8>> {
    chip.image().jpki.files.get(&jpki::certificate(usage)).map(|bytes| bytes.to_vec())
}

fn signs_with(chip: &mut Chip<InMemoryMedium>, usage: Use, pin: &[u8], key: &PublicKey) -> bool {
    let signature = sign(chip, usage, pin, b"message").unwrap();
    key.verify(key.algorithm().signature(), b"message", &signature).is_ok()
}

#[test]
fn the_device_key_is_made_once_and_attested_on_each_challenge() {
    let mut chip = phone();
    let first = device_key(&mut chip, CHALLENGE);
    assert_eq!(device_key(&mut chip, OTHER_CHALLENGE), first);
}

#[test]
fn the_device_key_signs_digests_inside_the_phone_only() {
    let mut chip = phone();
    let digest = HashAlgorithm::Sha256.digest(b"a request");
    assert_eq!(sign_with_device_key(&mut chip, &digest), Err(CardError::NotSetUp));
    let key = device_key(&mut chip, CHALLENGE);
    let signature = sign_with_device_key(&mut chip, &digest).unwrap();
    key.verify(SignatureAlgorithm::EcdsaWithSha256, b"a request", &signature).unwrap();

    let other_hash = HashAlgorithm::Sha384.digest(b"a request");
    let refused = CardError::Unexpected(StatusWord::WRONG_LENGTH);
    assert_eq!(sign_with_device_key(&mut chip, &other_hash), Err(refused));
    let other_key = Command::new(0x00, 0x88, 0x00, 0x02).with_data(digest.as_bytes());
    assert_eq!(status(&mut chip, &other_key), StatusWord::WRONG_P1_P2);

    chip.power_on(Interface::Contactless);
    assert_eq!(sign_with_device_key(&mut chip, &digest), Err(CardError::NotThisCard));
    let without_select = Command { p2: 0x01, ..other_key };
    assert_eq!(status(&mut chip, &without_select), StatusWord::INSTRUCTION_NOT_SUPPORTED);
    chip.power_off();
    let removed = CardError::Transport(TransportError::Removed);
    assert_eq!(sign_with_device_key(&mut chip, &digest), Err(removed));
}

#[test]
fn reg_1_certificates_bring_the_attested_keys_into_use() {
    let mut chip = phone();
    let keys = attested_keys(&mut chip, ENROLMENT);
    assert_ne!(keys[0], keys[1]);
    run(&mut chip, allow_new_pins(ENROLMENT)).unwrap();
    set_pin(&mut chip, Use::Signature, PASSWORD);
    set_pin(&mut chip, Use::UserAuthentication, PIN);
    assert_eq!(
        sign(&mut chip, Use::Signature, PASSWORD, b"early"),
        Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        "a key without a certificate is not in use"
    );

    let certificates = certify_both(&keys);
    let receipt = stored(run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap());
    assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &ENROLMENT, &certificates), Ok(1));
    for carried in &certificates {
        assert_eq!(file(&chip, carried.usage).as_ref(), Some(&carried.certificate));
    }
    assert!(signs_with(&mut chip, Use::Signature, PASSWORD, &keys[0]));
    assert!(signs_with(&mut chip, Use::UserAuthentication, PIN, &keys[1]));
}

#[test]
fn reg_1_keys_on_curves_are_made_attested_and_brought_into_use() {
    let mut chip = phone();
    let kinds = [KeyAlgorithm::EcP384, KeyAlgorithm::EcP256];
    let make = || Operation::MakeKeys {
        enrolment: ENROLMENT,
        challenge: CHALLENGE,
        keys: Use::ALL.into_iter().zip(kinds).collect(),
    };
    let attestations = attestations_of(&mut chip, make());
    assert_eq!(attestations_of(&mut chip, make()), attestations, "made once");
    let keys = judged(&chip, ENROLMENT, attestations);
    assert_eq!(keys.each_ref().map(PublicKey::algorithm), kinds);

    run(&mut chip, allow_new_pins(ENROLMENT)).unwrap();
    set_pin(&mut chip, Use::Signature, PASSWORD);
    set_pin(&mut chip, Use::UserAuthentication, PIN);
    run(&mut chip, vec![store(ENROLMENT, &certify_both(&keys))]).unwrap();
    assert!(signs_with(&mut chip, Use::Signature, PASSWORD, &keys[0]));
    assert!(signs_with(&mut chip, Use::UserAuthentication, PIN, &keys[1]));
}

#[test]
fn one_session_of_two_round_trips_does_everything_the_issuer_wants() {
    let mut chip = phone();
    let mut operations = vec![Operation::MakeDeviceKey { challenge: CHALLENGE }];
    operations.push(make_keys(ENROLMENT, Uses::BOTH));
    operations.extend(allow_new_pins(ENROLMENT));
    let (mut session, first) = session(CHIP, operations);
    let answers = play(&mut chip, &first);
    let Ok(Step::Send(second)) = session.next(&answers) else { panic!() };
    let Ok(Step::Done(outcomes)) = session.next(&play(&mut chip, &second)) else { panic!() };
    assert!(matches!(
        outcomes.as_slice(),
        [Outcome::DeviceKey(_), Outcome::Keys(_), Outcome::PinAllowed, Outcome::PinAllowed]
    ));
}

#[test]
fn one_enrolment_makes_its_keys_once_and_attests_them_alike() {
    let mut chip = phone();
    let first = attestations(&mut chip, ENROLMENT);
    chip.power_on(Interface::Local);
    assert_eq!(attestations(&mut chip, ENROLMENT), first);
    let other_challenge = Operation::MakeKeys {
        enrolment: ENROLMENT,
        challenge: OTHER_CHALLENGE,
        keys: kinds(Uses::BOTH, KeyAlgorithm::Rsa2048),
    };
    assert_eq!(refusal(&mut chip, other_challenge), StatusWord::CONDITIONS_NOT_SATISFIED);
    let other_kind = Operation::MakeKeys {
        enrolment: ENROLMENT,
        challenge: CHALLENGE,
        keys: kinds(Uses::BOTH, KeyAlgorithm::EcP256),
    };
    assert_eq!(refusal(&mut chip, other_kind), StatusWord::CONDITIONS_NOT_SATISFIED);
    assert_eq!(attestations(&mut chip, ENROLMENT), first);
}

#[test]
fn a_finished_enrolment_makes_no_new_keys() {
    let (mut chip, _) = registered_phone();
    let again = make_keys(ENROLMENT, Uses::BOTH);
    assert_eq!(refusal(&mut chip, again), StatusWord::CONDITIONS_NOT_SATISFIED);
}

#[test]
fn a_new_enrolment_stages_keys_beside_the_live_ones() {
    let (mut chip, old) = registered_phone();
    let before = chip.image().jpki.clone();
    let new_keys = attested_keys(&mut chip, NEXT_ENROLMENT);
    run(&mut chip, allow_new_pins(NEXT_ENROLMENT)).unwrap();
    set_pin(&mut chip, Use::Signature, b"NEW456");
    set_pin(&mut chip, Use::UserAuthentication, b"9876");
    assert_eq!(chip.image().jpki, before, "nothing of what is in use was touched");
    assert!(sign(&mut chip, Use::Signature, PASSWORD, b"still").is_ok());

    let new = certify_both(&new_keys);
    let receipt = stored(run(&mut chip, vec![store(NEXT_ENROLMENT, &new)]).unwrap());
    assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &NEXT_ENROLMENT, &new), Ok(2));
    assert!(signs_with(&mut chip, Use::Signature, b"NEW456", &new_keys[0]));
    assert!(signs_with(&mut chip, Use::UserAuthentication, b"9876", &new_keys[1]));
    assert_eq!(
        verify_pin(&mut chip, Use::Signature, PASSWORD),
        StatusWord::tries_left(4),
        "the old password went with the old key"
    );
    assert_ne!(file(&chip, Use::Signature), Some(old[0].certificate.clone()));
}

#[test]
fn another_enrolment_replaces_what_is_staged() {
    let mut chip = phone();
    let certificates = prepare(&mut chip, ENROLMENT);
    attested_keys(&mut chip, NEXT_ENROLMENT);
    let late = store(ENROLMENT, &certificates);
    assert_eq!(refusal(&mut chip, late), StatusWord::CONDITIONS_NOT_SATISFIED);
    assert_eq!(
        set_pin(&mut chip, Use::Signature, PASSWORD),
        StatusWord::SECURITY_STATUS_NOT_SATISFIED,
        "the leave went with the key"
    );
}

#[test]
fn certificates_for_one_use_leave_the_other_as_it_is() {
    let (mut chip, old) = registered_phone();
    let keys = attested_keys(&mut chip, NEXT_ENROLMENT);
    let signature = [certify(Use::Signature, &keys[0])];
    let receipt = stored(run(&mut chip, vec![store(NEXT_ENROLMENT, &signature)]).unwrap());
    assert_eq!(receipt.verify(&trusted_maker(), &CHIP, &NEXT_ENROLMENT, &signature), Ok(2));
    assert_eq!(file(&chip, Use::UserAuthentication), Some(old[1].certificate.clone()));
    assert!(
        signs_with(&mut chip, Use::Signature, PASSWORD, &keys[0]),
        "where no new PIN was set the old one stays"
    );
    let late = store(NEXT_ENROLMENT, &[certify(Use::UserAuthentication, &keys[1])]);
    assert_eq!(refusal(&mut chip, late), StatusWord::CONDITIONS_NOT_SATISFIED, "given up");
    let leave = allow_new_pins(NEXT_ENROLMENT).remove(1);
    assert_eq!(refusal(&mut chip, leave), StatusWord::DATA_NOT_FOUND, "its key is gone");
}

#[test]
fn storing_again_gives_the_same_receipt() {
    let (mut chip, certificates) = registered_phone();
    let image = chip.image().clone();
    let first = stored(run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap());
    chip.power_on(Interface::Local);
    let second = stored(run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap());
    assert_eq!(first, second);
    assert_eq!(*chip.image(), image);
}

#[test]
fn a_finished_enrolment_takes_no_other_certificates() {
    let (mut chip, certificates) = registered_phone();
    let image = chip.image().clone();
    let key = inrou_pki::Certificate::from_der(&certificates[0].certificate).unwrap();
    let other = certify(Use::Signature, key.public_key().unwrap());
    for others in [vec![other, certificates[1].clone()], vec![certificates[0].clone()]] {
        let refused = refusal(&mut chip, store(ENROLMENT, &others));
        assert_eq!(refused, StatusWord::CONDITIONS_NOT_SATISFIED);
        assert_eq!(*chip.image(), image);
    }
}

#[test]
fn certificates_that_do_not_fit_are_refused_and_change_nothing() {
    let mut chip = phone();
    let right = prepare(&mut chip, ENROLMENT);
    let image = chip.image().clone();
    let swapped = |usage, index: usize| CarriedCertificate { usage, ..right[index].clone() };
    let crossed = vec![swapped(Use::Signature, 1), swapped(Use::UserAuthentication, 0)];
    let broken = CarriedCertificate { certificate: vec![0x30, 0x00], ..right[0].clone() };
    let no_issuer = CarriedCertificate { issuer: b"none".to_vec(), ..right[0].clone() };
    for (case, enrolment, certificates, refused) in [
        ("for other keys", ENROLMENT, crossed, StatusWord::WRONG_DATA),
        ("no certificate", ENROLMENT, vec![broken], StatusWord::WRONG_DATA),
        ("no issuer", ENROLMENT, vec![no_issuer], StatusWord::WRONG_DATA),
        ("none", ENROLMENT, vec![], StatusWord::CONDITIONS_NOT_SATISFIED),
        (
            "under another enrolment",
            NEXT_ENROLMENT,
            right.clone(),
            StatusWord::CONDITIONS_NOT_SATISFIED,
        ),
    ] {
        assert_eq!(refusal(&mut chip, store(enrolment, &certificates)), refused, "{case}");
        assert_eq!(*chip.image(), image, "{case}");
    }
    run(&mut chip, vec![store(ENROLMENT, &right)]).unwrap();
}

#[test]
fn a_key_without_a_pin_does_not_come_into_use() {
    let mut chip = phone();
    let keys = attested_keys(&mut chip, ENROLMENT);
    let storage = store(ENROLMENT, &certify_both(&keys));
    assert_eq!(refusal(&mut chip, storage), StatusWord::CONDITIONS_NOT_SATISFIED);
}

#[test]
fn a_certificate_needs_a_key_that_was_made_for_it() {
    let mut chip = phone();
    run(&mut chip, vec![make_keys(ENROLMENT, Uses::from_iter([Use::Signature]))]).unwrap();
    let other = attested_keys(&mut phone(), ENROLMENT);
    let storage = store(ENROLMENT, &[certify(Use::UserAuthentication, &other[1])]);
    assert_eq!(refusal(&mut chip, storage), StatusWord::DATA_NOT_FOUND);
}
