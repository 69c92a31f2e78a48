//! How often clients had residents asked.

use inrou_api::problem::Code;
use inrou_store::columns::{Moment, Number, Word, change, row};
use jiff::Timestamp;
use rusqlite::Connection;

use super::events;
use crate::clients::{ClientId, Reached, Span, Use};
use crate::events::{Event, What};
use crate::store::{StoreError, Unmet};

/// Counts one more. It counts with what it is about, or not at all: both are one act.
///
/// # Errors
/// [`Unmet::LimitReached`] if there are as many as there may be.
pub(super) fn count(connection: &Connection, one: &Use) -> Result<(), StoreError> {
    for span in Span::ALL {
        let (begun, until) = span.window(one.at);
        let sql = "SELECT count FROM uses
                   WHERE client = ?1 AND what = ?2 AND span = ?3 AND begun = ?4";
        let of = (one.client.as_str(), Word(one.what), Word(span), Moment(begun));
        let there = row(connection, sql, of, |row| row.get(0))?;
        let there = there.map_or(0, |Number(there)| there);
        if there >= u64::from(one.most(span)) {
            let wait = until.duration_since(one.at).as_secs().max(1);
            return Err(Unmet::LimitReached(Reached { what: one.what, span, wait }).into());
        }
        let sql = "INSERT INTO uses (client, what, span, begun, count) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (client, what, span) DO UPDATE SET begun = ?4, count = ?5";
        let of = (one.client.as_str(), Word(one.what), Word(span), Moment(begun));
        change(connection, sql, (of.0, of.1, of.2, of.3, Number(there + 1)))?;
    }
    Ok(())
}

/// Notes that a limit was reached, once in each window.
pub(super) fn note_reached(
    connection: &Connection,
    client: &ClientId,
    reached: Reached,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (begun, _) = reached.span.window(now);
    let sql = "SELECT 1 FROM events WHERE client = ?1 AND what = 'limit-reached' AND detail = ?2
               AND at >= ?3 ORDER BY number DESC LIMIT 1";
    let of = (client.as_str(), reached.member(), Moment(begun));
    if row(connection, sql, of, |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let event = Event::new(client.clone(), What::LimitReached, now);
    let code = Some(Code::CLIENT_LIMIT_REACHED.as_str().to_owned());
    events::put(connection, &Event { code, detail: Some(reached.member().to_owned()), ..event })
}
