//! Clients. Each act decides on what is there in its own transaction: one that comes between overwrites
//! nothing.

use inrou_store::columns::{Json, Moment, Number, Word, change, row, rows};
use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::events;
use crate::clients::{
    Change, Client, ClientFault, ClientId, Decision, NewClient, Renewal, StaffAct, Standing,
};
use crate::events::{Event, What};
use crate::secrets::Digest;
use crate::store::StoreError;

/// What comes of an act: the client as it is then, or why it was not done.
type Done = Result<Result<Client, ClientFault>, StoreError>;

/// Registers a client under the next number.
pub(super) fn register(connection: &Connection, new: &NewClient) -> Done {
    if !new.is_approved {
        let sql = "SELECT COUNT(*) FROM clients WHERE standing = ?1";
        let waiting = row(connection, sql, [Word(Standing::Pending)], |row| row.get(0))?;
        if waiting.is_some_and(|Number(waiting)| waiting >= new.most_pending as u64) {
            return Ok(Err(ClientFault::TooMany));
        }
    }
    let standing = if new.is_approved { Standing::Approved } else { Standing::Pending };
    let approved = new.is_approved.then(|| new.registration.clone());
    let registration = new.registration.clone();
    let sql = "INSERT INTO clients (registration, version, approved, standing, since, token)
               VALUES (?1, 1, ?2, ?3, ?4, ?5)";
    let columns = (
        Json(&registration),
        approved.as_ref().map(Json),
        Word(standing),
        Moment(new.at),
        new.token,
    );
    change(connection, sql, columns)?;
    let number = connection.last_insert_rowid();
    let id = ClientId::numbered(number.unsigned_abs());
    change(connection, "UPDATE clients SET id = ?2 WHERE number = ?1", (number, id.as_str()))?;
    events::put(connection, &Event::new(id.clone(), What::Registered, new.at))?;
    Ok(Ok(Client {
        id,
        registration,
        version: 1,
        approved,
        standing,
        reason: None,
        since: Some(new.at),
        limits: None,
    }))
}

/// Changes what is registered, for whoever has the token.
pub(super) fn renew(connection: &Connection, renewal: &Renewal) -> Done {
    let client = match &renewal.token {
        Some(token) => opened(connection, &renewal.client, token)?,
        None => find(connection, &renewal.client)?,
    };
    let Some(client) = client else { return Ok(Err(ClientFault::Unknown)) };
    let before = client.version;
    let changed = match renewal.applied_to(client) {
        Ok(changed) => changed,
        Err(fault) => return Ok(Err(fault)),
    };
    if changed.version != before {
        put(connection, &changed)?;
        let what = match &renewal.change {
            Change::Whole(..) => What::Changed,
            Change::KeyAdded(_) => What::KeyAdded,
            Change::KeyRemoved(_) => What::KeyRemoved,
        };
        events::put(connection, &Event::new(changed.id.clone(), what, renewal.at))?;
    }
    Ok(Ok(changed))
}

/// Does what the staff decided.
pub(super) fn decide(connection: &Connection, decision: &Decision) -> Done {
    let Some(client) = find(connection, &decision.client)? else {
        return Ok(Err(ClientFault::Unknown));
    };
    let what = match (&decision.act, client.standing) {
        (StaffAct::Limit(_), _) => What::LimitsSet,
        (StaffAct::Decide(Standing::Approved, _), Standing::Suspended) => What::Resumed,
        (StaffAct::Decide(Standing::Approved, _), _) => What::Approved,
        (StaffAct::Decide(Standing::Suspended, _), _) => What::Suspended,
        (StaffAct::Decide(Standing::Refused | Standing::Pending, _), _) => What::NotApproved,
    };
    let decided = match decision.applied_to(client) {
        Ok(decided) => decided,
        Err(fault) => return Ok(Err(fault)),
    };
    put(connection, &decided)?;
    let (detail, by) = (Some(decision.reason.clone()), Some(decision.by.clone()));
    let event = Event::new(decided.id.clone(), what, decision.at);
    events::put(connection, &Event { detail, by, ..event })?;
    Ok(Ok(decided))
}

/// A client.
pub(super) fn find(connection: &Connection, id: &ClientId) -> Result<Option<Client>, StoreError> {
    row(connection, "SELECT * FROM clients WHERE id = ?1", [id.as_str()], read)
}

