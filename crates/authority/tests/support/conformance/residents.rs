//! Residents, their attributes and journal; phones; documents.

use inrou_authority::store::{
    AttributeVersion, Document, NameKey, PhoneRecord, Precondition, Store, StoreError, Version,
    Write,
};
use inrou_rules::{RecordVersion, Resident, Standing};
use inrou_tlog::Hash;

use super::{checks, commit, precondition, refused};
use crate::support::samples::*;

checks!(
    a_resident_is_replaced_at_its_version_only,
    residents_are_paged_by_id,
    a_version_of_attributes_is_recorded_once,
    a_resident_is_read_with_the_attributes_that_the_state_names,
    residents_are_found_by_their_present_name_and_birth_date,
    the_log_is_one_sequence_of_hashed_entries,
    a_journal_is_one_residents_part_of_the_log,
    a_phone_is_replaced_at_its_version_only,
    ready_3_a_resident_has_one_phone,
    ready_3_a_phone_is_handed_on_within_a_unit,
    documents_are_replaced_at_their_version_only,
    a_document_that_is_replaced_may_change_its_owner_and_expiry,
    documents_are_paged_by_id_of_all_or_of_an_owner,
);

fn put(expected: Option<u64>, n: u8) -> Write {
    Write::PutResident { expected: expected.map(Version), resident: Box::new(resident(n)) }
}

fn a_resident_is_replaced_at_its_version_only(store: &dyn Store) {
    assert_eq!(store.resident(resident_id(1)).unwrap(), None);
    assert!(matches!(refused(store, [put(Some(1), 1)]), StoreError::Conflict));
    commit(store, [put(None, 1)]);
    assert!(matches!(refused(store, [put(None, 1)]), StoreError::Conflict));
    assert!(matches!(refused(store, [put(Some(0), 1)]), StoreError::Conflict));
    assert!(matches!(refused(store, [put(Some(2), 1)]), StoreError::Conflict));
    let mut moved = resident(1);
    moved.standing = Standing::MovedAbroad;
    commit(
        store,
        [Write::PutResident { expected: Some(Version(1)), resident: Box::new(moved.clone()) }],
    );
    let stored = store.resident(resident_id(1)).unwrap().unwrap();
    assert_eq!((stored.version, stored.value), (Version(2), moved));
}

fn residents_are_paged_by_id(store: &dyn Store) {
    commit(store, [5, 0, 3, 1].map(|n| put(None, n)));
    let page = |after: Option<u8>, limit| -> Vec<_> {
        let page = store.residents(after.map(resident_id), limit).unwrap();
        page.into_iter().map(|resident| resident.value.id).collect()
    };
    assert_eq!(page(None, 2), [0, 1].map(resident_id));
    assert_eq!(page(Some(1), 2), [3, 5].map(resident_id));
    assert_eq!(page(Some(5), 2), []);
    assert_eq!(page(None, 0), []);
}

fn a_resident_is_read_with_the_attributes_that_the_state_names(store: &dyn Store) {
    assert_eq!(store.resident_with_attributes(resident_id(1)).unwrap(), None);
    commit(store, [put(None, 1)]);
    assert_eq!(store.resident_with_attributes(resident_id(1)).unwrap(), None);
    commit(store, [Write::PutAttributes(attributes(1))]);
    let first = store.resident_with_attributes(resident_id(1)).unwrap().unwrap();
    assert_eq!((first.0.version, first.0.value), (Version(1), resident(1)));
    assert_eq!(first.1, attributes(1));

    let second = AttributeVersion { record: RecordVersion(1), ..attributes(1) };
    commit(store, [Write::PutAttributes(second.clone())]);
    assert_eq!(store.resident_with_attributes(resident_id(1)).unwrap().unwrap().1, attributes(1));
    let changed = Resident { record: RecordVersion(1), ..resident(1) };
    let expected = Some(Version(1));
    commit(store, [Write::PutResident { expected, resident: Box::new(changed) }]);
    assert_eq!(store.resident_with_attributes(resident_id(1)).unwrap().unwrap().1, second);
}

