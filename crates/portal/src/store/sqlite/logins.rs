//! Transactions, log-ins, sessions.

use inrou_api::problem::Code;
use inrou_api::wire::transaction::{TransactionId, TransactionState};
use inrou_relying::{Answered, Checks, Handover, Taken, TransactionRecord};
use inrou_store::columns::{Json, Moment, Word, change, row, rows};
use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params};
use zeroize::Zeroizing;

use super::{SqliteStore, applications, records};
use crate::store::{Confirmation, Digest, Entry, Logins, Outcome, Session, Settlement, StoreError};

/// Most sessions of one resident that are listed: more than anybody opens in a session's life.
const MOST_SESSIONS: u32 = 200;

impl Logins for SqliteStore {
    fn secret(&self) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        self.read(|connection| {
            let secret = row(connection, "SELECT secret FROM portal", [], |row| row.get(0))?;
            let secret = secret.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            Ok(Zeroizing::new(secret))
        })
    }

    fn begin_login(
        &self,
        login: &Digest,
        transaction: &TransactionRecord,
    ) -> Result<TransactionRecord, StoreError> {
        let (login, transaction) = (*login, transaction.clone());
        self.write(move |connection| {
            if let Some(begun) = transaction_of_login(connection, &login)? {
                return Ok(begun);
            }
            put_transaction(connection, &transaction)?;
            change(
                connection,
                "INSERT INTO logins (login, transaction_id, expires) VALUES (?1, ?2, ?3)",
                (login, transaction.id.as_str(), Moment(transaction.expires)),
            )?;
            Ok(transaction.clone())
        })
    }

    fn forget(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            for sql in [
                // Its log-in goes with it.
                "DELETE FROM transactions
                 WHERE id IN (SELECT transaction_id FROM logins WHERE expires < ?1)",
                "DELETE FROM sessions WHERE expires < ?1",
                "DELETE FROM drafts WHERE expires < ?1",
                "DELETE FROM clerks WHERE expires < ?1",
            ] {
                change(connection, sql, [Moment(before)])?;
            }
            Ok(())
        })
    }

    fn login(&self, login: &Digest) -> Result<Option<TransactionRecord>, StoreError> {
        self.read(|connection| transaction_of_login(connection, login))
    }

    fn transaction(&self, id: &TransactionId) -> Result<Option<TransactionRecord>, StoreError> {
        self.read(|connection| find_transaction(connection, id.as_str()))
    }

    fn take(
        &self,
        id: &TransactionId,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<Option<TransactionRecord>, StoreError> {
        let (id, taken) = (id.clone(), taken.clone());
        self.write(move |connection| {
            let Some(mut found) = end(connection, &id, now)? else { return Ok(None) };
            found.take(taken.clone(), now);
            keep(connection, &found)?;
            Ok(Some(found))
        })
    }

    fn confirm(
        &self,
        id: &TransactionId,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |connection| {
            let Some(mut found) = end(connection, &id, now)? else { return Ok(()) };
            match confirmation {
                Confirmation::Number { is_right } => found.confirm_number(is_right, now),
                Confirmation::Return => found.confirm_return(now),
            }
            if found.state(now) == TransactionState::Failed {
                end_session_of(connection, &id, now)?;
            }
            keep(connection, &found)
        })
    }

    fn settle(&self, settlement: &Settlement) -> Result<Option<TransactionRecord>, StoreError> {
        let settlement = settlement.clone();
        self.write(move |connection| {
            let (id, at) = (&settlement.transaction, settlement.at);
            let Some(mut found) = end(connection, id, at)? else { return Ok(None) };
            if found.state(at) != TransactionState::Open {
                return Ok(Some(found));
            }
            let (state, result) = match &settlement.outcome {
                Outcome::LoggedIn(session) => {
                    put_session(connection, session, id)?;
                    (TransactionState::Done, None)
                }
                Outcome::Received(receipt) => {
                    applications::receive(connection, receipt, at)?;
                    (TransactionState::Done, None)
                }
                Outcome::Refused => (TransactionState::Refused, Some(Code::TRANSACTION_REFUSED)),
                Outcome::Failed(code) => (TransactionState::Failed, Some(*code)),
            };
            if let Some(entry) = &settlement.entry {
                records::enter(connection, entry)?;
            }
            let result = result.map(|code| code.to_string());
            found.settle(Answered { state, result, answer: settlement.answer }, at);
            keep(connection, &found)?;
            Ok(Some(found))
        })
    }

    fn end(
        &self,
        id: &TransactionId,
        now: Timestamp,
    ) -> Result<Option<TransactionRecord>, StoreError> {
        let id = id.clone();
        self.write(move |connection| end(connection, &id, now))
    }

    fn session(&self, token: &Digest) -> Result<Option<Session>, StoreError> {
        self.read(|connection| find_session(connection, token))
    }

    fn use_session(&self, token: &Digest) -> Result<(), StoreError> {
        let token = *token;
        self.write(move |connection| {
            let sql = "UPDATE sessions SET used = 1 WHERE token = ?1";
            change(connection, sql, [token]).map(drop)
        })
    }

    fn extend_session(
        &self,
        token: &Digest,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let token = *token;
        self.write(move |connection| {
            change(
                connection,
                "UPDATE sessions SET expires = MAX(expires, ?3)
                 WHERE token = ?1 AND ended IS NULL AND expires > ?2",
                (token, Moment(now), Moment(expires)),
            )?;
            Ok(find_session(connection, &token)?.filter(|session| session.is_live(now)))
        })
    }

    fn sessions(&self, subject: &str, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.read(|connection| {
            rows(
                connection,
                "SELECT * FROM sessions WHERE subject = ?1 AND ended IS NULL AND expires > ?2
                 ORDER BY since DESC, id LIMIT ?3",
                (subject, Moment(now), MOST_SESSIONS),
                read_session,
            )
        })
    }

    fn end_session(
        &self,
        subject: &str,
        id: &str,
        now: Timestamp,
        entry: &Entry,
    ) -> Result<bool, StoreError> {
        let (subject, id, entry) = (subject.to_owned(), id.to_owned(), entry.clone());
        self.write(move |connection| {
            let ended = change(
                connection,
                "UPDATE sessions SET ended = ?3
                 WHERE subject = ?1 AND id = ?2 AND ended IS NULL AND expires > ?3",
                (&subject, &id, Moment(now)),
            )?;
            if ended > 0 {
                records::enter(connection, &entry)?;
            }
            let sql = "SELECT 1 FROM sessions WHERE subject = ?1 AND id = ?2";
            Ok(row(connection, sql, (&subject, &id), |_| Ok(()))?.is_some())
        })
    }
}

