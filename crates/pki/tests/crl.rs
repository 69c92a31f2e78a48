//! CRLs: written, read, looked up, and judged by OpenSSL.
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::io::Cursor;
use std::iter;

use common::{Issuer, kiyose, openssl, sandbox, test_card_settings, time};
use inrou_pki::Signer;
use inrou_pki::certificate::Certificate;
use inrou_pki::crl::{Crl, CrlEntry, CrlError, CrlWriteError, NewCrl, Partition};
use inrou_pki::keys::KeyAlgorithm;
use inrou_pki::status::{Moment, Status, Untimely, Withdrawal};
use inrou_rules::{Medium, RevocationReason, Serial, Use};
use jiff::Timestamp;
use proptest::prelude::*;

const ALL: [Withdrawal; 7] = [
    Withdrawal::Revoked(RevocationReason::Unspecified),
    Withdrawal::Revoked(RevocationReason::KeyCompromise),
    Withdrawal::Revoked(RevocationReason::CaCompromise),
    Withdrawal::Revoked(RevocationReason::AffiliationChanged),
    Withdrawal::Revoked(RevocationReason::Superseded),
    Withdrawal::Revoked(RevocationReason::CessationOfOperation),
    Withdrawal::Hold,
];

fn holders(issuer: &Issuer, medium: Medium) -> Partition {
    Partition::Holders { usage: issuer.usage, medium, place: kiyose() }
}

fn new_crl<'a>(issuer: &'a Issuer, partition: &'a Partition) -> NewCrl<'a> {
    NewCrl {
        issuer: &issuer.certificate,
        scope: Some((&issuer.settings, partition)),
        number: 129,
        this_update: time("2026-11-21T00:00:00Z"),
        next_update: time("2026-11-22T00:00:00Z"),
    }
}

fn write(issuer: &Issuer, medium: Medium, entries: &[CrlEntry]) -> Vec<u8> {
    let partition = holders(issuer, medium);
    let mut der = Cursor::new(Vec::new());
    let written =
        new_crl(issuer, &partition).write(entries.iter().copied(), issuer.key, &mut der).unwrap();
    let der = der.into_inner();
    assert_eq!(written.bytes, der.len() as u64);
    assert_eq!(written.entries, entries.len() as u64);
    der
}

fn entry(serial: u64, withdrawal: Withdrawal) -> CrlEntry {
    CrlEntry { serial: Serial(serial), at: time("2026-11-20T12:34:56Z"), withdrawal }
}

fn generation(issuer: &Issuer) -> String {
    issuer.key.public_key().identifier().to_string()[..8].to_owned()
}

fn noon() -> Moment {
    Moment::new(time("2026-11-21T12:00:00Z"))
}

#[test]
fn valid_5_every_reason_is_told_and_unspecified_is_no_reason() {
    for algorithm in KeyAlgorithm::ALL {
        let issuer = Issuer::new(sandbox(algorithm), Use::UserAuthentication);
        let entries: Vec<_> =
            ALL.iter().zip(1000..).map(|(&withdrawal, serial)| entry(serial, withdrawal)).collect();
        let der = write(&issuer, Medium::Card, &entries);
        let crl = Crl::from_der(der).unwrap().verify(&issuer.certificate).unwrap();
        for CrlEntry { serial, at, withdrawal } in entries {
            let certificate = issuer.holder(Medium::Card, serial.0);
            assert_eq!(crl.status(&certificate, noon()), Ok(withdrawal.status(at)));
        }
        let other = issuer.holder(Medium::Card, 999);
        assert_eq!(crl.status(&other, noon()), Ok(Status::Good));
        assert_eq!(crl.crl().number(), Some(&[0, 129][..]));
    }
}

#[test]
fn a_crl_speaks_for_its_partition_alone() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let der = write(&issuer, Medium::Card, &[entry(5, Withdrawal::Hold)]);
    let crl = Crl::from_der(der).unwrap().verify(&issuer.certificate).unwrap();
    let since = time("2026-11-20T12:34:56Z");
    assert_eq!(crl.status(&issuer.holder(Medium::Card, 5), noon()), Ok(Status::OnHold { since }));
    assert_eq!(crl.status(&issuer.holder(Medium::Phone, 5), noon()), Err(CrlError::Scope));
    let other = Issuer::new(test_card_settings(), Use::UserAuthentication);
    assert_eq!(crl.status(&other.holder(Medium::Card, 5), noon()), Err(CrlError::Scope));
    assert_eq!(crl.status(&issuer.certificate, noon()), Err(CrlError::Scope));
}

