//! Append-only logs that can be proven: Merkle trees (RFC 6962 §2.1) as tiles.
//!
//! | module | subject | specification |
//! |---|---|---|
//! | [`hash`] | leaves and nodes | RFC 6962 §2.1 |
//! | [`tile`] | parts of the tree, by name | C2SP tlog-tiles |
//! | [`tree`] | roots and proofs, read from tiles | RFC 6962 §2.1 |
//! | [`proof`] | proofs, verified | RFC 9162 §2.1.3.2, §2.1.4.2 |
//! | [`growth`] | a tree to which leaves are added | |
//! | [`note`] | texts signed with Ed25519 | C2SP signed-note |
//! | [`checkpoint`] | a signed tree head | C2SP tlog-checkpoint |
//! | [`bundle`] | the entries beside a tile of leaves | C2SP tlog-tiles |
//! | [`document`] | a proof in a file of its own | C2SP tlog-proof |
//! | [`audit`] | a whole log, looked through | |
//! | [`log`] | a log in a store of files, grown and signed | all of these |
//!
//! It knows nothing of what is logged. Where files lie is the caller's, as are the time and the key.

pub mod audit;
pub mod bundle;
pub mod checkpoint;
pub mod document;
pub mod growth;
pub mod hash;
pub mod log;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;

pub use checkpoint::Checkpoint;
pub use document::ProofDocument;
pub use hash::Hash;
pub use log::{Log, LogError};
pub use note::{NoteError, NoteKey, VerifierKey};
pub use tile::Tile;
pub use tree::{Files, Tree};
