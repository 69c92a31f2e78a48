//! Snapshots on a folder, without roles.

use std::fs;

use inrou_pki::SystemEntropy;
use tempfile::TempDir;

use super::*;

/// A store of the authority's as an earlier version wrote it.
const OF_AN_EARLIER_FORM: &str =
    include_str!("../../../../authority/src/store/sqlite/fixtures/v1.sql");

/// A state of which every part says `word`.
fn state(word: &str) -> (TempDir, DataFolder) {
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::create(root.path()).unwrap();
    write_state(root.path(), word);
    (root, folder)
}

fn write_state(root: &Path, word: &str) {
    for part in STATE {
        if part == "clock.json" {
            let _ = remove_if_there(&root.join(part));
            SandboxClock::open(root).unwrap();
        } else if [
            "authority",
            "portal",
            "provider",
            "timestamps",
            "maker",
            "roles",
            "cards",
            "phones",
        ]
        .contains(&part)
        {
            fs::create_dir_all(root.join(part)).unwrap();
            fs::write(root.join(part).join("what"), word).unwrap();
        } else {
            fs::write(root.join(part), word).unwrap();
        }
    }
}

/// The words that the parts of the state say, each once.
fn words(root: &Path) -> Vec<String> {
    let mut words: Vec<String> = STATE
        .iter()
        .filter(|part| **part != "clock.json")
        .map(|part| {
            let part = root.join(part);
            let file = if part.is_dir() { part.join("what") } else { part };
            fs::read_to_string(file).unwrap_or_else(|_| "missing".to_owned())
        })
        .collect();
    words.dedup();
    words
}

fn name(text: &str) -> Handle {
    text.parse().unwrap()
}

fn code(done: Result<(), Fault>) -> &'static str {
    done.err().map_or("", |fault| fault.code())
}

#[test]
fn a_state_comes_back_whole_and_what_is_the_user_s_own_stays() {
    let (root, folder) = state("old");
    let snapshots = Snapshots(&folder);
    snapshots.save(&name("before")).unwrap();
    write_state(root.path(), "new");
    fs::write(root.path().join("cards/another"), "").unwrap();
    fs::write(root.path().join("residents.json"), "own").unwrap();
    snapshots.save(&name("after")).unwrap();
    let names: Vec<Handle> = snapshots.list().unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, [name("after"), name("before")]);

    snapshots.restore(&name("before"), &SystemEntropy).unwrap();
    assert_eq!(words(root.path()), ["old"]);
    assert!(!root.path().join("cards/another").exists());
    assert_eq!(fs::read_to_string(root.path().join("residents.json")).unwrap(), "own");
    snapshots.restore(&name("after"), &SystemEntropy).unwrap();
    assert_eq!(words(root.path()), ["new"]);
    for left in [PREPARED, REPLACING, MOVING_IN] {
        assert!(!root.path().join(left).exists(), "{left}");
    }
}

#[test]
fn wherever_a_kill_comes_the_state_is_the_old_one_or_the_new() {
    // How many of the parts the kill let be taken away, or moved in.
    for done in 0..=STATE.len() {
        let (root, _) = state("old");
        let new = root.path().join(REPLACING);
        fs::create_dir(&new).unwrap();
        write_state(&new, "new");
        for part in &STATE[..done] {
            remove_if_there(&root.path().join(part)).unwrap();
        }
        settle(root.path()).unwrap();
        assert_eq!(words(root.path()), ["new"], "{done} taken away");

        let (root, _) = state("old");
        let new = root.path().join(MOVING_IN);
        fs::create_dir(&new).unwrap();
        write_state(&new, "new");
        for part in STATE {
            remove_if_there(&root.path().join(part)).unwrap();
        }
        for part in &STATE[..done] {
            fs::rename(new.join(part), root.path().join(part)).unwrap();
        }
        settle(root.path()).unwrap();
        assert_eq!(words(root.path()), ["new"], "{done} moved in");
        settle(root.path()).unwrap();
        assert_eq!(words(root.path()), ["new"]);
    }
    let (root, folder) = state("old");
    let new = root.path().join(PREPARED);
    fs::create_dir(&new).unwrap();
    fs::write(new.join("begun"), "half").unwrap();
    settle(root.path()).unwrap();
    assert_eq!(words(root.path()), ["old"], "what is being prepared is nothing yet");
    Snapshots(&folder).save(&name("now")).unwrap();
    Snapshots(&folder).restore(&name("now"), &SystemEntropy).unwrap();
    assert_eq!(words(root.path()), ["old"]);
}