/// Enters a transaction.
pub(super) fn put_transaction(
    connection: &Connection,
    transaction: &TransactionRecord,
) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO transactions
         (id, purpose, asker, asker_name, text, challenge, expires, origin, handover)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            transaction.id.as_str(),
            Word(transaction.purpose),
            &transaction.asker,
            &transaction.asker_name,
            &transaction.text,
            &transaction.challenge,
            Moment(transaction.expires),
            transaction.origin.as_ref().map(Json),
            Json(&transaction.handover),
        ),
    )
    .map(drop)
}

/// A transaction, by its identifier.
pub(super) fn find_transaction(
    connection: &Connection,
    id: &str,
) -> Result<Option<TransactionRecord>, StoreError> {
    let sql = "SELECT * FROM transactions WHERE id = ?1";
    row(connection, sql, [id], read_transaction)
}

fn transaction_of_login(
    connection: &Connection,
    login: &Digest,
) -> Result<Option<TransactionRecord>, StoreError> {
    row(
        connection,
        "SELECT t.* FROM logins JOIN transactions t ON t.id = transaction_id WHERE login = ?1",
        [login],
        read_transaction,
    )
}

/// Ends a transaction whose time is over, with the session to which it led if nobody showed in time that the
/// answer was one's own; gives it as it stands afterwards.
fn end(
    connection: &Connection,
    id: &TransactionId,
    now: Timestamp,
) -> Result<Option<TransactionRecord>, StoreError> {
    let Some(mut found) = find_transaction(connection, id.as_str())? else { return Ok(None) };
    if found.end(now).is_some() {
        end_session_of(connection, id, now)?;
        keep(connection, &found)?;
    }
    Ok(Some(found))
}

