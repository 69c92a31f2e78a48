//! Serial numbers, intents, certificates, status, CRLs.

use inrou_authority::store::{
    CertificateRecord, CrlRecord, IntentKey, IntentSubject, Partition, Precondition, SerialRange,
    Status, StatusVersion, Store, StoreError, Write,
};
use inrou_rules::{CertificateId, Medium, RevocationReason, Serial, Use};

use super::{checks, commit, precondition};
use crate::support::samples::*;

checks!(
    serials_are_dense_for_each_issuer,
    a_reserved_serial_is_pending,
    an_intent_is_recorded_once_under_its_key,
    a_closed_intent_gives_way_to_a_new_serial,
    an_intent_that_led_to_a_certificate_ends_with_it,
    a_certificate_needs_a_serial_reserved_in_its_partition,
    a_certificate_is_recorded_once,
    certificates_are_paged_by_chip,
    every_change_of_status_is_in_the_feed_once,
    a_hold_can_be_lifted_and_a_revocation_cannot,
    every_reason_is_stored,
    good_certificates_are_forgotten_and_remembered,
    a_reader_behind_the_feed_is_told,
    crl_numbers_rise_in_each_partition,
    the_last_crl_of_a_partition_is_recorded,
);

const SIGNATURE_CARD: fn() -> Partition = || partition(Use::Signature, Medium::Card);

fn reserve(partition: Partition, count: u32) -> Write {
    Write::ReserveSerials { partition, count, not_after: at(1_000_000) }
}

/// A resident, and a certificate with the next serial number.
fn issue(store: &dyn Store, partition: Partition, holder: u8) -> CertificateId {
    if store.resident(resident_id(holder)).unwrap().is_none() {
        let resident = Box::new(resident(holder));
        commit(store, [Write::PutResident { expected: None, resident }]);
    }
    let SerialRange { usage, first: serial, .. } =
        commit(store, [reserve(partition, 1)]).serials[0];
    let id = CertificateId { usage, serial };
    commit(store, [Write::PutCertificate(certificate(id, partition, holder))]);
    id
}

fn put_status(store: &dyn Store, id: CertificateId, status: Status) -> StatusVersion {
    commit(store, [Write::PutStatus { id, status }]).statuses[0]
}

fn serials_are_dense_for_each_issuer(store: &dyn Store) {
    let authentication = Partition::Own { usage: Use::UserAuthentication };
    let reserved =
        commit(store, [reserve(SIGNATURE_CARD(), 3), reserve(authentication, 2)]).serials;
    let range = |usage, first, count| SerialRange { usage, first: Serial(first), count };
    assert_eq!(reserved, [range(Use::Signature, 1, 3), range(Use::UserAuthentication, 1, 2)]);
    let phone = partition(Use::Signature, Medium::Phone);
    assert_eq!(commit(store, [reserve(phone, 1)]).serials, [range(Use::Signature, 4, 1)]);
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(4));
    assert_eq!(store.last_serial(Use::UserAuthentication).unwrap(), Serial(2));
}

fn a_reserved_serial_is_pending(store: &dyn Store) {
    commit(store, [reserve(SIGNATURE_CARD(), 2)]);
    let status = store.status(id(Use::Signature, 2)).unwrap().unwrap();
    assert_eq!(status.status, Status::Pending);
    assert_eq!((status.partition, status.not_after), (SIGNATURE_CARD(), at(1_000_000)));
    assert_eq!(store.status(id(Use::Signature, 3)).unwrap(), None);
    assert_eq!(store.status(id(Use::UserAuthentication, 1)).unwrap(), None);
}

