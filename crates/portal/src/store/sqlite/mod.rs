//! The store in one SQLite file: WAL, every commit synced, one writer and one reader.

mod applications;
mod columns;
mod logins;
mod records;
mod visits;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inrou_pki::Entropy;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::StoreError;
use columns::{change, row};

/// Each form of the schema, from an empty file on. What was released is never changed. A fixture of every
/// form stays readable: with a new form, `sqlite3 FILE .dump` of a store that has a row in every table goes
/// to `tests/fixtures/`, and the tests ask for it.
const MIGRATIONS: &[&str] =
    &[include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql")];

/// The form that this version writes.
const KNOWN: u32 = MIGRATIONS.len() as u32;

/// How long, in real time, another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A store in a file.
pub struct SqliteStore {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the file, or makes it for its owner alone; the secret of a new one is drawn from `entropy`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(file: &Path, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        make_private(file);
        Self::open_through(None, file, entropy)
    }

    /// As [`SqliteStore::open`], through another file layer of SQLite (VFS) than the system's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_through(
        layer: Option<&str>,
        file: &Path,
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut writer = connect(layer, file, flags)?;
        writer.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )?;
        migrate(&mut writer)?;
        found(&writer, entropy)?;
        let reader = connect(layer, file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }

    /// Does work in one transaction, which is committed only if it succeeds.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Reads in one transaction, so that all is of one moment.
    fn read<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = lock(&self.reader);
        let transaction = reader.transaction()?;
        look(&transaction)
    }
}

/// A panic in between rolls its transaction back: the connection stays good.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the file for its owner alone, if it is not there; SQLite gives its log the same mode. What goes
/// wrong, opening tells.
fn make_private(file: &Path) {
    let mut options = std::fs::File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.append(true).create(true).open(file);
}

fn connect(layer: Option<&str>, file: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match layer {
        None => Connection::open_with_flags(file, flags),
        Some(layer) => Connection::open_with_flags_and_vfs(file, flags, layer),
    }?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > KNOWN {
            return Err(StoreError::Newer { found, known: KNOWN });
        }
        let Some(migration) = MIGRATIONS.get(found as usize) else {
            return Ok(());
        };
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", found + 1)?;
        transaction.commit()?;
    }
}

/// Draws the secret, once in a store's life.
fn found(connection: &Connection, entropy: &dyn Entropy) -> Result<(), StoreError> {
    if row(connection, "SELECT 1 FROM portal", [], |_| Ok(()))?.is_none() {
        let mut secret = zeroize::Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice());
        change(
            connection,
            "INSERT OR IGNORE INTO portal (id, secret, next_receipt) VALUES (1, ?1, 1)",
            [secret.as_slice()],
        )?;
    }
    Ok(())
}
