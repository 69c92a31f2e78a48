//! The journal: an entry is begun before its act, and ended after it.

use inrou_rules::{MemberId, ResidentId};
use inrou_store::columns::{Moment, Number, Text, Word, change, rows};
use rusqlite::{Connection, Row};

use super::members::id;
use crate::store::{Entry, JournalQuery, Logged, Outcome, StoreError};

pub(super) fn begin(connection: &Connection, entry: &Entry) -> Result<u64, StoreError> {
    let Entry { at, by, office, act, resident, of, reason, note } = entry;
    change(
        connection,
        "INSERT INTO journal (at, by, office, act, resident, of, reason, note, outcome)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'begun')",
        (
            Moment(*at),
            by.as_bytes(),
            Text(*office),
            Word(*act),
            resident.as_ref().map(ResidentId::as_bytes),
            of.as_ref().map(MemberId::as_bytes),
            reason.map(Word),
            note,
        ),
    )?;
    Ok(connection.last_insert_rowid().unsigned_abs())
}

pub(super) fn end(
    connection: &Connection,
    number: u64,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let sql = "UPDATE journal SET outcome = ?2 WHERE number = ?1";
    change(connection, sql, (Number(number), word(outcome))).map(drop)
}

pub(super) fn list(
    connection: &Connection,
    query: &JournalQuery,
) -> Result<Vec<Logged>, StoreError> {
    let JournalQuery { office, by, resident, before, limit } = query;
    rows(
        connection,
        "SELECT number, at, by, office, act, resident, of, reason, note, outcome FROM journal
         WHERE office = ?1 AND number < ?2 AND (?3 IS NULL OR by = ?3)
           AND (?4 IS NULL OR resident = ?4)
         ORDER BY number DESC LIMIT ?5",
        (
            Text(*office),
            Number(before.unwrap_or(u64::MAX)),
            by.as_ref().map(MemberId::as_bytes),
            resident.as_ref().map(ResidentId::as_bytes),
            Number(*limit as u64),
        ),
        read,
    )
}

fn word(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Begun => "begun",
        Outcome::Done => "done",
        Outcome::Refused(code) => code,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Logged> {
    let (Number(number), Moment(at), Text(office)) = (row.get(0)?, row.get(1)?, row.get(3)?);
    let Word(act) = row.get(4)?;
    let (resident, of): (Option<[u8; 16]>, Option<[u8; 16]>) = (row.get(5)?, row.get(6)?);
    let reason: Option<Word<_>> = row.get(7)?;
    let outcome: String = row.get(9)?;
    let entry = Entry {
        at,
        by: id(row, 2)?,
        office,
        act,
        resident: resident.map(ResidentId::from_bytes),
        of: of.map(MemberId::from_bytes),
        reason: reason.map(|Word(reason)| reason),
        note: row.get(8)?,
    };
    let outcome = match outcome.as_str() {
        "begun" => Outcome::Begun,
        "done" => Outcome::Done,
        _ => Outcome::Refused(outcome),
    };
    Ok(Logged { number, entry, outcome })
}