#[test]
fn the_issuer_has_a_crl_under_its_own_name() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let partition = Partition::Issuer { usage: Use::Signature };
    let mut der = Cursor::new(Vec::new());
    new_crl(&issuer, &partition).write(iter::empty(), issuer.key, &mut der).unwrap();
    let crl = Crl::from_der(der.into_inner()).unwrap().verify(&issuer.certificate).unwrap();
    let point = crl.crl().distribution_point().unwrap();
    assert_eq!(point.directory(), Some(issuer.certificate.subject()));
    assert_eq!(crl.status(&issuer.certificate, noon()), Ok(Status::Good));
    assert_eq!(crl.status(&issuer.holder(Medium::Card, 5), noon()), Err(CrlError::Scope));
}

#[test]
fn a_crl_speaks_from_its_making_to_its_renewal() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let crl = Crl::from_der(write(&issuer, Medium::Card, &[])).unwrap();
    let crl = crl.verify(&issuer.certificate).unwrap();
    let certificate = issuer.holder(Medium::Card, 5);
    let status = |at| crl.status(&certificate, Moment::new(time(at)));
    assert_eq!(status("2026-11-21T00:00:00Z"), Ok(Status::Good));
    let this_update = crl.crl().this_update();
    assert_eq!(
        status("2026-11-20T23:54:59Z"),
        Err(CrlError::Untimely(Untimely::NotYet { this_update }))
    );
    let next_update = crl.crl().next_update();
    assert_eq!(
        status("2026-11-22T00:05:01Z"),
        Err(CrlError::Untimely(Untimely::Stale { next_update }))
    );
}

#[test]
fn another_generation_of_the_issuer_is_told_apart_by_its_key() {
    let first = Issuer::generation(test_card_settings(), Use::Signature, 0);
    let second = Issuer::generation(test_card_settings(), Use::Signature, 1);
    assert_eq!(first.certificate.subject(), second.certificate.subject());
    let der = write(&first, Medium::Card, &[entry(5, Withdrawal::Hold)]);
    let verified = Crl::from_der(der.clone()).unwrap().verify(&second.certificate);
    assert_eq!(verified.err(), Some(CrlError::Issuer));
    // A later generation's CRL covers the earlier one's certificates: they share name and numbers.
    let der = write(&second, Medium::Card, &[entry(5, Withdrawal::Hold)]);
    let crl = Crl::from_der(der).unwrap().verify(&second.certificate).unwrap();
    let since = time("2026-11-20T12:34:56Z");
    assert_eq!(crl.status(&first.holder(Medium::Card, 5), noon()), Ok(Status::OnHold { since }));
}

#[test]
fn a_changed_byte_of_the_signed_part_is_found_out() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let der = write(&issuer, Medium::Card, &[entry(0x0102_0304, Withdrawal::Hold)]);
    let at = der.windows(4).position(|window| window == [1, 2, 3, 4]).unwrap();
    let mut changed = der.clone();
    changed[at + 3] = 5;
    let verified = Crl::from_der(changed).unwrap().verify(&issuer.certificate);
    assert_eq!(verified.err(), Some(CrlError::Signature));
    let holder: Certificate = issuer.holder(Medium::Card, 1);
    assert_eq!(Crl::from_der(der).unwrap().verify(&holder).err(), Some(CrlError::Issuer));
}

#[test]
fn entries_that_change_while_they_are_written_are_found_out() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let partition = holders(&issuer, Medium::Card);
    let turn = Cell::new(0);
    let entries = iter::once(()).map(|()| {
        turn.set(turn.get() + 1);
        entry(turn.get() * 100, Withdrawal::Hold)
    });
    let out = &mut Cursor::new(Vec::new());
    let written = new_crl(&issuer, &partition).write(entries, issuer.key, out);
    assert!(matches!(written, Err(CrlWriteError::EntriesChanged)), "{written:?}");
    assert_eq!(turn.get(), 2);
}

/// The length of the whole needs a byte more than that of the part that is signed.
#[test]
fn a_signature_that_lengthens_the_length_is_written_after_all() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::Rsa2048), Use::Signature);
    let entries: Vec<_> = (1..3000u64).map(|serial| entry(serial, Withdrawal::Hold)).collect();
    let part = |count: usize| write(&issuer, Medium::Card, &entries[..count]);
    let (few, one_more) = (part(1000).len(), part(1001).len());
    let at_the_edge = 1000 + (0x1_0000 - few) / (one_more - few);
    for count in at_the_edge - 3..at_the_edge + 3 {
        let der = part(count);
        let crl = Crl::from_der(der).unwrap().verify(&issuer.certificate).unwrap();
        let last = issuer.holder(Medium::Card, count as u64);
        let next = issuer.holder(Medium::Card, count as u64 + 1);
        assert!(matches!(crl.status(&last, noon()), Ok(Status::OnHold { .. })), "{count}");
        assert_eq!(crl.status(&next, noon()), Ok(Status::Good), "{count}");
    }
}

