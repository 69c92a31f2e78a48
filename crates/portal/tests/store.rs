//! The store by itself: what lasts, what is forgotten, what is refused.
#![allow(clippy::unwrap_used)]

mod support {
    pub mod samples;
}

use std::path::Path;

use inrou_api::wire::portal::{Decision, OfficeState};
use inrou_api::wire::transaction::{Flow, Purpose, TransactionState};
use inrou_pki::SeededEntropy;
use inrou_portal::store::{
    Applications, Confirmation, Draft, Logins, OfficeQuery, Outcome, Records, Settlement,
    SqliteStore, StoreError, Verdict, Visits,
};
use inrou_relying::{Checks, Handover, Standing, Taken, TransactionRecord};
use support::samples::*;

fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, &SeededEntropy::new(1)).unwrap()
}

fn everything() -> OfficeQuery {
    OfficeQuery { municipality: None, state: None, after: 0, limit: usize::MAX }
}

#[test]
fn the_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let _store = SqliteStore::open(&file, &SeededEntropy::new(1)).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[test]
fn a_secret_is_drawn_once_in_a_stores_life() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.db");
    let secret = open(&file).secret().unwrap();
    let again = SqliteStore::open(&file, &SeededEntropy::new(2)).unwrap();
    assert_eq!(again.secret().unwrap(), secret);
    let other = SqliteStore::open(&folder.path().join("other.db"), &SeededEntropy::new(2)).unwrap();
    assert_ne!(other.secret().unwrap(), secret);
}

#[test]
fn a_file_of_a_later_form_or_of_another_kind_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.db");
    drop(open(&file));
    let later = rusqlite::Connection::open(&file).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    let refused = SqliteStore::open(&file, &SeededEntropy::new(1)).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 99, known: 5 }), "{refused}");
    let picture = folder.path().join("picture");
    std::fs::write(&picture, [0xFF; 5_000]).unwrap();
    let refused = SqliteStore::open(&picture, &SeededEntropy::new(1)).err().unwrap();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
    assert_eq!(std::fs::read(&picture).unwrap(), [0xFF; 5_000]);
}

#[test]
fn what_two_do_at_once_on_one_file_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.db");
    let store = open(&file);
    let stores = [&store, &store];
    let begun = stores.each_ref().map(|store| {
        let new = transaction(Purpose::LogIn, 1);
        store.begin_login(&digest("login", 1), &new).unwrap()
    });
    assert!(begun[0] == begun[1]);
    let refused = Settlement { outcome: Outcome::Refused, ..logged_in(1) };
    let (first, second) = std::thread::scope(|scope| {
        let one = scope.spawn(|| stores[0].settle(&logged_in(1)).unwrap().unwrap());
        let other = scope.spawn(|| stores[1].settle(&refused).unwrap().unwrap());
        (one.join().unwrap(), other.join().unwrap())
    });
    assert!(first == second, "both are told the same");
    let session = stores[0].session(&session(1).token).unwrap();
    assert_eq!(session.is_some(), first.state(START) == TransactionState::Done);
    let taken = stores
        .each_ref()
        .map(|store| store.take_nonce("role:clerk", "n", START, later(300)).unwrap());
    assert_eq!(taken, [true, false]);
}

#[test]
fn what_is_over_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    let new = transaction(Purpose::LogIn, 1);
    store.begin_login(&digest("login", 1), &new).unwrap();
    store.settle(&logged_in(1)).unwrap();
    store.draw_up(&application(1)).unwrap();
    // The log-in is over after three minutes, the session after thirty.
    store.forget(later(181)).unwrap();
    assert!(store.login(&digest("login", 1)).unwrap().is_none());
    assert!(store.session(&session(1).token).unwrap().is_some());
    store.forget(later(1_801)).unwrap();
    assert!(store.session(&session(1).token).unwrap().is_none());
    let application = store.application("application-1").unwrap().unwrap();
    assert!(application.transaction == transaction(Purpose::Sign, 1), "no log-in, so it stays");

    assert!(store.take_nonce("k", "n", START, later(300)).unwrap());
    assert!(!store.take_nonce("k", "n", later(300), later(600)).unwrap(), "up to its last moment");
    assert!(store.take_nonce("k", "n", later(301), later(600)).unwrap());
    assert!(store.take_nonce("other", "n", later(301), later(600)).unwrap());

    let repeated = |key: &str| store.is_repeated(&request(key, b"", START).keyed).unwrap();
    assert!(repeated("draw-up-1"));
    let mut next = support::samples::application(2);
    next.at = later(86_401);
    store.draw_up(&next).unwrap();
    assert!(!repeated("draw-up-1") && repeated("draw-up-2"));
    let reused = store.is_repeated(&request("draw-up-2", b"other", START).keyed);
    assert!(matches!(reused, Err(StoreError::Precondition(_))));
}