fn residents_are_found_by_their_present_name_and_birth_date(store: &dyn Store) {
    let found = |name: &str, after: Option<u8>, limit| -> Vec<_> {
        let key = NameKey::of(name, attributes(1).attributes.birth_date);
        let page = store.residents_called(key, after.map(resident_id), limit).unwrap();
        page.into_iter().map(|resident| resident.value.id).collect()
    };
    for n in [3, 1, 2] {
        commit(store, [put(None, n), Write::PutAttributes(attributes(n))]);
    }
    assert_eq!(found("架空 2郎", None, 9), [resident_id(2)]);
    assert_eq!(found("カクウ", None, 9), [1, 2, 3].map(resident_id));
    assert_eq!(found("架空", Some(1), 1), [resident_id(2)]);
    assert_eq!(found("郎", None, 9), []);
    let mut renamed = AttributeVersion { record: RecordVersion(1), ..attributes(2) };
    renamed.attributes.name = "見本\u{3000}次郎".to_owned();
    renamed.attributes.name_reading = "みほん\u{3000}じろう".to_owned();
    commit(store, [Write::PutAttributes(renamed)]);
    assert_eq!(found("見本次郎", None, 9), [resident_id(2)]);
    assert_eq!(found("架空", None, 9), [1, 3].map(resident_id));
    let another_day = NameKey::of("架空", "1990-03-01".parse().unwrap());
    assert_eq!(store.residents_called(another_day, None, 9).unwrap(), []);
}

fn a_version_of_attributes_is_recorded_once(store: &dyn Store) {
    commit(store, [put(None, 1), Write::PutAttributes(attributes(1))]);
    let again = precondition(store, [Write::PutAttributes(attributes(1))]);
    assert_eq!(again, Precondition::AlreadyRecorded);
    let stored = store.attributes(resident_id(1), RecordVersion(0)).unwrap();
    assert_eq!(stored, Some(attributes(1)));
    assert_eq!(store.attributes(resident_id(1), RecordVersion(1)).unwrap(), None);
}

fn the_log_is_one_sequence_of_hashed_entries(store: &dyn Store) {
    assert_eq!(store.log_size().unwrap(), 0);
    let committed = commit(
        store,
        [
            put(None, 1),
            Write::AppendEvent(admitted(1)),
            put(None, 2),
            Write::AppendEvent(admitted(2)),
        ],
    );
    assert_eq!(committed.events, [0, 1]);
    assert_eq!(commit(store, [Write::AppendEvent(deletion(1, 7))]).events, [2]);
    let log = store.log(0, 9).unwrap();
    let entries = [admitted(1), admitted(2), deletion(1, 7)];
    assert_eq!(log.len(), entries.len());
    for (index, (logged, entry)) in log.iter().zip(&entries).enumerate() {
        assert_eq!((logged.sequence, &logged.entry), (index as u64, entry));
        assert_eq!(logged.leaf, Hash::of_leaf(&serde_json::to_vec(entry).unwrap()));
    }
    assert_eq!(store.log(1, 1).unwrap(), log[1..2]);
    assert_eq!(store.leaves(1, 9).unwrap(), [log[1].leaf, log[2].leaf]);
    assert_eq!(store.leaves(3, 9).unwrap(), []);
    assert_eq!(store.log_size().unwrap(), 3);
}

fn a_journal_is_one_residents_part_of_the_log(store: &dyn Store) {
    commit(store, [put(None, 1), put(None, 2)]);
    for seconds in 0..4 {
        let events = [1, 2].map(|n| Write::AppendEvent(deletion(n, seconds)));
        commit(store, events);
    }
    let sequences = |from, limit| -> Vec<u64> {
        let journal = store.journal(resident_id(2), from, limit).unwrap();
        assert!(journal.iter().all(|logged| logged.entry.resident == resident_id(2)));
        journal.into_iter().map(|logged| logged.sequence).collect()
    };
    assert_eq!(sequences(0, 9), [1, 3, 5, 7]);
    assert_eq!(sequences(3, 2), [3, 5]);
    assert!(sequences(8, 9).is_empty());
}

fn a_phone_is_replaced_at_its_version_only(store: &dyn Store) {
    let put = |expected: Option<u64>, phone: PhoneRecord| Write::PutPhone {
        expected: expected.map(Version),
        phone,
    };
    assert_eq!(store.phone(chip(1)).unwrap(), None);
    commit(store, [put(None, phone(1, None))]);
    assert!(matches!(refused(store, [put(None, phone(1, None))]), StoreError::Conflict));
    assert!(matches!(refused(store, [put(Some(2), phone(1, None))]), StoreError::Conflict));
    let renewed = PhoneRecord { device_key: vec![9; 91], ..phone(1, None) };
    commit(store, [put(Some(1), renewed.clone())]);
    let stored = store.phone(chip(1)).unwrap().unwrap();
    assert_eq!((stored.version, stored.value), (Version(2), renewed));
}

