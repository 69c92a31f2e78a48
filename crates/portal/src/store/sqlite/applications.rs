//! Online applications and the receiving office.

use std::collections::BTreeMap;

use inrou_api::wire::portal::{Decision, OfficeState};
use inrou_api::wire::transaction::{TransactionId, TransactionState};
use inrou_rules::Municipality;
use inrou_store::columns::{Json, Moment, Number, Word, change, row, rows};
use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params};

use super::logins::{put_transaction, read_transaction};
use super::{SqliteStore, records};
use crate::store::{
    Application, Applications, NewApplication, OfficeQuery, Receipt, Received, StoreError, Verdict,
};

/// An application with its transaction, and what the office has of it.
const SELECT: &str =
    "SELECT t.*, a.sequence, a.id AS application, a.subject, a.procedure, a.fields,
        a.municipality, a.document, a.drawn_up, r.receipt, r.received, r.cms, r.certificate,
        r.evidence_kind, r.evidence, r.checked_at, r.state AS receipt_state, r.decided, r.reason
    FROM applications a JOIN transactions t ON t.id = a.transaction_id
    LEFT JOIN receipts r ON r.application = a.id";

impl Applications for SqliteStore {
    fn draw_up(&self, new: &NewApplication) -> Result<Option<Application>, StoreError> {
        let new = new.clone();
        self.write(move |connection| {
            let found = find(connection, "a.id = ?1", &new.id)?;
            if !records::remember(connection, &new.request, new.at)? {
                return Ok(found);
            }
            match found.as_ref().map(|found| found.transaction.state(new.at)) {
                Some(TransactionState::Done) => return Ok(None),
                Some(TransactionState::Open) => return Ok(found),
                Some(_) => redraw(connection, &new)?,
                None => put(connection, &new)?,
            }
            records::enter(connection, &new.entry)?;
            find(connection, "a.id = ?1", &new.id)
        })
    }

    fn application(&self, id: &str) -> Result<Option<Application>, StoreError> {
        self.read(|connection| find(connection, "a.id = ?1", id))
    }

    fn applications(
        &self,
        subject: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Application>, StoreError> {
        self.read(|connection| {
            let before = Number(before.unwrap_or(u64::MAX));
            let sql = format!(
                "{SELECT} WHERE a.subject = ?1 AND a.sequence < ?2 ORDER BY a.sequence DESC LIMIT ?3"
            );
            let limit = Number(limit as u64);
            rows(connection, &sql, (subject, before, limit), read)
        })
    }

    fn application_of(&self, id: &TransactionId) -> Result<Option<Application>, StoreError> {
        self.read(|connection| find(connection, "t.id = ?1", id.as_str()))
    }

    fn received(&self, query: &OfficeQuery) -> Result<Vec<Application>, StoreError> {
        self.read(|connection| {
            let sql = format!(
                "{SELECT} WHERE r.receipt > :after
                 AND (:municipality IS NULL OR r.municipality = :municipality)
                 AND (:state IS NULL OR r.state = :state)
                 ORDER BY r.receipt LIMIT :limit"
            );
            let params = named_params! {
                ":after": Number(query.after),
                ":municipality": query.municipality.map(Word),
                ":state": query.state.map(Word),
                ":limit": Number(query.limit as u64),
            };
            rows(connection, &sql, params, read)
        })
    }

    fn undecided(&self) -> Result<BTreeMap<Municipality, u64>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT municipality, count(*) FROM receipts WHERE state = ?1
                       GROUP BY municipality";
            let read = |row: &Row<'_>| {
                let (Word(municipality), Number(count)) = (row.get(0)?, row.get(1)?);
                Ok((municipality, count))
            };
            Ok(rows(connection, sql, [Word(OfficeState::Received)], read)?.into_iter().collect())
        })
    }

    fn decide(&self, verdict: &Verdict) -> Result<Option<Application>, StoreError> {
        let verdict = verdict.clone();
        self.write(move |connection| {
            records::remember(connection, &verdict.request, verdict.at)?;
            let (state, reason) = match &verdict.decision {
                Decision::Accept => (OfficeState::Accepted, None),
                Decision::Return { reason } => (OfficeState::Returned, Some(reason)),
            };
            let decided = change(
                connection,
                "UPDATE receipts SET state = ?2, decided = ?3, reason = ?4
                 WHERE application = ?1 AND state = 'received'",
                (&verdict.application, Word(state), Moment(verdict.at), reason),
            )?;
            if decided > 0 {
                records::enter(connection, &verdict.entry)?;
                records::notify(
                    connection,
                    &verdict.entry.subject,
                    verdict.at,
                    verdict.entry.code,
                    &verdict.params,
                )?;
            }
            find(connection, "a.id = ?1", &verdict.application)
        })
    }
}

