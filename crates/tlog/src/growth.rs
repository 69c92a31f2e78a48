//! A tree to which leaves are added. Of its hashes only those of its partial tiles are in memory.

use crate::hash::{Hash, root_over};
use crate::tile::{Tile, WIDTH};

/// A growing tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    size: u64,
    /// The hashes of each level's partial tile, from the leaves up; fewer than 256 each.
    levels: Vec<Vec<Hash>>,
}

impl Growth {
    /// The tree of this size whose partial tiles are told, from the leaves up: of each level that the tree
    /// reaches, empty where all its tiles are full.
    pub(crate) fn of(size: u64, levels: Vec<Vec<Hash>>) -> Self {
        Self { size, levels }
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root.
    pub fn root(&self) -> Hash {
        // What is below a level's tiles is smaller than one hash of it, and stands at its end.
        let whole = self.levels.iter().fold(None, |below, level| {
            let mut hashes = level.clone();
            hashes.extend(below);
            (!hashes.is_empty()).then(|| root_over(&hashes))
        });
        whole.unwrap_or_else(Hash::of_nothing)
    }

    /// Adds a leaf. Hands out each tile that is full by it, with its hashes.
    pub fn push<E>(
        &mut self,
        leaf: Hash,
        mut full: impl FnMut(Tile, &[Hash]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut index = self.size / WIDTH;
        self.size += 1;
        let mut next = Some(leaf);
        for level in 0..=u8::MAX {
            let Some(hash) = next.take() else { break };
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[at];
            hashes.push(hash);
            if hashes.len() as u64 == WIDTH {
                full(Tile { level, index, width: 256 }, hashes)?;
                next = Some(root_over(hashes));
                hashes.clear();
                index /= WIDTH;
            }
        }
        Ok(())
    }

    /// Its partial tiles with their hashes, from the leaves up.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        (0_u8..).zip(&self.levels).filter_map(|(level, hashes)| {
            let index = self.size >> (8 * u32::from(level)) >> 8;
            let tile = Tile::in_tree(self.size, level, index)?;
            Some((tile, hashes.as_slice()))
        })
    }
}
