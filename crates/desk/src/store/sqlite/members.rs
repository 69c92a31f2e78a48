//! Members, how they are known, and who is signed in.

use inrou_rules::MemberId;
use inrou_store::columns::{Json, Moment, Text, Word, change, row, rows};
use rusqlite::{Connection, Row};

use crate::staff::{Member, NewMember, Office};
use crate::store::{Digest, Invitation, Passkey, SignIn, StoreError, Taken};

const MEMBER: &str = "m.id, m.office, m.name, m.name_reading, m.duties, m.standing, m.since";

pub(super) fn put(connection: &Connection, member: &Member) -> Result<(), StoreError> {
    let Member { id, is, standing, since } = member;
    change(
        connection,
        "INSERT INTO members (id, office, name, name_reading, duties, standing, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET name = ?3, name_reading = ?4, duties = ?5, standing = ?6",
        (
            id.as_bytes(),
            Text(is.office),
            &is.name,
            &is.name_reading,
            Json(&is.duties),
            Word(*standing),
            Moment(*since),
        ),
    )
    .map(drop)
}

pub(super) fn one(connection: &Connection, id: MemberId) -> Result<Option<Member>, StoreError> {
    let sql = format!("SELECT {MEMBER} FROM members m WHERE m.id = ?1");
    row(connection, &sql, [id.as_bytes()], |row| read(row, 0))
}

pub(super) fn list(connection: &Connection, of: Option<Office>) -> Result<Vec<Member>, StoreError> {
    let sql = format!(
        "SELECT {MEMBER} FROM members m WHERE ?1 IS NULL OR m.office = ?1
         ORDER BY m.office, m.name_reading, m.id"
    );
    rows(connection, &sql, [of.map(|of| of.to_string())], |row| read(row, 0))
}

pub(super) fn invite(connection: &Connection, invitation: &Invitation) -> Result<(), StoreError> {
    let Invitation { token, member, expires } = invitation;
    change(
        connection,
        "INSERT INTO invitations (token, member, expires) VALUES (?1, ?2, ?3)
         ON CONFLICT (member) DO UPDATE SET token = ?1, expires = ?3",
        (token, member.as_bytes(), Moment(*expires)),
    )
    .map(drop)
}

pub(super) fn invitation(
    connection: &Connection,
    token: &Digest,
) -> Result<Option<Invitation>, StoreError> {
    let sql = "SELECT member, expires FROM invitations WHERE token = ?1";
    row(connection, sql, [token], |row| {
        let (member, Moment(expires)) = (id(row, 0)?, row.get(1)?);
        Ok(Invitation { token: *token, member, expires })
    })
}

pub(super) fn add_passkey(
    connection: &Connection,
    passkey: &Passkey,
    by: Option<&Digest>,
) -> Result<(), StoreError> {
    let Passkey { credential, member, key, since } = passkey;
    let added = change(
        connection,
        "INSERT INTO passkeys (credential, member, key, since) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        (credential, member.as_bytes(), key, Moment(*since)),
    )?;
    if added != 1 {
        return Err(StoreError::Precondition(Taken));
    }
    if let Some(token) = by {
        change(connection, "DELETE FROM invitations WHERE token = ?1", [token])?;
    }
    let sql = "UPDATE members SET standing = 'active' WHERE id = ?1 AND standing = 'invited'";
    change(connection, sql, [member.as_bytes()]).map(drop)
}

pub(super) fn passkeys(connection: &Connection, of: MemberId) -> Result<Vec<Passkey>, StoreError> {
    let sql =
        "SELECT credential, member, key, since FROM passkeys WHERE member = ?1 ORDER BY since";
    rows(connection, sql, [of.as_bytes()], read_passkey)
}

pub(super) fn passkey(
    connection: &Connection,
    credential: &[u8],
) -> Result<Option<Passkey>, StoreError> {
    let sql = "SELECT credential, member, key, since FROM passkeys WHERE credential = ?1";
    row(connection, sql, [credential], read_passkey)
}

pub(super) fn sign_in(connection: &Connection, sign_in: &SignIn) -> Result<(), StoreError> {
    let SignIn { token, member, since, until, practice } = sign_in;
    change(
        connection,
        "INSERT INTO sign_ins (token, member, since, until, practice) VALUES (?1, ?2, ?3, ?4, ?5)",
        (token, member.as_bytes(), Moment(*since), Moment(*until), practice),
    )
    .map(drop)
}

pub(super) fn signed_in(
    connection: &Connection,
    token: &Digest,
) -> Result<Option<(SignIn, Member)>, StoreError> {
    let sql = format!(
        "SELECT s.since, s.until, s.practice, {MEMBER}
         FROM sign_ins s JOIN members m ON m.id = s.member WHERE s.token = ?1"
    );
    row(connection, &sql, [token], |row| {
        let (Moment(since), Moment(until), practice) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let member = read(row, 3)?;
        Ok((SignIn { token: *token, member: member.id, since, until, practice }, member))
    })
}

fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Member> {
    let (Text(office), Json(duties)) = (row.get(first + 1)?, row.get(first + 4)?);
    let (Word(standing), Moment(since)) = (row.get(first + 5)?, row.get(first + 6)?);
    let (name, name_reading) = (row.get(first + 2)?, row.get(first + 3)?);
    let is = NewMember { name, name_reading, office, duties };
    Ok(Member { id: id(row, first)?, is, standing, since })
}

fn read_passkey(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    let Moment(since) = row.get(3)?;
    Ok(Passkey { credential: row.get(0)?, member: id(row, 1)?, key: row.get(2)?, since })
}

pub(super) fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<MemberId> {
    Ok(MemberId::from_bytes(row.get(at)?))
}
