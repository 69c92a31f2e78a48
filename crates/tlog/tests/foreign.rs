//! The log's files, read by another implementation of the same specifications.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod memory;

use std::sync::Arc;

use inrou_tlog::document::ProofError;
use inrou_tlog::proof::{is_consistent, is_included};
use inrou_tlog::tile::WIDTH;
use inrou_tlog::tree::Files;
use inrou_tlog::{Checkpoint, Hash, Log, NoteKey, ProofDocument, Tree, VerifierKey};
use memory::Memory;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{TileHashReader, TileReader};

const SEED: [u8; 32] = [7; 32];
/// Around every edge of one and two levels of tiles.
const SIZES: [u64; 14] = [1, 2, 3, 5, 8, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 66_001];

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn key() -> Arc<NoteKey> {
    Arc::new(NoteKey::from_seed("log.example/journal", &SEED).unwrap())
}

/// A log that published at each of the sizes.
fn log() -> (Log<Memory>, Vec<(Checkpoint, String)>) {
    let mut log = Log::open(Memory::default(), key()).unwrap();
    let published = SIZES.map(|size| {
        let leaves: Vec<_> = (log.size()..size).map(|index| Hash::of_leaf(&entry(index))).collect();
        log.append(&leaves).unwrap();
        log.publish().unwrap();
        let (checkpoint, note) = log.checkpoint().unwrap();
        (checkpoint.clone(), note.to_owned())
    });
    (log, published.into())
}

/// The files, as the other implementation wants them.
struct Reader<'a>(&'a Memory);

impl TileReader for Reader<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            // It names the height too, as the Go checksum database does.
            let mut path = tile.path().replacen("tile/8/", "tile/", 1);
            if tile.width() < 256 && self.0.read(&path).is_err() {
                path.truncate(path.find(".p/").unwrap());
            }
            let mut bytes = self.0.read(&path).unwrap_or_else(|_| panic!("{path}"));
            bytes.truncate(32 * tile.width() as usize);
            bytes
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

#[test]
fn checkpoints_are_read_by_others() {
    let (_, published) = log();
    let verifier = key().verifier().to_string();
    assert_eq!(verifier.parse::<VerifierKey>().as_ref(), Ok(key().verifier()));
    for (own, note) in &published {
        let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&verifier).unwrap())]);
        let note = Note::from_bytes(note.as_bytes()).unwrap();
        assert_eq!(note.verify(&known).unwrap().0.len(), 1);
        let read = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!(
            (read.origin(), read.size(), read.hash().0),
            ("log.example/journal", own.size, own.root.0)
        );
    }
}

#[test]
fn roots_and_proofs_are_those_of_others() {
    let (log, published) = log();
    for (new, _) in &published {
        let tree = Tree::new(log.files(), new.size);
        assert_eq!(tree.root().unwrap(), new.root);
        let reader = Reader(log.files());
        let root = tlog_tiles::Hash(new.root.0);
        let theirs = TileHashReader::new(new.size, root, &reader);
        assert_eq!(tlog_tiles::tree_hash(new.size, &theirs).unwrap().0, new.root.0);
        for index in [0, 1, 254, 255, 256, 300, 65_535, 65_536, new.size - 1] {
            if index >= new.size {
                assert!(tree.inclusion(index).is_err());
                continue;
            }
            let leaf = Hash::of_leaf(&entry(index));
            let own = tree.inclusion(index).unwrap();
            let proof: Vec<_> = own.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect();
            let record = tlog_tiles::record_hash(&entry(index));
            assert_eq!(record.0, leaf.0);
            tlog_tiles::check_record(&proof, new.size, root, index, record).unwrap();
            assert_eq!(tlog_tiles::prove_record(new.size, index, &theirs).unwrap(), proof);
            assert!(is_included(leaf, index, new.size, new.root, &own));
        }
        for (old, _) in published.iter().filter(|(old, _)| old.size <= new.size) {
            let own = tree.consistency(old.size).unwrap();
            let proof: Vec<_> = own.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect();
            let old_root = tlog_tiles::Hash(old.root.0);
            tlog_tiles::check_tree(&proof, new.size, root, old.size, old_root).unwrap();
            assert!(is_consistent((old.size, old.root), (new.size, new.root), &own));
        }
    }
}

