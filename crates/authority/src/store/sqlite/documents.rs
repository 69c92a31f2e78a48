//! Documents, kept whole.

use rusqlite::{Connection, Row, params};

use crate::store::{Document, DocumentKind, Opaque, StoreError, Version, Versioned};
use inrou_store::columns::{Moment, Number, change, row, rows};

pub(super) fn put(
    connection: &Connection,
    expected: Option<Version>,
    document: &Document,
) -> Result<(), StoreError> {
    let Document { kind, id, owner, expires, body } = document;
    let expires = expires.map(Moment);
    let changed = match expected {
        None => change(
            connection,
            "INSERT INTO documents (kind, id, version, owner, expires, body)
             VALUES (?1, ?2, 1, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![kind.0, id, owner, expires, body.0],
        ),
        Some(Version(version)) => {
            // What is in an index is written only if it is another: it hardly ever is.
            let values = params![kind.0, id, Number(version), owner, expires, body.0];
            match change(
                connection,
                "UPDATE documents SET version = version + 1, body = ?6
                 WHERE kind = ?1 AND id = ?2 AND version = ?3 AND owner IS ?4 AND expires IS ?5",
                values,
            ) {
                Ok(0) => change(
                    connection,
                    "UPDATE documents SET version = version + 1, owner = ?4, expires = ?5, body = ?6
                     WHERE kind = ?1 AND id = ?2 AND version = ?3",
                    values,
                ),
                changed => changed,
            }
        }
    }?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

pub(super) fn one(
    connection: &Connection,
    kind: DocumentKind,
    id: &str,
) -> Result<Option<Versioned<Document>>, StoreError> {
    row(
        connection,
        "SELECT id, version, owner, expires, body FROM documents WHERE kind = ?1 AND id = ?2",
        params![kind.0, id],
        |row| read_document(kind, row),
    )
}

pub(super) fn list(
    connection: &Connection,
    kind: DocumentKind,
    owner: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Versioned<Document>>, StoreError> {
    // No id is the empty text's predecessor: without a place to go on from, the first id counts too.
    let (from, skip) = (after.unwrap_or_default(), after);
    match owner {
        None => rows(
            connection,
            "SELECT id, version, owner, expires, body FROM documents
             WHERE kind = ?1 AND id >= ?2 AND id IS NOT ?3 ORDER BY id LIMIT ?4",
            params![kind.0, from, skip, limit],
            |row| read_document(kind, row),
        ),
        Some(owner) => rows(
            connection,
            "SELECT id, version, owner, expires, body FROM documents
             WHERE kind = ?1 AND owner = ?2 AND id >= ?3 AND id IS NOT ?4 ORDER BY id LIMIT ?5",
            params![kind.0, owner, from, skip, limit],
            |row| read_document(kind, row),
        ),
    }
}

fn read_document(kind: DocumentKind, row: &Row<'_>) -> rusqlite::Result<Versioned<Document>> {
    let Number(version) = row.get(1)?;
    let document = Document {
        kind,
        id: row.get(0)?,
        owner: row.get(2)?,
        expires: row.get::<_, Option<Moment>>(3)?.map(|moment| moment.0),
        body: Opaque(row.get(4)?),
    };
    Ok(Versioned { version: Version(version), value: document })
}
