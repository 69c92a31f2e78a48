//! Residents, and the one table with their attributes' values.

use inrou_rules::{Attributes, RecordVersion, Resident, ResidentId};
use rusqlite::{Connection, Row, params};

use crate::store::{AttributeVersion, NameKey, Precondition, Salt, StoreError, Version, Versioned};
use inrou_store::columns::{Json, Number, change, row, rows};

pub(super) fn put(
    connection: &Connection,
    expected: Option<Version>,
    resident: &Resident,
) -> Result<(), StoreError> {
    let state = Json(resident);
    let changed = match expected {
        None => change(
            connection,
            "INSERT INTO residents (id, version, state) VALUES (?1, 1, ?2) ON CONFLICT DO NOTHING",
            params![resident.id.as_bytes(), state],
        ),
        Some(Version(version)) => change(
            connection,
            "UPDATE residents SET version = version + 1, state = ?3 WHERE id = ?1 AND version = ?2",
            params![resident.id.as_bytes(), Number(version), state],
        ),
    }?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

pub(super) fn one(
    connection: &Connection,
    id: ResidentId,
) -> Result<Option<Versioned<Resident>>, StoreError> {
    row(
        connection,
        "SELECT version, state FROM residents WHERE id = ?1",
        [id.as_bytes()],
        read_resident,
    )
}

pub(super) fn with_attributes(
    connection: &Connection,
    id: ResidentId,
) -> Result<Option<(Versioned<Resident>, AttributeVersion)>, StoreError> {
    // Both are read of the same state, which a transaction holds on to.
    change(connection, "BEGIN", [])?;
    let found = one(connection, id).and_then(|found| {
        let Some(resident) = found else { return Ok(None) };
        let attributes = attributes(connection, id, resident.value.record)?;
        Ok(attributes.map(|attributes| (resident, attributes)))
    });
    // A failure may have ended it already.
    if !connection.is_autocommit() {
        change(connection, "COMMIT", [])?;
    }
    found
}

pub(super) fn list(
    connection: &Connection,
    after: Option<ResidentId>,
    limit: u32,
) -> Result<Vec<Versioned<Resident>>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    rows(
        connection,
        "SELECT version, state FROM residents WHERE id > ?1 ORDER BY id LIMIT ?2",
        params![after, limit],
        read_resident,
    )
}

pub(super) fn put_attributes(
    connection: &Connection,
    version: &AttributeVersion,
) -> Result<(), StoreError> {
    let inserted = change(
        connection,
        "INSERT INTO attributes (resident, record, attributes, salt) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![
            version.resident.as_bytes(),
            version.record.0,
            Json(&version.attributes),
            version.salt.0
        ],
    )?;
    if inserted != 1 {
        return Err(Precondition::AlreadyRecorded.into());
    }
    find_by(connection, version.resident.as_bytes(), &version.attributes)
}

pub(super) fn called(
    connection: &Connection,
    NameKey(key): NameKey,
    after: Option<ResidentId>,
    limit: u32,
) -> Result<Vec<Versioned<Resident>>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    rows(
        connection,
        "SELECT version, state FROM found_by JOIN residents ON id = resident
         WHERE key = ?1 AND resident > ?2 ORDER BY resident LIMIT ?3",
        params![key, after, limit],
        read_resident,
    )
}

/// Has a resident be found by these attributes, and by those of before no longer.
fn find_by(
    connection: &Connection,
    resident: &[u8],
    attributes: &Attributes,
) -> Result<(), StoreError> {
    change(connection, "DELETE FROM found_by WHERE resident = ?1", [resident])?;
    for NameKey(key) in NameKey::all_of(attributes) {
        let sql = "INSERT INTO found_by (key, resident) VALUES (?1, ?2)";
        change(connection, sql, params![key, resident])?;
    }
    Ok(())
}

/// Has the residents of a store be found that was made before they could be: once.
pub(super) fn make_findable(connection: &Connection) -> Result<(), StoreError> {
    /// How many are in memory at a time.
    const AT_ONCE: u32 = 1000;
    let done = "INSERT INTO counters (name, value) VALUES ('findable', 1) ON CONFLICT DO NOTHING";
    if change(connection, done, [])? == 0 {
        return Ok(());
    }
    let mut after = Vec::new();
    loop {
        let found: Vec<(Vec<u8>, Json<Attributes>)> = rows(
            connection,
            "SELECT id, attributes FROM residents JOIN attributes ON resident = id
             WHERE id > ?1 AND record = (SELECT max(record) FROM attributes WHERE resident = id)
             ORDER BY id LIMIT ?2",
            params![after, AT_ONCE],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        after = last.clone();
        for (resident, Json(attributes)) in &found {
            find_by(connection, resident, attributes)?;
        }
    }
}

pub(super) fn attributes(
    connection: &Connection,
    resident: ResidentId,
    record: RecordVersion,
) -> Result<Option<AttributeVersion>, StoreError> {
    row(
        connection,
        "SELECT attributes, salt FROM attributes WHERE resident = ?1 AND record = ?2",
        params![resident.as_bytes(), record.0],
        |row| {
            let Json(attributes) = row.get(0)?;
            Ok(AttributeVersion { resident, record, attributes, salt: Salt(row.get(1)?) })
        },
    )
}

fn read_resident(row: &Row<'_>) -> rusqlite::Result<Versioned<Resident>> {
    let Number(version) = row.get(0)?;
    let Json(value) = row.get(1)?;
    Ok(Versioned { version: Version(version), value })
}