#[test]
fn an_act_whose_request_is_refused_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    store.draw_up(&application(1)).unwrap();
    store.settle(&received(1)).unwrap();
    let mut verdict = accepted(1);
    verdict.request = request("draw-up-1", b"other", later(86_400));
    assert!(matches!(store.decide(&verdict), Err(StoreError::Precondition(_))));
    let application = store.application("application-1").unwrap().unwrap();
    assert_eq!(application.received.unwrap().state, OfficeState::Received);
    assert_eq!(store.history(&subject(1), None, later(9), 10).unwrap().len(), 2);
    assert_eq!(store.notices(&subject(1), 0, 10).unwrap().len(), 1);
}

#[test]
fn receipts_are_numbered_without_a_gap_and_repetitions_get_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    for number in 1..=3 {
        store.draw_up(&application(number)).unwrap();
        for _ in 0..2 {
            store.settle(&received(number)).unwrap();
        }
    }
    let found = store.received(&everything()).unwrap();
    let numbers: Vec<_> =
        found.iter().map(|found| found.received.as_ref().unwrap().number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let first = &found[0];
    assert_eq!(first.fields, application(1).fields);
    assert_eq!(first.reference().as_deref(), Some("20270115-000001"));
    let back = Verdict { decision: Decision::Return { reason: "why".to_owned() }, ..accepted(2) };
    let decided = store.decide(&back).unwrap().unwrap().received.unwrap();
    assert_eq!((decided.state, decided.reason.as_deref()), (OfficeState::Returned, Some("why")));
    assert!(store.decide(&accepted(9)).unwrap().is_none());
}

#[test]
fn a_settlement_needs_an_open_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    assert!(store.settle(&logged_in(1)).unwrap().is_none());
    let new = transaction(Purpose::LogIn, 1);
    store.begin_login(&digest("login", 1), &new).unwrap();
    let late = Settlement { at: later(180), ..logged_in(1) };
    let found = store.settle(&late).unwrap().unwrap();
    assert_eq!(found.state(later(180)), TransactionState::Expired);
    assert!(store.session(&session(1).token).unwrap().is_none());
    assert!(store.history(&subject(1), None, later(9), 10).unwrap().is_empty());
}

#[test]
fn use_1_what_was_told_to_be_over_stays_so_whatever_answer_comes_between() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    let new = transaction(Purpose::LogIn, 1);
    store.begin_login(&digest("login", 1), &new).unwrap();
    store.draw_up(&application(1)).unwrap();
    for (over, answer) in [(&new.id, logged_in(1)), (&received(1).transaction, received(1))] {
        let open = store.end(over, later(179)).unwrap().unwrap();
        assert_eq!(open.state(later(179)), TransactionState::Open);
        let ended = store.end(over, later(180)).unwrap().unwrap();
        assert_eq!(ended.result(later(180)).as_deref(), Some("transaction-expired"));
        // The answer was judged before that, and comes to the store after it.
        let early = Settlement { at: later(179), ..answer };
        let found = store.settle(&early).unwrap().unwrap();
        assert_eq!(found.state(later(179)), TransactionState::Expired);
    }
    assert!(store.session(&session(1).token).unwrap().is_none());
    assert!(store.application("application-1").unwrap().unwrap().received.is_none());
    assert!(store.end(&transaction(Purpose::LogIn, 2).id, START).unwrap().is_none());
}

#[test]
fn use_1_a_session_that_nobody_showed_to_be_ones_own_in_time_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    let begin = |number| {
        let checks = Checks { comes_back: true, ..Checks::default() };
        let handover = Handover { checks, ..transaction(Purpose::LogIn, number).handover };
        let new = TransactionRecord { handover, ..transaction(Purpose::LogIn, number) };
        store.begin_login(&digest("login", number), &new).unwrap();
        let taken = Taken { phone: digest("phone", number), flow: Flow::SameDevice };
        store.take(&new.id, &taken, START).unwrap();
        store.settle(&logged_in(number)).unwrap();
        new.id
    };
    let (late, in_time) = (begin(1), begin(2));
    store.confirm(&in_time, Confirmation::Return, later(119)).unwrap();
    for id in [&late, &in_time] {
        store.end(id, later(120)).unwrap();
    }
    assert!(store.sessions(&subject(1), later(120)).unwrap().is_empty());
    assert_eq!(store.sessions(&subject(2), later(120)).unwrap().len(), 1);
    // To come back earlier after all helps nobody.
    store.confirm(&late, Confirmation::Return, later(119)).unwrap();
    let found = store.transaction(&late).unwrap().unwrap();
    assert_eq!(found.standing(later(119)), Standing::Over("handover-timed-out".to_owned()));
    assert_eq!(store.session(&session(1).token).unwrap().unwrap().ended, Some(later(120)));
}

