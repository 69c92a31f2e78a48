//! An answer, another answer, the number, the way back, a log-out and the end of either time, in every order:
//! the store judges, and what somebody was told once stays so.

use inrou_api::problem::Code;
use inrou_api::wire::transaction::TransactionState;
use inrou_pki::SystemEntropy;
use inrou_provider::store::testing::{Disk, PowerCut, open_sqlite};
use inrou_provider::store::{Confirmation, Exchange, Outcome, Settlement, SqliteStore, Store};
use jiff::{SignedDuration, Timestamp};

use crate::samples::{
    NOW, UNTIL, begun_to_sign, client, exchange, log_in, name, new_client, ordered, seen, settled,
    sign_id, signature, signed, taken, transaction,
};

/// What may happen, at the time at which whoever does it believes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The phone signs, and it is judged to be in time.
    Signs,
    /// The phone refuses.
    Refuses,
    /// Somebody looks when the time for an answer is over.
    LooksLate,
    /// The number is typed.
    TypesNumber,
    /// Somebody looks when the time for the number is over too.
    LooksLater,
    /// The page goes back to the site, if it may.
    GoesBack,
    /// The person logs out.
    LogsOut,
    /// The authority does not take what was signed.
    IsTakenBack,
}

const ACTS: [Act; 8] = [
    Act::Signs,
    Act::Refuses,
    Act::LooksLate,
    Act::TypesNumber,
    Act::LooksLater,
    Act::GoesBack,
    Act::LogsOut,
    Act::IsTakenBack,
];

/// How many of them happen, one after the other.
const LENGTH: usize = 4;

fn after(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

/// The time for an answer is 5 seconds; for the number, two minutes more.
fn does(store: &SqliteStore, act: Act, number: u64) {
    let id = transaction(number);
    match act {
        Act::Signs => drop(store.settle(&signed(number, after(4))).unwrap()),
        Act::Refuses => {
            let answer = name("refusal", number);
            let at = after(4);
            let refusal = Settlement { answer, at, outcome: Outcome::Refused, ..settled(number) };
            drop(store.settle(&refusal).unwrap());
        }
        Act::LooksLate => drop(store.end(&id, after(5)).unwrap()),
        Act::TypesNumber => {
            let typed = Confirmation::Number { is_right: true };
            store.confirm(&id, typed, after(4)).unwrap();
        }
        Act::LooksLater => drop(store.end(&id, after(200)).unwrap()),
        Act::GoesBack => {
            let found = store.authorization(&id).unwrap().unwrap();
            if found.transaction.standing(after(4)) == inrou_relying::Standing::Done {
                store.give_code(&id, &name("code", number), (after(4), UNTIL)).unwrap();
            }
        }
        Act::LogsOut => store.log_out(&name("browser", number), None, after(4)).unwrap(),
        Act::IsTakenBack => store.take_back(&id, Code::CERTIFICATE_ON_HOLD, after(4)).unwrap(),
    }
}

#[test]
fn use_1_whatever_comes_first_what_is_told_once_stays_so() {
    let disk = Disk::new(PowerCut::never());
    let store = open_sqlite(&disk, "provider.db", &SystemEntropy).unwrap();
    store.register(&new_client()).unwrap().unwrap();
    let orders = orders(LENGTH);
    assert_eq!(orders.len(), 8 * 7 * 6 * 5);
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for (number, order) in (1..).zip(&orders) {
        store.order(&ordered(number), &signature()).unwrap();
        store.begin(&begun_to_sign(number, after(5)), &log_in()).unwrap();
        store.take(&transaction(number), &taken(number), NOW).unwrap();
        let mut told: Option<(TransactionState, Option<String>)> = None;
        for act in order {
            does(&store, *act, number);
            let found = store.authorization(&transaction(number)).unwrap().unwrap();
            let is_signed =
                store.sign_transaction(&sign_id(number)).unwrap().unwrap().signed.is_some();
            let answered = found.transaction.answered.as_ref();
            let now = answered.map(|answered| (answered.state, answered.result.clone()));
            // Done may still fail until the page goes back; any other end is one.
            if let Some(told) = told.filter(|(state, _)| *state != TransactionState::Done) {
                assert_eq!(now, Some(told), "{order:?}");
            }
            let is_done = now.as_ref().is_some_and(|(state, _)| *state == TransactionState::Done);
            assert_eq!(is_signed, is_done, "{order:?} at {act:?}");
            told = now;
        }
        // The code opens something only if it was given, and nothing took it back.
        let fresh = Exchange { assertion: seen("look", number), ..exchange(number) };
        let opens = store.exchange(&fresh).unwrap().is_ok();
        let place = |wanted| order.iter().position(|act| *act == wanted);
        let state = told.as_ref().map(|(state, _)| *state);
        if opens {
            assert_eq!(state, Some(TransactionState::Done), "{order:?}");
            assert!(place(Act::TypesNumber) < place(Act::GoesBack), "{order:?}");
            assert!(place(Act::LogsOut).is_none_or(|at| Some(at) < place(Act::Signs)), "{order:?}");
        }
        let latest = store.latest(&name("browser", number), &client(), after(4)).unwrap();
        assert!(latest.is_none() || opens, "{order:?}");
        let end = told.map(|(state, result)| format!("{state:?} {}", result.unwrap_or_default()));
        *ends.entry(format!("{} {opens}", end.unwrap_or_default())).or_default() += 1;
    }
    // Each end is there: the orders are not all alike.
    for end in [
        "Done  true",
        "Done  false",
        "Refused transaction-refused false",
        "Expired transaction-expired false",
        "Failed handover-timed-out false",
        "Failed certificate-on-hold false",
    ] {
        assert!(ends.contains_key(end), "{end}: {ends:?}");
    }
}

/// All orders of so many of the acts.
fn orders(length: usize) -> Vec<Vec<Act>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(length - 1);
    let longer = shorter.iter().flat_map(|order| {
        let rest = ACTS.iter().filter(|act| !order.contains(act));
        rest.map(|act| [order.as_slice(), &[*act]].concat())
    });
    longer.collect()
}
