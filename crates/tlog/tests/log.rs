//! What becomes of a log whose files or leaves are lost or changed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod memory;

use std::sync::Arc;

use inrou_tlog::audit::{Finding, audit};
use inrou_tlog::note::NoteError;
use inrou_tlog::tree::Files;
use inrou_tlog::{Checkpoint, Hash, Log, LogError, NoteKey, Tile, Tree, bundle};
use memory::Memory;

fn key() -> Arc<NoteKey> {
    Arc::new(NoteKey::from_seed("log.example/journal", &[7; 32]).unwrap())
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(|index| Hash::of_leaf(&index.to_be_bytes())).collect()
}

/// A log of 700 leaves, published three times.
fn published() -> Log<Memory> {
    let mut log = Log::open(Memory::default(), key()).unwrap();
    for end in [300, 600, 700] {
        log.append(&leaves(log.size()..end)).unwrap();
        log.publish().unwrap();
    }
    log
}

#[test]
fn a_log_goes_on_where_it_was() {
    let mut log = Log::open(published().files().clone(), key()).unwrap();
    assert_eq!(log.size(), 700);
    log.append(&leaves(700..1000)).unwrap();
    log.publish().unwrap();
    let mut at_once = Log::open(Memory::default(), key()).unwrap();
    at_once.append(&leaves(0..1000)).unwrap();
    at_once.publish().unwrap();
    assert_eq!(log.checkpoint(), at_once.checkpoint());
    let paths = |log: &Log<Memory>| log.files().0.borrow().keys().cloned().collect::<Vec<_>>();
    // Partial tiles that have been published stay until the full one is there.
    assert_eq!(
        paths(&at_once),
        [
            "checkpoint",
            "tile/0/000",
            "tile/0/001",
            "tile/0/002",
            "tile/0/003.p/232",
            "tile/1/000.p/3"
        ]
    );
    assert_eq!(
        paths(&log),
        [
            "checkpoint",
            "tile/0/000",
            "tile/0/001",
            "tile/0/002",
            "tile/0/003.p/232",
            "tile/1/000.p/1",
            "tile/1/000.p/2",
            "tile/1/000.p/3"
        ]
    );
}

#[test]
fn an_empty_log_is_published_too() {
    let mut log = Log::open(Memory::default(), key()).unwrap();
    assert!(log.checkpoint().is_none());
    log.publish().unwrap();
    let (checkpoint, note) = log.checkpoint().unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (0, Hash::of_nothing()));
    assert_eq!(Checkpoint::open(note, key().verifier()).as_ref(), Ok(checkpoint));
    assert_eq!(Log::open(log.files().clone(), key()).unwrap().size(), 0);
}

#[test]
fn lost_tiles_are_made_again_from_the_leaves() {
    for lost in ["tile/0/002.p/188", "tile/1/000.p/2"] {
        for damage in [None, Some(b"short".to_vec())] {
            let files = published().files().clone();
            let whole = files.0.borrow().clone();
            match damage {
                None => files.0.borrow_mut().remove(lost),
                Some(bytes) => files.0.borrow_mut().insert(lost.to_owned(), bytes),
            };
            let mut log = Log::open(files, key()).unwrap();
            assert_eq!(log.size(), 0, "it wants all leaves");
            assert!(matches!(log.publish(), Err(LogError::Forked)), "nothing smaller is signed");
            log.append(&leaves(0..650)).unwrap();
            assert!(matches!(log.publish(), Err(LogError::Forked)));
            log.append(&leaves(650..701)).unwrap();
            log.publish().unwrap();
            for (path, content) in &whole {
                if path.starts_with("tile/0/00") && !path.contains(".p/") {
                    assert_eq!(log.files().read(path).unwrap(), *content);
                }
            }
            assert_eq!(log.checkpoint().unwrap().0.size, 701);
        }
    }
}

#[test]
fn other_leaves_are_not_signed_after_a_checkpoint() {
    let files = published().files().clone();
    files.0.borrow_mut().remove("tile/0/002.p/188");
    let mut log = Log::open(files, key()).unwrap();
    let mut changed = leaves(0..701);
    changed[400] = Hash::of_leaf(b"changed");
    assert!(matches!(log.append(&changed), Err(LogError::Forked)));
    assert_eq!(log.size(), 0, "nothing was taken");
    assert_eq!(log.checkpoint().unwrap().0.size, 700, "what was signed stands");
}

