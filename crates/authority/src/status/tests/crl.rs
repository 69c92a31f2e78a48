//! What the CRLs list, and when there is a new one.

use std::io::Read;

use inrou_pki::Status as Told;
use inrou_pki::crl::{Crl, CrlPath};

use super::*;
use crate::status::OpenCrl;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Office {
    /// Where a certificate says that its CRL is.
    fn path(&self, issued: &Issued) -> CrlPath {
        let uri = issued.certificate.distribution_points()[0].uri().unwrap();
        uri.strip_prefix("http://127.0.0.1:8080/crl/").unwrap().parse().unwrap()
    }

    fn crl(&self, path: &CrlPath) -> Crl {
        read(self.authority.crl(path).unwrap())
    }

    /// What its CRL tells of a certificate.
    fn look_up(&self, issued: &Issued) -> Told {
        let crl = self.crl(&self.path(issued)).verify(&issued.issuer).unwrap();
        crl.status(&issued.certificate, Moment::new(self.clock.now())).unwrap()
    }

    /// The number of the CRL that covers a certificate.
    fn number(&self, issued: &Issued) -> u64 {
        number(&self.crl(&self.path(issued)))
    }
}

fn read(mut open: OpenCrl) -> Crl {
    let mut der = Vec::new();
    open.file.read_to_end(&mut der).unwrap();
    assert_eq!(der.len() as u64, open.about.bytes);
    let crl = Crl::from_der(der).unwrap();
    assert_eq!(number(&crl), open.about.number);
    assert_eq!(crl.this_update(), open.about.life.this_update);
    assert_eq!(crl.next_update(), open.about.life.next_update);
    crl
}

fn number(crl: &Crl) -> u64 {
    crl.number().unwrap().iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[test]
fn loss_4_what_is_held_or_revoked_is_listed_and_nothing_else() {
    let office = Office::new();
    let (pending, good) = (office.issue(Use::Signature), office.active(Use::Signature));
    let (held, revoked) = (office.active(Use::Signature), office.active(Use::Signature));
    let at = office.clock.now();
    office.hold(&held);
    office.revoke(&revoked, RevocationReason::CessationOfOperation);
    for unlisted in [&pending, &good] {
        assert_eq!(office.look_up(unlisted), Told::Good);
    }
    assert_eq!(office.look_up(&held), Told::OnHold { since: at });
    let reason = RevocationReason::CessationOfOperation;
    assert_eq!(office.look_up(&revoked), Told::Revoked { at, reason });
    assert_eq!(office.authority.crl(&office.path(&good)).unwrap().about.entries, 2);
    office.put(&held, Status::Good);
    assert_eq!(office.look_up(&held), Told::Good, "the hold was lifted");
}

#[test]
fn partitions_do_not_list_each_others_certificates() {
    let office = Office::new();
    let usage = Use::UserAuthentication;
    let all = [
        office.issue_in(usage, Medium::Phone, "13221"),
        office.issue_in(usage, Medium::Card, "13221"),
        office.issue_in(usage, Medium::Phone, "13101"),
        office.issue_in(Use::Signature, Medium::Phone, "13221"),
    ];
    for issued in &all {
        office.hold(issued);
    }
    for issued in &all {
        let open = office.authority.crl(&office.path(issued)).unwrap();
        assert_eq!(open.about.entries, 1);
        assert!(matches!(office.look_up(issued), Told::OnHold { .. }));
    }
    // A change in one leaves the others as they are.
    let numbers = || all.each_ref().map(|issued| office.number(issued));
    let before = numbers();
    office.put(&all[0], Status::Good);
    let after = numbers();
    assert!(after[0] > before[0]);
    assert_eq!(after[1..], before[1..]);
}

#[test]
fn the_issuers_own_crl_is_where_its_certificate_says() {
    let office = Office::new();
    let issuer = office.issuer(Use::Signature).certificate.clone();
    let uri = issuer.distribution_points()[0].uri().unwrap();
    let path = uri.strip_prefix("http://127.0.0.1:8080/crl/").unwrap().parse().unwrap();
    let crl = office.crl(&path).verify(&issuer).unwrap();
    assert_eq!(crl.status(&issuer, Moment::new(office.clock.now())), Ok(Told::Good));
}

#[test]
fn a_crl_stands_until_something_changes_or_half_its_life_is_over() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let first = office.crl(&office.path(&issued));
    assert_eq!(first.next_update().duration_since(first.this_update()), 24 * HOUR);
    // What no CRL lists changes none: another certificate that comes to be good.
    office.active(Use::Signature);
    office.advance(12 * HOUR - SignedDuration::from_secs(1));
    assert_eq!(office.number(&issued), number(&first));
    office.advance(SignedDuration::from_secs(1));
    let second = office.number(&issued);
    assert!(second > number(&first));
    office.hold(&issued);
    let third = office.number(&issued);
    assert!(third > second);
    assert_eq!(office.number(&issued), third);
    office.advance(100 * HOUR);
    assert!(matches!(office.look_up(&issued), Told::OnHold { .. }));
}

#[test]
fn while_a_crl_is_written_the_last_one_is_given() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let path = office.path(&issued);
    let first = office.number(&issued);
    office.hold(&issued);
    let partition = office.authority.store.status(issued.id).unwrap().unwrap().partition;
    let shelf = office.authority.crls.shelf(partition);
    let writing = shelf.writing.lock().unwrap();
    assert_eq!(number(&office.crl(&path)), first);
    drop(writing);
    assert!(number(&office.crl(&path)) > first);
}