/// The client of that name whose registration this token opens.
pub(super) fn opened(
    connection: &Connection,
    id: &ClientId,
    token: &Digest,
) -> Result<Option<Client>, StoreError> {
    let sql = "SELECT * FROM clients WHERE id = ?1 AND token = ?2";
    row(connection, sql, (id.as_str(), token), read)
}

/// So many clients after that number, or of those that stand so.
pub(super) fn list(
    connection: &Connection,
    after: u64,
    standing: Option<Standing>,
    limit: usize,
) -> Result<Vec<Client>, StoreError> {
    let (after, limit) = (Number(after), limit as i64);
    match standing {
        None => {
            let sql = "SELECT * FROM clients WHERE number > ?1 ORDER BY number LIMIT ?2";
            rows(connection, sql, (after, limit), read)
        }
        Some(standing) => {
            let sql = "SELECT * FROM clients WHERE standing = ?3 AND number > ?1
                       ORDER BY number LIMIT ?2";
            rows(connection, sql, (after, limit, Word(standing)), read)
        }
    }
}

/// Writes what an act made of a client.
fn put(connection: &Connection, client: &Client) -> Result<(), StoreError> {
    let sql = "UPDATE clients SET registration = ?2, version = ?3, approved = ?4, standing = ?5,
                                  reason = ?6, since = ?7, limits = ?8 WHERE id = ?1";
    let columns = (
        client.id.as_str(),
        Json(&client.registration),
        Number(client.version),
        client.approved.as_ref().map(Json),
        Word(client.standing),
        &client.reason,
        client.since.map(Moment),
        client.limits.as_ref().map(Json),
    );
    change(connection, sql, columns).map(drop)
}

/// Deletes a client, with all that is its own, for whoever has the token or has shown it; whether it was
/// there.
pub(super) fn remove(
    connection: &Connection,
    id: &ClientId,
    token: Option<&Digest>,
) -> Result<bool, StoreError> {
    let there = match token {
        Some(token) => opened(connection, id, token)?,
        None => find(connection, id)?,
    };
    if there.is_none() {
        return Ok(false);
    }
    forget(connection, id).map(|()| true)
}

/// Forgets registrations that were never approved, and have stood as they do since before that. One of which
/// nobody noted since when is kept until somebody decides.
pub(super) fn forget_unapproved(
    connection: &Connection,
    before: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT id FROM clients
               WHERE standing IN (?1, ?2) AND approved IS NULL AND since < ?3";
    let stale = (Word(Standing::Pending), Word(Standing::Refused), Moment(before));
    let all = rows(connection, sql, stale, |row| {
        let Word(id) = row.get(0)?;
        Ok::<ClientId, _>(id)
    })?;
    all.iter().try_for_each(|id| forget(connection, id))
}

fn forget(connection: &Connection, id: &ClientId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM authorizations WHERE client = ?1",
        "DELETE FROM pushed WHERE client = ?1",
        "DELETE FROM grants WHERE client = ?1",
        "DELETE FROM sign_transactions WHERE client = ?1",
        "DELETE FROM client_tokens WHERE client = ?1",
        "DELETE FROM events WHERE client = ?1",
        "DELETE FROM clients WHERE id = ?1",
    ] {
        change(connection, sql, [id.as_str()])?;
    }
    Ok(())
}

/// What opens each registration, and the registration.
pub(super) fn registrations(
    connection: &Connection,
) -> Result<Vec<(i64, Digest, Client)>, StoreError> {
    rows(connection, "SELECT * FROM clients ORDER BY number", [], |row| {
        Ok((row.get("number")?, row.get("token")?, read(row)?))
    })
}

/// Enters a registration of another store, under its number of there.
pub(super) fn enter(
    connection: &Connection,
    (number, token, client): &(i64, Digest, Client),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO clients (number, id, registration, standing, token)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let standing = Word(client.standing);
    let columns = (number, client.id.as_str(), Json(&client.registration), standing, token);
    change(connection, sql, columns)?;
    put(connection, client)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Client> {
    let (Word(id), Json(registration), Word(standing)) =
        (row.get("id")?, row.get("registration")?, row.get("standing")?);
    let Number(version) = row.get("version")?;
    let approved: Option<Json<_>> = row.get("approved")?;
    let since: Option<Moment> = row.get("since")?;
    let limits: Option<Json<_>> = row.get("limits")?;
    Ok(Client {
        id,
        registration,
        version,
        approved: approved.map(|Json(approved)| approved),
        standing,
        reason: row.get("reason")?,
        since: since.map(|Moment(since)| since),
        limits: limits.map(|Json(limits)| limits),
    })
}