#[test]
fn a_notice_about_something_is_given_once_to_each() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    for (resident, number, is_known) in [(1, 1, false), (1, 1, true), (1, 2, false), (2, 1, false)]
    {
        let known = store.has_notice(&subject(resident), &due(number).about).unwrap();
        assert_eq!(known, is_known, "{resident} {number}");
        store.notify_once(&subject(resident), &due(number)).unwrap();
    }
    let notices = store.notices(&subject(1), 0, 10).unwrap();
    let sequences: Vec<_> = notices.iter().map(|notice| notice.sequence).collect();
    assert_eq!(sequences, [1, 2]);
}

#[test]
fn a_draft_is_its_writers_alone_until_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.db");
    let store = open(&file);
    let draft = |form: &str, typed: &str, seconds| Draft {
        owner: subject(1),
        form: form.to_owned(),
        fields: [("reason".to_owned(), typed.to_owned())].into(),
        expires: later(seconds),
    };
    store.keep_draft(&draft("moving-out", "one", 60)).unwrap();
    store.keep_draft(&draft("moving-out", "two", 61)).unwrap();
    store.keep_draft(&draft("child-allowance", "three", 62)).unwrap();
    drop(store);
    let store = open(&file);
    let kept = store.drafts(&subject(1), START).unwrap();
    let typed: Vec<_> = kept.iter().map(|draft| draft.fields["reason"].as_str()).collect();
    assert_eq!(typed, ["three", "two"], "newest first, one a form");
    assert!(store.drafts(&subject(2), START).unwrap().is_empty());
    assert_eq!(store.drafts(&subject(1), later(61)).unwrap().len(), 1);
    store.forget_draft(&subject(1), "child-allowance").unwrap();
    store.forget(later(62)).unwrap();
    assert!(store.drafts(&subject(1), START).unwrap().is_empty());
}

#[test]
fn a_session_is_extended_while_it_lasts_and_never_shortened() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    let new = transaction(Purpose::LogIn, 1);
    store.begin_login(&digest("login", 1), &new).unwrap();
    store.settle(&logged_in(1)).unwrap();
    let token = session(1).token;
    let extend = |now, until| store.extend_session(&token, later(now), later(until)).unwrap();
    assert_eq!(extend(60, 3_600).unwrap().expires, later(3_600));
    assert_eq!(extend(60, 100).unwrap().expires, later(3_600));
    assert!(extend(3_600, 9_999).is_none(), "it is over");
    assert!(store.extend_session(&digest("token", 2), START, later(1)).unwrap().is_none());
    let entry = entry("session:1", "logged-out", 1);
    store.end_session(&subject(1), "session-1", later(70), &entry).unwrap();
    assert!(extend(80, 9_999).is_none(), "it was ended");
}

#[test]
fn a_clerks_sign_in_is_known_after_its_time_but_not_after_a_sign_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("portal.db"));
    let kiyose = "13221".parse().unwrap();
    let (one, other) = (digest("clerk", 1), digest("clerk", 2));
    for token in [&one, &other] {
        store.sign_in(token, kiyose, later(60)).unwrap();
    }
    store.sign_out(&one).unwrap();
    assert!(store.clerk(&one).unwrap().is_none());
    store.extend_sign_in(&one, START, later(90)).unwrap();
    assert!(store.clerk(&one).unwrap().is_none());
    for (now, until) in [(START, 50), (later(60), 90)] {
        store.extend_sign_in(&other, now, later(until)).unwrap();
        let kept = store.clerk(&other).unwrap();
        assert_eq!(kept, Some((kiyose, later(60))), "neither shortened nor called back");
    }
    store.forget(later(60)).unwrap();
    assert_eq!(store.clerk(&other).unwrap(), Some((kiyose, later(60))));
    store.forget(later(61)).unwrap();
    assert!(store.clerk(&other).unwrap().is_none());
}
