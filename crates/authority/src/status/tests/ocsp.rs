//! What the responder answers.

use inrou_pki::Status as Told;
use inrou_pki::ocsp::{OcspError, OcspResponse};
use inrou_pki::status::Moment;
use inrou_rules::Serial;

use super::*;
use crate::status::OcspAnswer;
use crate::store::StatusVersion;

const MALFORMED: [u8; 5] = [0x30, 3, 0x0A, 1, 1];
const UNAUTHORIZED: [u8; 5] = [0x30, 3, 0x0A, 1, 6];

/// A minute before half of an answer's life.
const YOUNG: SignedDuration = SignedDuration::from_secs(389);

#[test]
fn loss_4_every_status_is_told_from_its_first_moment() {
    let office = Office::new();
    for usage in Use::ALL {
        let issued = office.issue(usage);
        assert_eq!(office.ask(&issued), Told::Unknown, "not on its chip yet");
        office.put(&issued, Status::Good);
        assert_eq!(office.ask(&issued), Told::Good);
        let since = office.clock.now();
        office.hold(&issued);
        assert_eq!(office.ask(&issued), Told::OnHold { since });
        office.put(&issued, Status::Good);
        assert_eq!(office.ask(&issued), Told::Good, "the hold was lifted");
        office.advance(SignedDuration::from_secs(1));
        let at = office.clock.now();
        office.revoke(&issued, RevocationReason::Superseded);
        assert_eq!(office.ask(&issued), Told::Revoked { at, reason: RevocationReason::Superseded });
    }
}

#[test]
fn valid_5_every_reason_is_told() {
    let office = Office::new();
    let at = office.clock.now();
    for reason in [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
    ] {
        let issued = office.active(Use::UserAuthentication);
        office.revoke(&issued, reason);
        assert_eq!(office.ask(&issued), Told::Revoked { at, reason });
    }
}

#[test]
fn what_was_never_reserved_is_unknown() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let index = &office.authority.status;
    for serial in [0, issued.id.serial.0 + 1, u64::MAX] {
        let id = CertificateId { serial: Serial(serial), ..issued.id };
        assert_eq!(index.status(id), Told::Unknown, "{serial}");
    }
    assert_eq!(index.status(issued.id), Told::Good);
    // A serial number of 20 bytes, such as other authorities draw.
    let serial = issued.certificate.serial_bytes();
    let at = request(&issued, None);
    let place = at
        .windows(serial.len() + 2)
        .rposition(|window| window[..2] == [2, serial.len() as u8] && &window[2..] == serial);
    let mut foreign = at[..place.unwrap()].to_vec();
    foreign.extend([2, 20]);
    foreign.extend([0x7F; 20]);
    let grown = (20 - serial.len()) as u8;
    // The sequences around it: request, tbsRequest, requestList, Request, CertID.
    for header in [1, 3, 5, 7, 9] {
        foreign[header] += grown;
    }
    let answer = office.authority.answer_ocsp(&foreign);
    assert_eq!(answer.life, None);
    let response = OcspResponse::from_der(&answer.der).unwrap();
    let trusted = response.verify(&issued.issuer, Moment::new(office.clock.now())).unwrap();
    let judged = trusted.status(&issued.certificate, Moment::new(office.clock.now()));
    assert_eq!(judged, Err(OcspError::OtherCertificate), "it answers what was asked");
}

#[test]
fn both_hashes_name_the_issuer_and_others_do_not() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let ask = |hash| {
        let request = write_request(&issued.issuer, &issued.certificate, hash, None).unwrap();
        office.authority.answer_ocsp(&request).der
    };
    for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
        assert_eq!(office.judge(&issued, &ask(hash)), Told::Good);
    }
    assert_eq!(*ask(HashAlgorithm::Sha384), UNAUTHORIZED);
    let sha1 = ask(HashAlgorithm::Sha1);
    assert_ne!(sha1, ask(HashAlgorithm::Sha256), "an answer repeats the hash of its request");
}

