//! Texts signed with Ed25519 (C2SP signed-note).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The type byte of Ed25519 signatures.
const TYPE: u8 = 1;
/// With which a signature's line begins.
const DASH: &str = "\u{2014} ";
/// More signatures than this are not looked at; sixteen must be.
const MOST_SIGNATURES: usize = 64;

/// Why a note is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not a note.
    #[error("this is not a signed note")]
    Malformed,
    /// No key that is known has signed it.
    #[error("the note is not signed by a key that is known")]
    UnknownKey,
    /// A known key's signature does not fit: the text was changed, or the key is another's.
    #[error("the note's signature does not fit")]
    WrongSignature,
}

/// A key that signs notes under its name.
pub struct NoteKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl NoteKey {
    /// The key of a seed (RFC 8032 §5.1.5); `None` for a name that no key can have: an empty one, or with
    /// spaces, `+` or control characters.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        let verifier = VerifierKey::new(name, public)?;
        Some(Self { pair, verifier })
    }

    /// The key by which its notes are verified.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed note of a text, which ends with a newline and has no control characters besides.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for another text.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !is_text(text) || !text.ends_with('\n') {
            return Err(NoteError::Malformed);
        }
        let mut signature = self.verifier.id.to_vec();
        signature.extend(self.pair.sign(text.as_bytes()).as_ref());
        Ok(format!("{text}\n{DASH}{} {}\n", self.verifier.name, STANDARD.encode(signature)))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoteKey").field(&self.verifier.name).finish()
    }
}

/// A key by which notes are verified, with the name that it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl VerifierKey {
    /// The key under a name; `None` for a name that no key can have.
    pub fn new(name: &str, public: [u8; 32]) -> Option<Self> {
        let is_name = !name.is_empty()
            && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        let mut named = name.as_bytes().to_vec();
        named.extend([b'\n', TYPE]);
        named.extend(public);
        let id = *digest(&SHA256, &named).as_ref().first_chunk()?;
        is_name.then(|| Self { name: name.to_owned(), id, public })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note that this key has signed. Others' signatures are passed over.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        if !is_text(note) || lines.split('\n').count() > MOST_SIGNATURES {
            return Err(NoteError::Malformed);
        }
        let mut opened = Err(NoteError::UnknownKey);
        for line in lines.split('\n') {
            let named = line.strip_prefix(DASH).and_then(|line| line.split_once(' '));
            let (name, signature) = named.ok_or(NoteError::Malformed)?;
            let signature = STANDARD.decode(signature).map_err(|_| NoteError::Malformed)?;
            let (id, signature) = signature.split_first_chunk().ok_or(NoteError::Malformed)?;
            if name == self.name && *id == self.id {
                let key = UnparsedPublicKey::new(&ED25519, self.public);
                let fits = key.verify(text.as_bytes(), signature);
                opened = Ok(fits.map(|()| text).map_err(|_| NoteError::WrongSignature)?);
            }
        }
        opened
    }
}

impl fmt::Display for VerifierKey {
    /// `name+id+key`, as other tools read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![TYPE];
        key.extend(self.public);
        let id = u32::from_be_bytes(self.id);
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let read = || {
            let (name, rest) = text.split_once('+')?;
            let (_, key) = rest.split_once('+')?;
            let key = STANDARD.decode(key).ok()?;
            let (&[TYPE], public) = key.split_first_chunk()? else { return None };
            let read = Self::new(name, public.try_into().ok()?)?;
            (read.to_string() == text).then_some(read)
        };
        read().ok_or(NoteError::Malformed)
    }
}

fn is_text(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' || byte == b'\n')
}
