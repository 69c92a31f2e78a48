//! The store in one SQLite file.

mod applications;
mod logins;
mod records;
mod visits;

use std::path::Path;

use inrou_pki::Entropy;
use inrou_store::columns::{change, row};
use inrou_store::{Database, Opening, Schema, Settings};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::{Reused, StoreError};

/// Each form of the schema, from an empty file on. What was released is never changed. A fixture of every
/// form stays readable: with a new form, `sqlite3 FILE .dump` of a store that has a row in every table goes
/// to `tests/fixtures/`, and the tests ask for it.
const SCHEMA: Schema = &[
    include_str!("v1.sql"),
    include_str!("v2.sql"),
    include_str!("v3.sql"),
    include_str!("v4.sql"),
    include_str!("v5.sql"),
];

/// A store in a file.
pub struct SqliteStore {
    database: Database<Reused>,
}

impl SqliteStore {
    /// Opens the file, or makes it for its owner alone; the secret of a new one is drawn from `entropy`.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says.
    pub fn open(file: &Path, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        Self::start(Opening::new(file, SCHEMA, Settings::default()), entropy)
    }

    /// As [`SqliteStore::open`], through another file layer of SQLite (VFS) than the system's, which has
    /// no locks between processes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_through(
        layer: &str,
        file: &str,
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        Self::start(Opening::through(layer, file, SCHEMA, Settings::default()), entropy)
    }

    fn start(opening: Opening, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        let database = Database::open(opening, |connection| found(connection, entropy))?;
        Ok(Self { database })
    }

    /// Does work whole, or not at all if it fails. Blocks until it is durable.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database.write(work).wait()
    }

    /// Reads. Blocks.
    fn read<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.database.read(look)
    }
}

/// Draws the secret, once in a store's life.
fn found(connection: &Connection, entropy: &dyn Entropy) -> Result<(), StoreError> {
    if row(connection, "SELECT 1 FROM portal", [], |_| Ok(()))?.is_none() {
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice());
        change(
            connection,
            "INSERT OR IGNORE INTO portal (id, secret, next_receipt) VALUES (1, ?1, 1)",
            [secret.as_slice()],
        )?;
    }
    Ok(())
}