fn ready_3_a_resident_has_one_phone(store: &dyn Store) {
    commit(
        store,
        [
            put(None, 1),
            Write::PutPhone { expected: None, phone: phone(1, Some(1)) },
            Write::PutPhone { expected: None, phone: phone(2, None) },
            Write::PutPhone { expected: None, phone: phone(3, None) },
        ],
    );
    for write in [
        Write::PutPhone { expected: Some(Version(1)), phone: phone(2, Some(1)) },
        Write::PutPhone { expected: None, phone: phone(4, Some(1)) },
    ] {
        assert_eq!(precondition(store, [write]), Precondition::ResidentHasPhone);
    }
    let serves = |n| store.phone(chip(n)).unwrap().map(|phone| phone.value.resident);
    assert_eq!([1, 2, 4].map(serves), [Some(Some(resident_id(1))), Some(None), None]);
}

fn ready_3_a_phone_is_handed_on_within_a_unit(store: &dyn Store) {
    commit(
        store,
        [
            put(None, 1),
            Write::PutPhone { expected: None, phone: phone(1, Some(1)) },
            Write::PutPhone { expected: None, phone: phone(2, None) },
        ],
    );
    commit(
        store,
        [
            Write::PutPhone { expected: Some(Version(1)), phone: phone(1, None) },
            Write::PutPhone { expected: Some(Version(1)), phone: phone(2, Some(1)) },
        ],
    );
    let serves = |n| store.phone(chip(n)).unwrap().and_then(|phone| phone.value.resident);
    assert_eq!([1, 2].map(serves), [None, Some(resident_id(1))]);
}

fn documents_are_replaced_at_their_version_only(store: &dyn Store) {
    let put = |expected: Option<u64>, body: &[u8]| Write::PutDocument {
        expected: expected.map(Version),
        document: document(ENROLMENT, "a", body),
    };
    assert!(matches!(refused(store, [put(Some(1), b"")]), StoreError::Conflict));
    commit(store, [put(None, b"one")]);
    assert!(matches!(refused(store, [put(None, b"")]), StoreError::Conflict));
    commit(store, [put(Some(1), b"two")]);
    assert!(matches!(refused(store, [put(Some(1), b"")]), StoreError::Conflict));
    let stored = store.document(ENROLMENT, "a").unwrap().unwrap();
    assert_eq!((stored.version, stored.value), (Version(2), document(ENROLMENT, "a", b"two")));
    assert_eq!(store.document(SETTING, "a").unwrap(), None);
}

fn a_document_that_is_replaced_may_change_its_owner_and_expiry(store: &dyn Store) {
    let plain = document(ENROLMENT, "a", b"");
    let owned = Document { owner: Some("x".to_owned()), ..plain.clone() };
    let ending = Document { expires: Some(at(60)), ..owned.clone() };
    let handed_on = Document { owner: Some("y".to_owned()), ..ending.clone() };
    commit(store, [Write::PutDocument { expected: None, document: plain.clone() }]);
    for (version, document) in (1..).zip([owned, ending, handed_on.clone(), handed_on, plain]) {
        let (expected, owner) = (Some(Version(version)), document.owner.clone());
        commit(store, [Write::PutDocument { expected, document: document.clone() }]);
        let stored = store.document(ENROLMENT, "a").unwrap().unwrap();
        assert_eq!((stored.version, stored.value), (Version(version + 1), document));
        for each in ["x", "y"] {
            let listed = store.documents(ENROLMENT, Some(each), None, 9).unwrap();
            assert_eq!(listed.len() == 1, owner.as_deref() == Some(each));
        }
    }
}

fn documents_are_paged_by_id_of_all_or_of_an_owner(store: &dyn Store) {
    let owned = |id: &str, owner: &str| Write::PutDocument {
        expected: None,
        document: Document {
            owner: Some(owner.to_owned()),
            expires: Some(at(60)),
            ..document(ENROLMENT, id, id.as_bytes())
        },
    };
    let other = document(SETTING, "b", b"");
    commit(
        store,
        [
            owned("c", "x"),
            owned("a", "x"),
            owned("b", "y"),
            owned("", "x"),
            Write::PutDocument { expected: None, document: other },
        ],
    );
    let page = |owner, after, limit| -> Vec<String> {
        let page = store.documents(ENROLMENT, owner, after, limit).unwrap();
        page.into_iter().map(|document| document.value.id).collect()
    };
    assert_eq!(page(None, None, 9), ["", "a", "b", "c"]);
    assert_eq!(page(None, Some(""), 2), ["a", "b"]);
    assert_eq!(page(None, Some("b"), 2), ["c"]);
    assert_eq!(page(Some("x"), None, 2), ["", "a"]);
    assert_eq!(page(Some("x"), Some("a"), 2), ["c"]);
    assert_eq!(page(Some("z"), None, 2), [""; 0]);
    let stored = store.document(ENROLMENT, "a").unwrap().unwrap().value;
    assert_eq!((stored.owner.as_deref(), stored.expires), (Some("x"), Some(at(60))));
}
