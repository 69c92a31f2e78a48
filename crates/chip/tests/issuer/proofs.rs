//! Attestations and receipts as a stranger judges them: each cause has its own error.

use inrou_chip::image::{Image, Personality};
use inrou_chip::issuer::{
    Attestation, AttestedKey, DeletionReceipt, DeletionRequest, MakerCa, MakerCertificate,
    Operation, Outcome, ProofError, SignedStatement, StorageReceipt, manufacture,
};
use inrou_chip::memory::InMemoryMedium;
use inrou_chip::personalisation::phone;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SoftwareKey};
use inrou_rules::Use;

use crate::factory::*;

const SIGNATURE_KEY: AttestedKey =
    AttestedKey::Credential { enrolment: ENROLMENT, usage: Use::Signature };

fn attestation_of(image: Image) -> Attestation {
    let mut chip = create(InMemoryMedium::default(), image);
    attestations(&mut chip, ENROLMENT).remove(0)
}

fn judge(attestation: &Attestation) -> Result<(), ProofError> {
    attestation.verify(&trusted_maker(), &CHIP, &SIGNATURE_KEY, &CHALLENGE).map(drop)
}

#[test]
fn an_attestation_counts_for_its_maker_chip_key_enrolment_and_challenge_only() {
    let attestation = attestation_of(new_phone(CHIP));
    assert_eq!(judge(&attestation), Ok(()));
    let verify = |maker: &MakerCertificate, chip, key, challenge| {
        attestation.verify(maker, &chip, &key, &challenge).err()
    };
    let maker = trusted_maker();
    let other_maker = MakerCertificate::from_der(another_maker().certificate()).unwrap();
    let other_use =
        AttestedKey::Credential { enrolment: ENROLMENT, usage: Use::UserAuthentication };
    let other_enrolment =
        AttestedKey::Credential { enrolment: NEXT_ENROLMENT, usage: Use::Signature };
    for (refused, maker, chip, key, challenge) in [
        (ProofError::UnknownMaker, &other_maker, CHIP, SIGNATURE_KEY, CHALLENGE),
        (ProofError::OtherChip, &maker, OTHER_CHIP, SIGNATURE_KEY, CHALLENGE),
        (ProofError::OtherKey, &maker, CHIP, other_use, CHALLENGE),
        (ProofError::OtherKey, &maker, CHIP, AttestedKey::Device, CHALLENGE),
        (ProofError::OtherEnrolment, &maker, CHIP, other_enrolment, CHALLENGE),
        (ProofError::Stale, &maker, CHIP, SIGNATURE_KEY, OTHER_CHALLENGE),
    ] {
        assert_eq!(verify(maker, chip, key, challenge), Some(refused));
    }
}

#[test]
fn the_attestation_of_another_chip_does_not_count() {
    let own = attestation_of(new_phone(CHIP));
    let others = attestation_of(new_phone(OTHER_CHIP));
    assert_eq!(judge(&others), Err(ProofError::OtherChip));
    let with = |signed: &Attestation, certificate: &Attestation| {
        judge(&Attestation(SignedStatement {
            signed: signed.0.signed.clone(),
            certificate: certificate.0.certificate.clone(),
        }))
    };
    assert_eq!(with(&others, &own), Err(ProofError::Signature));
    assert_eq!(with(&own, &others), Err(ProofError::OtherChip));
}

#[test]
fn no_altered_byte_passes() {
    let attestation = attestation_of(new_phone(CHIP));
    let SignedStatement { signed, certificate } = attestation.0;
    for at in 0..signed.len() {
        let mut altered = signed.clone();
        altered[at] ^= 0x01;
        let altered = SignedStatement { signed: altered, certificate: certificate.clone() };
        assert!(judge(&Attestation(altered)).is_err(), "statement, byte {at}");
    }
    for at in 0..certificate.len() {
        let mut altered = certificate.clone();
        altered[at] ^= 0x01;
        let altered = SignedStatement { signed: signed.clone(), certificate: altered };
        assert!(judge(&Attestation(altered)).is_err(), "certificate, byte {at}");
    }
    for length in 0..signed.len() {
        let cut =
            SignedStatement { signed: signed[..length].to_vec(), certificate: certificate.clone() };
        assert_eq!(judge(&Attestation(cut)), Err(ProofError::Malformed), "{length}");
    }
}

