//! The journal: rows are appended in sequence and never change.

use std::error::Error;
use std::fmt;

use inrou_rules::ResidentId;
use rusqlite::{Connection, Row, params};

use crate::store::{JournalEntry, LoggedEntry, StoreError};
use inrou_store::columns::{Number, row, rows};
use inrou_tlog::Hash;

pub(super) fn append(connection: &Connection, entry: &JournalEntry) -> Result<u64, StoreError> {
    let text = serde_json::to_string(entry).map_err(StoreError::failed)?;
    let sequence = row(
        connection,
        "INSERT INTO journal (sequence, resident, leaf, entry)
         VALUES ((SELECT coalesce(max(sequence) + 1, 0) FROM journal), ?1, ?2, ?3)
         RETURNING sequence",
        params![entry.resident.as_bytes(), Hash::of_leaf(text.as_bytes()).0, text],
        |row| Ok(row.get::<_, Number>(0)?.0),
    )?;
    Ok(sequence.unwrap_or_default())
}

pub(super) fn of_resident(
    connection: &Connection,
    resident: ResidentId,
    from: u64,
    limit: u32,
) -> Result<Vec<LoggedEntry>, StoreError> {
    let stored = rows(
        connection,
        "SELECT sequence, leaf, entry FROM journal
         WHERE resident = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3",
        params![resident.as_bytes(), Number(from), limit],
        read_entry,
    )?;
    stored.into_iter().map(StoredEntry::check).collect()
}

pub(super) fn list(
    connection: &Connection,
    from: u64,
    limit: u32,
) -> Result<Vec<LoggedEntry>, StoreError> {
    let stored = rows(
        connection,
        "SELECT sequence, leaf, entry FROM journal WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
        params![Number(from), limit],
        read_entry,
    )?;
    stored.into_iter().map(StoredEntry::check).collect()
}

pub(super) fn leaves(
    connection: &Connection,
    from: u64,
    limit: u32,
) -> Result<Vec<Hash>, StoreError> {
    rows(
        connection,
        "SELECT leaf FROM journal WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
        params![Number(from), limit],
        |row| row.get(0).map(Hash),
    )
}

pub(super) fn size(connection: &Connection) -> Result<u64, StoreError> {
    let size = row(connection, "SELECT coalesce(max(sequence) + 1, 0) FROM journal", [], |row| {
        Ok(row.get::<_, Number>(0)?.0)
    })?;
    Ok(size.unwrap_or_default())
}

struct StoredEntry {
    sequence: u64,
    leaf: Hash,
    text: String,
}

impl StoredEntry {
    fn check(self) -> Result<LoggedEntry, StoreError> {
        let damaged = DamagedEntry { sequence: self.sequence };
        match serde_json::from_str(&self.text) {
            Ok(entry) if Hash::of_leaf(self.text.as_bytes()) == self.leaf => {
                let Self { sequence, leaf, text } = self;
                Ok(LoggedEntry { sequence, leaf, text, entry })
            }
            _ => Err(StoreError::corrupt(damaged)),
        }
    }
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    let Number(sequence) = row.get(0)?;
    Ok(StoredEntry { sequence, leaf: Hash(row.get(1)?), text: row.get(2)? })
}

/// An entry that is not what was appended.
#[derive(Debug)]
struct DamagedEntry {
    sequence: u64,
}

impl fmt::Display for DamagedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal entry {} is not what was appended", self.sequence)
    }
}

impl Error for DamagedEntry {}
