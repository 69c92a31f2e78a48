//! Jobs: rows with a due time, taken by lease.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::store::{Job, JobId, Lease, NewJob, Opaque, Precondition, StoreError};
use inrou_store::columns::{Moment, Number, change, row, rows};

pub(super) fn add(connection: &Connection, job: &NewJob) -> Result<JobId, StoreError> {
    let read_id = |row: &Row<'_>| Ok(row.get::<_, Number>(0)?.0);
    let added = row(
        connection,
        "INSERT INTO jobs (kind, key, due, payload, attempts) VALUES (?1, ?2, ?3, ?4, 0)
         ON CONFLICT DO NOTHING RETURNING id",
        params![job.kind, job.key, Moment(job.due), job.payload.0],
        read_id,
    )?;
    let id = match added {
        Some(id) => Some(id),
        None => row(
            connection,
            "SELECT id FROM jobs WHERE kind = ?1 AND key = ?2",
            params![job.kind, job.key],
            read_id,
        )?,
    };
    Ok(JobId(id.unwrap_or_default()))
}

pub(super) fn lease(
    connection: &Connection,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    let ready = rows(
        connection,
        "SELECT id FROM jobs WHERE coalesce(leased_until, due) <= ?1
         ORDER BY coalesce(leased_until, due), id LIMIT ?2",
        params![Moment(now), limit],
        |row| row.get::<_, Number>(0),
    )?;
    let mut leased = Vec::with_capacity(ready.len());
    for id in ready {
        leased.extend(row(
            connection,
            "UPDATE jobs SET attempts = attempts + 1, leased_until = ?2 WHERE id = ?1
             RETURNING id, kind, key, due, payload, attempts, leased_until",
            params![id, Moment(until)],
            read_job,
        )?);
    }
    Ok(leased)
}

pub(super) fn complete(connection: &Connection, lease: Lease) -> Result<(), StoreError> {
    let completed = change(
        connection,
        "DELETE FROM jobs WHERE id = ?1 AND attempts = ?2 AND leased_until IS NOT NULL",
        params![Number(lease.job.0), lease.attempt],
    )?;
    if completed == 1 { Ok(()) } else { Err(Precondition::LeaseLost.into()) }
}

pub(super) fn postpone(
    connection: &Connection,
    lease: Lease,
    due: Timestamp,
) -> Result<(), StoreError> {
    let postponed = change(
        connection,
        "UPDATE jobs SET due = ?3, leased_until = NULL
         WHERE id = ?1 AND attempts = ?2 AND leased_until IS NOT NULL",
        params![Number(lease.job.0), lease.attempt, Moment(due)],
    )?;
    if postponed == 1 { Ok(()) } else { Err(Precondition::LeaseLost.into()) }
}

/// Ends all leases: whoever held one was part of a process that is gone.
pub(super) fn end_leases(connection: &Connection) -> Result<(), StoreError> {
    change(connection, "UPDATE jobs SET leased_until = NULL WHERE leased_until IS NOT NULL", [])?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    after: Option<JobId>,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    rows(
        connection,
        "SELECT id, kind, key, due, payload, attempts, leased_until FROM jobs
         WHERE id > ?1 ORDER BY id LIMIT ?2",
        params![Number(after.map_or(0, |id| id.0)), limit],
        read_job,
    )
}

pub(super) fn next(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    row(
        connection,
        "SELECT coalesce(leased_until, due) FROM jobs
         ORDER BY coalesce(leased_until, due), id LIMIT 1",
        [],
        |row| Ok(row.get::<_, Moment>(0)?.0),
    )
}

fn read_job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let Number(id) = row.get(0)?;
    Ok(Job {
        id: JobId(id),
        job: NewJob {
            kind: row.get(1)?,
            key: row.get(2)?,
            due: row.get::<_, Moment>(3)?.0,
            payload: Opaque(row.get(4)?),
        },
        attempts: row.get(5)?,
        leased_until: row.get::<_, Option<Moment>>(6)?.map(|moment| moment.0),
    })
}
