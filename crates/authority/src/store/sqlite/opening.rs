//! Opening connections, and bringing the schema to this version's form.

use std::path::PathBuf;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{SqliteSettings, jobs};
use crate::store::StoreError;

/// Each form of the schema, from an empty file on. What was released is never changed. A fixture of
/// every form stays readable: with a new form, `sqlite3 FILE .dump` of a store that has a row in
/// every table goes to `fixtures/`, and the tests ask for it.
const MIGRATIONS: &[&str] = &[include_str!("schema/v1.sql"), include_str!("schema/v2.sql")];

/// The form that this version writes.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// More than the distinct statements that the store has.
const STATEMENTS: usize = 128;

/// How a database is opened, over and over.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) file: PathBuf,
    /// The name of another file layer than the system's.
    pub(super) vfs: Option<String>,
    pub(super) settings: SqliteSettings,
}

impl Opening {
    /// The one connection that writes, with the schema in this version's form.
    pub(super) fn writer(&self) -> Result<Connection, StoreError> {
        let connection =
            self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = {};
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;",
            self.settings.checkpoint_pages
        ))?;
        migrate(&connection)?;
        jobs::end_leases(&connection)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(super) fn reader(&self) -> Result<Connection, StoreError> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, StoreError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.vfs {
            None => Connection::open_with_flags(&self.file, flags),
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.file, flags, vfs.as_str()),
        }?;
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Statements are prepared once: otherwise some are planned anew for every other value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }
}

fn migrate(connection: &Connection) -> Result<(), StoreError> {
    loop {
        let transaction = connection.unchecked_transaction()?;
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
