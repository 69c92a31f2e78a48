//! Log-ins under way.

use inrou_api::problem::Code;
use inrou_api::wire::transaction::{TransactionId, TransactionState};
use inrou_relying::{Answered, Standing, Taken, TransactionRecord};
use inrou_store::columns::{Json, Moment, Word, change, row};
use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params};

use super::events::{self, Why};
use super::{grants, pushed, signing};
use crate::events::What;
use crate::store::{Authorization, Confirmation, Outcome, Settlement, StoreError};

/// Begins a log-in.
pub(super) fn begin(
    connection: &Connection,
    authorization: &Authorization,
) -> Result<(), StoreError> {
    let transaction = &authorization.transaction;
    change(
        connection,
        "INSERT INTO authorizations (id, client, browser, request, pushed, purpose, asker,
                                     asker_name, site, text, digest, reason, shares, challenge, expires, origin,
                                     handover)
         VALUES (:id, :client, :browser, :request, :pushed, :purpose, :asker,
                 :asker_name, :site, :text, :digest, :reason, :shares, :challenge, :expires, :origin,
                 :handover)",
        named_params! {
            ":id": transaction.id.as_str(),
            ":client": authorization.client.as_str(),
            ":browser": authorization.browser,
            ":request": Json(&authorization.request),
            ":pushed": authorization.pushed,
            ":purpose": Word(transaction.purpose),
            ":asker": transaction.asker,
            ":asker_name": transaction.asker_name,
            ":site": transaction.site,
            ":text": transaction.text,
            ":digest": transaction.digest,
            ":reason": transaction.reason,
            ":shares": Json(&transaction.shares),
            ":challenge": transaction.challenge,
            ":expires": Moment(transaction.expires),
            ":origin": Json(&transaction.origin),
            ":handover": Json(&transaction.handover),
        },
    )?;
    let asked = (What::Asked, Why::default());
    events::of_log_in(connection, authorization, asked, transaction.handover.begun)?;
    match &authorization.request.sign_transaction {
        Some(wanted) => signing::ask(connection, wanted, &transaction.id),
        None => Ok(()),
    }
}

/// A log-in.
pub(super) fn find(
    connection: &Connection,
    id: &TransactionId,
) -> Result<Option<Authorization>, StoreError> {
    row(connection, "SELECT * FROM authorizations WHERE id = ?1", [id.as_str()], read)
}

/// A phone takes a log-in.
pub(super) fn take(
    connection: &Connection,
    id: &TransactionId,
    taken: &Taken,
    now: Timestamp,
) -> Result<Option<Authorization>, StoreError> {
    let Some(mut found) = end(connection, id, now)? else { return Ok(None) };
    let before = found.transaction.handover.clone();
    found.transaction.take(taken.clone(), now);
    let after = &found.transaction.handover;
    if before == *after {
        return Ok(Some(found));
    }
    let detail = Some(taken.flow.as_str());
    let what = if before.taken.is_none() { What::Taken } else { What::Contested };
    events::of_log_in(connection, &found, (what, Why { code: None, detail }), now)?;
    keep(connection, &found, now)?;
    Ok(Some(found))
}

/// The browser that began shows that the answer is its own, or fails to. After the last failure nothing is
/// left of what was granted.
pub(super) fn confirm(
    connection: &Connection,
    id: &TransactionId,
    confirmation: Confirmation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut found) = end(connection, id, now)? else { return Ok(()) };
    let before = found.transaction.handover.clone();
    match confirmation {
        Confirmation::Number { is_right } => found.transaction.confirm_number(is_right, now),
        Confirmation::Return => found.transaction.confirm_return(now),
    }
    if before == found.transaction.handover {
        return Ok(());
    }
    if found.transaction.state(now) == TransactionState::Failed {
        undo(connection, &found, now)?;
    }
    let what = match confirmation {
        Confirmation::Number { is_right: true } => What::NumberRight,
        Confirmation::Number { is_right: false } => What::NumberWrong,
        Confirmation::Return => What::Returned,
    };
    let result = found.transaction.result(now);
    let why = Why { code: result.as_deref(), detail: None };
    events::of_log_in(connection, &found, (what, why), now)?;
    keep(connection, &found, now)
}

/// Ends a log-in whose time is over; gives it as it stands afterwards.
pub(super) fn end(
    connection: &Connection,
    id: &TransactionId,
    now: Timestamp,
) -> Result<Option<Authorization>, StoreError> {
    let Some(mut found) = find(connection, id)? else { return Ok(None) };
    if let Some(at) = found.transaction.end(now) {
        undo(connection, &found, now)?;
        let result = found.transaction.result(now);
        let why = Why { code: result.as_deref(), detail: None };
        events::of_log_in(connection, &found, (What::Expired, why), at)?;
        keep(connection, &found, now)?;
    }
    Ok(Some(found))
}

