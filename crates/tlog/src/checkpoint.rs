//! Tree heads (C2SP tlog-checkpoint).

use std::fmt;

use crate::hash::Hash;
use crate::note::{NoteError, NoteKey, VerifierKey};

/// How large a log is, and its root at that size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a signed checkpoint of the log whose key this is, and which bears its name.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let read = Self::read(key.open(note)?).ok_or(NoteError::Malformed)?;
        if read.origin == key.name() { Ok(read) } else { Err(NoteError::UnknownKey) }
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for an origin that no key can have.
    pub fn sign(&self, key: &NoteKey) -> Result<String, NoteError> {
        key.sign(&self.to_string())
    }

    /// Lines after the third are of no meaning here.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let [origin, number, root] = [lines.next()?, lines.next()?, lines.next()?];
        let size: u64 = number.parse().ok()?;
        let is_whole =
            !origin.is_empty() && size.to_string() == number && lines.all(|line| !line.is_empty());
        is_whole.then_some(Self { origin: origin.to_owned(), size, root: Hash::from_base64(root)? })
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}
