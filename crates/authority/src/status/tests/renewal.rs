//! Responders and generations as time goes by.

use std::collections::BTreeSet;
use std::fs;

use inrou_pki::Status as Told;
use inrou_pki::ocsp::OcspResponse;

use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const FOUR_YEARS: SignedDuration = SignedDuration::from_hours(4 * 365 * 24);

/// The serial number of the responder that answers.
fn responder(office: &Office, issued: &Issued) -> inrou_rules::Serial {
    assert_eq!(office.ask(issued), Told::Good);
    let now = office.clock.now();
    let generation = office.authority.keys.generations().into_iter().find(|(usage, key)| {
        *usage == issued.id.usage && key.certificate.as_der() == issued.issuer.as_der()
    });
    let (usage, key) = generation.unwrap();
    let key = office.authority.responder_at(usage, key.generation, now).unwrap().unwrap();
    let certificate = &key.key.certificate;
    // It is the one in the answer.
    let answer = office.authority.answer_ocsp(&request(issued, None)).der;
    let der = certificate.as_der();
    assert!(answer.windows(der.len()).any(|window| window == der));
    certificate.serial().unwrap()
}

#[test]
fn a_responder_is_certified_anew_before_its_certificate_ends() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let first = responder(&office, &issued);
    office.advance(26 * DAY);
    assert_eq!(responder(&office, &issued), first);
    office.advance(2 * DAY);
    let second = responder(&office, &issued);
    assert_ne!(second, first);
    // Turned far ahead, past the end of the last one.
    office.advance(300 * DAY);
    let third = responder(&office, &issued);
    assert_ne!(third, second);
    let office = office.restarted();
    assert_eq!(responder(&office, &issued), third, "a restart needs no other");
}

#[test]
fn many_who_ask_at_once_have_one_responder_made() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let before = office.authority.store.last_serial(Use::Signature).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| assert_eq!(office.ask(&issued), Told::Good));
        }
    });
    let after = office.authority.store.last_serial(Use::Signature).unwrap();
    assert_eq!(after.0, before.0 + 1);
}

#[test]
fn each_generation_is_answered_for_by_a_responder_that_it_certified() {
    let office = Office::new();
    let old = office.active(Use::Signature);
    let first = responder(&office, &old);
    office.advance(FOUR_YEARS - DAY);
    let late = office.active(Use::Signature);
    assert_eq!(late.issuer.as_der(), old.issuer.as_der());
    office.advance(2 * DAY);
    let new = office.active(Use::Signature);
    assert_ne!(new.issuer.as_der(), old.issuer.as_der());
    assert_eq!(new.issuer.subject(), old.issuer.subject(), "the generations share their name");
    assert_eq!(office.ask(&new), Told::Good);
    assert_eq!(office.ask(&late), Told::Good);
    assert_ne!(responder(&office, &late), first);
    // What answers for one generation does not hold for the other (RFC 6960 §4.2.2.2).
    let answer = office.authority.answer_ocsp(&request(&new, None)).der;
    let moment = Moment::new(office.clock.now());
    assert!(OcspResponse::from_der(&answer).unwrap().verify(&late.issuer, moment).is_err());
    // Their certificates can be held and revoked all the same.
    office.hold(&late);
    assert!(matches!(office.ask(&late), Told::OnHold { .. }));
    let office = office.restarted();
    assert!(matches!(office.ask(&late), Told::OnHold { .. }));
    assert_eq!(office.ask(&new), Told::Good);
}

#[test]
fn up_to_its_last_second_a_generation_is_answered_for_and_then_no_more() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let end = issued.issuer.not_after();
    office.clock.advance_to(end - DAY);
    let last = responder(&office, &issued);
    office.clock.advance_to(end);
    assert_eq!(responder(&office, &issued), last, "no later one can be made");
    office.clock.advance_to(end + SignedDuration::from_secs(1));
    let answer = office.authority.answer_ocsp(&request(&issued, None));
    assert_eq!(*answer.der, [0x30, 3, 0x0A, 1, 6], "unauthorized");
}

#[test]
fn a_responder_that_has_expired_is_removed_with_its_key() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let keys = |office: &Office| {
        let files = fs::read_dir(office.folder.path().join("keys")).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().unwrap() == "key").count()
    };
    let rows = |office: &Office| {
        let kind = crate::store::DocumentKind("issuer-key");
        office.authority.store.documents(kind, None, None, 99).unwrap().len()
    };
    responder(&office, &issued);
    office.advance(28 * DAY);
    let second = responder(&office, &issued);
    office.authority.prune();
    assert_eq!((keys(&office), rows(&office)), (3, 3), "the first may still answer");

    office.advance(3 * DAY);
    office.authority.prune();
    assert_eq!((keys(&office), rows(&office)), (2, 2));
    assert_eq!(responder(&office, &issued), second);
    // One that was broken off between file and row is finished after a restart; the last goes as well.
    let office = office.restarted();
    office.advance(300 * DAY);
    office.authority.prune();
    assert_eq!((keys(&office), rows(&office)), (1, 1), "the issuer's own");
    assert_ne!(responder(&office, &issued), second);
}

#[test]
fn a_responder_s_key_that_cannot_be_removed_is_removed_later() {
    for restarts in [false, true] {
        let mut office = Office::new();
        let issued = office.active(Use::Signature);
        let folder = office.folder.path().join("keys");
        let keys = || -> BTreeSet<_> {
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect()
        };
        let before = keys();
        responder(&office, &issued);
        let after = keys();
        let [key] = after.difference(&before).collect::<Vec<_>>()[..] else { panic!("one key") };
        // A folder in its place is not removed as a file is.
        fs::remove_file(key).unwrap();
        fs::create_dir(key).unwrap();
        office.advance(30 * DAY + SignedDuration::from_hours(1));
        office.authority.prune();
        assert!(key.exists());
        fs::remove_dir(key).unwrap();
        fs::write(key, "the key").unwrap();
        if restarts {
            office = office.restarted();
        }
        office.authority.prune();
        assert!(!key.exists(), "restarts: {restarts}");
    }
}
