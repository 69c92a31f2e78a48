//! What status services tell: the certificates that are not good, and how the world asks for them.

mod index;

pub use index::StatusIndex;
