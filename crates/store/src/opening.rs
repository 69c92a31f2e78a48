//! Opening connections, and bringing the schema to this version's form.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::StoreError;

/// The forms of a schema: from an empty file on, each a script that brings the one before to it. What
/// was released is never changed.
pub type Schema = &'static [&'static str];

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many reads may go on at once.
    pub readers: usize,
    /// After how many pages of the write-ahead log they are carried over into the main file.
    pub checkpoint_pages: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { readers: 16, checkpoint_pages: 8000 }
    }
}

/// More than the distinct statements that a store has.
const STATEMENTS: usize = 128;

/// How a file is opened, over and over.
#[derive(Clone, Debug)]
pub struct Opening {
    file: PathBuf,
    /// The name of another file layer (VFS) than the system's.
    layer: Option<String>,
    schema: Schema,
    settings: Settings,
}

impl Opening {
    /// A file in a folder that exists.
    pub fn new(file: &Path, schema: Schema, settings: Settings) -> Self {
        Self { file: file.to_owned(), layer: None, schema, settings }
    }

    /// As [`Opening::new`], through another file layer of SQLite than the system's, which has no locks
    /// between processes.
    pub fn through(layer: &str, file: &str, schema: Schema, settings: Settings) -> Self {
        Self { file: file.into(), layer: Some(layer.to_owned()), schema, settings }
    }

    pub(crate) fn readers(&self) -> usize {
        self.settings.readers.max(1)
    }

    /// Makes sure that nobody else has the file, for as long as what this gives is held, and that the
    /// file is its owner's alone. `None` on another layer.
    pub(crate) fn lock<P>(&self) -> Result<Option<File>, StoreError<P>> {
        if self.layer.is_some() {
            return Ok(None);
        }
        let mut name = self.file.as_os_str().to_owned();
        name.push(".lock");
        let lock = private(Path::new(&name)).map_err(StoreError::failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(StoreError::failed(error)),
        }
        private(&self.file).map_err(StoreError::failed)?;
        Ok(Some(lock))
    }

    /// The one connection that writes, with the schema in this version's form.
    pub(crate) fn writer<P>(&self) -> Result<Connection, StoreError<P>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = self.connect(flags)?;
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = {};
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;",
            self.settings.checkpoint_pages
        ))?;
        migrate(&mut connection, self.schema)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(crate) fn reader<P>(&self) -> Result<Connection, StoreError<P>> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn connect<P>(&self, flags: OpenFlags) -> Result<Connection, StoreError<P>> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.layer {
            None => Connection::open_with_flags(&self.file, flags),
            Some(layer) => Connection::open_with_flags_and_vfs(&self.file, flags, layer.as_str()),
        }?;
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Statements are prepared once: otherwise some are planned anew for every other value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }
}

/// Opens a file for this user alone, if the system knows users; SQLite's own files follow it.
fn private(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn migrate<P>(connection: &mut Connection, schema: Schema) -> Result<(), StoreError<P>> {
    while let Some(transaction) = step(connection, schema)? {
        transaction.commit()?;
    }
    Ok(())
}

/// Brings a file to its next form, if there is one: to be committed.
fn step<'a, P>(
    connection: &'a mut Connection,
    schema: Schema,
) -> Result<Option<Transaction<'a>>, StoreError<P>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = u32::try_from(schema.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let Some(script) = schema.get(found as usize) else {
        return Ok(None);
    };
    transaction.execute_batch(script)?;
    transaction.pragma_update(None, "user_version", found + 1)?;
    Ok(Some(transaction))
}
