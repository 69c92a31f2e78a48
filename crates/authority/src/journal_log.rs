//! The journal as a log that can be proven: its leaves in a Merkle tree, whose tiles and checkpoint are
//! published (C2SP tlog-tiles).
//!
//! Whoever keeps a checkpoint can find out later whether anything in the journal before it was changed, left
//! out or put in between. What happened to whom is not published: a leaf is the hash of an entry with random
//! identifiers in it. Tiles and checkpoint follow from the journal, and lie in a folder of their own.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::LogProof;
use inrou_chip::files::Folder;
use inrou_tlog::log::Store as LogStore;
use inrou_tlog::tree::Files;
use inrou_tlog::{Log, LogError, NoteKey, ProofDocument, Tile, Tree, bundle};

use crate::Authority;
use crate::problem::Failed;
use crate::store::Store;

/// How many leaves are read at a time.
const BATCH: u32 = 4096;

/// The log, opened when it is first asked for.
pub(crate) struct JournalLog {
    folder: LogFolder,
    key: Arc<NoteKey>,
    log: Mutex<Option<Log<LogFolder>>>,
}

impl JournalLog {
    /// The log in a folder, signed by a key under the log's name. Nothing is read yet.
    pub(crate) fn new(folder: Folder, key: NoteKey) -> Self {
        Self { folder: LogFolder(folder), key: Arc::new(key), log: Mutex::default() }
    }

    /// Looks at the log once it has every leaf there is, published.
    fn look<T>(
        &self,
        store: &dyn Store,
        look: impl FnOnce(&Log<LogFolder>) -> io::Result<T>,
    ) -> Result<T, Failed> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut opened = match log.take() {
            Some(opened) => opened,
            None => Log::open(self.folder.clone(), self.key.clone())?,
        };
        loop {
            let leaves = store.leaves(opened.size(), BATCH)?;
            opened.append(&leaves)?;
            if leaves.len() < BATCH as usize {
                break;
            }
        }
        if store.log_size()? < opened.size() {
            return Err(LogError::Forked.into());
        }
        opened.publish()?;
        let looked = look(log.insert(opened)).map_err(LogError::from)?;
        Ok(looked)
    }
}

impl Authority {
    /// The signed checkpoint over the whole journal.
    pub(crate) fn log_checkpoint(&self) -> Result<String, Failed> {
        let signed = self.log.look(&*self.store, |log| Ok(log.checkpoint().map(note)))?;
        signed.ok_or(Code::INTERNAL_ERROR.into())
    }

    /// A published tile's bytes; `None` if there is none.
    pub(crate) fn log_tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Failed> {
        match self.log.folder.read(&tile.to_string()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => Ok(Some(read.map_err(LogError::from)?)),
        }
    }

    /// The entries beside a published tile of leaves; `None` if there is none.
    pub(crate) fn log_entries(&self, tile: Tile) -> Result<Option<Vec<u8>>, Failed> {
        if self.log_tile(tile)?.is_none() {
            return Ok(None);
        }
        let first = tile.index.saturating_mul(inrou_tlog::tile::WIDTH);
        let mut entries = Vec::new();
        for logged in self.store.log(first, tile.width.into())? {
            bundle::push(&mut entries, logged.text.as_bytes())
                .map_err(|error| Failed(Problem::internal(error)))?;
        }
        Ok(Some(entries))
    }

    /// The proof that an entry of the journal is in the log.
    pub(crate) fn log_proof(&self, index: u64, entry: String) -> Result<LogProof, Failed> {
        let document = self.log.look(&*self.store, |log| {
            let Some((checkpoint, note)) = log.checkpoint() else {
                return Err(io::ErrorKind::NotFound.into());
            };
            let proof = Tree::new(log.files(), checkpoint.size).inclusion(index)?;
            Ok(ProofDocument { index, proof, checkpoint: note.to_owned() })
        })?;
        let key = self.log.key.verifier().to_string();
        Ok(LogProof { entry, proof: document.to_string(), key })
    }

    /// The key by which checkpoints are verified, as C2SP signed-note writes it.
    pub(crate) fn log_key(&self) -> String {
        self.log.key.verifier().to_string()
    }
}

fn note((_, note): (&inrou_tlog::Checkpoint, &str)) -> String {
    note.to_owned()
}

impl From<LogError> for Failed {
    fn from(error: LogError) -> Self {
        let code = match error {
            LogError::Io(_) => Code::STORE_UNAVAILABLE,
            LogError::Checkpoint(_) | LogError::Forked => Code::LOG_BROKEN,
        };
        Failed(Problem::new(code).caused_by(error))
    }
}

/// The folder of a log's files, by their paths from it.
#[derive(Clone)]
struct LogFolder(Folder);

impl LogFolder {
    /// The folder in which a file lies, and its name there.
    fn place<'a>(&self, path: &'a str) -> (Folder, &'a str) {
        let mut parts = path.split('/');
        let name = parts.next_back().unwrap_or_default();
        (parts.fold(self.0.clone(), |folder, part| folder.folder(part)), name)
    }
}

impl Files for LogFolder {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let (folder, name) = self.place(path);
        folder.read(name)
    }
}

impl LogStore for LogFolder {
    fn write(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let (folder, name) = self.place(path);
        folder.make()?;
        folder.replace(name, content)
    }

    fn remove_partial(&self, full: Tile) -> io::Result<()> {
        let path = format!("{full}.p");
        let (folder, name) = self.place(&path);
        folder.remove_folder(name)
    }
}

#[cfg(test)]
mod tests;
