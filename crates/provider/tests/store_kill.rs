//! A process that works with the store is killed, again and again: nothing that it was answered is
//! lost, no act is half done, what serves once does not serve again, and the file opens each time.
//!
//! Has a `main` of its own, since the process that is killed is this program too.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use inrou_api::wire::transaction::{Flow, Purpose, TransactionId};
use inrou_pki::SystemEntropy;
use inrou_provider::clients::{ClientId, Counted, Limits, NewClient, Registration, Use};
use inrou_provider::store::{
    Authorization, AuthorizationRequest, CodeFault, Exchange, Grant, Outcome, Pushed, Refresh,
    Revocation, Seen, Settlement, SqliteStore, Store, StoreError, Token, TokenKind,
};
use inrou_relying::{Checks, Handover, TransactionRecord};
use inrou_rules::Medium;
use jiff::Timestamp;
use serde_json::json;

/// Acts that make one log-in's whole story: pushed, begun, granted, exchanged, refreshed, given back.
const ACTS: u64 = 6;

const KILLS: usize = 10;

fn main() {
    match std::env::var_os("INROU_STORE_TO_FILL") {
        Some(file) => fill(Path::new(&file)),
        None => nothing_answered_is_lost(),
    }
}

fn nothing_answered_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provider.db");
    let mut answered = 0;
    for round in 0..KILLS {
        let mut child = start(&file);
        // Killed after another number of answers each time; those already on their way count too.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 7 + 11 * round;
        let first: Vec<_> = lines.by_ref().take(wanted).map(Result::unwrap).collect();
        assert_eq!(first.len(), wanted, "the process ended by itself");
        child.kill().unwrap();
        // The last line may have been cut off.
        let rest = lines.map_while(Result::ok).filter(|line| line.ends_with('.'));
        for line in first.into_iter().chain(rest) {
            answered = answered.max(line.trim_end_matches('.').parse().unwrap());
        }
        child.wait().unwrap();
        let store = open(&file);
        let done = acts_done(&store);
        assert!(done >= answered, "{answered} acts were answered, {done} are there");
        (0..done / ACTS).for_each(|number| serves_once(&store, number, round));
    }
    println!("{answered} acts were answered, {KILLS} kills lost none");
}

/// A story that is over: neither its assertion nor its code, nor what was given for it, serves again.
fn serves_once(store: &SqliteStore, number: u64, round: usize) {
    let repeated = store.exchange(&exchange(number));
    assert!(matches!(repeated, Err(StoreError::Precondition(_))), "the assertion");
    let assertion = seen(&format!("round-{round}"), number);
    let fresh = store.exchange(&Exchange { assertion, ..exchange(number) });
    assert!(matches!(fresh, Ok(Err(CodeFault::Spent))), "the code");
    assert!(!opens(store, "access", number) && !opens(store, "refreshed", number), "the tokens");
}

/// How many acts have been done, one after the other; each with all that follows from it.
fn acts_done(store: &SqliteStore) -> u64 {
    let mut done = 0;
    for number in 0.. {
        let here = acts_of(store, number);
        done += here;
        if here < ACTS {
            assert_eq!(acts_of(store, number + 1), 0, "nothing is done before what precedes it");
            return done;
        }
    }
    done
}

/// How far one log-in's story has come.
fn acts_of(store: &SqliteStore, number: u64) -> u64 {
    let pushed = store.pushed(&name("pushed", number)).unwrap().is_some();
    let begun = store.authorization(&transaction(number)).unwrap();
    let granted = begun.as_ref().is_some_and(|begun| begun.grant.is_some());
    let latest = store.latest(&name("browser", number), &client(), NOW).unwrap();
    assert!(granted || latest.is_none(), "a grant without its log-in");
    assert!(!(granted && pushed), "a pushed request serves one log-in");
    let (exchanged, refreshed) =
        (opens(store, "access", number), opens(store, "refreshed", number));
    match (&begun, granted, latest.is_some()) {
        (None, ..) => u64::from(pushed),
        (Some(_), false, _) => 2,
        (Some(_), true, false) => {
            assert!(!exchanged && !refreshed, "given back, and still open");
            if is_given_back(store, number) { 6 } else { 3 }
        }
        (Some(_), true, true) => 3 + u64::from(exchanged) + u64::from(refreshed),
    }
}

/// Whether a code was spent: a log-in that has led back nowhere yet has none.
fn is_given_back(store: &SqliteStore, number: u64) -> bool {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let look = format!("look-{}-{}", std::process::id(), LOOKS.fetch_add(1, Ordering::Relaxed));
    let look = Exchange { assertion: seen(&look, number), ..exchange(number) };
    match store.exchange(&look).unwrap() {
        Err(CodeFault::Unknown) => false,
        Err(CodeFault::Spent) => true,
        other => panic!("{:?}", other.map(|grant| grant.id)),
    }
}

fn opens(store: &SqliteStore, token: &str, number: u64) -> bool {
    store.access(&name(token, number), NOW).unwrap().is_some()
}