#[test]
fn for_another_issuer_it_does_not_speak() {
    let (office, other) = (Office::new(), Office::new());
    office.active(Use::Signature);
    let foreign = other.active(Use::Signature);
    let answer = office.authority.answer_ocsp(&request(&foreign, None));
    assert_eq!((&*answer.der, answer.life), (&UNAUTHORIZED[..], None));
}

#[test]
fn each_issuer_has_a_responder_of_its_own() {
    let office = Office::new();
    let (one, other) = (office.active(Use::Signature), office.active(Use::UserAuthentication));
    assert_eq!(office.ask(&one), Told::Good);
    assert_eq!(office.ask(&other), Told::Good);
    let answer = office.authority.answer_ocsp(&request(&one, None));
    let moment = Moment::new(office.clock.now());
    let verified = OcspResponse::from_der(&answer.der).unwrap().verify(&other.issuer, moment);
    assert!(verified.is_err(), "an answer holds for its own issuer alone");
}

#[test]
fn a_nonce_of_1_to_128_bytes_is_repeated_and_others_are_malformed() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    for length in [1, 16, 32, 128] {
        let nonce = vec![7; length];
        let answer = office.authority.answer_ocsp(&request(&issued, Some(&nonce)));
        assert_eq!(answer.life, None, "an answer with a nonce is for one request");
        let response = OcspResponse::from_der(&answer.der).unwrap();
        let trusted = response.verify(&issued.issuer, Moment::new(office.clock.now())).unwrap();
        trusted.check_nonce(&nonce).unwrap();
    }
    for length in [0, 129] {
        let answer = office.authority.answer_ocsp(&request(&issued, Some(&vec![7; length])));
        assert_eq!(*answer.der, MALFORMED, "{length}");
    }
}

#[test]
fn an_answer_is_given_again_until_half_its_life_is_over() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let request = request(&issued, None);
    let ask = || office.authority.answer_ocsp(&request);
    assert_eq!(office.authority.ready_ocsp_answer(&request), None);
    let first = ask();
    let life = first.life.clone().unwrap();
    assert_eq!(life.next_update.duration_since(life.this_update), SignedDuration::from_mins(15));
    assert_eq!(life.this_update, office.clock.now());
    office.advance(YOUNG);
    assert_eq!(ask(), first);
    assert_eq!(office.authority.ready_ocsp_answer(&request), Some(first.clone()));
    office.clock.advance_to(life.renewed_at());
    assert_eq!(office.authority.ready_ocsp_answer(&request), None);
    let second = ask();
    assert_ne!(second, first);
    assert_eq!(second.life.unwrap().this_update, office.clock.now());
    // Long after its end as well.
    office.advance(SignedDuration::from_hours(30));
    assert_eq!(office.ask(&issued), Told::Good);
}

#[test]
fn loss_4_an_answer_that_is_kept_gives_way_to_a_change_at_once() {
    let office = Office::new();
    let (held, other) = (office.active(Use::Signature), office.active(Use::Signature));
    let ask = |issued: &Issued| office.authority.answer_ocsp(&request(issued, None));
    let (good, other_good) = (ask(&held), ask(&other));
    office.hold(&held);
    assert_eq!(office.authority.ready_ocsp_answer(&request(&held, None)), None);
    assert!(matches!(office.ask(&held), Told::OnHold { .. }));
    assert_eq!(ask(&other), other_good, "others' answers stay");
    office.put(&held, Status::Good);
    assert_eq!(office.ask(&held), Told::Good);
    assert_eq!(good.life.unwrap().this_update, office.clock.now());
}

#[test]
fn an_answer_about_what_is_not_issued_yet_is_not_kept() {
    let office = Office::new();
    let issued = office.issue(Use::Signature);
    let answer = office.authority.answer_ocsp(&request(&issued, None));
    assert_eq!(answer.life, None);
    assert_eq!(office.judge(&issued, &answer.der), Told::Unknown);
}