fn an_intent_is_recorded_once_under_its_key(store: &dyn Store) {
    let subject = IntentSubject::Enrolment(enrolment(1));
    let phone = partition(Use::Signature, Medium::Phone);
    let first = intent(subject, phone, "first");
    let opened = commit(store, [Write::OpenIntent(first.clone())]).intents;
    assert_eq!((opened[0].id, &opened[0].intent), (id(Use::Signature, 1), &first));
    let retried = commit(store, [Write::OpenIntent(intent(subject, phone, "second"))]).intents;
    assert_eq!(retried, opened);
    assert_eq!(store.intent(first.key()).unwrap().as_ref(), opened.first());
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(1));

    // Another use, and a card of the same bytes, are other keys.
    let authentication = partition(Use::UserAuthentication, Medium::Phone);
    let others = [
        intent(subject, authentication, "other"),
        intent(IntentSubject::Card(card(1)), phone, "other"),
    ];
    let opened = commit(store, others.map(Write::OpenIntent)).intents;
    assert_eq!(opened[0].id, id(Use::UserAuthentication, 1));
    assert_eq!(opened[1].id, id(Use::Signature, 2));
}

fn a_closed_intent_gives_way_to_a_new_serial(store: &dyn Store) {
    let subject = IntentSubject::Card(card(1));
    let key = IntentKey { subject, usage: Use::Signature };
    assert_eq!(precondition(store, [Write::CloseIntent(key)]), Precondition::IntentNotOpen);
    let first = intent(subject, SIGNATURE_CARD(), "first");
    let second = intent(subject, SIGNATURE_CARD(), "second");
    commit(store, [Write::OpenIntent(first)]);
    let reopened =
        commit(store, [Write::CloseIntent(key), Write::OpenIntent(second.clone())]).intents;
    assert_eq!((reopened[0].id, &reopened[0].intent), (id(Use::Signature, 2), &second));
    commit(store, [Write::CloseIntent(key)]);
    assert_eq!(store.intent(key).unwrap(), None);
    assert_eq!(precondition(store, [Write::CloseIntent(key)]), Precondition::IntentNotOpen);
}

fn an_intent_that_led_to_a_certificate_ends_with_it(store: &dyn Store) {
    let subject = IntentSubject::Enrolment(enrolment(1));
    let key = IntentKey { subject, usage: Use::Signature };
    let open = || Write::OpenIntent(intent(subject, SIGNATURE_CARD(), "from"));
    let id = commit(store, [open()]).intents[0].id;
    let ownerless = CertificateRecord { holder: None, ..certificate(id, SIGNATURE_CARD(), 1) };
    commit(store, [Write::PutCertificate(ownerless), Write::CloseIntent(key)]);
    assert_eq!(store.intent(key).unwrap(), None);
    assert_eq!(precondition(store, [Write::CloseIntent(key)]), Precondition::IntentNotOpen);
    assert_eq!(commit(store, [open()]).intents[0].id.serial, Serial(id.serial.0 + 1));
}

fn a_certificate_needs_a_serial_reserved_in_its_partition(store: &dyn Store) {
    let ownerless = |id, partition| {
        let certificate = CertificateRecord { holder: None, ..certificate(id, partition, 1) };
        Write::PutCertificate(certificate)
    };
    commit(store, [reserve(SIGNATURE_CARD(), 1)]);
    for write in [
        ownerless(id(Use::Signature, 2), SIGNATURE_CARD()),
        ownerless(id(Use::Signature, 1), partition(Use::Signature, Medium::Phone)),
        ownerless(id(Use::UserAuthentication, 1), SIGNATURE_CARD()),
    ] {
        assert_eq!(precondition(store, [write]), Precondition::SerialNotReserved);
    }
    commit(store, [ownerless(id(Use::Signature, 1), SIGNATURE_CARD())]);
}

fn a_certificate_is_recorded_once(store: &dyn Store) {
    let id = issue(store, SIGNATURE_CARD(), 1);
    let again = Write::PutCertificate(certificate(id, SIGNATURE_CARD(), 1));
    assert_eq!(precondition(store, [again.clone()]), Precondition::AlreadyRecorded);
    put_status(store, id, Status::Good);
    let up_to = store.status_version().unwrap();
    commit(store, [Write::ForgetGood { up_to }]);
    assert_eq!(precondition(store, [again]), Precondition::AlreadyRecorded);
    let stored = store.certificate(id).unwrap();
    assert_eq!(stored, Some(certificate(id, SIGNATURE_CARD(), 1)));
}