#[test]
fn anothers_checkpoint_is_refused() {
    let files = published().files().clone();
    let open = |files: &Memory, key| Log::open(files.clone(), key).err();
    let stranger = NoteKey::from_seed("log.example/journal", &[8; 32]).unwrap();
    assert!(matches!(
        open(&files, Arc::new(stranger)),
        Some(LogError::Checkpoint(NoteError::UnknownKey))
    ));
    let renamed = NoteKey::from_seed("log.example/other", &[7; 32]).unwrap();
    assert!(matches!(
        open(&files, Arc::new(renamed)),
        Some(LogError::Checkpoint(NoteError::UnknownKey))
    ));
    let note = String::from_utf8(files.read("checkpoint").unwrap()).unwrap();
    for (changed, error) in [
        (note.replace("700", "701"), NoteError::WrongSignature),
        (note.replace("\n\n", "\n"), NoteError::Malformed),
        (note.trim_end().to_owned(), NoteError::Malformed),
        (note.replace("700", "7\t00"), NoteError::Malformed),
        (String::new(), NoteError::Malformed),
    ] {
        files.0.borrow_mut().insert("checkpoint".to_owned(), changed.clone().into_bytes());
        match open(&files, key()) {
            Some(LogError::Checkpoint(found)) => assert_eq!(found, error, "{changed}"),
            other => panic!("{changed}: {other:?}"),
        }
    }
}

#[test]
fn others_signatures_are_passed_over() {
    let log = published();
    let (checkpoint, note) = log.checkpoint().unwrap();
    let witness = NoteKey::from_seed("witness.example", &[9; 32]).unwrap();
    let cosigned = witness.sign(&checkpoint.to_string()).unwrap();
    let line = cosigned.lines().last().unwrap();
    let both = format!("{note}{line}\n");
    assert_eq!(Checkpoint::open(&both, key().verifier()).as_ref(), Ok(checkpoint));
    let error = Checkpoint::open(&cosigned, key().verifier());
    assert_eq!(error, Err(NoteError::UnknownKey));
    assert_eq!(
        Checkpoint::open(&both, witness.verifier()),
        Err(NoteError::UnknownKey),
        "its own log"
    );
}

/// The files of [`published`], with the entries beside them.
fn with_entries() -> (Memory, Checkpoint) {
    let log = published();
    let files = log.files().clone();
    for tile in (0..3).filter_map(|index| Tile::in_tree(700, 0, index)) {
        let mut entries = Vec::new();
        let first = tile.index * 256;
        for index in first..first + u64::from(tile.width) {
            bundle::push(&mut entries, &index.to_be_bytes()).unwrap();
        }
        files.0.borrow_mut().insert(tile.entries_path(), entries);
    }
    (files, log.checkpoint().unwrap().0.clone())
}

#[test]
fn a_whole_log_is_audited() {
    let (files, checkpoint) = with_entries();
    audit(&files, &checkpoint, None).unwrap();
    let at = |size, root| Checkpoint { size, root, ..checkpoint.clone() };
    for size in [0, 1, 300, 600, 700] {
        let kept = at(size, Tree::new(&files, size).root().unwrap());
        audit(&files, &checkpoint, Some(&kept)).unwrap();
        let other = at(size, Hash::of_leaf(b"other"));
        assert!(matches!(audit(&files, &checkpoint, Some(&other)), Err(Finding::Rewritten)));
    }
    let longer = at(701, checkpoint.root);
    assert!(matches!(audit(&files, &checkpoint, Some(&longer)), Err(Finding::Rewritten)));
    let other = at(700, Hash::of_leaf(b"other"));
    assert!(matches!(audit(&files, &other, None), Err(Finding::RootWrong)));
}

#[test]
fn an_audit_finds_each_byte_that_was_changed() {
    let (whole, checkpoint) = with_entries();
    for path in [
        "tile/0/000",
        "tile/0/002.p/188",
        "tile/1/000.p/2",
        "tile/entries/001",
        "tile/entries/002.p/188",
    ] {
        let length = whole.read(path).unwrap().len();
        for at in [0, 1, length / 2, length - 1] {
            let files = whole.clone();
            files.0.borrow_mut().get_mut(path).unwrap()[at] ^= 1;
            assert!(audit(&files, &checkpoint, None).is_err(), "{path} {at}");
        }
        for missing in [true, false] {
            let files = whole.clone();
            if missing {
                files.0.borrow_mut().remove(path);
            } else {
                files.0.borrow_mut().get_mut(path).unwrap().truncate(length - 10);
            }
            assert!(audit(&files, &checkpoint, None).is_err(), "{path}");
        }
    }
    let files = whole.clone();
    files.0.borrow_mut().get_mut("tile/entries/001").unwrap()[9] ^= 1;
    assert!(matches!(audit(&files, &checkpoint, None), Err(Finding::EntryChanged(256))));
}
