//! What every role's store is made of: one SQLite file, one writer thread that commits in groups, a
//! few readers (WAL, `synchronous=FULL`), and forms of the schema that follow each other.
//!
//! - [`Database`]: work handed in, done whole and durable when it is answered, or not at all
//! - [`Opening`]: how a file is opened; [`Schema`]: the forms that it had and has
//! - [`StoreError`]: what can go wrong, by who has to act; [`Pending`]: an answer on its way
//! - [`columns`]: how values lie in columns, and the three kinds of statement
//! - `testing`: loss of power

pub mod columns;
mod database;
mod error;
mod opening;
mod pending;
mod readers;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod writer;

pub use database::Database;
pub use error::{StoreError, Unmet, is_unique_violation};
pub use opening::{Opening, Schema, Settings};
pub use pending::Pending;
