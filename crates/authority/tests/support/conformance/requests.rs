//! Nonces, idempotency records, pruning.

use inrou_authority::store::{Document, Nonce, Precondition, Store, Write};

use super::{checks, commit, precondition};
use crate::support::samples::*;

checks!(
    a_nonce_is_spent_once_by_each_caller,
    an_answer_is_recorded_once_under_a_callers_key,
    what_has_expired_is_pruned_and_nothing_else,
    pruning_keeps_to_its_limit,
);

fn a_nonce_is_spent_once_by_each_caller(store: &dyn Store) {
    commit(store, [Write::SpendNonce(nonce("a", 60))]);
    let again = precondition(store, [Write::SpendNonce(nonce("a", 90))]);
    assert_eq!(again, Precondition::NonceSpent);
    let other_caller = Nonce { caller: "portal".to_owned(), ..nonce("a", 60) };
    commit(store, [Write::SpendNonce(nonce("b", 60)), Write::SpendNonce(other_caller)]);
}

fn an_answer_is_recorded_once_under_a_callers_key(store: &dyn Store) {
    assert_eq!(store.idempotency("phone", "a").unwrap(), None);
    commit(store, [Write::PutIdempotency(answer("a", 60))]);
    let again = precondition(store, [Write::PutIdempotency(answer("a", 60))]);
    assert_eq!(again, Precondition::IdempotencyKeyUsed);
    assert_eq!(store.idempotency("phone", "a").unwrap(), Some(answer("a", 60)));
    assert_eq!(store.idempotency("portal", "a").unwrap(), None);
}

fn what_has_expired_is_pruned_and_nothing_else(store: &dyn Store) {
    let passing = |id: &str, expires| Write::PutDocument {
        expected: None,
        document: Document { expires: Some(at(expires)), ..document(ENROLMENT, id, b"") },
    };
    let lasting =
        Write::PutDocument { expected: None, document: document(ENROLMENT, "lasting", b"") };
    commit(
        store,
        [
            Write::SpendNonce(nonce("old", 60)),
            Write::SpendNonce(nonce("new", 61)),
            Write::PutIdempotency(answer("old", 60)),
            Write::PutIdempotency(answer("new", 61)),
            passing("old", 60),
            passing("new", 61),
            lasting,
        ],
    );
    let prune = |now| commit(store, [Write::Prune { now: at(now), limit: 9 }]).pruned;
    assert_eq!(prune(59), 0);
    assert_eq!(prune(60), 3);
    assert_eq!(prune(60), 0);
    assert_eq!(store.idempotency("phone", "old").unwrap(), None);
    assert_eq!(store.idempotency("phone", "new").unwrap(), Some(answer("new", 61)));
    assert_eq!(store.document(ENROLMENT, "old").unwrap(), None);
    assert!(store.document(ENROLMENT, "new").unwrap().is_some());
    assert!(store.document(ENROLMENT, "lasting").unwrap().is_some());
    commit(store, [Write::SpendNonce(nonce("old", 90))]);
    let kept = precondition(store, [Write::SpendNonce(nonce("new", 90))]);
    assert_eq!(kept, Precondition::NonceSpent);
}

fn pruning_keeps_to_its_limit(store: &dyn Store) {
    commit(store, (1..=5).map(|n| Write::SpendNonce(nonce(&n.to_string(), n))));
    let prune = |now, limit| commit(store, [Write::Prune { now: at(now), limit }]).pruned;
    assert_eq!([prune(9, 2), prune(9, 2), prune(9, 2)], [2, 2, 1]);
}
