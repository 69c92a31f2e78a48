//! The whole log looked through: whether its entries, its tiles and its checkpoint belong together, and go on
//! from a checkpoint that was kept.

use std::io;

use crate::bundle;
use crate::checkpoint::Checkpoint;
use crate::growth::Growth;
use crate::hash::Hash;
use crate::tile::{Tile, WIDTH};
use crate::tree::{Files, read_tile};

/// What an audit found.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// A file of the log cannot be read, or is not what it should be.
    #[error("a file of the log cannot be read")]
    Unreadable(#[from] io::Error),
    /// An entry is not the one whose hash is in the log.
    #[error("entry {0} is not the one in the log")]
    EntryChanged(u64),
    /// A tile does not follow from the entries.
    #[error("{0} does not follow from the entries")]
    TileWrong(Tile),
    /// The checkpoint was signed over other entries.
    #[error("the checkpoint was signed over other entries")]
    RootWrong,
    /// What was in the log when the other checkpoint was signed is not in it any more.
    #[error("the log does not go on from the checkpoint that was kept")]
    Rewritten,
}

/// Looks through a log up to a checkpoint: reads every entry, by its bundles, and every tile.
///
/// # Errors
/// The first [`Finding`].
pub fn audit(
    files: &impl Files,
    checkpoint: &Checkpoint,
    kept: Option<&Checkpoint>,
) -> Result<(), Finding> {
    if kept.is_some_and(|kept| kept.size > checkpoint.size) {
        return Err(Finding::Rewritten);
    }
    let mut growth = Growth::default();
    let goes_on = |growth: &Growth| match kept {
        Some(kept) if kept.size == growth.size() => kept.root == growth.root(),
        _ => true,
    };
    if !goes_on(&growth) {
        return Err(Finding::Rewritten);
    }
    for index in 0.. {
        let Some(tile) = Tile::in_tree(checkpoint.size, 0, index) else { break };
        let leaves = read_tile(files, tile)?;
        let bundle = read_bundle(files, tile)?;
        let entries =
            bundle::entries(&bundle).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        if entries.len() < leaves.len() {
            return Err(Finding::EntryChanged(index * WIDTH + entries.len() as u64));
        }
        for (leaf, entry) in leaves.iter().zip(entries) {
            if Hash::of_leaf(entry) != *leaf {
                return Err(Finding::EntryChanged(growth.size()));
            }
            growth.push(*leaf, |full, hashes| match read_tile(files, full)? == hashes {
                true => Ok(()),
                false => Err(Finding::TileWrong(full)),
            })?;
            if !goes_on(&growth) {
                return Err(Finding::Rewritten);
            }
        }
    }
    for (tile, hashes) in growth.partial_tiles() {
        if read_tile(files, tile)? != hashes {
            return Err(Finding::TileWrong(tile));
        }
    }
    if growth.root() == checkpoint.root { Ok(()) } else { Err(Finding::RootWrong) }
}

/// The entries beside a tile of leaves; those beside the full one begin with them.
fn read_bundle(files: &impl Files, tile: Tile) -> io::Result<Vec<u8>> {
    match files.read(&tile.entries_path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !tile.is_full() => {
            files.read(&tile.full().entries_path())
        }
        read => read,
    }
}