#[test]
fn several_certificates_in_one_request_are_answered_together() {
    let office = Office::new();
    let (good, held) = (office.active(Use::Signature), office.active(Use::Signature));
    let other_issuer = office.active(Use::UserAuthentication);
    office.hold(&held);
    let all = joined(&[&good, &held, &other_issuer]);
    let OcspAnswer { der, life } = office.authority.answer_ocsp(&all);
    assert_eq!(life, None);
    assert_eq!(office.judge(&good, &der), Told::Good);
    assert!(matches!(office.judge(&held, &der), Told::OnHold { .. }));
    // Of another issuer nothing is told by this one's responder.
    let moment = Moment::new(office.clock.now());
    let trusted = OcspResponse::from_der(&der).unwrap().verify(&good.issuer, moment).unwrap();
    assert!(!matches!(trusted.status(&other_issuer.certificate, moment), Ok(Told::Good)));
}

#[test]
fn what_is_malformed_is_said_to_be_so_at_any_length() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let whole = request(&issued, Some(&[1; 32]));
    let answer = |bytes: &[u8]| office.authority.answer_ocsp(bytes).der;
    for end in 0..whole.len() {
        assert_eq!(*answer(&whole[..end]), MALFORMED, "cut at {end}");
    }
    assert_eq!(*answer(&[whole.as_slice(), &[0]].concat()), MALFORMED);
    for length in [1, 100, 8 * 1024, 8 * 1024 + 1, 1 << 20] {
        assert_eq!(*answer(&vec![0x30; length]), MALFORMED);
        assert_eq!(*answer(&vec![0; length]), MALFORMED);
    }
    // Whatever bit is wrong, there is an answer, and it is DER.
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            assert_eq!(answer(&changed)[0], 0x30);
        }
    }
}

#[test]
fn a_status_that_the_index_has_not_seen_is_read_before_anything_is_told() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let request = request(&issued, None);
    office.authority.answer_ocsp(&request);
    // Another process holds it: this one only hears that there is a change.
    let status = Status::Held { since: office.clock.now() };
    let hold = Write::PutStatus { id: issued.id, status };
    let store = &office.authority.store;
    let version = store.commit(hold.into()).unwrap().statuses[0];
    office.authority.status.expect(version);
    assert_eq!(office.authority.ready_ocsp_answer(&request), None);
    assert!(matches!(office.ask(&issued), Told::OnHold { .. }));
}

#[test]
fn while_the_store_is_out_of_reach_and_a_change_is_not_known_nothing_is_told() {
    use crate::store::testing::{Disk, Loss, PowerCut, open_sqlite};

    const TRY_LATER: [u8; 5] = [0x30, 3, 0x0A, 1, 3];
    let power = PowerCut::at(u64::MAX, Loss::Nothing);
    let disk = Disk::new(power.clone());
    let store = open_sqlite(&disk, "store.db", SqliteSettings::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let office = Office::with(Arc::new(store), folder, START.parse().unwrap());
    let issued = office.active(Use::Signature);
    assert_eq!(office.ask(&issued), Told::Good);
    power.cut();
    assert_eq!(office.ask(&issued), Told::Good, "what is known can be told");
    office.authority.status.expect(StatusVersion(u64::MAX));
    let answer = office.authority.answer_ocsp(&request(&issued, None));
    assert_eq!(*answer.der, TRY_LATER);
}

/// One request about several certificates.
fn joined(all: &[&Issued]) -> Vec<u8> {
    // Request, tbsRequest and requestList have short headers here.
    let mut list: Vec<u8> = Vec::new();
    for issued in all {
        list.extend(&request(issued, None)[6..]);
    }
    for _ in 0..3 {
        let length = u8::try_from(list.len()).unwrap();
        list.splice(..0, [0x30, 0x81, length]);
    }
    list
}
