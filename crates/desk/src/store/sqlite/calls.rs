//! Calls to the hotline, and what municipalities are told of them.

use inrou_rules::{Municipality, ResidentId};
use inrou_store::columns::{Moment, Number, Text, Word, change, row, rows};
use jiff::Timestamp;
use rusqlite::Connection;

use super::members::id;
use crate::store::{Call, Digest, Report, StoreError};

pub(super) fn failures(
    connection: &Connection,
    of: &Digest,
    since: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM failures WHERE caller = ?1 AND at >= ?2";
    let count = row(connection, sql, (of, Moment(since)), |row| row.get(0))?;
    Ok(count.map_or(0, |Number(count)| count))
}

pub(super) fn put(connection: &Connection, call: &Call) -> Result<(), StoreError> {
    let Call { id, member, resident, about, reason, note, failures, expires, done } = call;
    change(
        connection,
        "INSERT OR REPLACE INTO calls
         (id, member, resident, about, reason, note, failures, expires, done)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            id,
            member.as_bytes(),
            resident.as_bytes(),
            Word(*about),
            Word(*reason),
            note,
            Number(*failures),
            Moment(*expires),
            done,
        ),
    )
    .map(drop)
}

pub(super) fn one(connection: &Connection, name: &str) -> Result<Option<Call>, StoreError> {
    row(
        connection,
        "SELECT member, resident, about, reason, note, failures, expires, done
         FROM calls WHERE id = ?1",
        [name],
        |row| {
            let (Word(reason), Number(failures)) = (row.get(3)?, row.get(5)?);
            let (Word(about), Moment(expires)) = (row.get(2)?, row.get(6)?);
            Ok(Call {
                id: name.to_owned(),
                member: id(row, 0)?,
                resident: ResidentId::from_bytes(row.get(1)?),
                about,
                reason,
                note: row.get(4)?,
                failures,
                expires,
                done: row.get(7)?,
            })
        },
    )
}

pub(super) fn report(connection: &Connection, report: &Report) -> Result<(), StoreError> {
    let Report { resident, municipality, medium, reason, at } = report;
    change(
        connection,
        "INSERT INTO reports (resident, municipality, medium, reason, at)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        (resident.as_bytes(), Text(*municipality), Word(*medium), Word(*reason), Moment(*at)),
    )
    .map(drop)
}

pub(super) fn reports(
    connection: &Connection,
    of: Municipality,
) -> Result<Vec<Report>, StoreError> {
    rows(
        connection,
        "SELECT resident, municipality, medium, reason, at FROM reports
         WHERE municipality = ?1 AND closed IS NULL ORDER BY number",
        [Text(of)],
        |row| {
            let (Text(municipality), Word(medium)) = (row.get(1)?, row.get(2)?);
            let (Word(reason), Moment(at)) = (row.get(3)?, row.get(4)?);
            let resident = ResidentId::from_bytes(row.get(0)?);
            Ok(Report { resident, municipality, medium, reason, at })
        },
    )
}