/// Takes back what a log-in granted that has not led back to the site.
pub(super) fn take_back(
    connection: &Connection,
    id: &TransactionId,
    why: Code,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut found) = end(connection, id, now)? else { return Ok(()) };
    let is_open = match &found.grant {
        Some(grant) => grants::has_no_code(connection, grant)?,
        None => false,
    };
    let Some(answered) = &mut found.transaction.answered else { return Ok(()) };
    if !is_open || answered.state != TransactionState::Done {
        return Ok(());
    }
    answered.state = TransactionState::Failed;
    answered.result = Some(why.to_string());
    undo(connection, &found, now)?;
    let why = Why { code: Some(why.as_str()), detail: None };
    events::of_log_in(connection, &found, (What::Failed, why), now)?;
    keep(connection, &found, now)
}

/// Nothing is left of what a log-in granted, and nothing counts as signed by it.
fn undo(connection: &Connection, of: &Authorization, now: Timestamp) -> Result<(), StoreError> {
    let Some(grant) = &of.grant else { return Ok(()) };
    grants::revoke(connection, grant, now)?;
    signing::unsign(connection, &of.transaction.id)
}

/// Settles a log-in that is open at that time.
pub(super) fn settle(
    connection: &Connection,
    settlement: &Settlement,
) -> Result<Option<Authorization>, StoreError> {
    let id = &settlement.transaction;
    let Some(mut found) = end(connection, id, settlement.at)? else { return Ok(None) };
    if found.transaction.state(settlement.at) != TransactionState::Open {
        return Ok(Some(found));
    }
    let is_first = pushed::take(connection, found.pushed.as_ref())?;
    let failed = |code| (What::Failed, TransactionState::Failed, Some(code));
    let mut detail = None;
    let (what, state, result) = match &settlement.outcome {
        Outcome::Granted(_) | Outcome::Signed(..) if !is_first => failed(Code::REQUEST_URI_INVALID),
        Outcome::Granted(grant) => {
            grants::put(connection, grant, &found.request, &found.browser)?;
            found.grant = Some(grant.id.clone());
            detail = Some(grant.medium.as_str());
            (What::Granted, TransactionState::Done, None)
        }
        Outcome::Signed(grant, signed) => {
            let wanted = found.request.sign_transaction.as_deref().unwrap_or_default();
            match signing::sign(connection, wanted, id, signed)? {
                true => {
                    grants::put(connection, grant, &found.request, &found.browser)?;
                    found.grant = Some(grant.id.clone());
                    detail = Some(grant.medium.as_str());
                    (What::Signed, TransactionState::Done, None)
                }
                false => failed(Code::SIGN_TRANSACTION_USED),
            }
        }
        Outcome::Refused => {
            (What::Refused, TransactionState::Refused, Some(Code::TRANSACTION_REFUSED))
        }
        Outcome::Hindered(code) => (What::Hindered, TransactionState::Failed, Some(*code)),
        Outcome::Expired => {
            (What::Expired, TransactionState::Expired, Some(Code::TRANSACTION_EXPIRED))
        }
        Outcome::Failed(code) => failed(*code),
    };
    let result = result.map(|code| code.to_string());
    let why = Why { code: result.as_deref(), detail };
    events::of_log_in(connection, &found, (what, why), settlement.at)?;
    found.transaction.settle(Answered { state, result, answer: settlement.answer }, settlement.at);
    keep(connection, &found, settlement.at)?;
    Ok(Some(found))
}

/// Writes what changes in the life of a log-in.
fn keep(connection: &Connection, of: &Authorization, now: Timestamp) -> Result<(), StoreError> {
    let (transaction, answered) = (&of.transaction, of.transaction.answered.as_ref());
    let has_ended = matches!(transaction.standing(now), Standing::Done | Standing::Over(_));
    change(
        connection,
        "UPDATE authorizations
         SET handover = ?2, state = ?3, result = ?4, answer = ?5, grant_id = ?6, ended = ?7
         WHERE id = ?1",
        (
            transaction.id.as_str(),
            Json(&transaction.handover),
            answered.map(|answered| Word(answered.state)),
            answered.and_then(|answered| answered.result.as_deref()),
            answered.map(|answered| answered.answer),
            &of.grant,
            has_ended,
        ),
    )
    .map(drop)
}

/// Reads a row of the table.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Authorization> {
    let state: Option<Word<TransactionState>> = row.get("state")?;
    let answered = match state {
        Some(Word(state)) => {
            Some(Answered { state, result: row.get("result")?, answer: row.get("answer")? })
        }
        None => None,
    };
    let (Word(id), Word(purpose)) = (row.get("id")?, row.get("purpose")?);
    let (Json(shares), Moment(expires)) = (row.get("shares")?, row.get("expires")?);
    let (Json(origin), Json(handover)) = (row.get("origin")?, row.get("handover")?);
    let (Word(client), Json(request)) = (row.get("client")?, row.get("request")?);
    let transaction = TransactionRecord {
        id,
        purpose,
        asker: row.get("asker")?,
        asker_name: row.get("asker_name")?,
        site: row.get("site")?,
        text: row.get("text")?,
        digest: row.get("digest")?,
        reason: row.get("reason")?,
        shares,
        challenge: row.get("challenge")?,
        expires,
        origin,
        handover,
        answered,
    };
    let (browser, grant) = (row.get("browser")?, row.get("grant_id")?);
    Ok(Authorization { transaction, client, browser, request, pushed: row.get("pushed")?, grant })
}
