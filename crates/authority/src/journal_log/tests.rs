//! What becomes of the log when its folder or the journal is lost or changed.

#![allow(clippy::unwrap_used, reason = "what helps a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use inrou_api::problem::Code;
use inrou_rules::{ChipId, Event, RecordVersion, Resident, ResidentId, Standing};
use inrou_tlog::{Checkpoint, Hash, NoteKey, Tree};
use jiff::Timestamp;

use super::{JournalLog, LogFolder};
use crate::problem::Failed;
use crate::store::{Actor, JournalEntry, SqliteSettings, SqliteStore, Store, Unit, Write};

const CHIP: ChipId = ChipId::from_bytes([2; 16]);

fn key() -> NoteKey {
    NoteKey::from_seed("log.example/journal", &[7; 32]).unwrap()
}

fn log(folder: &Path) -> JournalLog {
    JournalLog::new(folder.join("log").into(), key())
}

fn store(folder: &Path) -> SqliteStore {
    SqliteStore::open(&folder.join("store.db"), SqliteSettings::default()).unwrap()
}

/// A store whose journal has so many entries.
fn happened(folder: &Path, entries: i64) -> SqliteStore {
    let store = store(folder);
    let id = ResidentId::from_bytes([1; 16]);
    let resident = Resident {
        id,
        standing: Standing::Resident,
        municipality: "13221".parse().unwrap(),
        record: RecordVersion(0),
        card: None,
        application: None,
        phone: None,
        former_phones: Vec::new(),
        certificates: BTreeMap::new(),
    };
    let mut unit: Unit = Write::PutResident { expected: None, resident: Box::new(resident) }.into();
    for second in 0..entries {
        let at = Timestamp::from_second(second).unwrap();
        unit.push(Write::AppendEvent(JournalEntry {
            resident: id,
            at,
            actor: Actor::Phone { chip: CHIP },
            event: Event::DeletionConfirmed { chip: CHIP, at },
        }));
    }
    store.commit(unit).unwrap();
    store
}

fn checkpoint(log: &JournalLog, store: &dyn Store) -> Result<Checkpoint, Failed> {
    let note = log.look(store, |log| Ok(log.checkpoint().unwrap().1.to_owned()))?;
    Ok(Checkpoint::open(&note, key().verifier()).unwrap())
}

#[test]
fn every_entry_is_a_leaf_and_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    let store = happened(folder.path(), 5000);
    let log = log(folder.path());
    let published = checkpoint(&log, &store).unwrap();
    assert_eq!(published.size, 5000);
    for logged in store.log(4090, 10).unwrap() {
        let tree = Tree::new(&log.folder, published.size);
        let proof = tree.inclusion(logged.sequence).unwrap();
        let leaf = Hash::of_leaf(logged.text.as_bytes());
        let Checkpoint { size, root, .. } = published;
        assert!(inrou_tlog::proof::is_included(leaf, logged.sequence, size, root, &proof));
    }
}

#[test]
fn a_log_that_lost_its_folder_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = happened(folder.path(), 300);
    let published = checkpoint(&log(folder.path()), &store).unwrap();
    for lost in ["tile/0/001.p/44", "tile"] {
        let path = folder.path().join("log").join(lost);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        assert_eq!(checkpoint(&log(folder.path()), &store).unwrap(), published, "{lost}");
    }
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    assert_eq!(checkpoint(&log(folder.path()), &store).unwrap(), published);
}

/// An operator who rewrites the journal, or plays an older one back, is found out by the log itself.
#[test]
fn nothing_is_signed_that_does_not_go_on_from_what_was() {
    let folder = tempfile::tempdir().unwrap();
    drop(checkpoint(&log(folder.path()), &happened(folder.path(), 300)).unwrap());
    let rewritten = tempfile::tempdir().unwrap();
    let shorter = happened(rewritten.path(), 200);
    let broken = |store: &dyn Store, tiles: bool| {
        if !tiles {
            std::fs::remove_dir_all(folder.path().join("log/tile")).unwrap();
        }
        let failed = checkpoint(&log(folder.path()), store).unwrap_err();
        assert_eq!(failed.0.code(), Code::LOG_BROKEN.as_str());
    };
    broken(&shorter, true);
    broken(&shorter, false);
    let own = folder.path().join("log/checkpoint");
    let note = std::fs::read_to_string(&own).unwrap();
    assert!(note.contains("\n300\n"), "the last checkpoint stands");
    std::fs::write(&own, note.replace("300", "200")).unwrap();
    broken(&store(folder.path()), true);
}

#[test]
fn a_file_of_a_log_lies_in_a_folder_of_its_own() {
    let log = LogFolder("somewhere".into());
    let (folder, name) = log.place("tile/0/x001/234.p/7");
    assert_eq!((folder.path(), name), (Path::new("somewhere/tile/0/x001/234.p"), "7"));
    let (folder, name) = log.place("checkpoint");
    assert_eq!((folder.path(), name), (Path::new("somewhere"), "checkpoint"));
}