/// Ends the session to which a transaction led.
fn end_session_of(
    connection: &Connection,
    id: &TransactionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE sessions SET ended = ?2 WHERE transaction_id = ?1 AND ended IS NULL";
    change(connection, sql, (id.as_str(), Moment(now))).map(drop)
}

/// Writes what changes in the life of a transaction.
fn keep(connection: &Connection, transaction: &TransactionRecord) -> Result<(), StoreError> {
    let answered = transaction.answered.as_ref();
    change(
        connection,
        "UPDATE transactions SET handover = ?2, state = ?3, result = ?4, answer = ?5 WHERE id = ?1",
        (
            transaction.id.as_str(),
            Json(&transaction.handover),
            answered.map(|answered| Word(answered.state)),
            answered.and_then(|answered| answered.result.as_deref()),
            answered.map(|answered| answered.answer),
        ),
    )
    .map(drop)
}

/// Reads the columns of a transaction.
pub(super) fn read_transaction(row: &Row<'_>) -> rusqlite::Result<TransactionRecord> {
    let state: Option<Word<TransactionState>> = row.get("state")?;
    let answered = match state {
        Some(Word(state)) => {
            Some(Answered { state, result: row.get("result")?, answer: row.get("answer")? })
        }
        None => None,
    };
    let Word(id) = row.get("id")?;
    let Word(purpose) = row.get("purpose")?;
    let Moment(expires) = row.get("expires")?;
    let origin: Option<Json<_>> = row.get("origin")?;
    let handover: Option<Json<Handover>> = row.get("handover")?;
    Ok(TransactionRecord {
        id,
        purpose,
        asker: row.get("asker")?,
        asker_name: row.get("asker_name")?,
        site: None,
        text: row.get("text")?,
        digest: None,
        reason: None,
        shares: Vec::new(),
        challenge: row.get("challenge")?,
        expires,
        origin: origin.map(|Json(origin)| origin),
        handover: match handover {
            Some(Json(handover)) => handover,
            None => Handover::new(expires, [0; 32], Checks::default()),
        },
        answered,
    })
}

fn put_session(
    connection: &Connection,
    session: &Session,
    transaction: &TransactionId,
) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO sessions
            (token, id, subject, certificate, since, expires, used, origin, transaction_id)
         VALUES
            (:token, :id, :subject, :certificate, :since, :expires, 0, :origin, :transaction)",
        named_params! {
            ":token": session.token,
            ":id": session.id,
            ":subject": session.subject,
            ":certificate": session.certificate,
            ":since": Moment(session.since),
            ":expires": Moment(session.expires),
            ":origin": session.origin.as_ref().map(Json),
            ":transaction": transaction.as_str(),
        },
    )
    .map(drop)
}

fn find_session(connection: &Connection, token: &Digest) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT * FROM sessions WHERE token = ?1";
    row(connection, sql, [token], read_session)
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let (Moment(since), Moment(expires)) = (row.get("since")?, row.get("expires")?);
    let ended: Option<Moment> = row.get("ended")?;
    let origin: Option<Json<_>> = row.get("origin")?;
    Ok(Session {
        token: row.get("token")?,
        id: row.get("id")?,
        subject: row.get("subject")?,
        certificate: row.get("certificate")?,
        origin: origin.map(|Json(origin)| origin),
        since,
        expires,
        used: row.get("used")?,
        ended: ended.map(|Moment(at)| at),
    })
}