#[test]
fn entries_that_change_while_everything_moves_are_found_out() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::Rsa2048), Use::Signature);
    let partition = holders(&issuer, Medium::Card);
    let found_out = (1500..1900u64).any(|count| {
        let turn = Cell::new(0);
        let entries = iter::once(()).flat_map(|()| {
            let first = 1000 + turn.replace(turn.get() + 1);
            (0..count).map(move |number| entry(first + number, Withdrawal::Hold))
        });
        let out = &mut Cursor::new(Vec::new());
        let written = new_crl(&issuer, &partition).write(entries, issuer.key, out);
        // What was hashed is what was signed: changes before that do not matter.
        assert_eq!(written.is_ok(), turn.get() == 2);
        written.is_err()
    });
    assert!(found_out);
}

#[test]
fn only_the_issuer_signs() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let other = common::key(KeyAlgorithm::EcP256, 1);
    assert_ne!(other.public_key(), issuer.key.public_key());
    let (partition, out) = (holders(&issuer, Medium::Card), &mut Cursor::new(Vec::new()));
    let written = new_crl(&issuer, &partition).write(iter::empty(), other, out);
    assert!(matches!(written, Err(CrlWriteError::Signer)), "{written:?}");
}

#[test]
fn many_entries_are_written_as_one_list() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
    let entries: Vec<_> =
        (1..20_000u64).map(|serial| entry(serial * 7919, ALL[serial as usize % 7])).collect();
    let der = write(&issuer, Medium::Card, &entries);
    let crl = Crl::from_der(der.clone()).unwrap().verify(&issuer.certificate).unwrap();
    let last = entries.last().unwrap();
    let serial = issuer.holder(Medium::Card, last.serial.0);
    assert_eq!(crl.status(&serial, noon()), Ok(last.withdrawal.status(last.at)));
    let text = openssl(&["crl", "-inform", "DER", "-noout", "-text"], &der);
    assert_eq!(text.matches("Serial Number:").count(), entries.len());
}

#[test]
fn openssl_reads_number_scope_and_reasons() {
    let issuer = Issuer::new(sandbox(KeyAlgorithm::Rsa2048), Use::Signature);
    let entries: Vec<_> =
        ALL.iter().zip(1..).map(|(&withdrawal, serial)| entry(serial, withdrawal)).collect();
    let text = openssl(
        &["crl", "-inform", "DER", "-noout", "-text"],
        &write(&issuer, Medium::Phone, &entries),
    );
    for expected in [
        "Version 2 (0x1)",
        "X509v3 Issuing Distribution Point: critical",
        "CN = Kiyose-shi CRLDP",
        &format!("URI:http://127.0.0.1:8080/crl/signature/{}/phone/13221.crl", generation(&issuer)),
        "X509v3 Authority Key Identifier",
        "Certificate Hold",
        "Cessation Of Operation",
        "Affiliation Changed",
    ] {
        assert!(text.contains(expected), "{expected} in:\n{text}");
    }
    assert_eq!(text.matches("CRL Reason Code").count(), 6, "unspecified is written as no reason");
    assert!(text.contains("129"));
}

fn any_entry() -> impl Strategy<Value = CrlEntry> {
    // From 1950 to 9999-12-30, the times that a CRL can tell.
    (any::<u64>(), -631_152_000..253_402_207_200i64, 0..7usize).prop_map(
        |(serial, second, which)| CrlEntry {
            serial: Serial(serial),
            at: Timestamp::from_second(second).unwrap(),
            withdrawal: ALL[which],
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_found(entries in proptest::collection::vec(any_entry(), 0..40)) {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
        let crl = Crl::from_der(write(&issuer, Medium::Card, &entries)).unwrap();
        for entry in &entries {
            let first = entries.iter().find(|other| other.serial == entry.serial).unwrap();
            let content = minimal(entry.serial.0);
            prop_assert_eq!(crl.find(&content), Some((first.at, first.withdrawal)));
        }
        let told = crl.entries().map(|(serial, at, withdrawal)| (serial.to_vec(), at, withdrawal));
        let written = entries.iter().map(|entry| (minimal(entry.serial.0), entry.at, entry.withdrawal));
        prop_assert!(told.eq(written), "all of them, in their order");
    }

    #[test]
    fn mutated_crls_are_read_or_refused(flips in common::flips(), cut in 0..2000usize) {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
        let entries: Vec<_> =
            ALL.iter().zip(1..).map(|(&withdrawal, serial)| entry(serial, withdrawal)).collect();
        let der = write(&issuer, Medium::Card, &entries);
        let mutated = common::mutate(&der, &flips, cut);
        if let Ok(crl) = Crl::from_der(mutated.clone()) {
            crl.find(&[1]);
            crl.entries().count();
            prop_assert_eq!(crl.verify(&issuer.certificate).is_ok(), mutated == der);
        } else {
            prop_assert!(mutated != der);
        }
    }
}

fn minimal(serial: u64) -> Vec<u8> {
    let bytes = [&[0][..], &serial.to_be_bytes()].concat();
    let start = bytes.windows(2).take_while(|pair| pair[0] == 0 && pair[1] < 0x80).count();
    bytes[start..].to_vec()
}