#[test]
fn the_clock_goes_on_from_where_it_was_and_a_stopped_one_stands() {
    for running in [true, false] {
        let (root, folder) = state("old");
        let clock = SandboxClock::open(root.path()).unwrap();
        if !running {
            clock.stop().unwrap();
        }
        let saved = clock.state().now;
        Snapshots(&folder).save(&name("then")).unwrap();
        clock.advance_by(jiff::SignedDuration::from_hours(24)).unwrap();
        drop(clock);
        Snapshots(&folder).restore(&name("then"), &SystemEntropy).unwrap();
        let state = SandboxClock::open(root.path()).unwrap().state();
        assert_eq!(state.running, running);
        assert!((0..3600).contains(&state.now.duration_since(saved).as_secs()));
    }
}

#[test]
fn a_store_of_an_earlier_form_is_brought_up_to_date_and_a_later_one_refused() {
    let (root, folder) = state("old");
    let store = root.path().join("authority/store.db");
    let form = |file: &Path| -> u32 {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    let connection = rusqlite::Connection::open(&store).unwrap();
    connection.execute_batch(OF_AN_EARLIER_FORM).unwrap();
    connection.pragma_update(None, "user_version", 1_u32).unwrap();
    drop(connection);
    let snapshots = Snapshots(&folder);
    snapshots.save(&name("earlier")).unwrap();
    snapshots.restore(&name("earlier"), &SystemEntropy).unwrap();
    let known = form(&store);
    assert!(known > 1, "it was brought up to date");

    let connection = rusqlite::Connection::open(&store).unwrap();
    connection.pragma_update(None, "user_version", known + 1).unwrap();
    drop(connection);
    snapshots.save(&name("later")).unwrap();
    snapshots.restore(&name("earlier"), &SystemEntropy).unwrap();
    write_state(root.path(), "present");
    assert_eq!(code(snapshots.restore(&name("later"), &SystemEntropy)), "data-folder-newer");
    assert_eq!(words(root.path()), ["present"], "the present state stays");
    assert!(!root.path().join(PREPARED).exists());
}

#[test]
fn names_are_used_once_and_there_is_a_bound() {
    let (root, folder) = state("old");
    let snapshots = Snapshots(&folder);
    assert_eq!(code(snapshots.restore(&name("none"), &SystemEntropy)), "snapshot-unknown");
    assert_eq!(code(snapshots.delete(&name("none"))), "snapshot-unknown");
    for number in 0..MOST {
        snapshots.save(&name(&format!("s{number}"))).unwrap();
    }
    assert_eq!(code(snapshots.save(&name("s0"))), "snapshot-name-taken");
    assert_eq!(code(snapshots.save(&name("more"))), "snapshots-full");
    snapshots.delete(&name("s0")).unwrap();
    snapshots.save(&name("more")).unwrap();
    snapshots.delete(&name("more")).unwrap();
    // A file that is that long and holds nothing.
    let huge = File::create(root.path().join("cards/huge")).unwrap();
    huge.set_len(LARGEST).unwrap();
    assert_eq!(code(snapshots.save(&name("huge"))), "snapshots-full");
    fs::create_dir(folder.snapshots().join("Somebody's own")).unwrap();
    fs::create_dir(folder.snapshots().join("unfinished")).unwrap();
    assert_eq!(snapshots.list().unwrap().len(), MOST - 1, "neither is a snapshot");
}

#[test]
fn a_reset_keeps_the_models_and_the_port_alone() {
    let (root, folder) = state("old");
    fs::write(root.path().join("phones/models.json"), "chosen").unwrap();
    fs::write(root.path().join("own-information.json"), "own").unwrap();
    Snapshots(&folder).save(&name("kept")).unwrap();
    Snapshots(&folder).reset(&SystemEntropy).unwrap();
    let kept = |path: &str| fs::read_to_string(root.path().join(path)).unwrap_or_default();
    assert_eq!((kept("phones/models.json"), kept("port")), ("chosen".into(), "old".into()));
    assert_eq!(kept("own-information.json"), "own");
    // The folders of the roles are there, and empty.
    for gone in ["authority/what", "cards", "clock.json", "passphrase", "ready", "phones/what"] {
        assert!(!root.path().join(gone).exists(), "{gone}");
    }
    Snapshots(&folder).restore(&name("kept"), &SystemEntropy).unwrap();
    assert_eq!(words(root.path()), ["old"]);
}

/// The clients of a provider's store.
fn clients(folder: &DataFolder) -> Vec<String> {
    use inrou_provider::store::{SqliteStore, Store};
    fs::create_dir_all(folder.provider()).unwrap();
    let store = SqliteStore::open(&folder.provider().join("store.db"), &SystemEntropy).unwrap();
    let all = store.clients(0, None, 10).unwrap();
    all.iter().map(|client| client.id.as_str().to_owned()).collect()
}

#[test]
fn reg_4_a_reset_keeps_registrations_and_a_whole_one_forgets_them() {
    use inrou_provider::clients::{ClientId, NewClient};
    use inrou_provider::store::{SqliteStore, Store};
    let (root, folder) = state("old");
    let site = serde_json::json!({"client_name": "見本銀行", "sector": "bank.example",
        "redirect_uris": ["https://bank.example/callback"], "jwks": {"keys": []}, "scope": "openid"});
    let new = NewClient {
        registration: serde_json::from_value(site).unwrap(),
        is_approved: true,
        token: [7; 32],
        at: Timestamp::UNIX_EPOCH,
        most_pending: 0,
    };
    let file = folder.provider().join("store.db");
    let store = SqliteStore::open(&file, &SystemEntropy).unwrap();
    let [_, second] = [store.register(&new), store.register(&new)].map(|made| made.unwrap());
    assert!(store.remove_client(&ClientId::numbered(1), Some(&[7; 32])).unwrap());
    let secret = store.secret().unwrap();
    drop(store);
    let known = root.path().join(&sites::registrations()[0]);
    fs::remove_file(root.path().join("sites")).unwrap();
    fs::create_dir_all(known.parent().unwrap()).unwrap();
    fs::write(&known, "a site's own").unwrap();
    fs::write(known.with_file_name("book.json"), "what it did").unwrap();
    Snapshots(&folder).save(&name("registered")).unwrap();

    Snapshots(&folder).reset(&SystemEntropy).unwrap();
    let store = SqliteStore::open(&file, &SystemEntropy).unwrap();
    let opened = store.opened_client(&ClientId::numbered(2), &[7; 32]).unwrap();
    assert_eq!(opened, second.ok(), "its token opens it as before");
    assert_ne!(store.secret().unwrap(), secret, "all else is new");
    let events = store.events(&ClientId::numbered(2), None, i64::MAX, 10).unwrap();
    assert!(events.is_empty());
    drop(store);
    assert_eq!(fs::read_to_string(&known).unwrap(), "a site's own");
    assert!(!known.with_file_name("book.json").exists());

    Snapshots(&folder).reset_all().unwrap();
    assert_eq!(clients(&folder), [""; 0]);
    assert!(!known.exists());
    Snapshots(&folder).restore(&name("registered"), &SystemEntropy).unwrap();
    assert_eq!(clients(&folder), ["RP00000002"], "those of the snapshot's time");
}

/// What a sandbox writes into its folder is the state's, or known to stay.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_sandbox_is_forgotten() {
    use crate::sandbox::{Extras, Options, Sandbox};
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::create(root.path()).unwrap();
    let residents = Some(vec!["mei".to_owned()]);
    let start = Some("2026-11-24T10:00:00+09:00".parse().unwrap());
    let options = Options { folder, port: 0, start, residents };
    let extras = Extras { tls: true, ..Extras::default() };
    let sandbox = Sandbox::start_with(options, extras).await.unwrap();
    sandbox.carry_out(crate::sandbox::Act::Save(name("first"))).await.unwrap();
    let stays = ["lock", "control.sock", "clock.lock", "snapshots", "start", "tls"];
    for entry in fs::read_dir(root.path()).unwrap() {
        let entry = entry.unwrap().file_name().into_string().unwrap();
        assert!(STATE.contains(&&*entry) || stays.contains(&&*entry), "{entry}");
    }
    sandbox.stop().await;
}
