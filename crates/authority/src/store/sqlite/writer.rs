//! The one thread that writes. It commits in groups: whatever has queued up goes into one
//! transaction, and is answered when the whole is durable. If a unit of a group is refused, the group
//! is applied again, each unit in a savepoint of its own.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;

use super::{documents, issuance, jobs, journal, outbox, phones, requests, residents, statuses};
use crate::store::pending::Answer;
use crate::store::{Committed, StoreError, Unit, Write};

/// The most units in a group: bounds how long the first of them waits for the last.
const GROUP: usize = 256;

/// A unit to be committed, and whom to answer.
pub(super) struct Request {
    pub(super) unit: Unit,
    pub(super) answer: Answer,
}

pub(super) struct Writer {
    connection: Connection,
    /// Why the medium is no longer to be trusted: after a failed sync nobody knows what is durable,
    /// and nothing may be built on it.
    failure: Option<StoreError>,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, failure: None }
    }

    /// Commits what comes through the queue until its other end is dropped and it is empty.
    pub(super) fn run(mut self, queue: &Receiver<Request>) {
        while let Ok(first) = queue.recv() {
            let (units, answers): (Vec<_>, Vec<_>) = std::iter::once(first)
                .chain(queue.try_iter())
                .take(GROUP)
                .map(|request| (request.unit, request.answer))
                .unzip();
            for (answer, result) in answers.into_iter().zip(self.commit(&units)) {
                answer.give(result);
            }
        }
    }

    /// Commits a group; answers each unit.
    pub(super) fn commit(&mut self, units: &[Unit]) -> Vec<Result<Committed, StoreError>> {
        let result = match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => self.try_commit(units),
        };
        result.unwrap_or_else(|error| {
            // Without effect where the transaction is gone already.
            let _ = self.connection.execute_batch("ROLLBACK");
            if matches!(error, StoreError::Failed(_)) {
                self.failure = Some(error.clone());
            }
            vec![Err(error); units.len()]
        })
    }

    /// Commits a group. Fails if no unit of it was committed for a reason that no unit gave.
    fn try_commit(&self, units: &[Unit]) -> Result<Vec<Result<Committed, StoreError>>, StoreError> {
        self.execute("BEGIN IMMEDIATE")?;
        // A savepoint copies every page that its unit touches, and units are seldom refused.
        let together: Result<Vec<Committed>, StoreError> =
            units.iter().map(|unit| apply(&self.connection, unit)).collect();
        let results = match together {
            Ok(committed) => committed.into_iter().map(Ok).collect(),
            Err(error @ StoreError::Failed(_)) => return Err(error),
            Err(_) => {
                if !self.connection.is_autocommit() {
                    self.execute("ROLLBACK")?;
                }
                self.execute("BEGIN IMMEDIATE")?;
                self.apply_apart(units)?
            }
        };
        self.execute("COMMIT")?;
        Ok(results)
    }

    /// Applies each unit in a savepoint of its own.
    fn apply_apart(
        &self,
        units: &[Unit],
    ) -> Result<Vec<Result<Committed, StoreError>>, StoreError> {
        let mut results = Vec::with_capacity(units.len());
        for unit in units {
            self.execute("SAVEPOINT unit")?;
            let result = apply(&self.connection, unit);
            if let Err(error) = &result {
                if matches!(error, StoreError::Failed(_)) || self.connection.is_autocommit() {
                    return Err(error.clone());
                }
                self.execute("ROLLBACK TO unit")?;
            }
            self.execute("RELEASE unit")?;
            results.push(result);
        }
        Ok(results)
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

fn apply(connection: &Connection, unit: &Unit) -> Result<Committed, StoreError> {
    let mut committed = Committed::default();
    for write in unit.writes() {
        apply_write(connection, write, &mut committed)?;
    }
    Ok(committed)
}

fn apply_write(
    connection: &Connection,
    write: &Write,
    committed: &mut Committed,
) -> Result<(), StoreError> {
    match write {
        Write::PutResident { expected, resident } => {
            residents::put(connection, *expected, resident)?;
        }
        Write::PutAttributes(version) => residents::put_attributes(connection, version)?,
        Write::AppendEvent(entry) => committed.events.push(journal::append(connection, entry)?),
        Write::PutPhone { expected, phone } => phones::put(connection, *expected, phone)?,
        Write::PutDocument { expected, document } => {
            documents::put(connection, *expected, document)?;
        }

        Write::ReserveSerials { partition, count, not_after } => {
            let range = issuance::reserve(connection, *partition, *count, *not_after)?;
            committed.serials.push(range);
        }
        Write::OpenIntent(intent) => {
            committed.intents.push(issuance::open_intent(connection, intent)?);
        }
        Write::CloseIntent(key) => issuance::close_intent(connection, *key)?,
        Write::PutCertificate(certificate) => issuance::put_certificate(connection, certificate)?,
        Write::PutStatus { id, status } => {
            committed.statuses.push(statuses::put(connection, *id, *status)?);
        }
        Write::ForgetGood { up_to } => statuses::forget_good(connection, *up_to)?,
        Write::ReserveCrlNumber(partition) => {
            committed.crl_numbers.push(statuses::reserve_crl_number(connection, *partition)?);
        }
        Write::PutCrl(crl) => statuses::put_crl(connection, crl)?,

        Write::AddJob(job) => committed.added_jobs.push(jobs::add(connection, job)?),
        Write::LeaseJobs { now, until, limit } => {
            committed.leased_jobs.extend(jobs::lease(connection, *now, *until, *limit)?);
        }
        Write::CompleteJob(lease) => jobs::complete(connection, *lease)?,
        Write::PostponeJob { lease, due } => jobs::postpone(connection, *lease, *due)?,
        Write::Send(message) => committed.messages.push(outbox::send(connection, message)?),

        Write::SpendNonce(nonce) => requests::spend_nonce(connection, nonce)?,
        Write::PutIdempotency(record) => requests::put_idempotency(connection, record)?,
        Write::Prune { now, limit } => {
            committed.pruned += requests::prune(connection, *now, *limit)?;
        }
    }
    Ok(())
}