fn certificates_are_paged_by_chip(store: &dyn Store) {
    let authentication = partition(Use::UserAuthentication, Medium::Card);
    for holder in [1, 2, 1] {
        issue(store, SIGNATURE_CARD(), holder);
        issue(store, authentication, holder);
    }
    let page = |after, limit| -> Vec<CertificateId> {
        let page = store.certificates_in(chip(1), after, limit).unwrap();
        page.into_iter().map(|certificate| certificate.id).collect()
    };
    let (s, a) = (Use::Signature, Use::UserAuthentication);
    let all = [id(s, 1), id(s, 3), id(a, 1), id(a, 3)];
    assert_eq!(page(None, 9), all);
    assert_eq!(page(Some(all[0]), 2), all[1..3]);
    assert_eq!(page(Some(all[3]), 2), []);
}

fn every_change_of_status_is_in_the_feed_once(store: &dyn Store) {
    commit(store, [reserve(SIGNATURE_CARD(), 3)]);
    let feed = |since: u64, limit| -> Vec<_> {
        let changes = store.status_changes(StatusVersion(since), limit).unwrap();
        changes.iter().map(|change| (change.version.0, change.id.serial.0)).collect()
    };
    assert_eq!(feed(0, 9), [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(put_status(store, id(Use::Signature, 2), Status::Good), StatusVersion(4));
    let held = Status::Held { since: at(5) };
    assert_eq!(put_status(store, id(Use::Signature, 1), held), StatusVersion(5));
    assert_eq!(feed(0, 9), [(3, 3), (4, 2), (5, 1)]);
    assert_eq!(feed(3, 1), [(4, 2)]);
    assert_eq!(feed(5, 9), []);
    assert_eq!(store.status_version().unwrap(), StatusVersion(5));
    let listed = store.statuses(Use::Signature, Some(Serial(1)), 1).unwrap();
    assert_eq!(listed[0].id.serial, Serial(2));
}

fn a_hold_can_be_lifted_and_a_revocation_cannot(store: &dyn Store) {
    let id = issue(store, SIGNATURE_CARD(), 1);
    let unknown = CertificateId { serial: Serial(9), ..id };
    let write = Write::PutStatus { id: unknown, status: Status::Good };
    assert_eq!(precondition(store, [write]), Precondition::SerialNotReserved);
    let revoked = Status::Revoked { at: at(8), reason: RevocationReason::KeyCompromise };
    for status in [Status::Good, Status::Held { since: at(5) }, Status::Good, revoked] {
        put_status(store, id, status);
        assert_eq!(store.status(id).unwrap().unwrap().status, status);
    }
    for status in [Status::Good, Status::Held { since: at(9) }, Status::Pending, revoked] {
        let refused = precondition(store, [Write::PutStatus { id, status }]);
        assert_eq!(refused, Precondition::Revoked);
    }
    assert_eq!(store.status(id).unwrap().unwrap().status, revoked);
    // What is revoked while it is on hold is told to be so since the hold.
    let lost = issue(store, SIGNATURE_CARD(), 1);
    let reason = RevocationReason::CessationOfOperation;
    put_status(store, lost, Status::Held { since: at(5) });
    put_status(store, lost, Status::Revoked { at: at(8), reason });
    let told = store.status(lost).unwrap().unwrap().status;
    assert_eq!(told, Status::Revoked { at: at(5), reason });
}

fn every_reason_is_stored(store: &dyn Store) {
    for reason in [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
    ] {
        let id = issue(store, SIGNATURE_CARD(), 1);
        let status = Status::Revoked { at: at(1), reason };
        put_status(store, id, status);
        assert_eq!(store.status(id).unwrap().unwrap().status, status);
    }
}

fn good_certificates_are_forgotten_and_remembered(store: &dyn Store) {
    let [old, new] = [1, 2].map(|holder| issue(store, SIGNATURE_CARD(), holder));
    let up_to = put_status(store, old, Status::Good);
    put_status(store, new, Status::Good);
    // A number whose certificate is not stored would lose its partition.
    commit(store, [reserve(SIGNATURE_CARD(), 1)]);
    commit(store, [Write::ForgetGood { up_to }]);
    assert_eq!(store.status(old).unwrap(), None);
    assert_eq!(store.status(new).unwrap().unwrap().status, Status::Good);

    let held = Status::Held { since: at(5) };
    put_status(store, old, held);
    let record = store.status(old).unwrap().unwrap();
    assert_eq!((record.status, record.partition), (held, SIGNATURE_CARD()));
    assert_eq!(record.not_after, at(1_000_000));

    let bare = id(Use::Signature, 3);
    let up_to = put_status(store, bare, Status::Good);
    commit(store, [Write::ForgetGood { up_to }]);
    assert_eq!(store.status(bare).unwrap().unwrap().status, Status::Good);
    assert_eq!(store.status(old).unwrap().unwrap().status, held);
}

fn a_reader_behind_the_feed_is_told(store: &dyn Store) {
    let id = issue(store, SIGNATURE_CARD(), 1);
    let seen = put_status(store, id, Status::Good);
    commit(store, [reserve(SIGNATURE_CARD(), 1), Write::ForgetGood { up_to: seen }]);
    let behind = store.status_changes(StatusVersion(seen.0 - 1), 9).unwrap_err();
    assert!(matches!(behind, StoreError::Precondition(Precondition::FeedForgotten)));
    assert_eq!(store.status_changes(seen, 9).unwrap().len(), 1);
    // What is to come cannot be forgotten.
    commit(store, [Write::ForgetGood { up_to: StatusVersion(u64::MAX) }]);
    let now = store.status_version().unwrap();
    commit(store, [reserve(SIGNATURE_CARD(), 1)]);
    assert_eq!(store.status_changes(now, 9).unwrap().len(), 1);
}

fn crl(partition: Partition, number: u64) -> CrlRecord {
    CrlRecord {
        partition,
        number,
        this_update: at(10),
        next_update: at(86_410),
        entries: 3,
        status_version: StatusVersion(7),
    }
}

fn crl_numbers_rise_in_each_partition(store: &dyn Store) {
    let own = Partition::Own { usage: Use::Signature };
    let reserve = Write::ReserveCrlNumber;
    let numbers =
        commit(store, [reserve(SIGNATURE_CARD()), reserve(own), reserve(own)]).crl_numbers;
    assert_eq!(numbers, [1, 1, 2]);
    assert_eq!(commit(store, [reserve(SIGNATURE_CARD())]).crl_numbers, [2]);
}

fn the_last_crl_of_a_partition_is_recorded(store: &dyn Store) {
    let own = Partition::Own { usage: Use::Signature };
    let put = |number| Write::PutCrl(crl(own, number));
    assert_eq!(precondition(store, [put(1)]), Precondition::CrlNumberNotNext);
    commit(store, [own, own, own, SIGNATURE_CARD()].map(Write::ReserveCrlNumber));
    commit(store, [put(2)]);
    assert_eq!(precondition(store, [put(1)]), Precondition::CrlNumberNotNext);
    assert_eq!(precondition(store, [put(2)]), Precondition::CrlNumberNotNext);
    assert_eq!(precondition(store, [put(4)]), Precondition::CrlNumberNotNext);
    commit(store, [put(3), Write::PutCrl(crl(SIGNATURE_CARD(), 1))]);
    assert_eq!(store.crl(own).unwrap(), Some(crl(own, 3)));
    assert_eq!(store.crl(Partition::Own { usage: Use::UserAuthentication }).unwrap(), None);
    assert_eq!(store.crl(SIGNATURE_CARD()).unwrap(), Some(crl(SIGNATURE_CARD(), 1)));
}
