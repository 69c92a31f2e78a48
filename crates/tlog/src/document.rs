//! A proof in a file of its own, to be verified without asking anybody (C2SP tlog-proof).

use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::note::{NoteError, VerifierKey};
use crate::proof::is_included;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree has at most as many levels as its size has bits.
const MOST_HASHES: usize = 64;

/// The proof that an entry is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofDocument {
    /// The entry's place.
    pub index: u64,
    /// Its inclusion proof in the checkpoint's tree.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// Why a proof is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is not a proof.
    #[error("this is not a proof of a log")]
    Malformed,
    /// Its checkpoint is not believed.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// The entry is not the one that it proves.
    #[error("the entry is not in the log at that place")]
    NotIncluded,
}

impl ProofDocument {
    /// Reads a proof. What it has of extra data is passed over: nobody vouches for it.
    ///
    /// # Errors
    /// [`ProofError::Malformed`].
    pub fn read(text: &str) -> Result<Self, ProofError> {
        let read = || {
            let rest = text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?;
            let (head, checkpoint) = rest.split_once("\n\n")?;
            let mut lines = head.split('\n').peekable();
            lines.next_if(|line| line.starts_with("extra "));
            let number = lines.next()?.strip_prefix("index ")?;
            let index: u64 = number.parse().ok()?;
            let hashes: Vec<_> = lines.take(MOST_HASHES + 1).map(Hash::from_base64).collect();
            let proof = hashes.into_iter().collect::<Option<Vec<_>>>()?;
            let is_whole = index.to_string() == number && proof.len() <= MOST_HASHES;
            is_whole.then(|| Self { index, proof, checkpoint: checkpoint.to_owned() })
        };
        read().ok_or(ProofError::Malformed)
    }

    /// Verifies that it proves an entry of the log whose key this is; answers the checkpoint.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(&self, entry: &[u8], key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let leaf = Hash::of_leaf(entry);
        if is_included(leaf, self.index, checkpoint.size, checkpoint.root, &self.proof) {
            Ok(checkpoint)
        } else {
            Err(ProofError::NotIncluded)
        }
    }
}

impl fmt::Display for ProofDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FIRST_LINE}\nindex {}\n", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