#[test]
fn a_crl_that_is_being_read_stays_what_it_is() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let open = office.authority.crl(&office.path(&issued)).unwrap();
    let first = open.about.number;
    office.hold(&issued);
    assert!(office.number(&issued) > first);
    assert_eq!(number(&read(open)), first);
}

#[test]
fn the_last_crl_stands_in_while_none_can_be_written() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let path = office.path(&issued);
    let first = office.number(&issued);
    // In the place of the draft is something that cannot be written to.
    let file = office.folder.path().join("crl").join(path.to_string().replace('/', "-"));
    let draft = file.with_extension("new");
    std::fs::create_dir(&draft).unwrap();
    office.hold(&issued);
    assert_eq!(office.number(&issued), first);
    office.advance(24 * HOUR);
    assert!(office.authority.crl(&path).is_err(), "its time is over");
    std::fs::remove_dir(&draft).unwrap();
    assert!(matches!(office.look_up(&issued), Told::OnHold { .. }));
}

#[test]
fn after_a_restart_numbers_go_on() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    office.hold(&issued);
    let first = office.number(&issued);
    let office = office.restarted();
    assert!(office.number(&issued) > first);
    assert!(matches!(office.look_up(&issued), Told::OnHold { .. }));
}

#[test]
fn two_processes_never_publish_under_one_number_nor_an_older_one_later() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let path = office.path(&issued);
    let folder = tempfile::tempdir().unwrap();
    // The same keys and store, CRLs of its own.
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    for key in std::fs::read_dir(office.folder.path().join("keys")).unwrap() {
        let key = key.unwrap();
        std::fs::copy(key.path(), folder.path().join("keys").join(key.file_name())).unwrap();
    }
    let store = office.authority.store.clone();
    let other = authority(store.clone(), folder.path(), office.clock.clone());
    let numbers = std::thread::scope(|threads| {
        let writers = [&office.authority, &other].map(|authority| {
            let path = &path;
            threads.spawn(move || {
                let mut numbers = Vec::new();
                for _ in 0..30 {
                    // Each of them believes that something has changed.
                    authority.crls.shelves.lock().unwrap().clear();
                    numbers.push(authority.crl(path).unwrap().about.number);
                }
                numbers
            })
        });
        writers.map(|writer| writer.join().unwrap())
    });
    for own in &numbers {
        assert!(own.is_sorted_by(|one, next| one < next), "{own:?}");
    }
    let mut all = numbers.concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 60, "a number was used twice");
    let partition = store.status(issued.id).unwrap().unwrap().partition;
    let last = store.crl(partition).unwrap().unwrap();
    assert_eq!(Some(&last.number), all.last());
}

#[test]
fn an_entry_leaves_the_crl_after_one_that_was_made_when_its_certificate_had_expired() {
    let office = Office::new();
    let issued = office.active(Use::UserAuthentication);
    let path = office.path(&issued);
    office.revoke(&issued, RevocationReason::KeyCompromise);
    let entries = || office.authority.crl(&path).unwrap().about.entries;
    assert_eq!(entries(), 1);
    office.clock.advance_to(issued.certificate.not_after() + 48 * HOUR);
    assert_eq!(entries(), 1, "the first after its end still lists it");
    office.advance(13 * HOUR);
    assert_eq!(entries(), 0);
    // The responder tells of it for good.
    assert!(matches!(
        office.authority.status.status(issued.id),
        Told::Revoked { reason: RevocationReason::KeyCompromise, .. }
    ));
}

#[test]
fn each_generation_has_the_whole_list_signed_by_its_own_key() {
    let office = Office::new();
    let old = office.active(Use::Signature);
    office.advance(SignedDuration::from_hours(4 * 365 * 24));
    let new = office.active(Use::Signature);
    office.hold(&old);
    office.hold(&new);
    assert_ne!(office.path(&old), office.path(&new));
    for issued in [&old, &new] {
        assert!(matches!(office.look_up(issued), Told::OnHold { .. }));
        assert_eq!(office.authority.crl(&office.path(issued)).unwrap().about.entries, 2);
    }
    assert_ne!(office.number(&old), office.number(&new), "they share their numbers");
    office.clock.advance_to(old.issuer.not_after() + HOUR);
    assert!(office.authority.crl(&office.path(&old)).is_err(), "the old key's time is over");
    office.crl(&office.path(&new));
}

#[test]
fn there_is_no_crl_of_places_or_keys_that_are_not_known() {
    let office = Office::new();
    let issued = office.active(Use::Signature);
    let path = office.path(&issued);
    let nowhere = Some((Medium::Card, "99999".parse().unwrap()));
    for wrong in [
        CrlPath { holders: nowhere, ..path },
        CrlPath { generation: [0; 4], ..path },
        CrlPath { usage: Use::UserAuthentication, ..path },
    ] {
        assert!(office.authority.crl(&wrong).is_err(), "{wrong}");
    }
    // A municipality without certificates has an empty one.
    let empty = CrlPath { holders: Some((Medium::Card, "01100".parse().unwrap())), ..path };
    assert_eq!(office.authority.crl(&empty).unwrap().about.entries, 0);
}

#[test]
fn rows_of_good_certificates_that_are_forgotten_change_nothing() {
    let office = Office::new();
    let (good, held) = (office.active(Use::Signature), office.active(Use::Signature));
    office.hold(&held);
    let forget = Write::ForgetGood { up_to: office.authority.status.seen() };
    office.authority.commit(forget.into()).unwrap();
    let office = office.restarted();
    assert_eq!(office.look_up(&good), Told::Good);
    assert_eq!(office.ask(&good), Told::Good);
    office.hold(&good);
    assert!(matches!(office.look_up(&good), Told::OnHold { .. }));
    assert!(matches!(office.look_up(&held), Told::OnHold { .. }));
}