#[test]
fn a_statement_does_not_pass_for_one_of_another_kind() {
    let (mut chip, certificates) = registered_phone();
    let operations = vec![store(ENROLMENT, &certificates), delete(REQUEST)];
    let outcomes = run(&mut chip, operations).unwrap();
    let [Outcome::Stored(stored), Outcome::Deleted(deleted)] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert_eq!(judge(&Attestation(stored.0.clone())), Err(ProofError::OtherKind));
    assert_eq!(
        DeletionReceipt(stored.0.clone()).verify(&trusted_maker(), &CHIP, &REQUEST, None),
        Err(ProofError::OtherKind)
    );
    assert_eq!(
        StorageReceipt(deleted.0.clone()).verify(
            &trusted_maker(),
            &CHIP,
            &ENROLMENT,
            &certificates
        ),
        Err(ProofError::OtherKind)
    );
}

#[test]
fn a_storage_receipt_counts_for_its_enrolment_and_certificates_only() {
    let (mut chip, certificates) = registered_phone();
    let outcomes = run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap();
    let [Outcome::Stored(receipt)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    let verify = |chip, enrolment, certificates: &[_]| {
        receipt.verify(&trusted_maker(), &chip, &enrolment, certificates)
    };
    let mut reversed = certificates.clone();
    reversed.reverse();
    assert_eq!(verify(CHIP, ENROLMENT, &certificates), Ok(1));
    assert_eq!(verify(CHIP, ENROLMENT, &reversed), Ok(1));

    let mut others = certificates.clone();
    others[1].issuer.push(0);
    assert_eq!(verify(CHIP, ENROLMENT, &others), Err(ProofError::OtherCertificates));
    assert_eq!(verify(CHIP, ENROLMENT, &certificates[..1]), Err(ProofError::OtherCertificates));
    assert_eq!(verify(CHIP, NEXT_ENROLMENT, &certificates), Err(ProofError::OtherEnrolment));
    assert_eq!(verify(OTHER_CHIP, ENROLMENT, &certificates), Err(ProofError::OtherChip));
}

#[test]
fn a_deletion_receipt_counts_for_its_request_and_uses_only() {
    let (mut chip, _) = registered_phone();
    let one = Operation::Delete { request: REQUEST, usage: Some(Use::Signature) };
    let outcomes = run(&mut chip, vec![one]).unwrap();
    let [Outcome::Deleted(receipt)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    let verify =
        |chip, request, usage| receipt.verify(&trusted_maker(), &chip, &request, usage).err();
    assert_eq!(verify(CHIP, REQUEST, Some(Use::Signature)), None);
    assert_eq!(verify(CHIP, REQUEST, None), Some(ProofError::OtherUses));
    assert_eq!(verify(CHIP, REQUEST, Some(Use::UserAuthentication)), Some(ProofError::OtherUses));
    assert_eq!(
        verify(CHIP, DeletionRequest([0; 16]), Some(Use::Signature)),
        Some(ProofError::Stale)
    );
    assert_eq!(verify(OTHER_CHIP, REQUEST, Some(Use::Signature)), Some(ProofError::OtherChip));
}

#[test]
fn a_makers_ca_can_be_taken_up_again_with_its_own_key_only() {
    let key = || FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let own = key();
    let pkcs8 = own.to_pkcs8();
    let founded = MakerCa::found(Box::new(own), "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let certificate = founded.certificate().to_vec();
    let again = SoftwareKey::from_pkcs8(&pkcs8).unwrap();
    let opened = MakerCa::open(certificate.clone(), Box::new(again)).unwrap();
    assert_eq!(opened.certificate(), certificate);
    assert!(MakerCa::open(certificate, Box::new(key())).is_none());
    assert!(MakerCa::open(b"none".to_vec(), Box::new(key())).is_none());

    // A turned clock may stand where UTCTime has ended.
    let late = MakerCa::found(Box::new(key()), "2060-01-01T00:00:00Z".parse().unwrap()).unwrap();
    for maker in [opened, late] {
        let issuer = manufacture(&CHIP, &master(), &maker, &FreshKeys).unwrap();
        let attestation = attestation_of(phone(Personality::Android, CHIP, issuer));
        let trusted = MakerCertificate::from_der(maker.certificate()).unwrap();
        attestation.verify(&trusted, &CHIP, &SIGNATURE_KEY, &CHALLENGE).unwrap();
    }
}
