//! A log in a store of files. Its tiles and its checkpoint follow from the leaves, which are kept elsewhere:
//! what is lost of them is made again.

use std::io;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::growth::Growth;
use crate::hash::Hash;
use crate::note::{NoteError, NoteKey};
use crate::tile::Tile;
use crate::tree::{Files, read_tile};

/// Where the checkpoint lies.
pub const CHECKPOINT: &str = "checkpoint";

/// Where a log's files are written.
pub trait Store: Files {
    /// Writes a file whole, in place of one that may be there. It lasts when this returns.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&self, path: &str, content: &[u8]) -> io::Result<()>;

    /// Removes the partial tiles beside a full one, if there are any.
    ///
    /// # Errors
    /// They cannot be removed.
    fn remove_partial(&self, full: Tile) -> io::Result<()>;
}

/// Why a log does not go on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file cannot be read or written.
    #[error("a file of the log cannot be read or written")]
    Io(#[from] io::Error),
    /// The checkpoint that lies there is not this log's.
    #[error("the checkpoint of the log is not signed by its key")]
    Checkpoint(#[from] NoteError),
    /// The leaves are not those over which a checkpoint was signed. To sign another one would show two
    /// histories.
    #[error("the log does not go on from its last checkpoint: leaves were lost or changed")]
    Forked,
}

/// A log.
pub struct Log<S> {
    store: S,
    key: Arc<NoteKey>,
    growth: Growth,
    /// The partial tiles that are written.
    written: Vec<Tile>,
    signed: Option<Signed>,
}

/// The last checkpoint.
struct Signed {
    checkpoint: Checkpoint,
    note: String,
    /// Whether the leaves up to it were seen to be those it was signed over.
    is_met: bool,
}

impl<S: Store> Log<S> {
    /// Opens the log of this key, which may be empty. If its tiles are damaged it begins with no leaves, and
    /// wants them all again.
    ///
    /// # Errors
    /// The checkpoint cannot be read, or is not this log's.
    pub fn open(store: S, key: Arc<NoteKey>) -> Result<Self, LogError> {
        let mut log = Self { store, key, growth: Growth::default(), written: vec![], signed: None };
        let note = match log.store.read(CHECKPOINT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(log),
            read => String::from_utf8(read?).map_err(|_| NoteError::Malformed)?,
        };
        let checkpoint = Checkpoint::open(&note, log.key.verifier())?;
        let mut signed = Signed { checkpoint, note, is_met: false };
        let read = read_growth(&log.store, signed.checkpoint.size);
        if let Some(read) = read.ok().filter(|read| read.root() == signed.checkpoint.root) {
            log.written = read.partial_tiles().map(|(tile, _)| tile).collect();
            log.growth = read;
            signed.is_met = true;
        }
        log.signed = Some(signed);
        Ok(log)
    }

    /// How many leaves it has taken: the next one's place.
    pub fn size(&self) -> u64 {
        self.growth.size()
    }

    /// The last checkpoint, with its signed note.
    pub fn checkpoint(&self) -> Option<(&Checkpoint, &str)> {
        self.signed.as_ref().map(|signed| (&signed.checkpoint, signed.note.as_str()))
    }

    /// Its files.
    pub fn files(&self) -> &S {
        &self.store
    }

    /// Takes the next leaves. They show when they are [published](Self::publish).
    ///
    /// # Errors
    /// [`LogError`]; nothing was taken then.
    pub fn append(&mut self, leaves: &[Hash]) -> Result<(), LogError> {
        let mut grown = self.growth.clone();
        let mut is_met = self.signed.as_ref().is_none_or(|signed| signed.is_met);
        for leaf in leaves {
            grown.push(*leaf, |tile, hashes| {
                self.store.write(&tile.to_string(), &bytes(hashes))?;
                self.store.remove_partial(tile)
            })?;
            if let Some(Signed { checkpoint, .. }) = &self.signed
                && grown.size() == checkpoint.size
            {
                is_met = grown.root() == checkpoint.root;
                if !is_met {
                    return Err(LogError::Forked);
                }
            }
        }
        self.growth = grown;
        if let Some(signed) = &mut self.signed {
            signed.is_met = is_met;
        }
        Ok(())
    }

    /// Signs a checkpoint over all leaves taken, if there are any since the last one.
    ///
    /// # Errors
    /// [`LogError`]: what was published before stands.
    pub fn publish(&mut self) -> Result<(), LogError> {
        if let Some(signed) = &self.signed {
            if !signed.is_met {
                return Err(LogError::Forked);
            }
            if signed.checkpoint.size == self.size() {
                return Ok(());
            }
        }
        let partial: Vec<_> = self.growth.partial_tiles().collect();
        for (tile, hashes) in &partial {
            if !self.written.contains(tile) {
                self.store.write(&tile.to_string(), &bytes(hashes))?;
            }
        }
        let checkpoint = Checkpoint {
            origin: self.key.verifier().name().to_owned(),
            size: self.size(),
            root: self.growth.root(),
        };
        let note = checkpoint.sign(&self.key)?;
        self.store.write(CHECKPOINT, note.as_bytes())?;
        self.written = partial.into_iter().map(|(tile, _)| tile).collect();
        self.signed = Some(Signed { checkpoint, note, is_met: true });
        Ok(())
    }
}

/// The tree of this size, from its partial tiles.
fn read_growth(files: &impl Files, size: u64) -> io::Result<Growth> {
    let levels = (0..8).take_while(|level| size >> (8 * u32::from(*level)) > 0);
    let levels = levels.map(|level| {
        let index = size >> (8 * u32::from(level)) >> 8;
        Tile::in_tree(size, level, index).map_or(Ok(Vec::new()), |tile| read_tile(files, tile))
    });
    Ok(Growth::of(size, levels.collect::<io::Result<_>>()?))
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
