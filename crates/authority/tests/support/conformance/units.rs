//! Units: all or nothing, in order, durable when answered, whoever asks.

use std::sync::Barrier;
use std::thread;

use inrou_authority::store::{Committed, Precondition, Store, StoreError, Unit, Version, Write};
use inrou_rules::{Medium, RecordVersion, Serial, Use};

use super::{checks, commit, precondition, refused};
use crate::support::samples::*;

checks!(
    an_empty_unit_is_committed,
    a_refused_unit_leaves_nothing_behind,
    a_write_that_refers_to_something_unknown_is_refused,
    writes_are_applied_in_order,
    units_of_many_threads_lose_no_update,
    a_unit_can_be_awaited,
    a_unit_that_nobody_awaits_is_committed,
    numbers_beyond_any_row_are_no_panic,
);

fn an_empty_unit_is_committed(store: &dyn Store) {
    assert_eq!(store.commit(Unit::new()).unwrap(), Committed::default());
}

fn a_refused_unit_leaves_nothing_behind(store: &dyn Store) {
    let resident = || Write::PutResident { expected: None, resident: Box::new(resident(1)) };
    commit(store, [resident()]);
    let refused = refused(
        store,
        [
            Write::AppendEvent(admitted(1)),
            Write::PutAttributes(attributes(1)),
            Write::ReserveSerials {
                partition: partition(Use::Signature, Medium::Card),
                count: 3,
                not_after: at(9),
            },
            Write::ReserveCrlNumber(partition(Use::Signature, Medium::Card)),
            Write::AddJob(job("a", 1)),
            Write::Send(message(chip(1), "hello")),
            Write::SpendNonce(nonce("a", 60)),
            Write::PutIdempotency(answer("a", 60)),
            Write::PutPhone { expected: None, phone: phone(1, None) },
            Write::PutDocument { expected: None, document: document(SETTING, "a", b"") },
            resident(),
        ],
    );
    assert!(matches!(refused, StoreError::Conflict));
    assert_eq!(store.log_size().unwrap(), 0);
    assert_eq!(store.attributes(resident_id(1), RecordVersion(0)).unwrap(), None);
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(0));
    assert_eq!(store.statuses(Use::Signature, None, 9).unwrap(), []);
    assert_eq!(store.status_version().unwrap().0, 0);
    assert_eq!(store.jobs(None, 9).unwrap(), []);
    assert_eq!(store.messages(chip(1), 0, 9).unwrap(), []);
    assert_eq!(store.idempotency("phone", "a").unwrap(), None);
    assert_eq!(store.phone(chip(1)).unwrap(), None);
    assert_eq!(store.document(SETTING, "a").unwrap(), None);
    // Neither the nonce nor a number is spent.
    let after = commit(
        store,
        [
            Write::SpendNonce(nonce("a", 60)),
            Write::AppendEvent(admitted(1)),
            Write::ReserveCrlNumber(partition(Use::Signature, Medium::Card)),
            Write::Send(message(chip(1), "hello")),
        ],
    );
    assert_eq!((after.events, after.crl_numbers, after.messages), (vec![0], vec![1], vec![1]));
}

fn a_write_that_refers_to_something_unknown_is_refused(store: &dyn Store) {
    for write in [
        Write::AppendEvent(admitted(1)),
        Write::PutAttributes(attributes(1)),
        Write::PutPhone { expected: None, phone: phone(1, Some(1)) },
    ] {
        assert!(matches!(refused(store, [write]), StoreError::RefersToUnknown));
    }
}

fn writes_are_applied_in_order(store: &dyn Store) {
    commit(
        store,
        [
            Write::PutResident { expected: None, resident: Box::new(resident(1)) },
            Write::PutResident { expected: Some(Version(1)), resident: Box::new(resident(1)) },
            Write::AppendEvent(admitted(1)),
        ],
    );
    assert_eq!(store.resident(resident_id(1)).unwrap().unwrap().version, Version(2));
}

fn units_of_many_threads_lose_no_update(store: &dyn Store) {
    const THREADS: usize = 8;
    const ROUNDS: u64 = 20;
    commit(store, [Write::PutResident { expected: None, resident: Box::new(resident(1)) }]);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                for _ in 0..ROUNDS {
                    count_up(store);
                }
            });
        }
    });
    let count = THREADS as u64 * ROUNDS;
    let counted = store.resident(resident_id(1)).unwrap().unwrap();
    assert_eq!(counted.value.record, RecordVersion(count as u32));
    assert_eq!(counted.version, Version(count + 1));
    assert_eq!(store.log_size().unwrap(), count);
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(count));
}

/// Raises the resident's record version, trying again after each conflict.
fn count_up(store: &dyn Store) {
    loop {
        let mut counted = store.resident(resident_id(1)).unwrap().unwrap();
        counted.value.record.0 += 1;
        let unit = Unit::from_iter([
            Write::ReserveSerials {
                partition: partition(Use::Signature, Medium::Card),
                count: 1,
                not_after: at(9),
            },
            Write::AppendEvent(admitted(1)),
            Write::PutResident {
                expected: Some(counted.version),
                resident: Box::new(counted.value),
            },
        ]);
        match store.commit(unit) {
            Ok(_) => return,
            Err(StoreError::Conflict) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn a_unit_can_be_awaited(store: &dyn Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sequences = runtime.block_on(async {
        let resident = Write::PutResident { expected: None, resident: Box::new(resident(1)) };
        store.commit_async(resident.into()).await.unwrap();
        let pending: Vec<_> =
            (0..50).map(|_| store.commit_async(Write::AppendEvent(admitted(1)).into())).collect();
        let mut sequences = Vec::new();
        for unit in pending {
            sequences.extend(unit.await.unwrap().events);
        }
        sequences
    });
    assert_eq!(sequences, Vec::from_iter(0..50));
}

fn a_unit_that_nobody_awaits_is_committed(store: &dyn Store) {
    let resident = Write::PutResident { expected: None, resident: Box::new(resident(1)) };
    drop(store.commit_async(resident.into()));
    // Units are taken up in the order in which one caller hands them in.
    commit(store, [Write::AppendEvent(admitted(1))]);
    assert_eq!(store.log_size().unwrap(), 1);
}

fn numbers_beyond_any_row_are_no_panic(store: &dyn Store) {
    let last = Some(Version(u64::MAX));
    let resident = Box::new(resident(1));
    assert!(matches!(
        refused(store, [Write::PutResident { expected: last, resident }]),
        StoreError::Conflict
    ));
    assert_eq!(store.log(u64::MAX, 9).unwrap(), []);
    assert_eq!(store.certificate(id(Use::Signature, u64::MAX)).unwrap(), None);
    assert_eq!(store.messages(chip(1), u64::MAX, 1).unwrap(), []);
    let certificate =
        certificate(id(Use::Signature, u64::MAX), partition(Use::Signature, Medium::Card), 1);
    let ownerless = inrou_authority::store::CertificateRecord { holder: None, ..certificate };
    assert_eq!(
        precondition(store, [Write::PutCertificate(ownerless)]),
        Precondition::SerialNotReserved
    );
    commit(
        store,
        [Write::ReserveSerials {
            partition: partition(Use::Signature, Medium::Card),
            count: 0,
            not_after: at(9),
        }],
    );
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(0));
}
