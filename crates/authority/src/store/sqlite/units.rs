//! Applying a unit, write by write.

use rusqlite::Connection;

use super::{documents, issuance, jobs, journal, outbox, phones, requests, residents, statuses};
use crate::store::{Committed, StoreError, Unit, Write};

/// Applies all of a unit's writes, in order.
pub(super) fn apply(connection: &Connection, unit: &Unit) -> Result<Committed, StoreError> {
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
