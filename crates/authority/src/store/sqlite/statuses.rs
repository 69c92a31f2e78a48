//! What is not good, the feed of its changes, and the CRLs published from it.

use inrou_rules::{CertificateId, RevocationReason, Serial, Use};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::columns::Key;
use super::counters;
use crate::store::{
    CrlRecord, Partition, Precondition, Status, StatusRecord, StatusVersion, StoreError,
};
use inrou_store::columns::{Moment, Number, Text, Word, change, row, rows};

/// The counter of changes.
const CHANGES: &str = "status";
/// The last change that was forgotten.
const FORGOTTEN: &str = "status/forgotten";

/// Makes a newly reserved serial number pending.
pub(super) fn reserve(
    connection: &Connection,
    id: CertificateId,
    partition: Partition,
    not_after: Timestamp,
) -> Result<(), StoreError> {
    let version = counters::take(connection, CHANGES, 1)?;
    change(
        connection,
        "INSERT INTO statuses (id, partition, not_after, state, version)
         VALUES (?1, ?2, ?3, 'pending', ?4)",
        params![Key(id), Text(partition), Moment(not_after), Number(version)],
    )?;
    Ok(())
}

pub(super) fn put(
    connection: &Connection,
    id: CertificateId,
    status: Status,
) -> Result<StatusVersion, StoreError> {
    let status = match one(connection, id)?.map(|record| record.status) {
        Some(Status::Revoked { .. }) => return Err(Precondition::Revoked.into()),
        Some(before) => status.after(before),
        None => {
            remember(connection, id)?;
            status
        }
    };
    let version = counters::take(connection, CHANGES, 1)?;
    let (state, at, reason) = match status {
        Status::Pending => ("pending", None, None),
        Status::Good => ("good", None, None),
        Status::Held { since } => ("held", Some(since), None),
        Status::Revoked { at, reason } => ("revoked", Some(at), Some(reason)),
    };
    change(
        connection,
        "UPDATE statuses SET state = ?2, at = ?3, reason = ?4, version = ?5 WHERE id = ?1",
        params![Key(id), state, at.map(Moment), reason.map(Word), Number(version)],
    )?;
    Ok(StatusVersion(version))
}

/// A certificate can be good without a record; one that was stored gets its record back.
fn remember(connection: &Connection, id: CertificateId) -> Result<(), StoreError> {
    let remembered = change(
        connection,
        "INSERT INTO statuses (id, partition, not_after, state, version)
         SELECT id, partition, not_after, 'good', 0 FROM certificates WHERE id = ?1",
        [Key(id)],
    )?;
    if remembered == 1 { Ok(()) } else { Err(Precondition::SerialNotReserved.into()) }
}

pub(super) fn forget_good(connection: &Connection, up_to: StatusVersion) -> Result<(), StoreError> {
    let up_to = up_to.0.min(counters::last(connection, CHANGES)?);
    change(
        connection,
        "DELETE FROM statuses WHERE state = 'good' AND version <= ?1
             AND EXISTS (SELECT 1 FROM certificates WHERE certificates.id = statuses.id)",
        [Number(up_to)],
    )?;
    counters::raise(connection, FORGOTTEN, up_to)
}

pub(super) fn one(
    connection: &Connection,
    id: CertificateId,
) -> Result<Option<StatusRecord>, StoreError> {
    row(
        connection,
        "SELECT id, partition, not_after, state, at, reason, version FROM statuses WHERE id = ?1",
        [Key(id)],
        read_status,
    )
}

pub(super) fn of_issuer(
    connection: &Connection,
    usage: Use,
    after: Option<Serial>,
    limit: u32,
) -> Result<Vec<StatusRecord>, StoreError> {
    let [before, last] = Key::range(usage, after);
    rows(
        connection,
        "SELECT id, partition, not_after, state, at, reason, version FROM statuses
         WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
        params![before, last, limit],
        read_status,
    )
}

pub(super) fn version(connection: &Connection) -> Result<StatusVersion, StoreError> {
    counters::last(connection, CHANGES).map(StatusVersion)
}

pub(super) fn changes(
    connection: &Connection,
    since: StatusVersion,
    limit: u32,
) -> Result<Vec<StatusRecord>, StoreError> {
    let changes = rows(
        connection,
        "SELECT id, partition, not_after, state, at, reason, version FROM statuses
         WHERE version > ?1 ORDER BY version LIMIT ?2",
        params![Number(since.0), limit],
        read_status,
    )?;
    // Asked after the changes were read: what is forgotten in between may be missing among them.
    if since.0 < counters::last(connection, FORGOTTEN)? {
        return Err(Precondition::FeedForgotten.into());
    }
    Ok(changes)
}

pub(super) fn reserve_crl_number(
    connection: &Connection,
    partition: Partition,
) -> Result<u64, StoreError> {
    counters::take(connection, &crl_counter(partition), 1)
}

pub(super) fn put_crl(connection: &Connection, crl: &CrlRecord) -> Result<(), StoreError> {
    if crl.number > counters::last(connection, &crl_counter(crl.partition))? {
        return Err(Precondition::CrlNumberNotNext.into());
    }
    let stored = change(
        connection,
        "INSERT INTO crls (partition, number, this_update, next_update, entries, status_version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (partition) DO UPDATE SET
             number = excluded.number, this_update = excluded.this_update,
             next_update = excluded.next_update, entries = excluded.entries,
             status_version = excluded.status_version
         WHERE excluded.number > number",
        params![
            Text(crl.partition),
            Number(crl.number),
            Moment(crl.this_update),
            Moment(crl.next_update),
            Number(crl.entries),
            Number(crl.status_version.0)
        ],
    )?;
    if stored == 1 { Ok(()) } else { Err(Precondition::CrlNumberNotNext.into()) }
}

pub(super) fn crl(
    connection: &Connection,
    partition: Partition,
) -> Result<Option<CrlRecord>, StoreError> {
    row(
        connection,
        "SELECT partition, number, this_update, next_update, entries, status_version
         FROM crls WHERE partition = ?1",
        [Text(partition)],
        read_crl,
    )
}

fn crl_counter(partition: Partition) -> String {
    format!("crl/{partition}")
}

fn read_status(row: &Row<'_>) -> rusqlite::Result<StatusRecord> {
    let (Key(id), Text(partition), Moment(not_after), Number(version)) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(6)?);
    let status = match row.get::<_, String>(3)?.as_str() {
        "pending" => Status::Pending,
        "good" => Status::Good,
        "held" => Status::Held { since: row.get::<_, Moment>(4)?.0 },
        _ => Status::Revoked {
            at: row.get::<_, Moment>(4)?.0,
            reason: row.get::<_, Word<RevocationReason>>(5)?.0,
        },
    };
    Ok(StatusRecord { id, partition, not_after, status, version: StatusVersion(version) })
}

fn read_crl(row: &Row<'_>) -> rusqlite::Result<CrlRecord> {
    let (Text(partition), Number(number), Number(entries), Number(status_version)) =
        (row.get(0)?, row.get(1)?, row.get(4)?, row.get(5)?);
    Ok(CrlRecord {
        partition,
        number,
        this_update: row.get::<_, Moment>(2)?.0,
        next_update: row.get::<_, Moment>(3)?.0,
        entries,
        status_version: StatusVersion(status_version),
    })
}