/// Enters a signed application at the office, with the notice that acknowledges it.
pub(super) fn receive(
    connection: &Connection,
    receipt: &Receipt,
    at: Timestamp,
) -> Result<(), StoreError> {
    let next = "UPDATE portal SET next_receipt = next_receipt + 1 RETURNING next_receipt - 1";
    let number: Option<i64> = row(connection, next, [], |row| row.get(0))?;
    change(
        connection,
        "INSERT INTO receipts (receipt, application, municipality, received, cms, certificate,
            evidence_kind, evidence, checked_at, state)
         SELECT :receipt, id, municipality, :received, :cms, :certificate, :evidence_kind,
            :evidence, :checked_at, 'received' FROM applications WHERE id = :application",
        named_params! {
            ":receipt": number,
            ":application": receipt.application,
            ":received": Moment(at),
            ":cms": receipt.cms,
            ":certificate": receipt.certificate,
            ":evidence_kind": Word(receipt.evidence_kind),
            ":evidence": receipt.evidence,
            ":checked_at": Moment(receipt.checked_at),
        },
    )?;
    let Some(application) = find(connection, "a.id = ?1", &receipt.application)? else {
        return Err(rusqlite::Error::QueryReturnedNoRows.into());
    };
    let mut params = BTreeMap::from([
        ("procedure".to_owned(), application.procedure_name().to_owned()),
        ("at".to_owned(), at.to_string()),
    ]);
    params.extend(application.reference().map(|reference| ("reference".to_owned(), reference)));
    records::notify(connection, &application.subject, at, "application-received", &params)
}

fn put(connection: &Connection, new: &NewApplication) -> Result<(), StoreError> {
    put_transaction(connection, &new.transaction)?;
    change(
        connection,
        "INSERT INTO applications
            (id, subject, procedure, fields, municipality, document, drawn_up, transaction_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            &new.id,
            &new.subject,
            Word(new.procedure),
            Json(&new.fields),
            Word(new.municipality),
            &new.transaction.text,
            Moment(new.at),
            new.transaction.id.as_str(),
        ),
    )
    .map(drop)
}

/// The transaction that is over goes: nobody can answer it any more.
fn redraw(connection: &Connection, new: &NewApplication) -> Result<(), StoreError> {
    let sql = "SELECT transaction_id FROM applications WHERE id = ?1";
    let old: Option<String> = row(connection, sql, [&new.id], |row| row.get(0))?;
    put_transaction(connection, &new.transaction)?;
    change(
        connection,
        "UPDATE applications SET fields = ?2, municipality = ?3, document = ?4, drawn_up = ?5,
            transaction_id = ?6 WHERE id = ?1",
        (
            &new.id,
            Json(&new.fields),
            Word(new.municipality),
            &new.transaction.text,
            Moment(new.at),
            new.transaction.id.as_str(),
        ),
    )?;
    change(connection, "DELETE FROM transactions WHERE id = ?1", [old]).map(drop)
}

fn find(
    connection: &Connection,
    condition: &str,
    value: &str,
) -> Result<Option<Application>, StoreError> {
    let sql = format!("{SELECT} WHERE {condition}");
    row(connection, &sql, [value], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Application> {
    let (Word(procedure), Json(fields)) = (row.get("procedure")?, row.get("fields")?);
    let (Word(municipality), Moment(drawn_up)) = (row.get("municipality")?, row.get("drawn_up")?);
    let sequence: i64 = row.get("sequence")?;
    Ok(Application {
        sequence: sequence.unsigned_abs(),
        id: row.get("application")?,
        subject: row.get("subject")?,
        procedure,
        fields,
        municipality,
        document: row.get("document")?,
        drawn_up,
        transaction: read_transaction(row)?,
        received: read_received(row)?,
    })
}

fn read_received(row: &Row<'_>) -> rusqlite::Result<Option<Received>> {
    let number: Option<i64> = row.get("receipt")?;
    let Some(number) = number else {
        return Ok(None);
    };
    let (Moment(at), Moment(checked_at)) = (row.get("received")?, row.get("checked_at")?);
    let (Word(evidence_kind), Word(state)) = (row.get("evidence_kind")?, row.get("receipt_state")?);
    let decided: Option<Moment> = row.get("decided")?;
    Ok(Some(Received {
        number: number.unsigned_abs(),
        at,
        receipt: Receipt {
            application: row.get("application")?,
            cms: row.get("cms")?,
            certificate: row.get("certificate")?,
            evidence_kind,
            evidence: row.get("evidence")?,
            checked_at,
        },
        state,
        decided: decided.map(|Moment(at)| at),
        reason: row.get("reason")?,
    }))
}