/// Every leaf, every pair of sizes of small trees; and every hash of a proof counts.
#[test]
fn a_proof_proves_one_thing_only() {
    let mut log = Log::open(Memory::default(), key()).unwrap();
    let mut roots = vec![Hash::of_nothing()];
    for index in 0..40 {
        log.append(&[Hash::of_leaf(&entry(index))]).unwrap();
        log.publish().unwrap();
        roots.push(log.checkpoint().unwrap().0.root);
    }
    for size in 1..=40 {
        let tree = Tree::new(log.files(), size);
        let root = roots[usize::try_from(size).unwrap()];
        for index in 0..size {
            let leaf = Hash::of_leaf(&entry(index));
            let proof = tree.inclusion(index).unwrap();
            assert!(is_included(leaf, index, size, root, &proof));
            assert!(!is_included(Hash::of_leaf(b"other"), index, size, root, &proof));
            assert!(!is_included(leaf, size, size, root, &proof));
            for other in (0..size).filter(|other| *other != index) {
                assert!(!is_included(leaf, other, size, root, &proof), "{index} {other} of {size}");
            }
            for changed in changes(&proof) {
                assert!(!is_included(leaf, index, size, root, &changed));
            }
        }
        for old in 0..=size {
            let old_root = roots[usize::try_from(old).unwrap()];
            let proof = tree.consistency(old).unwrap();
            assert!(is_consistent((old, old_root), (size, root), &proof), "{old} of {size}");
            assert!(!is_consistent((old, Hash::of_leaf(b"other")), (size, root), &proof));
            assert!(
                old == 0
                    || !is_consistent((old, old_root), (size, old_root), &proof)
                    || old == size
            );
            for changed in changes(&proof) {
                assert!(!is_consistent((old, old_root), (size, root), &changed), "{old} of {size}");
            }
        }
        assert!(tree.consistency(size + 1).is_err());
        assert!(!is_consistent((size + 1, root), (size, root), &[]));
    }
}

/// A proof with one hash changed, left out, or added.
fn changes(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[Hash::of_nothing()]].concat()];
    for at in 0..proof.len() {
        let mut other = proof.to_vec();
        other[at] = Hash::of_leaf(b"other");
        all.push(other);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.push(shorter);
    }
    all
}

#[test]
fn a_proof_in_a_file_is_verified_by_itself() {
    let (log, published) = log();
    let (checkpoint, note) = published.last().unwrap();
    let index = 12_345;
    let proof = Tree::new(log.files(), checkpoint.size).inclusion(index).unwrap();
    let document = ProofDocument { index, proof, checkpoint: note.clone() };
    let text = document.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 12345\n"));
    let read = ProofDocument::read(&text).unwrap();
    assert_eq!(read, document);
    assert_eq!(read.verify(&entry(index), key().verifier()).as_ref(), Ok(checkpoint));
    assert_eq!(read.verify(b"other", key().verifier()), Err(ProofError::NotIncluded));
    let stranger = NoteKey::from_seed("log.example/journal", &[8; 32]).unwrap();
    assert!(matches!(
        read.verify(&entry(index), stranger.verifier()),
        Err(ProofError::Checkpoint(_))
    ));
    let with_extra = text.replace("index", "extra AAAA\nindex");
    assert_eq!(ProofDocument::read(&with_extra).as_ref(), Ok(&document));
    for wrong in [
        text.replace("@v1", "@v2"),
        text.replace("index 1", "index 01"),
        text.replace("\n\n", "\n"),
        text.replacen('=', "", 1),
        String::new(),
    ] {
        assert_eq!(ProofDocument::read(&wrong), Err(ProofError::Malformed), "{wrong}");
    }
    assert_eq!(u64::from(log.size() > WIDTH * WIDTH), 1, "the log has three levels of tiles");
}