fn start(file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env("INROU_STORE_TO_FILL", file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Goes on where the process before was killed; says how many acts are done after each.
fn fill(file: &Path) {
    let store = open(file);
    if store.client(&client()).unwrap().is_none() {
        store.register(&new_client()).unwrap().unwrap();
    }
    let mut done = acts_done(&store);
    let mut out = std::io::stdout();
    loop {
        let number = done / ACTS;
        match done % ACTS {
            0 => store.push(&pushed(number), &seen("push", number), &one_more()).unwrap(),
            1 => store.begin(&begun(number), &one_more()).unwrap(),
            2 => drop(store.settle(&settled(number)).unwrap()),
            3 => {
                store.give_code(&transaction(number), &name("code", number), (NOW, UNTIL)).unwrap();
                store.exchange(&exchange(number)).unwrap().unwrap();
            }
            4 => drop(store.refresh(&refresh(number)).unwrap().unwrap()),
            _ => assert!(store.revoke(&given_back(number)).unwrap()),
        }
        done += 1;
        // The line is whole only with its full stop.
        writeln!(out, "{done}.").and_then(|()| out.flush()).unwrap();
    }
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const UNTIL: Timestamp = Timestamp::MAX;

fn client() -> ClientId {
    ClientId::numbered(1)
}

fn registration() -> Registration {
    serde_json::from_value(json!({"client_name": "見本銀行", "redirect_uris": [CALLBACK],
        "jwks": {"keys": []}, "scope": "openid", "sector": "bank.example"}))
    .unwrap()
}

fn new_client() -> NewClient {
    let (registration, is_approved, token, at) = (registration(), true, [0; 32], NOW);
    NewClient { registration, is_approved, token, at, most_pending: 0 }
}

fn one_more() -> Use {
    let (client, limits) = (client(), Limits::default());
    Use { client, what: Counted::LogIns, limits, at: NOW }
}

const CALLBACK: &str = "https://bank.example/callback";

fn name(what: &str, number: u64) -> [u8; 32] {
    let text = format!("{what:>20}{number:>12}");
    text.as_bytes().try_into().unwrap()
}

fn transaction(number: u64) -> TransactionId {
    TransactionId::try_from(format!("{number:032x}")).unwrap()
}

fn seen(what: &str, number: u64) -> Seen {
    Seen { what: format!("{what}:{number}"), until: UNTIL }
}

fn request() -> AuthorizationRequest {
    serde_json::from_value(json!({"redirect_uri": CALLBACK, "scope": "openid", "state": null,
        "nonce": null, "code_challenge": "challenge", "tells_session_state": false,
        "dpop_jkt": null, "again": "no", "subject": null, "login_hint": null, "language": null}))
    .unwrap()
}

fn pushed(number: u64) -> Pushed {
    let name = name("pushed", number);
    Pushed { name, client: client(), request: request(), expires: UNTIL }
}

fn begun(number: u64) -> Authorization {
    Authorization {
        transaction: TransactionRecord {
            id: transaction(number),
            purpose: Purpose::LogIn,
            asker: "http://localhost:8080".to_owned(),
            asker_name: "見本銀行".to_owned(),
            site: Some("bank.example".to_owned()),
            text: "text".to_owned(),
            digest: None,
            reason: None,
            shares: Vec::new(),
            challenge: vec![7; 32],
            expires: UNTIL,
            origin: None,
            handover: Handover::new(NOW, name("browser", number), Checks::default()),
            answered: None,
        },
        client: client(),
        browser: name("browser", number),
        request: request(),
        pushed: Some(name("pushed", number)),
        grant: None,
    }
}

fn settled(number: u64) -> Settlement {
    let grant = Grant {
        id: format!("grant-{number}"),
        client: client(),
        subject: "subject".to_owned(),
        scope: request().scope,
        nonce: None,
        at: NOW,
        medium: Medium::Phone,
        flow: Flow::Qr,
        attributes: None,
        sign_transaction: None,
        transaction: transaction(number),
        expires: UNTIL,
    };
    Settlement {
        transaction: transaction(number),
        answer: name("answer", number),
        at: NOW,
        outcome: Outcome::Granted(Box::new(grant)),
    }
}

fn token(what: &str, kind: TokenKind, number: u64) -> Token {
    Token { hash: name(what, number), kind, scope: None, jkt: None, expires: UNTIL }
}

fn exchange(number: u64) -> Exchange {
    Exchange {
        code: name("code", number),
        client: client(),
        assertion: seen("exchange", number),
        redirect_uri: CALLBACK.to_owned(),
        challenge: "challenge".to_owned(),
        jkt: None,
        at: NOW,
        tokens: vec![
            token("access", TokenKind::Access, number),
            token("refresh", TokenKind::Refresh, number),
        ],
    }
}

fn refresh(number: u64) -> Refresh {
    Refresh {
        token: name("refresh", number),
        client: client(),
        assertion: seen("refresh", number),
        at: NOW,
        issued: token("refreshed", TokenKind::Access, number),
    }
}

fn given_back(number: u64) -> Revocation {
    Revocation {
        token: name("refresh", number),
        client: client(),
        assertion: seen("revoke", number),
        at: NOW,
    }
}

fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, &SystemEntropy).unwrap()
}
