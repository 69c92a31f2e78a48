//! Roots and proofs of a tree (RFC 6962 §2.1), read from its tiles.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;

use crate::hash::{Hash, LENGTH, root_over};
use crate::tile::{HEIGHT, Tile, WIDTH};

/// The files of a log, to be read: a folder, or a server.
pub trait Files {
    /// The bytes of a file, by its path from the log's prefix.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none; whatever else befell.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
}

impl<F: Files + ?Sized> Files for &F {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        (**self).read(path)
    }
}

/// A tree of some size. The tiles that were read are kept for as long as it is looked at.
pub struct Tree<F> {
    files: F,
    size: u64,
    kept: RefCell<HashMap<Tile, Vec<Hash>>>,
}

impl<F: Files> Tree<F> {
    /// The tree over the first `size` leaves.
    pub fn new(files: F, size: u64) -> Self {
        Self { files, size, kept: RefCell::default() }
    }

    /// Its root.
    ///
    /// # Errors
    /// A tile cannot be read; [`io::ErrorKind::InvalidData`] if it is not what it should be.
    pub fn root(&self) -> io::Result<Hash> {
        if self.size == 0 { Ok(Hash::of_nothing()) } else { self.root_of(0, self.size) }
    }

    /// The inclusion proof of a leaf: the siblings on its way to the root, its own first.
    ///
    /// # Errors
    /// As [`Tree::root`]; [`io::ErrorKind::InvalidInput`] if there is no such leaf.
    pub fn inclusion(&self, index: u64) -> io::Result<Vec<Hash>> {
        if index >= self.size {
            return Err(beyond());
        }
        let (mut first, mut end) = (0, self.size);
        let mut proof = Vec::new();
        while end - first > 1 {
            let middle = first + split(end - first);
            if index < middle {
                proof.push(self.root_of(middle, end)?);
                end = middle;
            } else {
                proof.push(self.root_of(first, middle)?);
                first = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The proof that this tree begins with the one of size `old`: none is needed for the empty tree, and
    /// for this one.
    ///
    /// # Errors
    /// As [`Tree::root`]; [`io::ErrorKind::InvalidInput`] if the other one is larger.
    pub fn consistency(&self, old: u64) -> io::Result<Vec<Hash>> {
        if old > self.size {
            return Err(beyond());
        }
        let (mut first, mut end) = (0, self.size);
        let mut proof = Vec::new();
        // Down to the subtree with which the old tree ends.
        while old > 0 && old < end {
            let middle = first + split(end - first);
            if old <= middle {
                proof.push(self.root_of(middle, end)?);
                end = middle;
            } else {
                proof.push(self.root_of(first, middle)?);
                first = middle;
            }
        }
        // If that is the whole old tree, its root is known to who asks.
        if first > 0 && old < self.size {
            proof.push(self.root_of(first, end)?);
        }
        proof.reverse();
        Ok(proof)
    }

    fn root_of(&self, first: u64, end: u64) -> io::Result<Hash> {
        let count = end - first;
        if count.is_power_of_two() {
            return self.subtree(first, count);
        }
        let middle = first + split(count);
        Ok(Hash::of_node(self.root_of(first, middle)?, self.root_of(middle, end)?))
    }

    /// The root of a complete subtree: a power of two of leaves, from a multiple of it.
    fn subtree(&self, first: u64, count: u64) -> io::Result<Hash> {
        let height = count.trailing_zeros();
        let level = u8::try_from(height / HEIGHT).map_err(|_| damaged())?;
        let begin = first >> (HEIGHT * u32::from(level));
        let tile = Tile::in_tree(self.size, level, begin / WIDTH).ok_or_else(damaged)?;
        let begin = usize::try_from(begin % WIDTH).map_err(|_| damaged())?;
        let hashes = begin..begin + (1 << (height % HEIGHT));
        let mut kept = self.kept.borrow_mut();
        let tile = match kept.entry(tile) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => unread.insert(read_tile(&self.files, tile)?),
        };
        tile.get(hashes).map(root_over).ok_or_else(damaged)
    }
}

/// A tile's hashes. One that has grown stands for the partial one that it was.
pub(crate) fn read_tile(files: &impl Files, tile: Tile) -> io::Result<Vec<Hash>> {
    let bytes = match files.read(&tile.to_string()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !tile.is_full() => {
            let mut bytes = files.read(&tile.full().to_string())?;
            bytes.truncate(usize::from(tile.width) * LENGTH);
            bytes
        }
        read => read?,
    };
    let (hashes, rest) = bytes.as_chunks();
    if hashes.len() != usize::from(tile.width) || !rest.is_empty() {
        return Err(damaged());
    }
    Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// How many of so many leaves stand to the left: the largest power of two below.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a tile of the log is damaged")
}

fn beyond() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the log is not as long")
}
